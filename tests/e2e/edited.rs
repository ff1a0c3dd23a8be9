//! Objects that somebody edited by hand, annotations and status alike: a clear
//! condition, no second stream, and the other LiveStreams go on.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::stage::{Stage, id, message, play, ready};

const INTENT: &str = "api.video/create-intent";
const BOUND_UID: &str = "api.video/bound-uid";
const LIVE_STREAM_ID: &str = "api.video/live-stream-id";

fn intent(sent_at: &str, name: &str, nonce: &str) -> String {
    json!({ "sentAt": sent_at, "payload": { "name": name }, "nonce": nonce }).to_string()
}

/// Makes a LiveStream with this intent, before any operator has seen it.
async fn with_intent(stage: &Stage, name: &str, text: &str) {
    let uid = stage.apply(name, json!({ "name": name })).await.metadata.uid;
    stage.merge(name, json!({ "metadata": { "annotations": { INTENT: text, BOUND_UID: uid } } })).await;
}

#[test]
fn an_edited_intent_says_so_and_its_removal_is_all_that_is_asked_for() {
    play(async {
        let stage = Stage::empty().await;
        let long = "x".repeat(200 * 1024);
        let unreadable = [
            "",
            "not JSON",
            "{}",
            &json!(long).to_string(),
            &"[".repeat(100_000),
            &intent("9999-06-01T00:00:00Z", "x", "n"),
            &intent("9999-12-31T23:59:59Z", "x", "n"),
            &intent("-9999-01-01T00:00:00Z", "x", "n"),
            &intent("2026-01-01T00:00:00Z", "x", ""),
            &intent("2026-01-01T00:00:00Z", "", "n"),
            &intent("2026-01-01T00:00:00Z", &long, "n"),
        ];
        let names: Vec<_> = (0..unreadable.len()).map(|number| format!("edited-{number}")).collect();
        for (name, text) in names.iter().zip(unreadable) {
            with_intent(&stage, name, text).await;
        }
        let _operator = stage.operator().await;
        for name in &names {
            let object = stage.until_reason(name, "CreateAmbiguous").await;
            let told = message(&object);
            assert!(
                told.contains(INTENT) && told.contains("kubectl annotate") && told.len() < 1000,
                "{told}"
            );
        }
        stage.synced("bystander", json!({ "name": "Bystander" })).await;
        assert_eq!(stage.sandbox.streams().len(), 1, "what was asked for is not known, so nothing is sent");
        for name in &names {
            stage.annotate(name, INTENT, None).await;
            stage.until_reason(name, "Synced").await;
        }
        assert_eq!(stage.sandbox.streams().len(), 1 + names.len());
    });
}

#[test]
fn an_intent_of_another_time_or_name_is_searched_for_and_then_done_anew() {
    play(async {
        let stage = Stage::empty().await;
        let foreign = apivideo_sandbox::NewStream::named("Nobody has this name either");
        let foreign = stage.sandbox.create(foreign).expect("a stream");
        with_intent(&stage, "ancient", &intent("-009999-01-02T01:59:59Z", "ancient", "n-1")).await;
        with_intent(&stage, "renamed", &intent("2020-01-01T00:00:00Z", "Nobody has this name", "n-2")).await;
        let _operator = stage.operator().await;
        for name in ["ancient", "renamed"] {
            let stream = id(&stage.until_reason(name, "Synced").await);
            stage.until_remote(&stream, "its own name", |s| s.name == name).await;
        }
        assert_eq!(stage.sandbox.streams().len(), 3);
        assert!(stage.sandbox.streams().contains(&foreign));
    });
}

#[test]
fn edited_annotations_and_finalizers_are_set_right_and_the_stream_stays_the_same() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("edited", json!({ "name": "Edited" })).await;
        let long = "x".repeat(200 * 1024);
        for edit in [
            json!({ "annotations": { LIVE_STREAM_ID: "nonsense" } }),
            json!({ "annotations": { LIVE_STREAM_ID: "li/../x" } }),
            json!({ "annotations": { LIVE_STREAM_ID: long } }),
            json!({ "annotations": { BOUND_UID: long } }),
            json!({ "annotations": { BOUND_UID: "" } }),
            json!({ "annotations": { LIVE_STREAM_ID: null, BOUND_UID: null } }),
            json!({ "annotations": { INTENT: "not JSON", BOUND_UID: "somebody" } }),
            json!({ "finalizers": null }),
        ] {
            let told = format!("{edit:.80}");
            stage.merge("edited", json!({ "metadata": edit })).await;
            let mended = stage
                .until("edited", &told, |o| {
                    let annotations = o.metadata.annotations.clone().unwrap_or_default();
                    annotations.get(LIVE_STREAM_ID) == Some(&stream)
                        && annotations.get(BOUND_UID) == o.metadata.uid.as_ref()
                        && o.metadata.finalizers.as_ref().is_some_and(|finalizers| !finalizers.is_empty())
                        && ready(o).is_some_and(|c| c.reason == "Synced")
                })
                .await;
            assert_eq!(id(&mended), stream, "{told}");
        }
        for key in ["reconcile.api.video/requestedAt", "api.video/confirm-recreate"] {
            stage.annotate("edited", key, Some(&long[..100 * 1024])).await;
        }
        stage.synced("bystander", json!({ "name": "Bystander" })).await;
        stage.synced("edited", json!({ "name": "Edited anew" })).await;
        stage.until_remote(&stream, "the new name", |s| s.name == "Edited anew").await;
        assert_eq!(stage.sandbox.streams().len(), 2, "nothing was made anew");
        stage.delete("edited").await;
        stage.until_gone("edited").await;
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}

fn condition(type_: &str, time: &str) -> Value {
    json!({ "type": type_, "status": "True", "reason": "Edited", "message": "x", "lastTransitionTime": time })
}

#[test]
fn an_edited_status_is_set_right_and_believed_in_nothing() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("edited", json!({ "name": "Edited" })).await;
        let other = stage.synced("other", json!({ "name": "Other" })).await;
        let foreign = stage.sandbox.create(apivideo_sandbox::NewStream::named("Foreign")).expect("a stream");
        let long = "x".repeat(100 * 1024);
        let mut taken = 0;
        for edit in [
            json!({ "liveStreamId": "no id" }),
            json!({ "liveStreamId": other }),
            json!({ "liveStreamId": foreign.live_stream_id }),
            json!({ "liveStreamId": long }),
            json!({ "observedGeneration": i64::MAX }),
            json!({ "observedGeneration": -1 }),
            json!({ "conditions": [] }),
            json!({ "conditions": [condition("Ready", "9999-12-31T23:59:59Z")] }),
            json!({ "conditions": [condition("Ready", "0000-01-01T00:00:00Z")] }),
            json!({ "conditions": [condition("Stalled", "2026-01-01T00:00:00Z"), condition("Odd", "9999-06-01T00:00:00Z")] }),
            json!({ "createdAt": "9999-12-31T23:59:59Z", "updatedAt": "0000-01-01T00:00:00Z" }),
            json!({ "assets": { "hls": long }, "broadcasting": true }),
            json!({ "drift": [{ "field": long, "desired": "", "observed": "" }] }),
            // Stays, for nobody asks for a reconcile that it could hide.
            json!({ "lastHandledReconcileAt": long }),
        ] {
            let told = format!("{edit:.120}");
            let patch = Patch::Merge(json!({ "status": edit }));
            // What the schema refuses is no edit that could be met.
            let edited = stage.api().patch_status("edited", &PatchParams::default(), &patch).await;
            taken += usize::from(!matches!(edited, Err(kube::Error::Api(_))));
            stage
                .until("edited", &told, |o| {
                    let status = o.status.clone().unwrap_or_default();
                    let types: Vec<_> = status.conditions.iter().map(|c| c.type_.as_str()).collect();
                    ready(o).is_some_and(|c| {
                        c.reason == "Synced" && c.observed_generation == o.metadata.generation
                    }) && types == ["Ready"]
                        && status.live_stream_id.as_ref() == Some(&stream)
                        && status.observed_generation == o.metadata.generation
                        && status.broadcasting == Some(false)
                        && status.drift.is_empty()
                })
                .await;
            stage.synced("other", json!({ "name": format!("Other {taken}") })).await;
        }
        assert!(taken >= 10, "only {taken} edits were taken by the API server");
        assert_eq!(stage.sandbox.streams().len(), 3);
        assert!(stage.sandbox.streams().contains(&foreign), "a foreign stream was touched");
    });
}
