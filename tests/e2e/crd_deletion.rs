//! A CRD that is deleted takes every LiveStream with it, and no stream. On a
//! control plane of its own: the other tests would lose theirs.

use apivideo_operator::kinds::LiveStream;
use apivideo_sandbox::{Fault, Rule};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, CustomResourceExt, api::DeleteParams};
use serde_json::json;

use crate::{
    cluster::Cluster,
    stage::{Stage, eventually, play},
};

async fn delete_crd(stage: &Stage) {
    let api: Api<CustomResourceDefinition> = Api::all(stage.client.clone());
    api.delete(LiveStream::crd_name(), &DeleteParams::default()).await.expect("the deletion");
    eventually("the CRD to be gone", async || {
        api.get_opt(LiveStream::crd_name()).await.expect("an answer").is_none().then_some(())
    })
    .await;
}

/// Streams of every kind, one of them waiting for the end of its broadcast, one
/// of a create whose answer was lost.
async fn fill(stage: &Stage) {
    stage.synced("plain", json!({ "name": "Plain" })).await;
    stage.synced("ruthless", json!({ "name": "Ruthless", "deletionPolicy": "Delete" })).await;
    for name in ["on-air", "going"] {
        let stream = stage.synced(name, json!({ "name": name })).await;
        stage.sandbox.set_broadcasting(&stream, true).expect("on the air");
    }
    stage.delete("going").await;
    stage.until_reason("going", "DeferredWhileBroadcasting").await;
    stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
    stage.apply("lost", json!({ "name": "Lost" })).await;
    eventually("the lost stream", async || (stage.sandbox.streams().len() == 5).then_some(())).await;
}

#[test]
fn a_crd_that_is_deleted_leaves_every_stream_whatever_the_account_says() {
    play(async {
        let cluster = Cluster::start().await;
        let stage = Stage::on(&cluster).await.with(&["--create-settle", "1h"]);
        let operator = stage.operator().await;
        fill(&stage).await;
        let streams = stage.sandbox.streams();
        stage.sandbox.reset_calls();
        delete_crd(&stage).await;
        assert_eq!((stage.sandbox.streams(), stage.sandbox.calls().writes()), (streams, 0));
        assert!(stage.event("ruthless", "Retained").await.contains("CRD"));
        drop(operator);

        cluster.install_crd().await;
        let locked_out = Stage::on(&cluster).await;
        let _operator = locked_out.operator().await;
        locked_out.synced("plain", json!({ "name": "Plain" })).await;
        locked_out.sandbox.set_api_key("another-key");
        locked_out.until_reason("plain", "Unauthorized").await;
        delete_crd(&locked_out).await;
        assert_eq!(locked_out.sandbox.streams().len(), 1);
        cluster.stop().await;
    });
}
