//! The calls of one class, reads or writes: the budget and the queue for it, put together.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::budget::{Budget, Allowance};
use crate::error::{Deferral, Error};
use crate::priority::Priority;
use crate::queue::{Queue, Seat};
use crate::requests::Class;
use crate::share::Share;

/// The calls of one class: how many may be made, and who waits for one.
pub(crate) struct ClassLimiter {
    pub(crate) budget: Budget,
    pub(crate) queue: Queue<Arc<Notify>>,
}

impl ClassLimiter {
    pub(crate) fn new(share: Share) -> Self {
        Self { budget: Budget::new(share), queue: Queue::new() }
    }

    /// Who is next of those that the budget has a call for; while the gate is
    /// shut, `all` is false, of those that may be the probe.
    pub(crate) fn chosen(&mut self, now: Instant, all: bool) -> Option<Seat> {
        let budget = &mut self.budget;
        let may_go = |priority: Priority| all || priority.may_probe();
        self.queue
            .candidates()
            .find(|seat| may_go(seat.priority) && budget.allowance(seat.priority, now) == Allowance::Now)
    }

    /// Whoever may be next looks again.
    pub(crate) fn ring(&self) {
        self.queue.heads().for_each(|bell| bell.notify_one());
    }

    /// Why a call that comes now has to wait, and how long it is expected to.
    pub(crate) fn deferred(&mut self, class: Class, priority: Priority, now: Instant) -> Error {
        let ahead = self.queue.ahead_of(priority);
        let until_then = match self.budget.allowance(priority, now) {
            Allowance::After(pause) if ahead == 0 => pause,
            _ => self.budget.expected(ahead, now),
        };
        Error::Deferred {
            because: Deferral::RateLimited,
            retry_in: until_then,
            message: format!("the share of the limit for {class} is used up until the limit resets"),
        }
    }
}
