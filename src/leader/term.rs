//! How long a process may act, by two clocks. Pure: the time is an argument.
//!
//! Neither clock is enough. The monotonic one stands still while the machine is
//! suspended, and the wall clock can be set back. So, from one look to the
//! next, the one that has advanced more counts.

use std::time::{Duration, Instant, SystemTime};

/// A moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the clock that is never set, and stops with the machine.
    pub monotonic: Instant,
    /// By the clock that goes on while the machine is suspended, and may be set.
    pub wall: SystemTime,
}

impl Moment {
    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    /// How much time has passed since then, by the clock that says more.
    fn since(&self, then: &Self) -> Duration {
        let wall = self.wall.duration_since(then.wall).unwrap_or_default();
        self.monotonic.saturating_duration_since(then.monotonic).max(wall)
    }
}

/// Whether a process may act. It closes once and for all: what is closed never opens again.
#[derive(Clone, Copy, Debug)]
pub enum Term {
    /// Always: nobody else may.
    Unbounded,
    /// Not before it is elected.
    Awaited,
    /// For so long from that look on.
    Runs {
        /// When it was last looked at.
        looked: Moment,
        /// What was left of it then.
        left: Duration,
    },
    /// Never again.
    Closed,
}

impl Term {
    /// What is left of it; nothing means that it is closed.
    pub fn left(&mut self, now: Moment) -> Option<Duration> {
        match self {
            Self::Unbounded => Some(Duration::MAX),
            Self::Awaited | Self::Closed => None,
            Self::Runs { looked, left } => {
                let rest = left.saturating_sub(now.since(looked));
                *self = if rest.is_zero() { Self::Closed } else { Self::Runs { looked: now, left: rest } };
                (!rest.is_zero()).then_some(rest)
            }
        }
    }

    /// Opens it, or goes on with it, for `lasts` from `began` on. Whether it is
    /// open: one that has run out before it was extended stays closed, and one
    /// that is awaited goes on being so if that time is over already.
    pub fn extend(&mut self, began: Moment, lasts: Duration, now: Moment) -> bool {
        let awaited = matches!(self, Self::Awaited);
        if matches!(self, Self::Unbounded) || !awaited && self.left(now).is_none() {
            return matches!(self, Self::Unbounded);
        }
        let mut extended = Self::Runs { looked: began, left: lasts };
        let open = extended.left(now).is_some();
        if open || !awaited {
            *self = extended;
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    /// So many seconds later by each clock.
    fn later(begin: Moment, monotonic: u64, wall: i64) -> Moment {
        let shift = Duration::from_secs(wall.unsigned_abs());
        let wall = if wall < 0 { begin.wall - shift } else { begin.wall + shift };
        Moment { monotonic: begin.monotonic + Duration::from_secs(monotonic), wall }
    }

    fn running(begin: Moment) -> Term {
        let mut term = Term::Awaited;
        assert!(term.extend(begin, TEN, begin));
        term
    }

    #[test]
    fn it_closes_by_the_clock_that_has_advanced_more() {
        let begin = Moment::now();
        for (monotonic, wall, open) in [
            (9, 9, true),
            (10, 10, false),
            (1, 10, false), // suspended, or set forward
            (10, 1, false), // set back
            (9, -3600, true),
            (10, -3600, false),
        ] {
            let mut term = running(begin);
            assert_eq!(term.left(later(begin, monotonic, wall)).is_some(), open, "{monotonic} {wall}");
        }
    }

    #[test]
    fn a_wall_clock_that_was_set_back_first_does_not_hide_a_suspension() {
        let begin = Moment::now();
        let mut term = running(begin);
        assert!(term.left(later(begin, 1, -3600)).is_some());
        assert!(term.left(later(begin, 2, -3600 + 11)).is_none());
    }

    #[test]
    fn a_closed_one_stays_closed() {
        let begin = Moment::now();
        let mut term = running(begin);
        assert!(term.left(later(begin, 10, 10)).is_none());
        assert!(term.left(begin).is_none(), "also when the time seems to go back");
        let late = later(begin, 11, 11);
        assert!(!term.extend(late, TEN, late));
        assert!(term.left(late).is_none());
    }

    #[test]
    fn one_that_ran_out_unseen_is_not_extended() {
        let begin = Moment::now();
        let mut term = running(begin);
        assert!(!term.extend(later(begin, 9, 9), TEN, later(begin, 12, 12)));
    }

    #[test]
    fn it_is_extended_from_the_begin_of_what_extends_it() {
        let begin = Moment::now();
        let mut term = running(begin);
        assert!(term.extend(later(begin, 2, 2), TEN, later(begin, 8, 8)));
        assert_eq!(term.left(later(begin, 9, 9)), Some(Duration::from_secs(3)));
    }

    #[test]
    fn an_election_whose_answer_came_too_late_opens_nothing_and_the_next_one_may() {
        let begin = Moment::now();
        let (mut term, late) = (Term::Awaited, later(begin, 10, 10));
        assert!(!term.extend(begin, TEN, late));
        assert!(term.left(late).is_none());
        assert!(term.extend(late, TEN, late));
    }

    #[test]
    fn without_an_election_it_is_always_open_and_before_one_never() {
        let begin = Moment::now();
        assert!(Term::Unbounded.left(later(begin, 1 << 20, 0)).is_some());
        assert!(Term::Awaited.left(begin).is_none());
    }
}
