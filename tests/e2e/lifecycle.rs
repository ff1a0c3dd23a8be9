//! The main job: created, changed, corrected, re-created, deleted.

use apivideo_sandbox::{DEFAULT_PLAYER_ID, StreamPatch};
use serde_json::json;

use crate::stage::{Stage, id, play};

#[test]
fn a_manifest_becomes_a_stream_that_follows_every_change_and_goes_with_it() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("town-hall", json!({ "name": "Town hall", "public": true })).await;
        let object = stage.get("town-hall").await;
        let status = object.status.clone().unwrap_or_default();
        assert_eq!(status.broadcasting, Some(false));
        assert!(status.assets.and_then(|a| a.player).is_some_and(|url| url.contains(&stream)));
        assert!(status.created_at.is_some() && status.updated_at.is_some());
        let annotations = object.metadata.annotations.clone().unwrap_or_default();
        assert_eq!(annotations.get("api.video/live-stream-id"), Some(&stream));
        assert_eq!(annotations.get("api.video/bound-uid"), object.metadata.uid.as_ref());
        assert!(!annotations.contains_key("api.video/create-intent"));
        assert_eq!(object.metadata.finalizers, Some(vec!["api.video/live-stream".into()]));
        assert!(stage.event("town-hall", "Created").await.contains(&stream));

        let spec = json!({ "name": "Town hall 2", "public": false, "playerId": DEFAULT_PLAYER_ID });
        assert_eq!(stage.synced("town-hall", spec).await, stream, "it is patched, not replaced");
        stage
            .until_remote(&stream, "the new values", |s| {
                s.name == "Town hall 2" && !s.public && s.player_id.as_deref() == Some(DEFAULT_PLAYER_ID)
            })
            .await;
        assert!(stage.event("town-hall", "Updated").await.contains("name, public, playerId"));
        let assets = stage.get("town-hall").await.status.and_then(|s| s.assets);
        assert_eq!(assets, None, "a private stream's URLs carry a token");

        stage.delete("town-hall").await;
        stage.until_gone("town-hall").await;
        assert!(stage.sandbox.streams().is_empty());
        assert!(stage.event("town-hall", "Deleted").await.contains(&stream));
        let calls = stage.sandbox.calls();
        assert_eq!(calls.writes(), 3, "one write each to create, change and delete: {:?}", calls.counts);
    });
}

#[test]
fn an_edit_elsewhere_is_corrected_with_one_write_and_told_with_the_fields() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("drifts", json!({ "name": "Drifts", "public": true })).await;
        stage.sandbox.reset_calls();
        let edit = StreamPatch { name: Some("Edited".into()), public: Some(false), ..StreamPatch::default() };
        stage.sandbox.edit(&stream, edit).expect("the edit");
        stage.until_remote(&stream, "the correction", |s| s.name == "Drifts" && s.public).await;
        assert!(stage.event("drifts", "DriftCorrected").await.contains("name, public"));
        stage.two_passes().await;
        assert_eq!(stage.sandbox.calls().writes(), 1);
    });
}

#[test]
fn a_field_that_the_manifest_leaves_out_is_not_managed() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("bare", json!({ "name": "Bare" })).await;
        let edit = StreamPatch {
            public: Some(false),
            player_id: Some(Some(DEFAULT_PLAYER_ID.into())),
            ..StreamPatch::default()
        };
        stage.sandbox.edit(&stream, edit).expect("the edit");
        stage.two_passes().await;
        let remote = stage.sandbox.stream(&stream).expect("the stream");
        assert!(!remote.public && remote.player_id.as_deref() == Some(DEFAULT_PLAYER_ID));
    });
}

#[test]
fn a_stream_that_was_deleted_elsewhere_is_created_again_and_told_with_both_ids() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let old = stage.synced("comes-back", json!({ "name": "Comes back" })).await;
        stage.sandbox.delete(&old).expect("the deletion");
        let object = stage
            .until("comes-back", "a new id", |o| {
                let new = o.status.as_ref().and_then(|s| s.live_stream_id.as_deref());
                new.is_some_and(|new| new != old)
                    && crate::stage::ready(o).is_some_and(|c| c.reason == "Synced")
            })
            .await;
        let new = id(&object);
        let note = stage.event("comes-back", "Recreated").await;
        assert!(note.contains(&old) && note.contains(&new), "{note}");
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}

#[test]
fn broadcasting_reaches_the_status_within_a_pass() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("on-air", json!({ "name": "On air" })).await;
        stage.sandbox.set_broadcasting(&stream, true).expect("on the air");
        stage
            .until("on-air", "broadcasting", |o| o.status.as_ref().and_then(|s| s.broadcasting) == Some(true))
            .await;
    });
}

#[test]
fn quiet_is_quiet_and_a_restart_writes_nothing() {
    play(async {
        let (stage, operator) = Stage::set().await;
        for n in 0..3 {
            stage
                .synced(&format!("quiet-{n}"), json!({ "name": format!("Quiet {n}"), "public": true }))
                .await;
        }
        let versions = async || {
            let all = stage.api().list(&Default::default()).await.expect("the list");
            all.items.into_iter().map(|o| o.metadata.resource_version).collect::<Vec<_>>()
        };
        stage.two_passes().await;
        let before = versions().await;
        stage.sandbox.reset_calls();
        stage.two_passes().await;
        drop(operator);
        let _operator = stage.operator().await;
        stage.two_passes().await;
        let calls = stage.sandbox.calls();
        assert_eq!(calls.writes(), 0, "{:?}", calls.counts);
        let single = calls.entries.iter().filter(|c| c.path.starts_with("/live-streams/")).count();
        assert_eq!(single, 0, "pages only");
        assert_eq!(versions().await, before, "no write to the cluster");
    });
}

#[test]
fn a_request_to_reconcile_reads_the_stream_at_once_and_is_echoed() {
    play(async {
        let stage = Stage::empty().await.with(&["--drift-interval", "1h"]);
        let _operator = stage.operator().await;
        let stream = stage.synced("asked", json!({ "name": "Asked" })).await;
        stage
            .sandbox
            .edit(&stream, StreamPatch { name: Some("Edited".into()), ..Default::default() })
            .expect("the edit");
        stage.annotate("asked", "reconcile.api.video/requestedAt", Some("2026-01-01T00:00:00Z")).await;
        stage
            .until("asked", "the echo", |o| {
                let echo = o.status.as_ref().and_then(|s| s.last_handled_reconcile_at.as_deref());
                echo == Some("2026-01-01T00:00:00Z")
            })
            .await;
        assert_eq!(stage.sandbox.stream(&stream).map(|s| s.name).as_deref(), Some("Asked"));
    });
}

#[test]
fn the_longest_name_of_an_object_has_events() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        for name in [format!("{}.b", "a".repeat(251)), format!("{}-b", "a".repeat(238))] {
            stage.synced(&name, json!({ "name": "Long" })).await;
            stage.event(&name, "Created").await;
        }
    });
}
