//! What is known of the account and of one remote stream.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{intent::CreateTiming, project::AccountProject, stream::Remote};

/// What is known of one remote stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// No scan of the account has ended since the process started.
    Unknown,
    /// A whole scan did not list it. Paging may skip a stream, so one GET has to confirm it.
    Absent,
    /// The API answered 404 for its id.
    Gone,
    /// It was observed.
    Present {
        /// Its attributes. The snapshot shares the same value.
        remote: Arc<Remote>,
        /// Whether a call of this very reconcile observed it.
        fresh: bool,
    },
}

/// What keeps calls to the account from succeeding. None of it is the manifest's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountError {
    /// The rate limit is used up.
    RateLimited,
    /// No answer, or one that can't be read.
    Unavailable(String),
    /// The key is wrong, expired or not allowed.
    Unauthorized(String),
}

/// What a decision may know of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// Whether a whole scan has ended since the process started.
    pub scanned: bool,
    /// The API's clock; `None` until an answer carried its time.
    pub clock: Option<Timestamp>,
    /// What keeps the account from being used, if anything is known to.
    pub error: Option<AccountError>,
    /// How often the account has recovered from an error.
    pub recoveries: u64,
    /// Whether the guard against mass disappearance holds this stream.
    pub guarded: bool,
    /// Whether a whole scan has confirmed that this stream is absent, so that the guard
    /// has judged it together with the others; always true where the guard is off.
    pub confirmed: bool,
    /// Whether the last scan skipped a page, and no other page showed this stream: what is
    /// known of it may be old.
    pub unlisted: bool,
    /// How long after a lost create request its stream may still appear.
    pub settle: Duration,
    /// Whether the names of created streams carry a marker at first.
    pub marker: bool,
    /// The interval between two scans.
    pub drift_interval: Duration,
    /// The longest time that a call to the API may take.
    pub request_timeout: Duration,
    /// The project that the API key opens.
    pub project: AccountProject,
    /// Whether the guard against mass disappearance holds back any stream: then nothing
    /// is created.
    pub guard_active: bool,
}

impl AccountView {
    /// How long a create request and its effect can take.
    #[must_use]
    pub fn timing(&self) -> CreateTiming {
        CreateTiming { request_timeout: self.request_timeout, settle: self.settle }
    }
}

/// Whether the CRD is being deleted, which retains every stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrdDeletion {
    /// It was not checked in this reconcile.
    #[default]
    Unchecked,
    /// It was not, according to a check that waiting deletions share.
    NotRecently,
    /// It is not, according to a check made just now.
    NotNow,
    /// It is.
    Deleting,
}
