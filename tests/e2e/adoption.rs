//! Existing streams, conflicts of ids, restored and copied objects.

use apivideo_sandbox::NewStream;
use serde_json::json;

use crate::stage::{Stage, id, message, play};

#[test]
fn an_existing_stream_is_adopted_made_equal_and_retained_by_default() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let existing = stage.sandbox.create(NewStream::named("Existing")).expect("a stream").live_stream_id;
        let adopted = stage.synced("adopts", json!({ "name": "Adopted", "liveStreamId": existing })).await;
        assert_eq!(adopted, existing);
        assert_eq!(stage.sandbox.stream(&existing).map(|s| s.name).as_deref(), Some("Adopted"));
        assert!(stage.event("adopts", "Adopted").await.contains(&existing));
        stage.delete("adopts").await;
        stage.until_gone("adopts").await;
        assert!(stage.sandbox.stream(&existing).is_some());
    });
}

#[test]
fn an_adopted_stream_is_deleted_where_the_manifest_says_so() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let existing = stage.sandbox.create(NewStream::named("Existing")).expect("a stream").live_stream_id;
        let spec = json!({ "name": "Adopted", "liveStreamId": existing, "deletionPolicy": "Delete" });
        stage.synced("adopts", spec).await;
        stage.delete("adopts").await;
        stage.until_gone("adopts").await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn an_unknown_id_says_so_and_creates_nothing() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        stage.apply("unknown", json!({ "name": "Unknown", "liveStreamId": "liNotThere" })).await;
        let object = stage.until_reason("unknown", "RemoteMissing").await;
        assert!(message(&object).contains("liNotThere"), "{}", message(&object));
        assert_eq!(object.metadata.finalizers, None, "nothing holds it");
        stage.two_passes().await;
        assert!(stage.sandbox.streams().is_empty());
        stage.delete("unknown").await;
        stage.until_gone("unknown").await;
    });
}

#[test]
fn the_second_to_ask_for_a_stream_never_writes_and_takes_over_when_the_first_goes() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let first = stage.synced("first", json!({ "name": "First", "deletionPolicy": "Retain" })).await;
        stage.apply("second", json!({ "name": "Second", "liveStreamId": first })).await;
        let object = stage.until_reason("second", "IdConflict").await;
        assert!(message(&object).contains("/first"), "{}", message(&object));
        stage.two_passes().await;
        assert_eq!(stage.sandbox.stream(&first).map(|s| s.name).as_deref(), Some("First"));
        stage
            .apply("third", json!({ "name": "Third", "liveStreamId": first, "deletionPolicy": "Delete" }))
            .await;
        stage.until_reason("third", "IdConflict").await;
        stage.delete("third").await;
        stage.until_gone("third").await;
        assert!(stage.sandbox.stream(&first).is_some(), "the loser's deletion deletes nothing");
        stage.delete("first").await;
        let object = stage.until_reason("second", "Synced").await;
        assert_eq!(id(&object), first);
        assert_eq!(stage.sandbox.stream(&first).map(|s| s.name).as_deref(), Some("Second"));
    });
}

#[test]
fn a_restored_object_is_bound_again_and_a_copied_one_gets_a_stream_of_its_own() {
    play(async {
        let (stage, operator) = Stage::set().await;
        let stream = stage.synced("original", json!({ "name": "Original" })).await;
        let backup = stage.get("original").await;
        drop(operator);
        stage.merge("original", json!({ "metadata": { "finalizers": null } })).await;
        stage.delete("original").await;
        stage.until_gone("original").await;
        let restored = |name: &str| {
            let annotations = backup.metadata.annotations.clone();
            json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
                "metadata": { "name": name, "annotations": annotations }, "spec": { "name": "Original" } })
        };
        let create = async |name: &str| {
            let object = serde_json::from_value(restored(name)).expect("an object");
            stage.api().create(&Default::default(), &object).await.expect("created");
        };
        create("original").await;
        let _operator = stage.operator().await;
        let object = stage.until_reason("original", "Synced").await;
        assert_eq!(id(&object), stream, "bound again");
        create("copy").await;
        let copy = stage.until_reason("copy", "Synced").await;
        assert_ne!(id(&copy), stream);
        assert!(stage.event("copy", "CopyDetected").await.contains(&stream));
        assert_eq!(stage.sandbox.streams().len(), 2);
    });
}

#[test]
fn the_binding_survives_the_loss_of_the_annotations_and_of_the_status() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("forgetful", json!({ "name": "Forgetful" })).await;
        let gone = json!({ "api.video/live-stream-id": null, "api.video/bound-uid": null });
        stage.merge("forgetful", json!({ "metadata": { "annotations": gone } })).await;
        stage
            .until("forgetful", "the annotation again", |o| {
                let annotations = o.metadata.annotations.clone().unwrap_or_default();
                annotations.get("api.video/live-stream-id") == Some(&stream)
            })
            .await;
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}

#[test]
fn a_stream_that_nobody_asked_for_is_never_touched() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let foreign = stage.sandbox.create(NewStream::named("Same name")).expect("a stream");
        stage.synced("mine", json!({ "name": "Same name", "public": false })).await;
        stage.delete("mine").await;
        stage.until_gone("mine").await;
        assert_eq!(stage.sandbox.streams(), [foreign]);
    });
}
