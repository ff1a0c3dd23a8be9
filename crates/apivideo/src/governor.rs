//! Which call may be made now: the circuit breaker, both budgets and both queues
//! of one account, behind one lock, and the one task that calls waiting tickets.
//!
//! Guarantee: tickets are called by that task alone, however many wait. It is
//! started with the first ticket and ends with the last clone of the client.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::account_state::{AccountState, Usage, Waiting};
use crate::budget::Charge;
use crate::circuit_breaker::{Admission, CircuitBreaker, Reason, Rejection, Signal, Transition};
use crate::class::Class;
use crate::class_limiter::{ClassLimiter, OnCalled};
use crate::error::Error;
use crate::limiters::Limiters;
use crate::priority::Priority;
use crate::queue::TicketId;
use crate::rate_limit::Limits;
use crate::share::Share;

/// Decides for one account which call is made when.
pub(crate) struct Governor {
    state: Mutex<Limiters>,
    /// Wakes the dispatcher.
    dispatch: Arc<Notify>,
    /// Wakes calls that wait outside of the queues.
    changed: Notify,
}

impl Governor {
    pub(crate) fn new(reads: Share, writes: Share, jitter: fastrand::Rng) -> Self {
        let state = Limiters {
            breaker: CircuitBreaker::new(),
            reads: ClassLimiter::new(Class::Read, reads),
            writes: ClassLimiter::new(Class::Write, writes),
            jitter,
            dispatcher: None,
        };
        Self { state: Mutex::new(state), dispatch: Arc::default(), changed: Notify::new() }
    }

    /// Admits one call now, if no ticket goes first. `None`: not before a call
    /// has ended, for the limit is not known yet or too many are under way.
    pub(crate) fn try_admit(&self, class: Class, priority: Priority) -> Result<Option<Admission>, Error> {
        let (mut state, now) = (self.state.lock(), Instant::now());
        let id = state.limiter(class).queue.join(priority, Arc::new(|| ()), now);
        let admission = state.redeem(class, id, now);
        state.limiter(class).leave(id);
        admission
    }

    /// Like [`Self::try_admit`], but waits instead of giving back `None`.
    pub(crate) async fn admit(&self, class: Class, priority: Priority) -> Result<Admission, Error> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Enabled before the attempt, so that no change after it is missed.
            changed.as_mut().enable();
            if let Some(admission) = self.try_admit(class, priority)? {
                return Ok(admission);
            }
            changed.await;
        }
    }

    /// A new ticket. It is called at once if there is a call for it; `on_called` is
    /// for later calls.
    pub(crate) fn join(self: &Arc<Self>, class: Class, priority: Priority, on_called: OnCalled) -> TicketId {
        let (mut state, now) = (self.state.lock(), Instant::now());
        let id = state.limiter(class).queue.join(priority, on_called, now);
        // Without a call it waits, which is what it is for.
        let _ = state.reserve(class, id, now);
        if state.dispatcher.as_ref().is_none_or(JoinHandle::is_finished) {
            let run = dispatch(Arc::downgrade(self), Arc::clone(&self.dispatch));
            state.dispatcher = Some(tokio::spawn(run));
        }
        drop(state);
        self.dispatch.notify_one();
        id
    }

    /// Admits the call of a ticket, which is then used up; else it waits.
    pub(crate) fn redeem(&self, class: Class, id: TicketId) -> Result<Option<Admission>, Error> {
        let admission = self.state.lock().redeem(class, id, Instant::now());
        self.dispatch.notify_one();
        admission
    }

    /// Reserves a call for a ticket, for [`CALL_RESERVATION`] from now; else it waits.
    pub(crate) fn reserve(&self, class: Class, id: TicketId) -> Result<bool, Error> {
        let reserved = self.state.lock().reserve(class, id, Instant::now());
        self.dispatch.notify_one();
        reserved
    }

    /// Whether a ticket was called since its holder asked last.
    pub(crate) fn is_called(&self, class: Class, id: TicketId) -> bool {
        self.state.lock().limiter(class).queue.is_called(id)
    }

    /// How long a ticket is expected to wait. One that has lapsed waits again.
    pub(crate) fn expected(&self, class: Class, id: TicketId) -> Duration {
        let (mut state, now) = (self.state.lock(), Instant::now());
        let rejected = state.breaker.check(now, id.priority.may_probe()).err();
        let expected = state.limiter(class).expected(id, now);
        drop(state);
        self.dispatch.notify_one();
        expected.max(rejected.map_or(Duration::ZERO, |rejection| rejection.retry_in))
    }

    /// A ticket was dropped.
    pub(crate) fn leave(&self, class: Class, id: TicketId) {
        self.state.lock().limiter(class).leave(id);
        self.notify();
    }

    /// An admitted call is sent once more.
    pub(crate) fn take(&self, class: Class) {
        self.state.lock().limiter(class).budget.take();
    }

    /// An admitted call has ended.
    pub(crate) fn settle(&self, class: Class, charge: Charge) {
        self.state.lock().limiter(class).budget.settle(charge, Instant::now());
    }

    /// 429: no call of the class goes for so long.
    pub(crate) fn block(&self, class: Class, retry_in: Duration) {
        self.state.lock().limiter(class).budget.block(retry_in, Instant::now());
    }

    /// Admits a request for a token, as the probe if the account is in trouble. It has no budget.
    pub(crate) fn admit_token(&self) -> Result<Admission, Error> {
        let mut state = self.state.lock();
        state.breaker.check(Instant::now(), true)?;
        Ok(state.breaker.admit())
    }

    /// Why only the probe goes now, for a call that may not be it. `None`: there is no trouble.
    pub(crate) fn rejection(&self) -> Option<Rejection> {
        self.state.lock().breaker.check(Instant::now(), false).err()
    }

    /// Waits until the account is in trouble and its next probe is due.
    pub(crate) async fn probe_due(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Enabled before the check, so that no change after it is missed.
            changed.as_mut().enable();
            let pause = {
                let state = self.state.lock();
                match state.breaker.check(Instant::now(), true) {
                    Ok(()) if state.breaker.tripped().is_some() => return,
                    Ok(()) => None,
                    Err(rejection) => Some(rejection.retry_in),
                }
            };
            match pause {
                Some(pause) => drop(timeout(pause, changed).await),
                None => changed.await,
            }
        }
    }

    /// What an admitted call says about the account; the last word of each.
    pub(crate) fn report(&self, admission: Admission, signal: Signal) -> Option<Transition> {
        let mut state = self.state.lock();
        let chance = state.jitter.f64();
        let transition = state.breaker.report(admission, signal, Instant::now(), chance);
        drop(state);
        self.notify();
        transition
    }

    /// Another key is in use.
    pub(crate) fn forget_unauthorized(&self) {
        self.state.lock().breaker.forget_unauthorized();
        self.notify();
    }

    /// How many tickets wait, by class and priority.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let (state, now) = (self.state.lock(), Instant::now());
        let classes = [(Class::Read, &state.reads), (Class::Write, &state.writes)];
        let of = |(class, limiter): (Class, &ClassLimiter)| -> Vec<_> {
            let waiting = |(priority, calls, oldest)| Waiting { class, priority, calls, oldest };
            limiter.queue.waiting(now).map(waiting).collect()
        };
        classes.into_iter().flat_map(of).collect()
    }

    /// `None`: no limit is known.
    pub(crate) fn usage(&self, class: Class) -> Option<Usage> {
        let mut state = self.state.lock();
        let budget = &mut state.limiter(class).budget;
        Some(Usage { usable: budget.usable()?, used: budget.used(Instant::now()) })
    }

    pub(crate) fn limits(&self) -> Limits {
        let (state, now) = (self.state.lock(), Instant::now());
        Limits { reads: state.reads.budget.last_heard(now), writes: state.writes.budget.last_heard(now) }
    }

    pub(crate) fn state(&self) -> AccountState {
        let (mut state, now) = (self.state.lock(), Instant::now());
        match state.breaker.tripped() {
            Some((Reason::Unauthorized, message)) => {
                AccountState::Unauthorized { message: message.to_owned() }
            }
            Some((Reason::Unavailable, message)) => AccountState::Unavailable { message: message.to_owned() },
            None => [Class::Write, Class::Read]
                .into_iter()
                .find_map(|class| {
                    state.limiter(class).budget.exhausted_until(now).map(|until| (class, until))
                })
                .map_or(AccountState::Available, |(class, until)| AccountState::RateLimited { class, until }),
        }
    }

    /// Calls every ticket that there is a call for, and says when to do so again
    /// at the latest; `None`: not before a change.
    fn dispatch(&self) -> Option<Duration> {
        let (mut state, now) = (self.state.lock(), Instant::now());
        let lapsed = state.lapse(now);
        let called = state.call(now);
        let next = state.next_dispatch(now);
        drop(state);
        if lapsed {
            self.changed.notify_waiters();
        }
        called.iter().for_each(|on_called| on_called());
        next
    }

    fn notify(&self) {
        self.dispatch.notify_one();
        self.changed.notify_waiters();
    }
}

impl Drop for Governor {
    fn drop(&mut self) {
        self.dispatch.notify_one();
    }
}

/// The dispatcher: one task for both classes, for as long as the governor exists.
async fn dispatch(governor: Weak<Governor>, changed: Arc<Notify>) {
    loop {
        let Some(next) = governor.upgrade().map(|governor| governor.dispatch()) else { return };
        match next {
            Some(pause) => drop(timeout(pause, changed.notified()).await),
            None => changed.notified().await,
        }
    }
}
