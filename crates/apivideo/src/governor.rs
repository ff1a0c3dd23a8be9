//! Which call may be made now: the [`Limiters`] of one account behind one lock, and
//! the one task that calls waiting tickets.
//!
//! Guarantee: tickets are called by that task alone, however many wait. It is
//! started with the first ticket and ends with the last clone of the client.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::circuit_breaker::Admission;
use crate::class::Class;
use crate::class_limiter::OnCalled;
use crate::error::Error;
use crate::limiters::Limiters;
use crate::priority::Priority;
use crate::queue::TicketId;

/// Decides for one account which call is made when.
pub(crate) struct Governor {
    limiters: Mutex<Limiters>,
    dispatcher: Mutex<Option<JoinHandle<()>>>,
    /// Wakes the dispatcher.
    dispatch: Arc<Notify>,
    /// Wakes calls that wait outside of the queues.
    changed: Notify,
}

impl Governor {
    pub(crate) fn new(limiters: Limiters) -> Self {
        Self {
            limiters: Mutex::new(limiters),
            dispatcher: Mutex::default(),
            dispatch: Arc::default(),
            changed: Notify::new(),
        }
    }

    /// The limiters, for a look, or for a change that gives no call to anybody.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Limiters> {
        self.limiters.lock()
    }

    /// Changes the limiters. Whoever waits for a call is woken.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Limiters, Instant) -> T) -> T {
        let result = change(&mut self.lock(), Instant::now());
        self.dispatch.notify_one();
        self.changed.notify_waiters();
        result
    }

    /// Like [`Limiters::try_admit`], but waits instead of giving back `None`.
    pub(crate) async fn admit(&self, class: Class, priority: Priority) -> Result<Admission, Error> {
        self.once(|limiters, now| limiters.try_admit(class, priority, now).transpose().ok_or(None)).await
    }

    /// Waits until the account is in trouble and its next probe is due.
    pub(crate) async fn probe_due(&self) {
        let due = |limiters: &mut Limiters, now| match limiters.breaker.check(now, true) {
            Ok(()) if limiters.breaker.is_tripped() => Ok(()),
            Ok(()) => Err(None),
            Err(deferred) => Err(deferred.retry_in()),
        };
        self.once(due).await;
    }

    /// Waits until this succeeds. An error says when to try again at the latest; `None`:
    /// not before a change.
    async fn once<T>(
        &self,
        mut attempt: impl FnMut(&mut Limiters, Instant) -> Result<T, Option<Duration>>,
    ) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Enabled before the attempt, so that no change after it is missed.
            changed.as_mut().enable();
            let result = attempt(&mut self.lock(), Instant::now());
            match result {
                Ok(result) => return result,
                Err(pause) => wait(changed, pause).await,
            }
        }
    }

    /// A new ticket, see [`Limiters::join`].
    pub(crate) fn join(self: &Arc<Self>, class: Class, priority: Priority, on_called: OnCalled) -> TicketId {
        let mut dispatcher = self.dispatcher.lock();
        if dispatcher.as_ref().is_none_or(JoinHandle::is_finished) {
            let run = dispatch(Arc::downgrade(self), Arc::clone(&self.dispatch));
            *dispatcher = Some(tokio::spawn(run));
        }
        drop(dispatcher);
        self.change(|limiters, now| limiters.join(class, priority, on_called, now))
    }

    /// Calls every ticket that there is a call for, and says when to do so again
    /// at the latest; `None`: not before a change.
    fn dispatch(&self) -> Option<Duration> {
        let (mut limiters, now) = (self.lock(), Instant::now());
        let lapsed = limiters.lapse(now);
        let called = limiters.call(now);
        let next = limiters.next_dispatch(now);
        drop(limiters);
        if lapsed {
            self.changed.notify_waiters();
        }
        called.iter().for_each(|on_called| on_called());
        next
    }
}

impl std::fmt::Debug for Governor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Governor")
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
        wait(changed.notified(), next).await;
    }
}

/// Waits for a change, for so long at the most.
async fn wait(change: impl Future<Output = ()>, pause: Option<Duration>) {
    match pause {
        Some(pause) => drop(timeout(pause, change).await),
        None => change.await,
    }
}
