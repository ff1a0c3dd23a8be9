//! What an admission policy refuses.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::{route::Key, status::failure};

/// A patch that asks for admission.
pub(crate) struct Attempt<'a> {
    pub key: &'a Key,
    pub before: &'a Value,
    pub after: &'a Value,
    /// Whether it is about the status alone.
    pub status: bool,
}

/// Judges a patch: the status that refuses it, if it does.
pub(crate) type Policy = fn(&Attempt<'_>) -> Option<StatusCode>;

/// What a ValidatingAdmissionPolicy named `frozen` answers.
pub(super) fn denied(key: &Key, code: StatusCode) -> Response<Bytes> {
    let reason = match code {
        StatusCode::FORBIDDEN => "Forbidden",
        // Not of a policy: somebody else writes the object all the time.
        StatusCode::CONFLICT => return super::status::conflict(key),
        _ => "Invalid",
    };
    let message = format!(
        "{} {:?} is forbidden: ValidatingAdmissionPolicy 'frozen' with binding 'frozen' denied request: \
         this object is frozen",
        key.resource(),
        key.name
    );
    failure(code, reason, &message)
}
