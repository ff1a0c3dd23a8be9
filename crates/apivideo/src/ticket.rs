//! A place in the account's one queue.

use std::sync::Arc;
use std::time::Duration;

use crate::class::Class;
use crate::error::{Deferral, Error};
use crate::governor::Governor;
use crate::permit::Permit;
use crate::queue::TicketId;

/// How soon to try again where only calls under way are in the way.
const BUSY_RETRY: Duration = Duration::from_millis(100);

/// A place in the account's one queue, for one call. Dropping it leaves the queue.
///
/// When there is a call for it, it is called: a call is reserved for it for two
/// seconds, and its callback runs. After that the call goes to the next ticket;
/// this one keeps its number, and may still be redeemed before later ones, but is
/// not called again until its holder asks for a call, or for its expected wait.
#[derive(Debug)]
pub struct Ticket {
    pub(crate) governor: Arc<Governor>,
    pub(crate) class: Class,
    pub(crate) id: TicketId,
}

impl Ticket {
    /// Whether it was called since its holder asked last; also when the reservation has lapsed.
    #[must_use]
    pub fn is_called(&self) -> bool {
        self.governor.lock().limiter(self.class).queue.is_called(self.id)
    }

    /// How long it is expected to wait, as far as the account's limits go. What
    /// other clients will use, and which tickets will go first, can't be foreseen.
    #[must_use]
    pub fn expected_wait(&self) -> Duration {
        self.governor.change(|limiters, now| limiters.expected(self.class, self.id, now))
    }

    /// Reserves a call for two seconds from now: the one that it was called for, or a free one.
    ///
    /// # Errors
    /// [`Error::Deferred`] if there is none; the ticket waits then.
    pub fn reserve(&self) -> Result<(), Error> {
        let reserved = self.governor.change(|limiters, now| limiters.reserve(self.class, self.id, now))?;
        if reserved { Ok(()) } else { Err(busy()) }
    }

    /// Leave for the call. The ticket is used up then, and is never called again.
    ///
    /// # Errors
    /// [`Error::Deferred`] if there is no call for it; the ticket waits then.
    pub fn redeem(&self) -> Result<Permit, Error> {
        let admission = self.governor.change(|limiters, now| limiters.redeem(self.class, self.id, now))?;
        Ok(Permit::new(&self.governor, self.class, self.id.priority, admission.ok_or_else(busy)?))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.governor.change(|limiters, _| limiters.limiter(self.class).leave(self.id));
    }
}

/// As many calls are under way as may be.
pub(crate) fn busy() -> Error {
    Error::Deferred {
        because: Deferral::RateLimited,
        retry_in: BUSY_RETRY,
        message: "too many calls are under way".to_owned(),
    }
}
