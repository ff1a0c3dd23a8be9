//! What the API server refuses, and with which words; and that `crds/` is what
//! the code says.

use std::{fs, path::Path, process::Command};

use apivideo_operator::kinds::LiveStream;
use kube::{
    Api,
    api::{DynamicObject, Patch, PatchParams, PostParams},
    core::ApiResource,
};
use serde_json::{Value, json};

use crate::cluster::SCHEMA;
use crate::stage::{Stage, play};

#[test]
fn the_printed_crds_equal_those_in_the_tree() {
    let printed =
        Command::new(env!("CARGO_BIN_EXE_apivideo-operator")).arg("crd").output().expect("the command");
    assert!(printed.status.success());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds/livestreams.api.video.yaml");
    let kept = fs::read_to_string(&file).expect("crds/livestreams.api.video.yaml");
    assert!(
        kept == String::from_utf8_lossy(&printed.stdout),
        "crds/ is stale: cargo run -- crd > crds/livestreams.api.video.yaml"
    );
}

#[test]
fn a_bad_manifest_is_refused_with_the_field_and_the_remedy() {
    play(async {
        let stage = Stage::empty().await;
        let _schema = SCHEMA.read().await;
        let long = "x".repeat(256);
        let cases: Vec<(&str, Value, &[&str])> = vec![
            ("no name", json!({}), &["spec.name", "Required"]),
            ("empty name", json!({ "name": "" }), &["spec.name", "at least 1"]),
            ("blank name", json!({ "name": "  " }), &["spec.name", "write 1 to 255 characters"]),
            ("long name", json!({ "name": long }), &["spec.name", "255"]),
            (
                "bad id",
                json!({ "name": "x", "liveStreamId": "vi123" }),
                &["spec.liveStreamId", "^li[A-Za-z0-9]+$"],
            ),
            (
                "bad policy",
                json!({ "name": "x", "deletionPolicy": "Keep" }),
                &["spec.deletionPolicy", "Delete", "Retain"],
            ),
            (
                "bad drift",
                json!({ "name": "x", "driftPolicy": "Ignore" }),
                &["spec.driftPolicy", "Correct", "Report"],
            ),
            (
                "bad missing",
                json!({ "name": "x", "onRemoteMissing": "No" }),
                &["spec.onRemoteMissing", "Recreate", "Fail"],
            ),
            (
                "bad live",
                json!({ "name": "x", "whileBroadcasting": "Cut" }),
                &["spec.whileBroadcasting", "Defer", "Proceed"],
            ),
            ("bad flag", json!({ "name": "x", "public": "yes" }), &["spec.public", "boolean"]),
        ];
        for (case, spec, words) in cases {
            let refusal = stage.try_apply("bad", spec).await.expect_err(case).to_string();
            for word in words {
                assert!(refusal.contains(word), "{case}: {word} in {refusal}");
            }
        }
    });
}

/// Sets what only the operator sets: the stream that is bound.
async fn bound(stage: &Stage, name: &str, id: &str) {
    let status = Patch::Merge(json!({ "status": { "liveStreamId": id } }));
    stage.api().patch_status(name, &PatchParams::default(), &status).await.expect("the status");
}

async fn refused(stage: &Stage, name: &str, spec: Value, words: &[&str]) {
    let refusal = stage.try_apply(name, spec.clone()).await.expect_err(&spec.to_string()).to_string();
    for word in [&["spec.liveStreamId", "create another LiveStream"], words].concat() {
        assert!(refusal.contains(word), "{spec}: {word} in {refusal}");
    }
}

fn wish(id: &str) -> Value {
    json!({ "name": "x", "liveStreamId": id })
}

#[test]
fn before_a_stream_is_bound_an_id_is_added_and_kept() {
    play(async {
        let stage = Stage::empty().await;
        let _schema = SCHEMA.read().await;
        stage.apply("adopts", json!({ "name": "x" })).await;
        stage.apply("adopts", wish("liOne")).await;
        stage.apply("adopts", json!({ "name": "y", "liveStreamId": "liOne" })).await;
        for spec in [wish("liTwo"), json!({ "name": "y" })] {
            refused(&stage, "adopts", spec, &["write liveStreamId: liOne,"]).await;
        }
    });
}

#[test]
fn once_a_stream_is_bound_the_id_only_becomes_that_ones() {
    play(async {
        let stage = Stage::empty().await;
        let _schema = SCHEMA.read().await;
        let is_bound = &["write liveStreamId: liBound,"];
        // One that was created: a wish for another stream is refused, so that nothing has to be taken back.
        stage.apply("created", json!({ "name": "x" })).await;
        bound(&stage, "created", "liBound").await;
        refused(&stage, "created", wish("liOther"), is_bound).await;
        stage.apply("created", json!({ "name": "y" })).await;
        stage.apply("created", wish("liBound")).await;
        refused(&stage, "created", json!({ "name": "x" }), is_bound).await;
        // One that was adopted, is gone and was made anew.
        stage.apply("anew", wish("liGone")).await;
        bound(&stage, "anew", "liBound").await;
        stage.apply("anew", json!({ "name": "y", "liveStreamId": "liGone" })).await;
        refused(&stage, "anew", wish("liOther"), is_bound).await;
        stage.apply("anew", wish("liBound")).await;
        bound(&stage, "anew", "liNewer").await;
        stage.apply("anew", json!({ "name": "x" })).await;
    });
}

#[test]
fn a_null_means_a_field_that_is_left_out() {
    play(async {
        let stage = Stage::empty().await;
        let _schema = SCHEMA.read().await;
        let nulls = json!({ "name": "x", "public": null, "playerId": null, "liveStreamId": null,
            "deletionPolicy": null, "driftPolicy": null, "onRemoteMissing": null, "suspend": null,
            "whileBroadcasting": null });
        let manifest = json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
            "metadata": { "name": "nulls" }, "spec": nulls });
        let resource = ApiResource::erase::<LiveStream>(&());
        let api: Api<DynamicObject> = Api::namespaced_with(stage.client.clone(), &stage.namespace, &resource);
        let object = serde_json::from_value(manifest).expect("an object");
        let made = api.create(&PostParams::default(), &object).await.expect("nulls are accepted");
        assert_eq!(made.data["spec"], defaults());
        // By a person, as a new object and as a change. (A server-side apply with a null is refused by
        // the API server for any kind: it validates before it drops the null.)
        for name in ["one", "two"] {
            let spec = json!({ "name": name, "deletionPolicy": null, "public": null });
            let manifest = json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
                "metadata": { "name": "applied" }, "spec": spec });
            stage.shell(&format!("echo '{manifest}' | kubectl apply -n {} -f -", stage.namespace)).await;
        }
        assert_eq!(stage.get("applied").await.spec.deletion_policy, None);
    });
}

fn defaults() -> Value {
    json!({ "name": "x", "driftPolicy": "Correct", "onRemoteMissing": "Recreate",
            "suspend": false, "whileBroadcasting": "Defer" })
}

#[test]
fn what_is_left_out_gets_the_defaults_of_the_contract() {
    play(async {
        let stage = Stage::empty().await;
        let _schema = SCHEMA.read().await;
        let spec =
            serde_json::to_value(stage.apply("bare", json!({ "name": "x" })).await.spec).expect("a spec");
        assert_eq!(spec, defaults());
    });
}
