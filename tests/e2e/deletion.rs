//! A deletion always ends: whatever goes first, fails, or is restarted meanwhile.

use apivideo_sandbox::{Fault, Rule};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::DeleteParams};
use serde_json::json;

use crate::stage::{Stage, eventually, play};

async fn delete_namespace(stage: &Stage) {
    let api: Api<Namespace> = Api::all(stage.client.clone());
    api.delete(&stage.namespace, &DeleteParams::default()).await.expect("the deletion");
}

async fn until_namespace_is_gone(stage: &Stage) {
    let api: Api<Namespace> = Api::all(stage.client.clone());
    eventually("the namespace to be gone", async || {
        api.get_opt(&stage.namespace).await.expect("an answer").is_none().then_some(())
    })
    .await;
}

#[test]
fn a_namespace_goes_with_its_streams_also_when_the_operator_is_restarted_meanwhile() {
    play(async {
        let (stage, operator) = Stage::set().await;
        for n in 0..5 {
            stage.synced(&format!("stream-{n}"), json!({ "name": format!("Stream {n}") })).await;
        }
        let on_air = stage.sandbox.streams().remove(0).live_stream_id;
        stage.sandbox.set_broadcasting(&on_air, true).expect("on the air");
        delete_namespace(&stage).await;
        eventually("all but the broadcast to go", async || {
            (stage.sandbox.streams().len() == 1).then_some(())
        })
        .await;
        drop(operator);
        let _operator = stage.operator().await;
        stage.sandbox.set_broadcasting(&on_air, false).expect("off the air");
        until_namespace_is_gone(&stage).await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_deletion_waits_out_an_api_that_is_down() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        stage.synced("waits", json!({ "name": "Waits" })).await;
        let down = stage.sandbox.inject(Rule::always(Fault::ErrorBefore { status: 503 }));
        stage.delete("waits").await;
        stage.until_reason("waits", "AccountUnavailable").await;
        stage.sandbox.remove_fault(down);
        stage.until_gone("waits").await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_deletion_whose_answer_was_lost_ends_all_the_same() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        stage.synced("lost", json!({ "name": "Lost" })).await;
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("DELETE", "/live-streams"));
        stage.delete("lost").await;
        stage.until_gone("lost").await;
        assert!(stage.sandbox.streams().is_empty());
        assert!(stage.event("lost", "Deleted").await.contains("deleted"));
    });
}

#[test]
fn a_stream_that_is_gone_already_does_not_hold_its_livestream() {
    play(async {
        let stage = Stage::empty().await.with(&["--drift-interval", "1h"]);
        let _operator = stage.operator().await;
        let stream = stage.synced("early", json!({ "name": "Early" })).await;
        stage.sandbox.delete(&stream).expect("the deletion");
        stage.delete("early").await;
        stage.until_gone("early").await;
    });
}
