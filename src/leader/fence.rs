//! The fence around everything that a process does to the outside: requests may
//! leave while it leads, for less time than its lease holds, and never again after.
//!
//! The guarantee: a request is begun, and any step to send it is taken, only right
//! after a check that found the fence open. A process that was stopped and resumes
//! finds its fence closed, whatever it was in the middle of. It cannot recall a
//! request that was handed to the sockets before; the rest of the lease's time is
//! for those.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use parking_lot::Mutex;

use super::term::Term;
use crate::ops::moment::Moment;

/// How often [`Fence::closed`] checks the fence: a suspended machine does not wake
/// a timer in time.
const CHECK_PERIOD: Duration = Duration::from_millis(250);

/// Whether this process may act. Clones share their state.
#[derive(Clone, Debug)]
pub struct Fence(Arc<Mutex<Term>>);

/// The fence was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Before anything was sent.
    #[error("not sent: this replica is not the leader")]
    NotSent,
    /// While the request was in flight: it may have had its effect.
    #[error("aborted: this replica lost leadership while the request was in flight")]
    Aborted,
}

impl Fence {
    /// A fence that is always open, for a process that runs alone.
    #[must_use]
    pub fn open() -> Self {
        Self(Arc::new(Mutex::new(Term::Unbounded)))
    }

    /// A fence that an election opens.
    #[must_use]
    pub fn closed_until_elected() -> Self {
        Self(Arc::new(Mutex::new(Term::Pending)))
    }

    /// Whether this process may act at this moment.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.remaining().is_some()
    }

    /// Opens it for `duration` from `began`; false if it is closed for good.
    #[must_use]
    pub(super) fn extend(&self, began: Moment, duration: Duration) -> bool {
        // The time is taken under the lock, so that no later check came first.
        let mut term = self.0.lock();
        term.extend(began, duration, Moment::now())
    }

    /// Closes it for good.
    pub fn close(&self) {
        *self.0.lock() = Term::Closed;
    }

    /// Waits until it is closed for good.
    pub async fn closed(&self) {
        loop {
            let remaining = self.remaining();
            if matches!(*self.0.lock(), Term::Closed) {
                return;
            }
            tokio::time::sleep(remaining.unwrap_or(CHECK_PERIOD).min(CHECK_PERIOD)).await;
        }
    }

    /// Runs `work` while the fence is open, and checks the fence before each of its steps.
    ///
    /// # Errors
    /// [`Refused`] once it is closed; the work is dropped.
    pub async fn guard<T>(&self, work: impl Future<Output = T>) -> Result<T, Refused> {
        let mut work = pin!(work);
        let mut refused = Refused::NotSent;
        poll_fn(|context| {
            if !self.is_open() {
                return Poll::Ready(Err(refused));
            }
            refused = Refused::Aborted;
            work.as_mut().poll(context).map(Ok)
        })
        .await
    }

    fn remaining(&self) -> Option<Duration> {
        let mut term = self.0.lock();
        term.remaining(Moment::now())
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn work_runs_only_while_the_fence_is_open() {
        let fence = Fence::closed_until_elected();
        assert_eq!(fence.guard(ready(1)).await, Err(Refused::NotSent));
        assert!(fence.extend(Moment::now(), LONG));
        assert_eq!(fence.guard(ready(1)).await, Ok(1));
        fence.close();
        assert_eq!(fence.guard(ready(1)).await, Err(Refused::NotSent));
        assert!(!fence.extend(Moment::now(), LONG), "closed for good");
        assert_eq!(Fence::open().guard(ready(1)).await, Ok(1));
    }

    #[tokio::test]
    async fn work_in_progress_stops_once_the_fence_is_closed() {
        let fence = Fence::closed_until_elected();
        assert!(fence.extend(Moment::now(), LONG));
        let mut steps = 0;
        let work = async {
            fence.close();
            tokio::task::yield_now().await;
            steps += 1;
        };
        assert_eq!(fence.guard(work).await, Err(Refused::Aborted));
        assert_eq!(steps, 0);
    }

    #[tokio::test]
    async fn closed_waits_for_the_end_not_for_the_beginning() {
        let fence = Fence::closed_until_elected();
        let soon = Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, fence.closed()).await.is_err());
        assert!(fence.extend(Moment::now(), soon));
        fence.closed().await;
        assert!(!fence.is_open());
    }
}
