//! The calls of one class, reads or writes: its budget and the tickets that wait for it.
//!
//! Guarantee: a reservation counts against the budget and the concurrency like a
//! call under way, so no newcomer overtakes a called ticket.
//!
//! Pure: time is an argument.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::budget::{Allowance, Budget};
use crate::class::Class;
use crate::error::{Deferral, Error};
use crate::priority::Priority;
use crate::queue::{Queue, TicketId};
use crate::share::Share;

/// So many calls of one class are under way at once: more would only crowd the
/// connections of both sides.
const MAX_CONCURRENT: u64 = 32;

/// How long a call is kept for a called ticket whose holder does not redeem it.
const CALL_RESERVATION: Duration = Duration::from_secs(2);

/// Notifies the holder of a ticket. Is called outside of all locks.
pub(crate) type OnCalled = Arc<dyn Fn() + Send + Sync>;

/// The calls of one class.
pub(crate) struct ClassLimiter {
    class: Class,
    pub(crate) budget: Budget,
    pub(crate) queue: Queue<OnCalled>,
}

impl ClassLimiter {
    pub(crate) fn new(class: Class, share: Share) -> Self {
        Self { class, budget: Budget::new(share), queue: Queue::new() }
    }

    /// Gives back the calls of reservations that have lapsed. True if there are any.
    pub(crate) fn lapse(&mut self, now: Instant) -> bool {
        let lapsed = self.queue.lapse(now);
        (0..lapsed).for_each(|_| self.budget.release());
        lapsed > 0
    }

    /// Calls the next ticket, if there is one and a call for it. With `probing`,
    /// only a ticket whose call may be a probe.
    pub(crate) fn call_next(&mut self, now: Instant, probing: bool) -> Option<OnCalled> {
        let next = self.next(now, probing)?;
        self.budget.take();
        self.queue.call(next, now + CALL_RESERVATION)
    }

    /// Reserves a call for this ticket, for [`CALL_RESERVATION`] from now: the one reserved
    /// for it, or a free one if the ticket is next. `Ok(false)`: not before a call has ended.
    ///
    /// # Errors
    /// When there is none. The ticket waits then, with its number.
    pub(crate) fn reserve(&mut self, id: TicketId, now: Instant, probing: bool) -> Result<bool, Error> {
        let reserved = self.queue.has_reservation(id);
        if reserved {
            // A call of its own does not stand in its way.
            self.budget.release();
        } else {
            self.queue.requeue(id);
        }
        let allowance = self.budget.allowance(id.priority, now);
        let crowded = self.budget.in_flight() >= MAX_CONCURRENT || allowance == Allowance::Unknown;
        let goes = allowance == Allowance::Now && (reserved || self.next(now, probing) == Some(id));
        if goes && !crowded {
            self.budget.take();
            self.queue.call(id, now + CALL_RESERVATION);
            return Ok(true);
        }
        self.queue.requeue(id);
        if crowded { Ok(false) } else { Err(self.deferred(id, allowance, now)) }
    }

    /// The ticket waits; a call reserved for it is given back.
    pub(crate) fn wait(&mut self, id: TicketId) {
        if self.queue.requeue(id) {
            self.budget.release();
        }
    }

    /// The ticket leaves the queue.
    pub(crate) fn leave(&mut self, id: TicketId) {
        if self.queue.leave(id) {
            self.budget.release();
        }
    }

    /// How long a ticket is expected to wait.
    pub(crate) fn expected(&mut self, id: TicketId, now: Instant) -> Duration {
        if self.queue.has_reservation(id) {
            return Duration::ZERO;
        }
        self.queue.requeue(id);
        self.budget.expected(self.queue.ahead(id), now)
    }

    /// When a call is free again for the first ticket of a lane, where time alone brings it.
    pub(crate) fn next_allowance(&mut self, now: Instant) -> Option<Duration> {
        let budget = &mut self.budget;
        let pauses = self.queue.candidates().filter_map(|id| match budget.allowance(id.priority, now) {
            Allowance::After(pause) => Some(pause),
            Allowance::Now | Allowance::Unknown => None,
        });
        pauses.min()
    }

    fn next(&mut self, now: Instant, probing: bool) -> Option<TicketId> {
        let budget = &mut self.budget;
        if budget.in_flight() >= MAX_CONCURRENT {
            return None;
        }
        let may_go = |priority: Priority| !probing || priority.may_probe();
        self.queue
            .candidates()
            .find(|id| may_go(id.priority) && budget.allowance(id.priority, now) == Allowance::Now)
    }

    fn deferred(&mut self, id: TicketId, allowance: Allowance, now: Instant) -> Error {
        let ahead = self.queue.ahead(id);
        let retry_in = match allowance {
            Allowance::After(pause) if ahead == 0 => pause,
            _ => self.budget.expected(ahead, now),
        };
        Error::Deferred {
            because: Deferral::RateLimited,
            retry_in,
            message: format!("the share of the limit for {} is used up until the limit resets", self.class),
        }
    }
}
