//! A fight: something else changes a stream back each time it is corrected.
//!
//! Each round costs a write, and the budget is shared with every other
//! stream. So a few corrections go out at once; where they follow each other
//! closely, the next ones wait, longer each time, until the other gives up.
//!
//! A fight is told from the corrections alone, not from the passes: the
//! interval of the passes is a setting, from milliseconds in a test to many
//! minutes in a large account.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How many corrections go out at once. Somebody who edits a stream twice by
/// hand, or a tool that is being turned off, is no fight.
pub const FREE: usize = 3;

/// How close together they are a fight; and how long it must have been quiet,
/// past the time at which the next was due, for the fight to be over.
pub const WINDOW: Duration = Duration::from_secs(10 * 60);

/// The first wait after the last correction. Longer than any interval of
/// passes by which [`FREE`] corrections fit into [`WINDOW`] (but for the very
/// longest): a shorter wait would be over before the difference is even seen.
const FIRST: Duration = Duration::from_secs(5 * 60);

/// The longest wait: two writes an hour are no burden, and who has ended the
/// fight at its source does not wait longer than this for it to be noticed.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// The corrections of one stream that may be a fight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fight {
    /// The last corrections that went out at once, oldest first; [`FREE`] of
    /// them, all within [`WINDOW`], are a fight.
    opening: Vec<Timestamp>,
    /// How many corrections followed.
    followed: u32,
    /// How many of them had waited.
    waited: u32,
    /// The last correction.
    last: Option<Timestamp>,
    /// Whether a person was told of this fight.
    declared: bool,
}

/// What a correction that has to wait says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truce {
    /// How many corrections were undone.
    pub corrections: usize,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// When the next goes out.
    pub until: Timestamp,
}

impl Fight {
    /// The truce that a difference seen now has to wait out; `None` if it is
    /// corrected at once.
    #[must_use]
    pub fn truce(&self, now: Timestamp) -> Option<Truce> {
        let until = self.next().filter(|next| *next > now)?;
        Some(Truce {
            corrections: self.opening.len().saturating_add(self.followed as usize),
            first: *self.opening.first()?,
            last: self.last?,
            until,
        })
    }

    /// Notes a correction.
    pub fn corrected(&mut self, now: Timestamp) {
        match self.next() {
            Some(next) if now > later(next, WINDOW) => *self = Self::default(),
            // One that a person asked for meanwhile makes no later one wait longer.
            Some(next) if now < next => {}
            Some(_) => self.waited = self.waited.saturating_add(1),
            None => {}
        }
        self.last = Some(now);
        if self.is_on() {
            self.followed = self.followed.saturating_add(1);
        } else {
            self.opening.retain(|t| now.duration_since(*t) <= signed(WINDOW));
            self.opening.push(now);
        }
    }

    /// Whether it was noted by a clock that was far ahead then: its truce would
    /// last until that time comes.
    pub(super) fn is_of_the_future(&self, now: Timestamp) -> bool {
        self.last.is_some_and(|last| last > later(now, LONGEST))
    }

    /// Whether a person is to be told of the fight now: once for each.
    pub fn declare(&mut self) -> bool {
        !std::mem::replace(&mut self.declared, true)
    }

    /// Whether the corrections so far are a fight.
    fn is_on(&self) -> bool {
        match (self.opening.first(), self.opening.last()) {
            (Some(first), Some(last)) => {
                self.opening.len() >= FREE && last.duration_since(*first) <= signed(WINDOW)
            }
            _ => false,
        }
    }

    /// In a fight, when the next correction is due.
    fn next(&self) -> Option<Timestamp> {
        let last = self.last.filter(|_| self.is_on())?;
        let wait = FIRST.saturating_mul(1 << self.waited.min(8)).min(LONGEST);
        Some(later(last, wait))
    }
}

fn later(time: Timestamp, wait: Duration) -> Timestamp {
    time.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
#[path = "fight_tests.rs"]
mod tests;
