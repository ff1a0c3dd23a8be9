//! Argo CD: what its health check says of a LiveStream, and that it finds no
//! difference where the operator has been at work.

use std::{
    fs,
    process::{Command, Stdio},
};

use apivideo_operator::{
    core::step::conditions::{KstatusState, ReadyCondition, Reason, conditions},
    kinds::LiveStream,
};
use apivideo_sandbox::StreamPatch;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::{
    exposed::repository,
    stage::{Stage, play},
    tools::{lua_health, said},
};

/// What health.lua says of objects, in their order: status and message.
fn health(objects: &[LiveStream]) -> Option<Vec<(String, String)>> {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("objects");
    fs::write(&file, serde_json::to_vec(objects).expect("JSON")).expect("the objects");
    let ran = Command::new(lua_health()?)
        .arg(repository("deploy/argocd/health.lua"))
        .stdin(Stdio::from(fs::File::open(file).expect("the objects")))
        .output()
        .expect("the interpreter");
    assert!(ran.status.success(), "{}", said(&ran));
    let told: Vec<Value> = serde_json::from_slice(&ran.stdout).expect("JSON");
    let text = |told: &Value, key: &str| told[key].as_str().unwrap_or_default().to_owned();
    Some(told.iter().map(|told| (text(told, "status"), text(told, "message"))).collect())
}

/// The object as the API server holds it with the conditions that follow from a ready condition.
async fn with_ready(stage: &Stage, name: &str, ready: &ReadyCondition, generation: i64) -> LiveStream {
    let told = conditions(ready, |_, _| None, "2026-01-01T00:00:00Z".parse().expect("a time"));
    let told: Vec<_> = told
        .into_iter()
        .map(|c| {
            json!({ "type": c.type_, "status": if c.status { "True" } else { "False" }, "reason": ready.reason.as_str(),
                "message": ready.message, "observedGeneration": generation,
                "lastTransitionTime": c.last_transition })
        })
        .collect();
    let status = json!({ "status": { "observedGeneration": generation, "conditions": told } });
    stage.api().patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await.expect("the status")
}

#[test]
fn the_health_follows_the_conditions_of_every_reason() {
    play(async {
        let stage = Stage::empty().await;
        let mut conditions_of_all: Vec<_> =
            Reason::ALL.into_iter().map(|reason| ReadyCondition::new(reason, "why")).collect();
        conditions_of_all.push(ReadyCondition::drift_backoff("why"));
        let mut objects = Vec::new();
        for (n, ready) in conditions_of_all.iter().enumerate() {
            let name = format!("reason-{n}");
            stage.apply(&name, json!({ "name": "Any" })).await;
            objects.push(with_ready(&stage, &name, ready, 1).await);
        }
        let Some(told) = health(&objects) else { return };
        for (ready, (status, message)) in conditions_of_all.iter().zip(told) {
            let wanted = match (ready.reason, ready.state) {
                (Reason::Synced, _) => "Healthy",
                (Reason::Suspended, _) => "Suspended",
                (_, KstatusState::Reconciling) => "Progressing",
                (_, KstatusState::Stalled | KstatusState::Settled) => "Degraded",
            };
            assert_eq!(status, wanted, "{ready:?}");
            assert_eq!(message, format!("{}: why", ready.reason.as_str()));
        }
    });
}

#[test]
fn what_is_new_changed_or_going_is_progressing_whatever_was_said_before() {
    play(async {
        let stage = Stage::empty().await;
        let new = stage.apply("new", json!({ "name": "New" })).await;
        stage.apply("changed", json!({ "name": "Changed" })).await;
        with_ready(&stage, "changed", &ReadyCondition::new(Reason::Rejected, "why"), 1).await;
        let changed = stage.apply("changed", json!({ "name": "Changed again" })).await;
        stage.apply("going", json!({ "name": "Going" })).await;
        stage.merge("going", json!({ "metadata": { "finalizers": ["tests/wait"] } })).await;
        with_ready(&stage, "going", &ReadyCondition::new(Reason::Synced, "why"), 1).await;
        stage.delete("going").await;
        // The deletion is a generation of its own; also what is said of that one counts as under way.
        let generation = stage.get("going").await.metadata.generation.expect("a generation");
        let going =
            with_ready(&stage, "going", &ReadyCondition::new(Reason::Synced, "why"), generation).await;
        let told = health(&[new, changed, going]);
        stage.merge("going", json!({ "metadata": { "finalizers": null } })).await;
        let Some(told) = told else { return };
        assert!(told.iter().all(|(status, _)| status == "Progressing"), "{told:?}");
    });
}

#[test]
fn the_health_of_lives_that_were_lived_is_told() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let kept = stage.synced("synced", json!({ "name": "Synced" })).await;
        stage.apply("suspended", json!({ "name": "Suspended", "suspend": true })).await;
        stage.apply("rejected", json!({ "name": "Rejected", "playerId": "nosuchplayer" })).await;
        stage.apply("conflict", json!({ "name": "Conflict", "liveStreamId": kept })).await;
        let mut objects = Vec::new();
        let reasons = [
            ("synced", "Synced"),
            ("suspended", "Suspended"),
            ("rejected", "Rejected"),
            ("conflict", "IdConflict"),
        ];
        for (name, reason) in reasons {
            objects.push(stage.until_reason(name, reason).await);
        }
        let Some(told) = health(&objects) else { return };
        let status: Vec<_> = told.iter().map(|(status, _)| status.as_str()).collect();
        assert_eq!(status, ["Healthy", "Suspended", "Degraded", "Degraded"], "{told:?}");
    });
}

/// Everything in `wanted` is in `live` with the same value.
fn holds(live: &Value, wanted: &Value, path: &str) {
    match wanted {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| holds(&live[key], value, &format!("{path}.{key}")))
        }
        _ => assert_eq!(live, wanted, "{path}"),
    }
}

#[test]
fn a_sync_finds_no_difference_after_the_operator_was_at_work() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let held = json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
            "metadata": { "name": "in-git", "namespace": stage.namespace, "labels": { "team": "video" },
                "annotations": { "argocd.argoproj.io/tracking-id": "live-streams:api.video/LiveStream:video/in-git" } },
            "spec": { "name": "In Git", "public": true, "driftPolicy": "Correct" } });
        let sync = PatchParams::apply("argocd-controller").force();
        stage.api().patch("in-git", &sync, &Patch::Apply(&held)).await.expect("the sync");
        let stream = crate::stage::id(&stage.until_reason("in-git", "Synced").await);
        // Drift and its correction, too, are the operator's work.
        let edit = StreamPatch { name: Some("Edited".into()), ..StreamPatch::default() };
        stage.sandbox.edit(&stream, edit).expect("the edit");
        stage.until_remote(&stream, "the name of Git", |s| s.name == "In Git").await;
        stage.two_passes().await;
        let live = stage.until_reason("in-git", "Synced").await;
        assert!(
            live.metadata.finalizers.as_ref().is_some_and(|f| !f.is_empty()),
            "the operator wrote metadata"
        );
        holds(&serde_json::to_value(&live).expect("JSON"), &held, "");
        let predicted = stage
            .api()
            .patch("in-git", &sync.clone().dry_run(), &Patch::Apply(&held))
            .await
            .expect("a dry run");
        let json = |mut object: LiveStream| {
            object.metadata.managed_fields = None;
            serde_json::to_value(&object).expect("JSON")
        };
        assert_eq!(json(predicted), json(live));
    });
}
