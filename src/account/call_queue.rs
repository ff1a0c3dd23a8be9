//! The LiveStreams that wait for a call to the API, in the account's one queue.
//!
//! A LiveStream whose call is throttled has a ticket and ends its reconcile. It
//! is triggered when the ticket is called, and decides then, by its manifest of
//! then. So none polls, and what has changed meanwhile counts.
//!
//! The guarantees:
//! - A LiveStream has at most one ticket. It keeps it while its call stays of
//!   the same kind, however often it is reconciled.
//! - A call that its LiveStream does not make, because it is gone or has nothing
//!   to do any more, goes to the next ticket.

use std::{collections::HashMap, sync::Arc, time::Duration};

use apivideo::{Class, Client, Error, Permit, Priority, Ticket};
use parking_lot::Mutex;

use super::{answers, triggers::Triggers};
use crate::core::{
    facts::ids::Owner,
    state::outcome::{CallFailure, Retry},
};

/// The kind of a call: its limit, and why it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallKind {
    class: Class,
    priority: Priority,
}

impl CallKind {
    /// A read.
    #[must_use]
    pub const fn read(priority: Priority) -> Self {
        Self { class: Class::Read, priority }
    }

    /// A write.
    #[must_use]
    pub const fn write(priority: Priority) -> Self {
        Self { class: Class::Write, priority }
    }
}

/// The tickets of an account's LiveStreams.
pub struct CallQueue {
    client: Client,
    triggers: Arc<Triggers>,
    /// By uid.
    queued: Mutex<HashMap<String, Queued>>,
}

struct Queued {
    owner: Owner,
    kind: CallKind,
    ticket: Ticket,
}

impl CallQueue {
    /// The queue of this client's calls; `triggers` starts the reconciles.
    #[must_use]
    pub fn new(client: Client, triggers: Arc<Triggers>) -> Self {
        Self { client, triggers, queued: Mutex::default() }
    }

    /// Reserves a call for a LiveStream for a short time, for one that has
    /// something to write first.
    ///
    /// # Errors
    /// If there is none: it is triggered when its ticket is called.
    pub fn admit(&self, owner: &Owner, kind: CallKind) -> Result<(), CallFailure> {
        self.with_ticket(owner, kind, |ticket| throttled(ticket, ticket.reserve()))
    }

    /// Leave for a call to make now. The ticket is used up.
    ///
    /// # Errors
    /// If there is none: it is triggered when its ticket is called.
    pub fn permit(&self, owner: &Owner, kind: CallKind) -> Result<Permit, CallFailure> {
        let permit = self.with_ticket(owner, kind, |ticket| throttled(ticket, ticket.redeem()))?;
        self.leave(&owner.uid);
        Ok(permit)
    }

    /// A LiveStream waits for a call: the API has just refused one by its limit.
    /// Gives back how long that is expected to take.
    pub fn enqueue(&self, owner: &Owner, kind: CallKind) -> Duration {
        let (called, expected) =
            self.with_ticket(owner, kind, |ticket| (ticket.is_called(), ticket.expected_wait()));
        if called {
            // There is a call already, or was: its callback does not run for that.
            self.triggers.one(&owner.key);
        }
        expected
    }

    /// Whether the ticket of a LiveStream was called and not used yet.
    #[must_use]
    pub fn is_called(&self, uid: &str) -> bool {
        self.queued.lock().get(uid).is_some_and(|queued| queued.ticket.is_called())
    }

    /// A LiveStream has no call to make any more.
    pub fn leave(&self, uid: &str) {
        self.queued.lock().remove(uid);
    }

    /// Drops the tickets of LiveStreams that are gone.
    pub fn retain(&self, exists: impl Fn(&Owner) -> bool) {
        self.queued.lock().retain(|_, queued| exists(&queued.owner));
    }

    fn with_ticket<T>(&self, owner: &Owner, kind: CallKind, with: impl FnOnce(&Ticket) -> T) -> T {
        let mut queued = self.queued.lock();
        // A ticket of another kind leaves the queue.
        queued.get(&owner.uid).is_some_and(|own| own.kind != kind).then(|| queued.remove(&owner.uid));
        let own = queued.entry(owner.uid.clone()).or_insert_with(|| {
            let (triggers, key) = (Arc::clone(&self.triggers), owner.key.clone());
            let ticket = self.client.enqueue(kind.class, kind.priority, move || triggers.one(&key));
            Queued { owner: owner.clone(), kind, ticket }
        });
        with(&own.ticket)
    }
}

fn throttled<T>(ticket: &Ticket, result: Result<T, Error>) -> Result<T, CallFailure> {
    result.map_err(|error| CallFailure {
        effect_unknown: false,
        cause: answers::cause(&error),
        retry: Retry::WhenCalled(ticket.expected_wait()),
    })
}
