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

/// A seat in the queue, given up when it is dropped.
struct Place {
    governor: Arc<Governor>,
    class: Class,
    seat: Seat,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.governor.leave(self.class, self.seat);
    }
}

/// Waits in the queue until it is its turn. Only the first of each priority
/// watches the clock; everyone else is told.
pub(crate) async fn wait(governor: &Arc<Governor>, class: Class, priority: Priority) -> Turn {
    let bell = Arc::new(Notify::new());
    let seat = governor.join(class, priority, Arc::clone(&bell));
    let place = Place { governor: Arc::clone(governor), class, seat };
    loop {
        // A bell that rings between the look and the wait is kept by it.
        match governor.look_from(class, place.seat, Instant::now()) {
            Look::Go(permit) => return Turn { permit, class, priority },
            Look::After(pause) => {
                let _ = tokio::time::timeout(pause, bell.notified()).await;
            }
            Look::WhenTold => bell.notified().await,
        }
    }
}
