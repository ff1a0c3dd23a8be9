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

impl Cause {
    /// A 404 that the list, or a read, may contradict.
    pub(super) fn not_found(call: &str) -> Self {
        Self::Call(AccountError::Unavailable(format!(
            "{call} was answered 404 although the stream is listed"
        )))
    }

    /// Whether two causes differ in nothing but what each answer has of its own, such as the
    /// id of a request or a time: then it is the same cause, and the first text stays.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Call(known), Self::Call(new)) | (Self::Account(known), Self::Account(new)) => {
                match (known, new) {
                    (AccountError::Unavailable(known), AccountError::Unavailable(new))
                    | (AccountError::Unauthorized(known), AccountError::Unauthorized(new)) => {
                        lasting_words(known).eq(lasting_words(new))
                    }
                    _ => known == new,
                }
            }
            (Self::Cluster(known), Self::Cluster(new)) => lasting_words(known).eq(lasting_words(new)),
            _ => self == other,
        }
    }
}

/// The words of a text without numbers, times and ids; a status such as 503 counts.
fn lasting_words(text: &str) -> impl Iterator<Item = &str> {
    let digit = |c: char| c.is_ascii_digit();
    text.split(|c: char| !c.is_alphanumeric())
        .filter(move |word| !word.contains(digit) || word.len() == 3 && word.chars().all(digit))
}

/// A request that the API refused as invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field that the API names, if it names one.
    pub field: Option<String>,
    /// Its message.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_the_same_whatever_id_its_answer_has() {
        let call = |text: &str| Cause::Call(AccountError::Unavailable(text.into()));
        let page =
            |status: u16, ray: &str| call(&format!("status {status}: Bad gateway (Ray ID: {ray}, 20:29:07)"));
        assert!(page(502, "8f2a91bc").is_like(&page(502, "9e1b77aa")));
        assert!(!page(502, "8f2a91bc").is_like(&page(503, "8f2a91bc")));
        assert!(!call("no answer").is_like(&call("connection refused")));
        assert!(!call("no answer").is_like(&Cause::Account(AccountError::Unavailable("no answer".into()))));
        let denied = |id: &str| Cause::Cluster(format!("denied by policy, request {id}"));
        assert!(denied("a1b2").is_like(&denied("c3d4")));
    }
}
