//! The outcome of an action.

use std::time::Duration;

use super::search::SearchResult;
use crate::facts::{
    diff::FieldDrift,
    observation::{AccountError, CrdDeletion},
    stream::Remote,
};

/// The outcome of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The object was written.
    Stored,
    /// The request of an intent was not sent, for the intent is too old by now.
    TooLate,
    /// The API answered with the stream.
    Stream(Box<Remote>),
    /// The API answered that there is no such stream.
    NotFound,
    /// The stream is deleted.
    Deleted,
    /// A search was completed.
    Searched(SearchResult),
    /// The CRD was checked.
    CrdChecked(CrdDeletion),
    /// The call failed.
    Failed(CallFailure),
}

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFailure {
    /// Whether it may have had its effect all the same.
    pub effect_unknown: bool,
    /// What happened.
    pub cause: Cause,
    /// When to retry it.
    pub retry: Retry,
}

/// When a failed call is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// After a wait that grows with each failure.
    AfterBackoff,
    /// When the account's queue calls, expected after this time.
    WhenCalled(Duration),
}

/// What kept a call from succeeding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The API refused the values of the request.
    Refused(Refusal),
    /// The account can't be used. A call that waits for it is no attempt of its LiveStream.
    Account(AccountError),
    /// This call failed, which says nothing about the account: only its token and its list do.
    Call(AccountError),
    /// The API accepted these fields and still returns other values.
    NotApplied(Vec<FieldDrift>),
    /// The API server refused or did not answer a write to the object, with its words.
    Cluster(String),
}

/// A request that the API refused as invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field that the API names, if it names one.
    pub field: Option<String>,
    /// Its message.
    pub message: String,
}
