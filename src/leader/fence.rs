//! The fence around what a process does to the world: while it leads, and a
//! while less than its lease holds, requests may leave; then never again.
//!
//! The guarantee: a request is begun, and anything is done to bring it on its
//! way, only in a moment at which the fence was looked at and found open. A
//! process that was stopped and goes on finds its fence closed, whatever else
//! it wakes up in the middle of. What it can't call back is a request that was
//! handed to the sockets before; the rest of the lease's time is for those.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use super::term::{Moment, Term};

/// How often a fence is looked at that nothing else looks at: a suspended
/// machine does not wake a timer in time.
const LOOK: Duration = Duration::from_millis(250);

/// Whether this process may act. Clones are one and the same.
#[derive(Clone, Debug)]
pub struct Fence(Arc<Mutex<Term>>);

/// The fence was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Before anything was done.
    #[error("this replica does not lead, so nothing was sent")]
    NotBegun,
    /// While it was under way: it may have had its effect.
    #[error("this replica stopped leading while the request was under way")]
    CutShort,
}

impl Fence {
    /// One that is always open, for a process beside which no other works.
    #[must_use]
    pub fn open() -> Self {
        Self(Arc::new(Mutex::new(Term::Unbounded)))
    }

    /// One that an election opens.
    #[must_use]
    pub fn closed_until_elected() -> Self {
        Self(Arc::new(Mutex::new(Term::Awaited)))
    }

    /// Whether this process may act at this very moment.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.left().is_some()
    }

    /// Lets it act for `lasts` from `began` on; false if it is closed for good.
    #[must_use]
    pub fn extend(&self, began: Moment, lasts: Duration) -> bool {
        // Under the lock, so that no later moment was seen before this one.
        let mut term = self.term();
        term.extend(began, lasts, Moment::now())
    }

    /// Closes it for good.
    pub fn close(&self) {
        *self.term() = Term::Closed;
    }

    /// Waits until it is closed for good.
    pub async fn closed(&self) {
        loop {
            let left = self.left();
            if matches!(*self.term(), Term::Closed) {
                return;
            }
            tokio::time::sleep(left.unwrap_or(LOOK).min(LOOK)).await;
        }
    }

    /// Does `work` for as long as the fence is open: before each of its steps it is looked at.
    ///
    /// # Errors
    /// [`Refused`] once it is closed; the work is dropped where it stood.
    pub async fn hold<T>(&self, work: impl Future<Output = T>) -> Result<T, Refused> {
        let mut work = pin!(work);
        let mut refused = Refused::NotBegun;
        poll_fn(|context| {
            if !self.is_open() {
                return Poll::Ready(Err(refused));
            }
            refused = Refused::CutShort;
            work.as_mut().poll(context).map(Ok)
        })
        .await
    }

    fn left(&self) -> Option<Duration> {
        let mut term = self.term();
        term.left(Moment::now())
    }

    fn term(&self) -> MutexGuard<'_, Term> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn work_is_done_while_it_is_open_and_not_before_nor_after() {
        let fence = Fence::closed_until_elected();
        assert_eq!(fence.hold(ready(1)).await, Err(Refused::NotBegun));
        assert!(fence.extend(Moment::now(), LONG));
        assert_eq!(fence.hold(ready(1)).await, Ok(1));
        fence.close();
        assert_eq!(fence.hold(ready(1)).await, Err(Refused::NotBegun));
        assert!(!fence.extend(Moment::now(), LONG), "closed for good");
        assert_eq!(Fence::open().hold(ready(1)).await, Ok(1));
    }

    #[tokio::test]
    async fn work_under_way_is_not_gone_on_with_once_it_is_closed() {
        let fence = Fence::closed_until_elected();
        assert!(fence.extend(Moment::now(), LONG));
        let mut steps = 0;
        let work = async {
            fence.close();
            tokio::task::yield_now().await;
            steps += 1;
        };
        assert_eq!(fence.hold(work).await, Err(Refused::CutShort));
        assert_eq!(steps, 0);
    }

    #[tokio::test]
    async fn its_end_is_told_and_the_time_before_it_opens_is_none() {
        let fence = Fence::closed_until_elected();
        let soon = Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, fence.closed()).await.is_err());
        assert!(fence.extend(Moment::now(), soon));
        fence.closed().await;
        assert!(!fence.is_open());
    }
}
