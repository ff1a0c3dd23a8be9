//! Who may call now: the gate, both budgets and who waits for them, of one
//! account, behind one lock.
//!
//! Guarantee: a [`Permit`] gives back what it took, whatever happens to the
//! future that holds it; a call that was dropped on its way counts as made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::circuit_breaker::{CircuitBreaker, Rejection, Transition, Reason, Signal, Admission};
use crate::budget::{Charge, Allowance};
use crate::client::AccountState;
use crate::error::{Deferral, Error};
use crate::class_limiter::ClassLimiter;
use crate::priority::Priority;
use crate::queue::Seat;
use crate::rate_limit::{Limits, RateLimit};
use crate::requests::Class;
use crate::share::Share;
use crate::turn::Waiting;

/// So many calls of one class are under way at once: beyond it a window's calls
/// would only crowd the connections of both sides.
pub(crate) const MAX_CONCURRENT: u64 = 32;

/// The gate, the budgets and the queues of one account.
pub(crate) struct Governor {
    parts: Mutex<Parts>,
    /// A call has ended, or the gate has moved: whoever waits outside of the queues may look again.
    changed: Notify,
}

struct Parts {
    gate: CircuitBreaker,
    reads: ClassLimiter,
    writes: ClassLimiter,
    /// Spreads the probes of many clients.
    jitter: fastrand::Rng,
}

/// Leave for one call.
pub(crate) struct Permit {
    governor: Arc<Governor>,
    class: Class,
    ticket: Option<Admission>,
    /// It counts as under way in the budget.
    counted: bool,
    sent_at: Option<Instant>,
}

/// What one who waits in a queue sees.
pub(crate) enum Look {
    Go(Permit),
    /// Nothing changes before this, unless a bell rings.
    After(Duration),
    WhenTold,
}

impl Governor {
    pub(crate) fn new(reads: Share, writes: Share, jitter: fastrand::Rng) -> Self {
        let parts = Parts { gate: CircuitBreaker::new(), reads: ClassLimiter::new(reads), writes: ClassLimiter::new(writes), jitter };
        Self { parts: Mutex::new(parts), changed: Notify::new() }
    }

    /// Leave for one call, or why it is held back. Waits only while the limit is
    /// not yet known and the first calls are about to tell it, or while as many
    /// calls as may be are under way.
    pub(crate) async fn admit(self: &Arc<Self>, class: Class, priority: Priority) -> Result<Permit, Error> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Before the look, so that no change between the look and the wait is missed.
            changed.as_mut().enable();
            if let Some(permit) = self.look(class, priority, Instant::now())? {
                return Ok(permit);
            }
            changed.await;
        }
    }

    /// Leave for one call at once, if nobody who waits comes before it; `None`: wait for a change.
    pub(crate) fn look(
        self: &Arc<Self>,
        class: Class,
        priority: Priority,
        now: Instant,
    ) -> Result<Option<Permit>, Error> {
        let mut parts = self.parts();
        parts.gate.check(now, priority.may_probe()).map_err(held)?;
        let shut = parts.gate.tripped().is_some();
        let line = parts.line(class);
        if line.budget.in_flight() >= MAX_CONCURRENT {
            return Ok(None);
        }
        match line.budget.allowance(priority, now) {
            Allowance::Unknown => return Ok(None),
            Allowance::Now
                if !line.chosen(now, !shut).is_some_and(|seat| line.queue.goes_before(seat, priority)) => {}
            Allowance::Now | Allowance::After(_) => return Err(line.deferred(class, priority, now)),
        }
        Ok(Some(self.enter(&mut parts, class, priority)))
    }

    /// A seat in the queue of a class; the bell rings when it is worth looking again.
    pub(crate) fn join(&self, class: Class, priority: Priority, bell: Arc<Notify>) -> Seat {
        self.parts().line(class).queue.join(priority, bell, Instant::now())
    }

    /// Gives the seat up. Also after it was served: then there is none any more.
    pub(crate) fn leave(&self, class: Class, seat: Seat) {
        let mut parts = self.parts();
        let line = parts.line(class);
        line.queue.leave(seat);
        line.ring();
    }

    /// Whether it is the turn of this seat.
    pub(crate) fn look_from(self: &Arc<Self>, class: Class, seat: Seat, now: Instant) -> Look {
        let mut parts = self.parts();
        let gate = parts.gate.check(now, seat.priority.may_probe());
        let shut = parts.gate.tripped().is_some();
        let line = parts.line(class);
        if let Err(held) = gate {
            return if line.queue.is_head(seat) { Look::After(held.retry_in) } else { Look::WhenTold };
        }
        if line.budget.in_flight() >= MAX_CONCURRENT {
            return Look::WhenTold;
        }
        match line.chosen(now, !shut) {
            Some(chosen) if chosen == seat => {
                line.queue.leave(seat);
                line.ring();
                Look::Go(self.enter(&mut parts, class, seat.priority))
            }
            Some(chosen) => {
                line.queue.bell(chosen).inspect(|bell| bell.notify_one());
                Look::WhenTold
            }
            None if line.queue.is_head(seat) => match line.budget.allowance(seat.priority, now) {
                Allowance::After(pause) => Look::After(pause),
                Allowance::Now | Allowance::Unknown => Look::WhenTold,
            },
            None => Look::WhenTold,
        }
    }

    /// How long a call that waits is expected to wait yet.
    pub(crate) fn expected(&self, class: Class, seat: Seat) -> Duration {
        let mut parts = self.parts();
        let now = Instant::now();
        let held = parts.gate.check(now, seat.priority.may_probe()).err().map(|held| held.retry_in);
        let line = parts.line(class);
        let ahead = line.queue.ahead(seat);
        line.budget.expected(ahead, now).max(held.unwrap_or_default())
    }

    /// Who waits, by class and priority.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let mut parts = self.parts();
        let now = Instant::now();
        let of = |class, line: &ClassLimiter| -> Vec<_> {
            let waiting = |(priority, calls, oldest)| Waiting { class, priority, calls, oldest };
            line.queue.waiting(now).map(waiting).collect()
        };
        [Class::Read, Class::Write].into_iter().flat_map(|class| of(class, parts.line(class))).collect()
    }

    /// How many calls of a window may be made, and how many were; `None`: no limit is known.
    pub(crate) fn usage(&self, class: Class) -> Option<(u64, u64)> {
        let mut parts = self.parts();
        let budget = &mut parts.line(class).budget;
        Some((budget.usable()?, budget.used(Instant::now())))
    }

    pub(crate) fn limits(&self) -> Limits {
        let parts = self.parts();
        let now = Instant::now();
        Limits { reads: parts.reads.budget.last_heard(now), writes: parts.writes.budget.last_heard(now) }
    }

    pub(crate) fn state(&self) -> AccountState {
        let mut parts = self.parts();
        let now = Instant::now();
        match parts.gate.tripped() {
            Some((Reason::Unauthorized, message)) => {
                AccountState::Unauthorized { message: message.to_owned() }
            }
            Some((Reason::Unavailable, message)) => AccountState::Unavailable { message: message.to_owned() },
            None => [Class::Write, Class::Read]
                .into_iter()
                .find_map(|class| parts.line(class).budget.exhausted_until(now).map(|until| (class, until)))
                .map_or(AccountState::Available, |(class, until)| AccountState::RateLimited { class, until }),
        }
    }

    /// Another key is in use.
    pub(crate) fn forget_unauthorized(&self) {
        let mut parts = self.parts();
        parts.gate.forget_unauthorized();
        self.tell(&parts);
    }

    fn enter(self: &Arc<Self>, parts: &mut Parts, class: Class, priority: Priority) -> Permit {
        let line = parts.line(class);
        line.budget.take();
        line.queue.served(priority);
        let ticket = Some(parts.gate.admit());
        Permit { governor: Arc::clone(self), class, ticket, counted: true, sent_at: None }
    }

    /// Everyone who may be next looks again.
    fn tell(&self, parts: &Parts) {
        parts.reads.ring();
        parts.writes.ring();
        self.changed.notify_waiters();
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    fn line(&mut self, class: Class) -> &mut ClassLimiter {
        match class {
            Class::Read => &mut self.reads,
            Class::Write => &mut self.writes,
        }
    }

    fn report(&mut self, ticket: Admission, report: Signal, now: Instant) -> Option<Transition> {
        let chance = self.jitter.f64();
        self.gate.report(ticket, report, now, chance)
    }
}

impl Permit {
    /// The call goes out now; once more, when it was answered already and is repeated.
    pub(crate) fn sending(&mut self) {
        if !self.counted {
            self.governor.parts().line(self.class).budget.take();
            self.counted = true;
        }
        self.sent_at = Some(Instant::now());
    }

    /// The API answered, with what it said about the limit.
    pub(crate) fn answered(&mut self, limits: Option<RateLimit>) {
        let charge = match self.sent_at {
            Some(sent_at) => Charge::Answered { sent_at, limits },
            None => Charge::Unknown,
        };
        self.settle(charge);
    }

    /// It was sent, and what came back tells nothing about the limit.
    pub(crate) fn charge(&mut self) {
        self.settle(Charge::Unknown);
    }

    /// It certainly wasn't sent.
    pub(crate) fn unsent(&mut self) {
        self.settle(Charge::None);
    }

    /// 429: the class rests for so long.
    pub(crate) fn limited(&mut self, retry_in: Duration) {
        self.governor.parts().line(self.class).budget.block(retry_in, Instant::now());
    }

    /// What the call met, said once and last.
    pub(crate) fn conclude(mut self, report: Signal) {
        self.report(report);
    }

    fn settle(&mut self, charge: Charge) {
        if std::mem::take(&mut self.counted) {
            self.governor.parts().line(self.class).budget.settle(charge, Instant::now());
        }
        self.sent_at = None;
    }

    /// Also wakes whoever waits, for the budget has been settled by now.
    fn report(&mut self, report: Signal) {
        let Some(ticket) = self.ticket.take() else { return };
        let mut parts = self.governor.parts();
        let moved = parts.report(ticket, report, Instant::now());
        self.governor.tell(&parts);
        drop(parts);
        match moved {
            None => {}
            Some(Transition::Recovered) => tracing::info!("api.video is available again"),
            Some(Transition::Tripped(Reason::Unauthorized, message)) => {
                tracing::warn!(message, "api.video refuses the credentials; calls are held back");
            }
            Some(Transition::Tripped(Reason::Unavailable, message)) => {
                tracing::warn!(message, "api.video is not available; calls are held back");
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.settle(if self.sent_at.is_some() { Charge::Unknown } else { Charge::None });
        self.report(Signal::Neutral);
    }
}

fn held(held: Rejection) -> Error {
    let because = match held.reason {
        Reason::Unauthorized => Deferral::Unauthorized,
        Reason::Unavailable => Deferral::Unavailable,
    };
    Error::Deferred { because, retry_in: held.retry_in, message: held.message }
}
