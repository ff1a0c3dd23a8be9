//! Answers, as the API server shapes them.

use bytes::Bytes;
use http::{Response, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::route::Key;

pub(super) fn object(value: &Value) -> Response<Bytes> {
    answer(StatusCode::OK, value)
}

fn answer(code: StatusCode, value: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(value.to_string()));
    *answer.status_mut() = code;
    answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    answer
}

pub(crate) fn failure(code: StatusCode, reason: &str, message: &str) -> Response<Bytes> {
    answer(
        code,
        &json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
            "reason": reason, "code": code.as_u16() }),
    )
}

pub(super) fn not_found(key: &Key) -> Response<Bytes> {
    failure(StatusCode::NOT_FOUND, "NotFound", &format!("{} {:?} not found", key.resource(), key.name))
}

pub(super) fn already_exists(key: &Key) -> Response<Bytes> {
    let message = format!("{} {:?} already exists", key.resource(), key.name);
    failure(StatusCode::CONFLICT, "AlreadyExists", &message)
}

pub(super) fn conflict(key: &Key) -> Response<Bytes> {
    let message = format!(
        "Operation cannot be fulfilled on {} {:?}: the object has been modified; please apply your changes to the \
         latest version and try again",
        key.resource(),
        key.name
    );
    failure(StatusCode::CONFLICT, "Conflict", &message)
}

pub(super) fn wrong_uid(key: &Key) -> Response<Bytes> {
    let message = format!(
        "LiveStream.api.video {:?} is invalid: metadata.uid: Invalid value: field is immutable",
        key.name
    );
    failure(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", &message)
}

pub(super) fn no_new_finalizers(key: &Key) -> Response<Bytes> {
    let message = format!(
        "LiveStream.api.video {:?} is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the \
         object is being deleted",
        key.name
    );
    failure(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", &message)
}

pub(super) fn deleted(key: &Key, uid: &Value) -> Response<Bytes> {
    object(&json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": { "name": key.name, "uid": uid } }))
}
