//! How many calls of one class (reads or writes) may be made: led by the headers of the answers.
//!
//! Guarantee: of each window of the server, this client uses at most its share
//! of the limit (at least one call), whatever order the answers come in. What
//! other clients of the account use shows in the headers and counts as well.
//! A call whose answer never came counts as used. Only before the first answer
//! of all, when no limit is known, up to four calls go without one.
//!
//! Pure: time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use crate::priority::Priority;
use crate::rate_limit::{RateLimit, WINDOW};
use crate::window::Window;

/// So many calls may be under way before the first answer tells the limit.
pub(crate) const UNKNOWN_LIMIT: u64 = 4;

/// The budget of one class.
#[derive(Debug)]
pub(crate) struct Budget {
    share: f64,
    in_flight: u64,
    knowledge: Knowledge,
    /// A 429 was answered: nothing goes before this.
    blocked_until: Option<Instant>,
    /// What the last answer with headers said, and when.
    last_heard: Option<(RateLimit, Instant)>,
}

#[derive(Debug)]
enum Knowledge {
    /// No answer yet.
    Nothing,
    /// Answers carry no such headers: nothing to be led by but a 429.
    Unlimited,
    Window(Window),
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Admit,
    /// Not before the first answers have told the limit: ask again when a call has ended.
    Wait,
    Defer(Duration),
}

/// What became of a call, as far as the limit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    /// It certainly never reached the API.
    No,
    /// It was sent, and nothing is known but that.
    Unknown,
    /// The API answered the call that was sent at this moment.
    Answered { sent_at: Instant, limits: Option<RateLimit> },
}

impl Budget {
    /// `share` is above 0 and at most 1.
    pub(crate) fn new(share: f64) -> Self {
        Self { share, in_flight: 0, knowledge: Knowledge::Nothing, blocked_until: None, last_heard: None }
    }

    /// Whether a call may be made now. Takes nothing: [`Budget::take`] does.
    pub(crate) fn look(&mut self, priority: Priority, now: Instant) -> Verdict {
        self.roll_over(now);
        if let Some(until) = self.blocked_until.filter(|until| *until > now) {
            return Verdict::Defer(until - now);
        }
        match &self.knowledge {
            Knowledge::Unlimited => Verdict::Admit,
            Knowledge::Nothing if self.in_flight < UNKNOWN_LIMIT => Verdict::Admit,
            Knowledge::Nothing => Verdict::Wait,
            Knowledge::Window(window) => {
                let usable = self.usable(window.limit());
                let of_others = window.limit().saturating_sub(usable);
                let left = window.remaining().saturating_sub(of_others).saturating_sub(self.in_flight);
                if left > kept_from(priority, usable) {
                    Verdict::Admit
                } else {
                    Verdict::Defer(window.end().saturating_duration_since(now))
                }
            }
        }
    }

    /// One call more is under way.
    pub(crate) fn take(&mut self) {
        self.in_flight += 1;
    }

    /// One call less is under way.
    pub(crate) fn settle(&mut self, spent: Spent, now: Instant) {
        self.roll_over(now);
        self.in_flight = self.in_flight.saturating_sub(1);
        match spent {
            Spent::No => {}
            Spent::Unknown => self.charge(now),
            Spent::Answered { limits: Some(limits), sent_at } => self.learn(limits, sent_at, now),
            Spent::Answered { limits: None, .. } if matches!(self.knowledge, Knowledge::Nothing) => {
                self.knowledge = Knowledge::Unlimited;
            }
            Spent::Answered { limits: None, .. } => self.charge(now),
        }
    }

    /// A 429: nothing goes for so long.
    pub(crate) fn block(&mut self, retry_in: Duration, now: Instant) {
        self.blocked_until = self.blocked_until.max(Some(now + retry_in));
    }

    /// What the last answer with headers said; a limit that has reset since is whole again.
    pub(crate) fn last_heard(&self, now: Instant) -> Option<RateLimit> {
        let (heard, at) = self.last_heard?;
        let reset = now >= at + heard.retry_after;
        Some(if reset { RateLimit { remaining: heard.limit, retry_after: WINDOW, ..heard } } else { heard })
    }

    /// Until when nothing at all goes, if so.
    pub(crate) fn exhausted_until(&mut self, now: Instant) -> Option<Instant> {
        self.roll_over(now);
        let blocked = self.blocked_until.filter(|until| *until > now);
        let used_up = match &self.knowledge {
            Knowledge::Window(window)
                if window.remaining() <= window.limit().saturating_sub(self.usable(window.limit())) =>
            {
                Some(window.end())
            }
            Knowledge::Window(_) | Knowledge::Nothing | Knowledge::Unlimited => None,
        };
        blocked.max(used_up)
    }

    /// Our share of a limit in whole calls: at least one, at most all.
    fn usable(&self, limit: u64) -> u64 {
        // The tiny addition makes 0.29 of 100 be 29, which it isn't quite in binary.
        let calls = (limit as f64 * self.share + 1e-9).floor();
        (calls as u64).clamp(1, limit.max(1))
    }

    fn charge(&mut self, now: Instant) {
        if let Knowledge::Window(window) = &mut self.knowledge {
            window.charge(now);
        }
    }

    fn roll_over(&mut self, now: Instant) {
        if let Knowledge::Window(window) = &mut self.knowledge {
            window.roll_over(now);
        }
    }

    fn learn(&mut self, heard: RateLimit, sent_at: Instant, now: Instant) {
        self.last_heard = Some((heard, now));
        match &mut self.knowledge {
            Knowledge::Window(window) => window.hear(heard, sent_at, now),
            Knowledge::Nothing | Knowledge::Unlimited => {
                self.knowledge = Knowledge::Window(Window::of(heard, sent_at, now));
            }
        }
    }
}

/// What is left for those who come first: the last tenth of the share isn't for
/// looking around, and the last twentieth only for what a person waits for.
fn kept_from(priority: Priority, usable: u64) -> u64 {
    match priority {
        Priority::UserChange => 0,
        Priority::DriftCorrection => usable / 20,
        Priority::Background => usable / 10,
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
