//! What the operator writes into and reads from an object's metadata.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::core::{binding::Stored, intent::Intent, model::StreamId};

/// Keeps the object until its stream is deleted, retained or known never to have been.
pub const FINALIZER: &str = "api.video/live-stream";
/// The bound stream's id.
pub const LIVE_STREAM_ID: &str = "api.video/live-stream-id";
/// The uid of the object that the binding or the intent was written for.
pub const BOUND_UID: &str = "api.video/bound-uid";
/// The create request that is under way, as JSON.
pub const CREATE_INTENT: &str = "api.video/create-intent";
/// The adopted stream that is gone and whose place the bound one has taken.
pub const RECREATED_FROM: &str = "api.video/recreated-from";
/// The id of a missing stream, or of several, that a person allows to be re-created.
pub const CONFIRM_RECREATE: &str = "api.video/confirm-recreate";
/// Any new value asks to observe afresh and reconcile now.
pub const REQUESTED_AT: &str = "reconcile.api.video/requestedAt";
/// Under which name the operator writes.
pub const FIELD_MANAGER: &str = "apivideo-operator";

/// An annotation's value.
#[must_use]
pub fn annotation<'a>(metadata: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// Whether the object carries our finalizer.
#[must_use]
pub fn has_finalizer(metadata: &ObjectMeta) -> bool {
    metadata.finalizers.iter().flatten().any(|f| f == FINALIZER)
}

/// What is stored about the object's stream. Text that is no id counts as nothing.
#[must_use]
pub fn stored(metadata: &ObjectMeta, status_id: Option<&str>, unstored: Option<StreamId>) -> Stored {
    let id = |key| annotation(metadata, key).and_then(|text| StreamId::parse(text).ok());
    Stored {
        annotation: id(LIVE_STREAM_ID),
        bound_uid: annotation(metadata, BOUND_UID).map(str::to_owned),
        status: status_id.and_then(|text| StreamId::parse(text).ok()),
        unstored,
        recreated_from: id(RECREATED_FROM),
    }
}

/// The stored create intent, if it was written for this object: one that was
/// copied from another says nothing of this one.
///
/// `Some(Err)` is an intent of this object that can't be read.
#[must_use]
pub fn intent(metadata: &ObjectMeta) -> Option<Result<Intent, String>> {
    let own = metadata.uid.is_some() && annotation(metadata, BOUND_UID) == metadata.uid.as_deref();
    let text = annotation(metadata, CREATE_INTENT).filter(|_| own)?;
    Some(serde_json::from_str(text).map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn annotated(uid: &str, pairs: &[(&str, &str)]) -> ObjectMeta {
        let annotations = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        ObjectMeta { uid: Some(uid.into()), annotations: Some(annotations), ..ObjectMeta::default() }
    }

    #[test]
    fn an_intent_with_another_objects_uid_is_dropped() {
        let text = r#"{"sentAt":"2026-01-01T00:00:00Z","payload":{"name":"x"},"nonce":"n"}"#;
        assert!(matches!(intent(&annotated("me", &[(BOUND_UID, "me"), (CREATE_INTENT, text)])), Some(Ok(_))));
        assert_eq!(intent(&annotated("me", &[(BOUND_UID, "old"), (CREATE_INTENT, text)])), None);
        assert_eq!(intent(&annotated("me", &[(CREATE_INTENT, text)])), None);
    }

    proptest! {
        #[test]
        fn hand_edited_annotations_are_read_without_a_panic(id in ".{0,80}", text in ".{0,200}") {
            let meta = annotated("me", &[(LIVE_STREAM_ID, &id), (BOUND_UID, "me"), (CREATE_INTENT, &text)]);
            let read = stored(&meta, Some(&id), None);
            prop_assert!(read.annotation.is_none_or(|parsed| parsed.as_str() == id));
            let _ = intent(&meta);
        }
    }
}
