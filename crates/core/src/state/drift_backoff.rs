//! The backoff of corrections that another writer keeps reverting.
//!
//! Each round costs a write, and the rate limit is shared with every other
//! stream. So a few corrections are made at once; where they follow each other
//! closely, the next ones wait, longer each time, until the other writer stops.
//!
//! It is counted for each field by its own corrections, and only while the field is
//! changed back to the same value each time: a person who edits one field after the other,
//! or one field to different values, is no other writer to back off from.
//!
//! It is judged by the corrections alone, not by the scans: the interval of the
//! scans is a setting, from milliseconds in a test to many minutes in a large
//! account.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::backoff::later;
use crate::facts::diff::FieldDrift;

/// How many corrections are made at once.
pub const FREE_ATTEMPTS: usize = 3;

/// The time within which [`FREE_ATTEMPTS`] corrections start the backoff, and how
/// long it must have been quiet, past the time of the next correction, to end it.
pub const WINDOW: Duration = Duration::from_secs(10 * 60);

/// The first wait after the last correction. Longer than any interval of
/// scans by which [`FREE_ATTEMPTS`] corrections fit into [`WINDOW`] (but for the very
/// longest): a shorter wait would be over before the difference is even observed.
const INITIAL: Duration = Duration::from_secs(5 * 60);

/// The longest wait: two writes an hour are no burden, and after the other writer
/// has stopped it takes no longer than this until the stream is corrected.
const MAX: Duration = Duration::from_secs(30 * 60);

/// The corrections of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriftBackoff {
    fields: BTreeMap<Cow<'static, str>, Corrections>,
    /// Whether this backoff was reported by an event.
    reported: bool,
}

/// The corrections of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Corrections {
    /// The value that was corrected.
    observed: String,
    /// The last corrections that were made at once, oldest first; [`FREE_ATTEMPTS`] of
    /// them within [`WINDOW`] start the backoff.
    opening: Vec<Timestamp>,
    /// How many corrections followed.
    followed: u32,
    /// How many of them had waited.
    waited: u32,
    /// The last correction.
    last: Option<Timestamp>,
}

/// The wait before the next correction, and what led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffWindow {
    /// How many corrections were reverted.
    pub corrections: usize,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// When the next is made.
    pub until: Timestamp,
}

impl DriftBackoff {
    /// The wait that applies to a difference observed now; `None` if it is
    /// corrected at once.
    #[must_use]
    pub fn window(&self, drift: &FieldDrift, now: Timestamp) -> Option<BackoffWindow> {
        let corrections = self.fields.get(&drift.field)?;
        corrections.window(now).filter(|_| corrections.observed == drift.observed)
    }

    /// Notes a correction.
    pub fn corrected(&mut self, drift: &FieldDrift, now: Timestamp) {
        let corrections = self.fields.entry(drift.field.clone()).or_default();
        if corrections.observed != drift.observed {
            *corrections = Corrections { observed: drift.observed.clone(), ..Corrections::default() };
        }
        if corrections.is_over(now) {
            *corrections = Corrections { observed: drift.observed.clone(), ..Corrections::default() };
            self.reported = false;
        }
        corrections.add(now);
    }

    /// Whether it was noted by a clock that was far ahead then: it would last until that time.
    pub(super) fn lies_in_the_future(&self, now: Timestamp) -> bool {
        self.fields.values().any(|field| field.last.is_some_and(|last| last > later(now, MAX)))
    }

    /// Whether an event is due for this backoff: once.
    pub(super) fn report(&mut self) -> bool {
        !std::mem::replace(&mut self.reported, true)
    }
}

impl Corrections {
    fn window(&self, now: Timestamp) -> Option<BackoffWindow> {
        let until = self.next().filter(|next| *next > now)?;
        Some(BackoffWindow {
            corrections: self.opening.len().saturating_add(self.followed as usize),
            first: *self.opening.first()?,
            last: self.last?,
            until,
        })
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.next().is_some_and(|next| now > later(next, WINDOW))
    }

    fn add(&mut self, now: Timestamp) {
        // One that a person requested meanwhile makes no later one wait longer.
        if self.next().is_some_and(|next| now >= next) {
            self.waited = self.waited.saturating_add(1);
        }
        self.last = Some(now);
        if self.is_on() {
            self.followed = self.followed.saturating_add(1);
        } else {
            self.opening.retain(|t| now.duration_since(*t) <= signed(WINDOW));
            self.opening.push(now);
        }
    }

    /// Whether the corrections so far are a reason to wait.
    fn is_on(&self) -> bool {
        match (self.opening.first(), self.opening.last()) {
            (Some(first), Some(last)) => {
                self.opening.len() >= FREE_ATTEMPTS && last.duration_since(*first) <= signed(WINDOW)
            }
            _ => false,
        }
    }

    /// While it is on, when the next correction is due.
    fn next(&self) -> Option<Timestamp> {
        let last = self.last.filter(|_| self.is_on())?;
        Some(later(last, INITIAL.saturating_mul(1 << self.waited.min(8)).min(MAX)))
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
#[path = "drift_backoff_tests.rs"]
mod tests;
