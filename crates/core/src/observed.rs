//! What is known of the world outside the object, as values.

use std::{sync::Arc, time::Duration};

use super::{
    memory::Trouble,
    model::{Remote, StreamId},
};

/// What is known of the world outside the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The stream that the LiveStream is bound to or asks for.
    pub stream: Sight,
    /// The account.
    pub account: AccountView,
    /// A stream that a create of this LiveStream which was given up has made
    /// after all, for certain: it carries its marker, and nobody holds it.
    pub late: Option<StreamId>,
    /// Whether the CRD itself is being deleted, which retains every stream.
    pub crd_terminating: bool,
}

/// What is known of one remote stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// No whole pass over the account has ended since the start.
    NotYet,
    /// A whole pass did not show it. Paging may skip: it has to be confirmed.
    Missing,
    /// The API said 404 when it was asked for it by id.
    Gone,
    /// It was seen.
    Present {
        /// As it was. The snapshot keeps the same one: a look copies nothing.
        remote: Arc<Remote>,
        /// Whether that was by a call of this very reconcile.
        fresh: bool,
    },
}

/// What a LiveStream has to know of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// Whether a whole pass has ended since the start.
    pub observed: bool,
    /// What keeps the account from being used, if anything is known to.
    pub trouble: Option<Trouble>,
    /// Whether the guard against mass disappearance holds this stream.
    pub guarded: bool,
    /// Whether a whole pass has missed this stream, so that the guard has had
    /// its say about its absence; always true where the guard is off.
    pub judged: bool,
    /// How long after a lost create a stream may still appear.
    pub settle: Duration,
    /// Whether created streams carry a marker at first.
    pub marker: bool,
}
