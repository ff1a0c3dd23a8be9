//! The state of one LiveStream in this process.
//!
//! What must survive a crash is stored on the object (the binding, the intent).
//! The rest belongs to this process and may be lost: that costs a search or a
//! second attempt, never a stream.

use jiff::Timestamp;

use super::{drift_backoff::DriftBackoff, outcome::Cause, search::SearchProgress};
use crate::facts::{
    binding::Binding,
    ids::StreamId,
    intent::Intent,
    manifest::{Manifest, Unmanaged},
    project::Project,
};

/// The state of one LiveStream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReconcileState {
    /// The stream that belongs to it.
    pub binding: Binding,
    /// The create that is not finished.
    pub create: Option<PendingCreate>,
    /// The stream that was created or found and is not stored on the object yet.
    pub unstored: Option<StreamId>,
    /// The project that `unstored` was created in.
    pub created_in: Option<Project>,
    /// The stream that `unstored` replaces.
    pub replaced: Option<StreamId>,
    /// The last failure, until a call succeeds or the wish changes.
    pub failure: Option<Failure>,
    /// How many attempts have failed since the stream was in sync or the wish changed. A
    /// call that succeeds on the way resets nothing: what can never succeed gets rarer.
    pub attempts: u32,
    /// The generation at which manifest and stream were last seen equal. A
    /// difference at the same generation is drift; at another it is the user's change.
    pub synced_generation: Option<i64>,
    /// Whether something contradicts what is known of the stream, so that it is read before
    /// anything else is done about it.
    pub doubted: bool,
    /// Whether the last read was answered 404, and no page has contradicted it so far.
    pub found_gone: bool,
    /// When the stream was last read for this LiveStream.
    pub read_at: Option<Timestamp>,
    /// The corrections of drift that another writer may keep reverting.
    pub drift_backoff: DriftBackoff,
    /// The last value of `requestedAt` that was handled.
    pub handled_request: Option<String>,
    /// The wish that was last seen.
    pub wish: Option<Wish>,
    /// What the stream was last observed to be, for a stream that replaces it.
    pub last_observed: Unmanaged,
    /// The account's recoveries that the last failure knew of.
    pub recoveries: u64,
}

/// What a person asks for: a change of it is a reason to retry at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The generation of the spec.
    pub generation: i64,
    /// The value of `requestedAt`.
    pub requested_at: Option<String>,
    /// Whether the object is being deleted.
    pub deleting: bool,
}

/// A create that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingCreate {
    /// The intent and what is known of its request.
    Open(Intent, Request),
    /// The annotation can't be read, for this reason: what was requested is unknown.
    Unreadable(String),
}

/// What this process knows of the request behind a stored intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// It was not sent yet: this process has just stored the intent.
    NotSent,
    /// It certainly created nothing: the intent can be removed.
    NotCreated,
    /// An earlier process may have sent it, and the API's clock, which times the
    /// search, is not known yet.
    Inherited,
    /// Whether it created a stream is unknown.
    Unknown(SearchProgress),
}

/// A call that could not be made or that failed, and when to retry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub cause: Cause,
    /// When to retry, unless the call queue calls earlier.
    pub retry_at: Timestamp,
    /// When the retry is expected, for people; `None`: so soon that it is not reported.
    pub expected_at: Option<Timestamp>,
}

impl ReconcileState {
    /// The intent of the create that is not finished, if it can be read.
    #[must_use]
    pub fn open_intent(&self) -> Option<&Intent> {
        match &self.create {
            Some(PendingCreate::Open(intent, _)) => Some(intent),
            Some(PendingCreate::Unreadable(_)) | None => None,
        }
    }

    /// The progress of the search for the stream of a request whose outcome is unknown.
    #[must_use]
    pub fn search(&self) -> Option<&SearchProgress> {
        match &self.create {
            Some(PendingCreate::Open(_, Request::Unknown(search))) => Some(search),
            _ => None,
        }
    }

    pub(super) fn search_mut(&mut self) -> Option<&mut SearchProgress> {
        match &mut self.create {
            Some(PendingCreate::Open(_, Request::Unknown(search))) => Some(search),
            _ => None,
        }
    }

    /// Whether a create may have made a stream that only a search can find: then
    /// a wish for another stream waits for its result. Where the search had found
    /// too many before, the wish is a person's answer.
    #[must_use]
    pub fn must_search(&self) -> bool {
        let inherited = matches!(&self.create, Some(PendingCreate::Open(_, Request::Inherited)));
        inherited || self.search().is_some_and(|search| !search.is_answered_by_wish())
    }

    /// Whether a stream that is known to be gone is read again: a person who requests a
    /// reconcile wants to know whether it still is. One read is enough.
    #[must_use]
    pub fn must_read_again(&self, manifest: &Manifest) -> bool {
        let new = self.wish.as_ref().is_none_or(|wish| wish.requested_at != manifest.requested_at);
        self.request_pending(manifest) && (new || !self.found_gone)
    }

    /// Whether a person requested a reconcile that was not handled yet.
    #[must_use]
    pub fn request_pending(&self, manifest: &Manifest) -> bool {
        manifest.requested_at.is_some() && manifest.requested_at != self.handled_request
    }
}
