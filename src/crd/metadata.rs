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
        held: None,
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
    Some(Intent::read(text))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::core::{
        binding::Binding,
        fixture::{at, manifest, remote, seeing},
        intent::Request,
        memory::{Create, Memory},
        model::Manifest,
        observed::Sight,
        plan::plan,
    };

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

    /// What a person may make of an intent: each part right, wrong, or missing.
    fn edited_intents() -> impl Strategy<Value = String> {
        let time = prop_oneof![
            Just("2026-01-01T00:00:00Z".to_owned()),
            Just("9999-06-01T00:00:00Z".to_owned()),
            Just("-009999-01-02T01:59:59Z".to_owned()),
            Just("9999-12-31T23:59:59Z".to_owned()),
            (i64::from(i32::MIN)..i64::from(i32::MAX)).prop_map(|second| at(second).to_string()),
            ".{0,20}",
        ];
        let part = || prop_oneof![Just(String::new()), ".{0,80}", "[a-z0-9-]{1,30}", "x{250,600}"];
        let whole = (time, part(), part(), part()).prop_map(|(sent_at, name, player, nonce)| {
            serde_json::json!({ "sentAt": sent_at, "payload": { "name": name, "playerId": player }, "nonce": nonce })
                .to_string()
        });
        (whole, prop::option::weighted(0.2, any::<prop::sample::Index>())).prop_map(|(text, cut)| match cut {
            Some(cut) => text.chars().take(cut.index(text.len())).collect(),
            None => text,
        })
    }

    proptest! {
        #[test]
        fn a_hand_edited_intent_is_told_in_few_words_or_planned_with_at_any_time(
            text in edited_intents(), seconds in prop::collection::vec(any::<i64>(), 1..4)
        ) {
            let read = intent(&annotated("me", &[(BOUND_UID, "me"), (CREATE_INTENT, &text)])).unwrap();
            if let Err(why) = &read {
                prop_assert!((1..=200).contains(&why.chars().count()), "{}", why);
            }
            let mut memory = Memory::default();
            for second in seconds {
                let edges = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
                let now = Timestamp::from_second(second.clamp(*edges.start(), *edges.end())).unwrap();
                memory.meet(&manifest(), Binding::Unbound, Some(read.clone()), Some(now));
                for deleting in [false, true] {
                    let manifest = Manifest { deleting, finalizer: true, ..manifest() };
                    let plan = plan(&manifest, &memory, &seeing(Sight::NotYet), now);
                    let message = plan.verdict.map(|verdict| verdict.message).unwrap_or_default();
                    prop_assert!(message.chars().count() < 9000);
                }
                if let Some(Create::Open(intent, Request::Unknown(search))) = &memory.create {
                    prop_assert!(intent.window_start() <= intent.sent_at && search.ended_at <= now);
                    prop_assert!(!intent.search_name().is_empty());
                    let _ = intent.could_have_made(&remote("li1"), search.ended_at, Duration::MAX);
                }
            }
        }

        #[test]
        fn hand_edited_annotations_are_read_without_a_panic(id in ".{0,80}", text in ".{0,200}") {
            let meta = annotated("me", &[(LIVE_STREAM_ID, &id), (BOUND_UID, "me"), (CREATE_INTENT, &text)]);
            let read = stored(&meta, Some(&id), None);
            prop_assert!(read.annotation.is_none_or(|parsed| parsed.as_str() == id));
            let _ = intent(&meta);
        }
    }
}
