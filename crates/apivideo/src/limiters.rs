//! The circuit breaker and both classes of calls of one account, as one value.
//!
//! Pure: time is an argument.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::circuit_breaker::{Admission, CircuitBreaker};
use crate::class::Class;
use crate::class_limiter::{CALL_RESERVATION, ClassLimiter, OnCalled};
use crate::error::Error;
use crate::queue::TicketId;

/// Everything that decides which call is made when.
pub(crate) struct Limiters {
    pub(crate) breaker: CircuitBreaker,
    pub(crate) reads: ClassLimiter,
    pub(crate) writes: ClassLimiter,
    /// Spreads the probes of many clients.
    pub(crate) jitter: fastrand::Rng,
    pub(crate) dispatcher: Option<JoinHandle<()>>,
}

impl Limiters {
    pub(crate) fn redeem(
        &mut self,
        class: Class,
        id: TicketId,
        now: Instant,
    ) -> Result<Option<Admission>, Error> {
        if !self.take(class, id, now)? {
            return Ok(None);
        }
        self.limiter(class).queue.redeemed(id);
        Ok(Some(self.breaker.admit()))
    }

    pub(crate) fn reserve(&mut self, class: Class, id: TicketId, now: Instant) -> Result<bool, Error> {
        let taken = self.take(class, id, now)?;
        if taken {
            self.limiter(class).queue.call(id, now + CALL_RESERVATION);
        }
        Ok(taken)
    }

    /// Takes a call for a ticket, past the breaker and from the budget. While the
    /// breaker is tripped a ticket of another call may hold the way of the probe.
    fn take(&mut self, class: Class, id: TicketId, now: Instant) -> Result<bool, Error> {
        self.lapse(now);
        let own = usize::from(self.limiter(class).queue.has_reservation(id));
        let free = self.reserved() == own;
        let probing = self.breaker.tripped().is_some();
        if let Err(rejection) = self.breaker.check(now, id.priority.may_probe() && free) {
            self.limiter(class).wait(id);
            return Err(rejection.into());
        }
        self.limiter(class).take(id, now, probing)
    }

    /// Calls the next tickets: all that there is a call for, or one that probes.
    pub(crate) fn call(&mut self, now: Instant) -> Vec<OnCalled> {
        let probing = self.breaker.tripped().is_some();
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
        let lapses = [&self.reads, &self.writes].into_iter().filter_map(|limiter| limiter.queue.next_lapse());
        let lapse = lapses.min().map(|lapse| lapse.saturating_duration_since(now));
        let call = match self.breaker.check(now, true) {
            Err(rejection) => Some(rejection.retry_in).filter(|_| self.is_awaited()),
            Ok(()) => {
                let pauses = [self.reads.next_allowance(now), self.writes.next_allowance(now)];
                pauses.into_iter().flatten().min()
            }
        };
        lapse.into_iter().chain(call).min()
    }

    fn is_awaited(&self) -> bool {
        self.reads.queue.candidates().chain(self.writes.queue.candidates()).next().is_some()
    }

    pub(crate) fn lapse(&mut self, now: Instant) -> bool {
        self.reads.lapse(now) | self.writes.lapse(now)
    }

    fn reserved(&self) -> usize {
        self.reads.queue.reserved() + self.writes.queue.reserved()
    }

    pub(crate) fn limiter(&mut self, class: Class) -> &mut ClassLimiter {
        match class {
            Class::Read => &mut self.reads,
            Class::Write => &mut self.writes,
        }
    }
}
