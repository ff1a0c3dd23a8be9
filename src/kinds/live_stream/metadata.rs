//! What the operator writes into and reads from an object's metadata.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::core::facts::intent::Intent;

/// Keeps the object until its stream is deleted, retained or known never to have existed.
pub const FINALIZER: &str = "api.video/live-stream";
/// The bound stream's id.
pub const LIVE_STREAM_ID: &str = "api.video/live-stream-id";
/// The uid of the object that the binding or the intent was written for.
pub const BOUND_UID: &str = "api.video/bound-uid";
/// The create request that is not finished, as JSON.
pub const CREATE_INTENT: &str = "api.video/create-intent";
/// The stream that is gone and that the bound one replaced.
pub const RECREATED_FROM: &str = "api.video/recreated-from";
/// The id of a missing stream, or of several, that a person allows to be re-created.
pub const CONFIRM_RECREATE: &str = "api.video/confirm-recreate";
/// The environment and project that the binding was made in.
pub const PROJECT: &str = "api.video/project";
/// A person's answer to an ambiguous create: the id of a candidate, or `none`.
pub const SETTLE_CREATE: &str = "api.video/settle-create";
/// Any new value requests a fresh observation and a reconcile now.
pub const REQUESTED_AT: &str = "reconcile.api.video/requestedAt";
/// The name of the operator in `managedFields` and events.
pub const FIELD_MANAGER: &str = "apivideo-operator";

/// An annotation's value.
#[must_use]
pub fn annotation<'a>(metadata: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// Whether the object carries the operator's finalizer.
#[must_use]
pub fn has_finalizer(metadata: &ObjectMeta) -> bool {
    metadata.finalizers.iter().flatten().any(|f| f == FINALIZER)
}

/// Whether a deleted object vanished: its last version carries the finalizer, and it was
/// not being deleted. (A finalizer that a person removes is not on the last version.)
#[must_use]
pub fn vanished(metadata: &ObjectMeta) -> bool {
    metadata.deletion_timestamp.is_none() && has_finalizer(metadata)
}

/// The stored create intent, if it was written for this object: one that was
/// copied from another says nothing about this one.
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
    use crate::{
        core::{
            facts::{
                Facts,
                binding::Stored,
                intent::CreateTiming,
                manifest::Manifest,
                observation::{AccountView, Observation},
            },
            fixture::{at, manifest, observing, remote},
            plan::plan,
            state::reconcile_state::{PendingCreate, ReconcileState, Request},
        },
        kinds::live_stream::{LiveStream, LiveStreamStatus, parse},
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
        fn a_hand_edited_intent_is_refused_briefly_or_planned_with(
            text in edited_intents(), seconds in prop::collection::vec(any::<i64>(), 1..4)
        ) {
            let read = intent(&annotated("me", &[(BOUND_UID, "me"), (CREATE_INTENT, &text)])).unwrap();
            if let Err(why) = &read {
                prop_assert!((1..=201).contains(&why.chars().count()), "{}", why);
            }
            let mut state = ReconcileState::default();
            for second in seconds {
                let edges = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
                let now = Timestamp::from_second(second.clamp(*edges.start(), *edges.end())).unwrap();
                let known = observing(Observation::Unknown);
                let account = AccountView { clock: Some(now), ..known.account.clone() };
                let stored = Stored { intent: Some(read.clone()), ..Stored::default() };
                let facts = Facts { stored, account, ..known };
                state.refresh(&facts, now);
                for deleting in [false, true] {
                    let manifest = Manifest { deleting, finalizer: true, ..manifest() };
                    let plan = plan(&Facts { manifest, ..facts.clone() }, &state, now);
                    let message = plan.ready.map(|ready| ready.message).unwrap_or_default();
                    prop_assert!(message.chars().count() < 9000);
                }
                if let Some(PendingCreate::Open(intent, Request::Unknown(search))) = &state.create {
                    prop_assert!(intent.window_start() <= intent.sent_at && search.ended_at <= now);
                    prop_assert!(!intent.search_name().is_empty());
                    let _ = intent.matches(&remote("li1"), CreateTiming { request_timeout: Duration::MAX, settle: Duration::MAX });
                }
            }
        }

        #[test]
        fn hand_edited_annotations_are_read_without_a_panic(id in ".{0,80}", text in ".{0,200}") {
            let meta = annotated("me", &[(LIVE_STREAM_ID, &id), (BOUND_UID, "me"), (CREATE_INTENT, &text)]);
            let mut object = LiveStream::new("x", serde_json::from_str(r#"{"name":"x"}"#).unwrap());
            object.metadata = meta;
            object.status = Some(LiveStreamStatus { live_stream_id: Some(id.clone()), ..Default::default() });
            let read = parse::stored(&object, "production");
            prop_assert!(read.annotation.is_none_or(|parsed| parsed.as_str() == id));
        }
    }
}
