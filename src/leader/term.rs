//! How long a process may act, by two clocks. Pure: the time is an argument.

use std::time::Duration;

use crate::ops::moment::Moment;

/// Whether a process may act. Once closed, it never opens again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Term {
    /// Always open: there is no election.
    Unbounded,
    /// Not open yet: it opens with the election.
    Pending,
    /// Open for a limited time.
    Running {
        /// When it was last checked.
        checked: Moment,
        /// How much of it remained then.
        remaining: Duration,
    },
    /// Closed for good.
    Closed,
}

impl Term {
    /// How much of it remains; `None` if it is not open.
    pub(super) fn remaining(&mut self, now: Moment) -> Option<Duration> {
        match self {
            Self::Unbounded => Some(Duration::MAX),
            Self::Pending | Self::Closed => None,
            Self::Running { checked, remaining } => {
                let rest = remaining.saturating_sub(now.since(checked));
                *self = if rest.is_zero() {
                    Self::Closed
                } else {
                    Self::Running { checked: now, remaining: rest }
                };
                (!rest.is_zero()).then_some(rest)
            }
        }
    }

    /// Opens or extends it for `duration` from `began`, and returns whether it is
    /// open. One that expired before the extension stays closed; a pending one
    /// stays pending if that time is over already.
    pub(super) fn extend(&mut self, began: Moment, duration: Duration, now: Moment) -> bool {
        let pending = matches!(self, Self::Pending);
        if matches!(self, Self::Unbounded) || !pending && self.remaining(now).is_none() {
            return matches!(self, Self::Unbounded);
        }
        let mut extended = Self::Running { checked: began, remaining: duration };
        let open = extended.remaining(now).is_some();
        if open || !pending {
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
        let mut term = Term::Pending;
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
            assert_eq!(term.remaining(later(begin, monotonic, wall)).is_some(), open, "{monotonic} {wall}");
        }
    }

    #[test]
    fn a_wall_clock_set_back_does_not_hide_a_suspension() {
        let begin = Moment::now();
        let mut term = running(begin);
        assert!(term.remaining(later(begin, 1, -3600)).is_some());
        assert!(term.remaining(later(begin, 2, -3600 + 11)).is_none());
    }

    #[test]
    fn a_closed_one_stays_closed() {
        let begin = Moment::now();
        let mut term = running(begin);
        assert!(term.remaining(later(begin, 10, 10)).is_none());
        assert!(term.remaining(begin).is_none(), "also when the time seems to go back");
        let late = later(begin, 11, 11);
        assert!(!term.extend(late, TEN, late));
        assert!(term.remaining(late).is_none());
    }

    #[test]
    fn one_that_expired_unnoticed_is_not_extended() {
        let begin = Moment::now();
        let mut term = running(begin);
        assert!(!term.extend(later(begin, 9, 9), TEN, later(begin, 12, 12)));
    }

    #[test]
    fn it_is_extended_from_the_start_of_the_renewal() {
        let begin = Moment::now();
        let mut term = running(begin);
        assert!(term.extend(later(begin, 2, 2), TEN, later(begin, 8, 8)));
        assert_eq!(term.remaining(later(begin, 9, 9)), Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_late_answer_opens_nothing_and_the_next_one_may() {
        let begin = Moment::now();
        let (mut term, late) = (Term::Pending, later(begin, 10, 10));
        assert!(!term.extend(begin, TEN, late));
        assert!(term.remaining(late).is_none());
        assert!(term.extend(late, TEN, late));
    }

    #[test]
    fn it_is_always_open_without_an_election_never_before() {
        let begin = Moment::now();
        assert!(Term::Unbounded.remaining(later(begin, 1 << 20, 0)).is_some());
        assert!(Term::Pending.remaining(begin).is_none());
    }
}
