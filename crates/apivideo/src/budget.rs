//! How many calls of one class (reads or writes) may be made: led by the headers of the answers.
//!
//! Guarantees:
//! - Of each window of the server, this client uses at most its part of the
//!   share (at least one call), whatever order the answers come in; and it leaves
//!   the last calls of the window, as many as are not the share's, to others.
//!   What other clients of the account use shows in the headers and counts as well.
//! - A call whose answer never came counts as used.
//! - Only before the first answer of all, when no limit is known, up to four
//!   calls go without one.
//! - Nearly the whole part is used where there is work: the few calls that are
//!   kept for what a person waits for are released before the window ends.
//!
//! Pure: time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use crate::account_state::Usage;
use crate::priority::Priority;
use crate::rate_limit::{RateLimit, WINDOW};
use crate::share::Share;
use crate::window::Window;

/// So many calls may be under way before the first answer names the limit.
pub(crate) const MAX_BEFORE_LIMIT_KNOWN: u64 = 4;

/// One call in so many is kept for what a person waits for, who would otherwise
/// wait for the next window when thousands of creations have used up this one.
const RESERVE_DIVISOR: u64 = 33;

/// What was kept and not needed is for all, so long before the window ends.
const RESERVE_RELEASE: Duration = Duration::from_secs(5);

/// The budget of one class.
#[derive(Debug)]
pub(crate) struct Budget {
    share: Share,
    in_flight: u64,
    /// The server's window, once an answer has named the limit.
    window: Option<Window>,
    /// An answer carried no such headers: there is nothing to be led by but a 429.
    unlimited: bool,
    /// A 429 was answered: nothing goes before this.
    blocked_until: Option<Instant>,
    /// What the last answer with headers said, and when.
    last_heard: Option<(RateLimit, Instant)>,
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowance {
    Now,
    /// Not before the first answers have named the limit: ask again when a call has ended.
    Unknown,
    After(Duration),
}

/// What became of a call, as far as the limit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charge {
    /// It certainly never reached the API.
    None,
    /// It was sent, and nothing is known but that.
    Unknown,
    /// The API answered the call that was sent at this moment.
    Answered { sent_at: Instant, limits: Option<RateLimit> },
}

impl Budget {
    pub(crate) fn new(share: Share) -> Self {
        Self { share, in_flight: 0, window: None, unlimited: false, blocked_until: None, last_heard: None }
    }

    /// Whether a call may be made now. Takes nothing: [`Budget::take`] does.
    pub(crate) fn allowance(&mut self, priority: Priority, now: Instant) -> Allowance {
        self.roll_over(now);
        if let Some(until) = self.blocked_until.filter(|until| *until > now) {
            return Allowance::After(until - now);
        }
        let Some(window) = &self.window else {
            let goes = self.unlimited || self.in_flight < MAX_BEFORE_LIMIT_KNOWN;
            return if goes { Allowance::Now } else { Allowance::Unknown };
        };
        let left = self.left(window).saturating_sub(self.in_flight);
        let ends_in = window.end().saturating_duration_since(now);
        let released_in = ends_in.saturating_sub(RESERVE_RELEASE);
        let kept = if priority == Priority::UserChange || released_in.is_zero() {
            0
        } else {
            self.share.of(window.limit) / RESERVE_DIVISOR
        };
        match left {
            _ if left > kept => Allowance::Now,
            0 => Allowance::After(ends_in),
            _ => Allowance::After(released_in),
        }
    }

    /// One call more is under way.
    pub(crate) fn take(&mut self) {
        self.in_flight += 1;
    }

    /// A call that was taken is not made.
    pub(crate) fn release(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// One call less is under way.
    pub(crate) fn settle(&mut self, charge: Charge, now: Instant) {
        self.roll_over(now);
        self.in_flight = self.in_flight.saturating_sub(1);
        match charge {
            Charge::None => {}
            Charge::Answered { limits: Some(limits), sent_at } => self.learn(limits, sent_at, now),
            Charge::Unknown | Charge::Answered { limits: None, .. } => {
                self.unlimited |= matches!(charge, Charge::Answered { .. });
                if let Some(window) = &mut self.window {
                    window.charge(now);
                }
            }
        }
    }

    /// A 429: nothing goes for so long.
    pub(crate) fn block(&mut self, retry_in: Duration, now: Instant) {
        self.blocked_until = self.blocked_until.max(Some(now + retry_in));
    }

    /// How many calls are under way.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// How long a call is expected to wait that has so many others before it:
    /// until this window ends, and a window more for each part of the share that
    /// they use up. What others of the account will use can't be foreseen.
    pub(crate) fn expected(&mut self, ahead: u64, now: Instant) -> Duration {
        self.roll_over(now);
        let Some(window) = &self.window else {
            return self.blocked_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        };
        let blocked = self.blocked_until.filter(|until| *until > now);
        let left = if blocked.is_some() { 0 } else { self.left(window).saturating_sub(self.in_flight) };
        let Some(beyond) = ahead.checked_sub(left) else { return Duration::ZERO };
        let windows = u32::try_from(beyond / self.share.of(window.limit)).unwrap_or(u32::MAX);
        let next = blocked.unwrap_or(window.end()).saturating_duration_since(now);
        next.saturating_add(window.length().saturating_mul(windows))
    }

    /// How much of a window this client may use and has used; `None`: no limit is known.
    pub(crate) fn usage(&mut self, now: Instant) -> Option<Usage> {
        self.roll_over(now);
        let Some(window) = &self.window else { return None };
        Some(Usage { usable: self.share.of(window.limit), used: window.ours + self.in_flight })
    }

    /// What the last answer with headers said; a limit that has reset since is whole again.
    pub(crate) fn last_heard(&self, now: Instant) -> Option<RateLimit> {
        let (heard, at) = self.last_heard?;
        let reset = now >= at + heard.retry_after;
        Some(if reset { RateLimit { remaining: heard.limit, retry_after: WINDOW, ..heard } } else { heard })
    }

    /// What may be used of this window yet, those under way not taken off: neither
    /// more than this client's part, nor what is for others to use.
    fn left(&self, window: &Window) -> u64 {
        let limit = window.limit;
        let own = self.share.of(limit).saturating_sub(window.ours);
        own.min(window.remaining.saturating_sub(self.share.of_others(limit)))
    }

    fn roll_over(&mut self, now: Instant) {
        if let Some(window) = &mut self.window {
            window.roll_over(now);
        }
    }

    fn learn(&mut self, heard: RateLimit, sent_at: Instant, now: Instant) {
        self.last_heard = Some((heard, now));
        match &mut self.window {
            Some(window) => window.hear(heard, sent_at, now),
            None => self.window = Some(Window::of(heard, sent_at, now)),
        }
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "budget_model_tests.rs"]
mod model_tests;
