//! A fight: something else undoes each correction, and must not eat the budget.

use apivideo_sandbox::StreamPatch;
use serde_json::json;

use crate::stage::{Stage, message, play};

/// How many corrections go out at once.
const FREE: u64 = 3;

/// Somebody who changes the name back each time it is corrected.
async fn somebody_else(stage: &Stage, stream: &str, corrected: &str) {
    let patch = || StreamPatch { name: Some("Somebody's".into()), ..StreamPatch::default() };
    loop {
        stage.sandbox.edit(stream, patch()).expect("the edit");
        stage.until_remote(stream, "another correction", |s| s.name == corrected).await;
    }
}

fn corrections(stage: &Stage) -> u64 {
    stage.sandbox.calls().count(|c| c.method == "PATCH")
}

async fn warnings(stage: &Stage, name: &str) -> Vec<String> {
    let told = stage.events(name).await;
    told.into_iter().filter(|(reason, _)| reason == "DriftDetected").map(|(_, note)| note).collect()
}

async fn is_bounded_and_told_once(stage: &Stage) {
    let object = stage.until_reason("contested", "DriftDetected").await;
    let status = object.status.clone().expect("a status");
    let conditions: Vec<_> = status.conditions.iter().map(|c| c.type_.as_str()).collect();
    assert_eq!(conditions, ["Ready", "Reconciling"], "it goes on by itself");
    assert_eq!((status.drift[0].field.as_ref(), status.drift[0].observed.as_str()), ("name", "Somebody's"));
    for part in ["differs in name", "3 times", "next correction around", "driftPolicy"] {
        assert!(message(&object).contains(part), "{part} in {}", message(&object));
    }
    stage.event("contested", "DriftDetected").await;
    for _ in 0..5 {
        stage.two_passes().await;
    }
    assert_eq!(corrections(stage), FREE);
    assert_eq!(warnings(stage, "contested").await.len(), 1);
    assert_eq!(stage.get("contested").await.metadata.resource_version, object.metadata.resource_version);
}

#[test]
fn a_fight_is_bounded_and_told_and_a_person_who_changes_the_manifest_or_asks_does_not_wait() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("contested", json!({ "name": "Contested" })).await;
        stage.sandbox.reset_calls();
        tokio::select! {
            () = somebody_else(&stage, &stream, "Contested") => unreachable!("it never gives up"),
            () = is_bounded_and_told_once(&stage) => {}
        }
        stage.annotate("contested", "reconcile.api.video/requestedAt", Some("now")).await;
        stage.until_remote(&stream, "the correction that was asked for", |s| s.name == "Contested").await;
        assert_eq!(corrections(&stage), FREE + 1);
        stage.until_reason("contested", "Synced").await;
        let patch = StreamPatch { name: Some("Somebody's".into()), ..StreamPatch::default() };
        stage.sandbox.edit(&stream, patch).expect("the edit");
        stage.until_reason("contested", "DriftDetected").await;
        assert_eq!(warnings(&stage, "contested").await.len(), 1, "it is the same fight");
        stage.synced("contested", json!({ "name": "Changed" })).await;
        assert_eq!(stage.sandbox.stream(&stream).map(|s| s.name).as_deref(), Some("Changed"));
        assert_eq!(corrections(&stage), FREE + 2);
    });
}

#[test]
fn the_command_of_the_condition_ends_a_fight_and_a_changed_manifest_starts_without_one() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("contested", json!({ "name": "Contested" })).await;
        tokio::select! {
            () = somebody_else(&stage, &stream, "Contested") => unreachable!("it never gives up"),
            _ = stage.until_reason("contested", "DriftDetected") => {}
        }
        let told = message(&stage.get("contested").await);
        stage.run_as_written(&told).await;
        let settled = stage.until("contested", "no fight", |o| {
            let conditions = o.status.iter().flat_map(|s| &s.conditions);
            conditions.map(|c| c.type_.as_str()).eq(["Ready"])
        });
        assert!(message(&settled.await).contains("driftPolicy is Report"));
        stage.sandbox.reset_calls();
        stage.synced("contested", json!({ "name": "Contested", "driftPolicy": "Correct" })).await;
        tokio::select! {
            () = somebody_else(&stage, &stream, "Contested") => unreachable!("it never gives up"),
            _ = stage.until_reason("contested", "DriftDetected") => {}
        }
        assert_eq!(corrections(&stage), 1 + FREE, "the manifest's change, and three anew");
    });
}
