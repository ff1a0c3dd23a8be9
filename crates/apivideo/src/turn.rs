//! Leave for one call, had in advance: the one place where an account's calls wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::governor::{Governor, Look, Permit};
use crate::priority::Priority;
use crate::queue::Seat;
use crate::requests::Class;

/// Leave for one call of a class. Dropped unused, it goes to whoever is next.
pub struct Turn {
    pub(crate) permit: Permit,
    pub(crate) class: Class,
    pub(crate) priority: Priority,
}

impl Turn {
    /// Of reads or of writes.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").field("class", &self.class).finish_non_exhaustive()
    }
}

/// How many calls wait, of one class and priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Of reads or of writes.
    pub class: Class,
    /// Why they are made.
    pub priority: Priority,
    /// How many.
    pub calls: u64,
    /// How long the one that came first has waited.
    pub oldest: Duration,
}

/// A place in the account's queue, given up when it is dropped.
pub struct Place {
    governor: Arc<Governor>,
    class: Class,
    seat: Seat,
    bell: Arc<Notify>,
}

impl Place {
    pub(crate) fn take(governor: &Arc<Governor>, class: Class, priority: Priority) -> Self {
        let bell = Arc::new(Notify::new());
        let seat = governor.join(class, priority, Arc::clone(&bell));
        Self { governor: Arc::clone(governor), class, seat, bell }
    }

    /// Of reads or of writes.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// Why the call is made.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.seat.priority
    }

    /// How long it is expected to take yet, as far as the account's limits go.
    /// What its other clients will use, and who will overtake, can't be foreseen.
    #[must_use]
    pub fn expected_wait(&self) -> Duration {
        self.governor.expected(self.class, self.seat)
    }

    /// Waits until it is its turn. To be called once: afterwards the place is free.
    /// The future may be dropped at any time, and the wait gone on with.
    ///
    /// Only the first of each priority watches the clock; everyone else is told.
    pub async fn turn(&self) -> Turn {
        let Self { class, seat, bell, governor } = self;
        loop {
            // A bell that rings between the look and the wait is kept by it.
            match governor.look_from(*class, *seat, Instant::now()) {
                Look::Go(permit) => return Turn { permit, class: *class, priority: seat.priority },
                Look::After(pause) => {
                    let _ = tokio::time::timeout(pause, bell.notified()).await;
                }
                Look::WhenTold => bell.notified().await,
            }
        }
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("class", &self.class).field("seat", &self.seat).finish_non_exhaustive()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.governor.leave(self.class, self.seat);
    }
}
