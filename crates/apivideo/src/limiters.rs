//! The circuit breaker and both classes of calls of one account, as one value.
//!
//! Pure: time is an argument.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::account_state::AccountState;
use crate::circuit_breaker::{Admission, CircuitBreaker, Signal};
use crate::class::Class;
use crate::class_limiter::{ClassLimiter, OnCalled};
use crate::error::Error;
use crate::priority::Priority;
use crate::queue::TicketId;
use crate::share::Share;

/// Everything that decides which call is made when.
pub(crate) struct Limiters {
    pub(crate) breaker: CircuitBreaker,
    reads: ClassLimiter,
    writes: ClassLimiter,
    /// Spreads the probes of many clients.
    jitter: fastrand::Rng,
}

impl Limiters {
    pub(crate) fn new(reads: Share, writes: Share, jitter: fastrand::Rng) -> Self {
        let (reads, writes) =
            (ClassLimiter::new(Class::Read, reads), ClassLimiter::new(Class::Write, writes));
        Self { breaker: CircuitBreaker::default(), reads, writes, jitter }
    }

    /// Admits one call now, if no ticket goes first. `None`: not before a call
    /// has ended, for the limit is not known yet or too many are under way.
    pub(crate) fn try_admit(
        &mut self,
        class: Class,
        priority: Priority,
        now: Instant,
    ) -> Result<Option<Admission>, Error> {
        let id = self.limiter(class).queue.join(priority, Arc::new(|| ()), now);
        let admission = self.redeem(class, id, now);
        self.limiter(class).leave(id);
        admission
    }

    /// A new ticket. It is called at once if there is a call for it; `on_called` is
    /// for later calls.
    pub(crate) fn join(
        &mut self,
        class: Class,
        priority: Priority,
        on_called: OnCalled,
        now: Instant,
    ) -> TicketId {
        let id = self.limiter(class).queue.join(priority, on_called, now);
        // Without a call it waits, which is what it is for.
        let _ = self.reserve(class, id, now);
        id
    }

    /// Admits the call of a ticket, which is then used up; else it waits. `None` as
    /// with [`Limiters::try_admit`].
    pub(crate) fn redeem(
        &mut self,
        class: Class,
        id: TicketId,
        now: Instant,
    ) -> Result<Option<Admission>, Error> {
        if !self.reserve(class, id, now)? {
            return Ok(None);
        }
        self.limiter(class).queue.redeemed(id);
        Ok(Some(self.breaker.admit()))
    }

    /// Reserves a call for a ticket for a short time, past the breaker; else it waits. While
    /// the breaker is tripped a ticket of another call may hold the way of the probe.
    /// `Ok(false)`: not before a call has ended.
    pub(crate) fn reserve(&mut self, class: Class, id: TicketId, now: Instant) -> Result<bool, Error> {
        self.lapse(now);
        let own = usize::from(self.limiter(class).queue.has_reservation(id));
        let free = self.reserved() == own;
        let probing = self.breaker.is_tripped();
        if let Err(deferred) = self.breaker.check(now, id.priority.may_probe() && free) {
            self.limiter(class).wait(id);
            return Err(deferred);
        }
        self.limiter(class).reserve(id, now, probing)
    }

    /// How long a ticket is expected to wait. One that has lapsed waits again.
    pub(crate) fn expected(&mut self, class: Class, id: TicketId, now: Instant) -> Duration {
        let deferred = self.breaker.check(now, id.priority.may_probe()).err();
        let tripped_for = deferred.and_then(|deferred| deferred.retry_in()).unwrap_or_default();
        self.limiter(class).expected(id, now).max(tripped_for)
    }

    /// What an admitted call says about the account; the last word of each. Gives back
    /// the state of the account if that is another now.
    pub(crate) fn report(
        &mut self,
        admission: Admission,
        signal: Signal,
        now: Instant,
    ) -> Option<AccountState> {
        self.breaker.report(admission, signal, now, self.jitter.f64())
    }

    /// Calls the next tickets: all that there is a call for, or one that probes.
    pub(crate) fn call(&mut self, now: Instant) -> Vec<OnCalled> {
        let probing = self.breaker.is_tripped();
        let mut called = Vec::new();
        for class in [Class::Read, Class::Write] {
            while self.breaker.check(now, self.reserved() == 0).is_ok() {
                let Some(on_called) = self.limiter(class).call_next(now, probing) else { break };
                called.push(on_called);
            }
        }
        called
    }

    /// When a reservation lapses, or a ticket may be called without any other change.
    pub(crate) fn next_dispatch(&mut self, now: Instant) -> Option<Duration> {
        let [reads, writes] = [&mut self.reads, &mut self.writes];
        let lapses = [reads.queue.next_lapse(), writes.queue.next_lapse()].into_iter().flatten().min();
        let call = match self.breaker.check(now, true) {
            Err(deferred) => {
                let waits = reads.queue.candidates().chain(writes.queue.candidates()).next().is_some();
                deferred.retry_in().filter(|_| waits)
            }
            Ok(()) => [reads.next_allowance(now), writes.next_allowance(now)].into_iter().flatten().min(),
        };
        lapses.map(|lapse| lapse.saturating_duration_since(now)).into_iter().chain(call).min()
    }

    /// Ends the reservations whose time is over. True if there are any.
    pub(crate) fn lapse(&mut self, now: Instant) -> bool {
        self.reads.lapse(now) | self.writes.lapse(now)
    }

    pub(crate) fn limiter(&mut self, class: Class) -> &mut ClassLimiter {
        match class {
            Class::Read => &mut self.reads,
            Class::Write => &mut self.writes,
        }
    }

    fn reserved(&self) -> usize {
        self.reads.queue.reserved() + self.writes.queue.reserved()
    }
}
