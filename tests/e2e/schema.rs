//! What the API server refuses, and with which words; and that `crds/` is what
//! the code says.

use std::{fs, path::Path, process::Command};

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

#[test]
fn an_adopted_id_may_be_set_later_and_never_changes() {
    play(async {
        let stage = Stage::empty().await;
        let _schema = SCHEMA.read().await;
        stage.apply("adopts", json!({ "name": "x" })).await;
        stage.apply("adopts", json!({ "name": "x", "liveStreamId": "liOne" })).await;
        stage.apply("adopts", json!({ "name": "y", "liveStreamId": "liOne" })).await;
        for spec in [json!({ "name": "y", "liveStreamId": "liTwo" }), json!({ "name": "y" })] {
            let refusal = stage.try_apply("adopts", spec).await.expect_err("it is refused").to_string();
            assert!(
                refusal.contains("spec.liveStreamId") && refusal.contains("create another LiveStream"),
                "{refusal}"
            );
        }
    });
}

#[test]
fn what_is_left_out_gets_the_defaults_of_the_contract() {
    play(async {
        let stage = Stage::empty().await;
        let _schema = SCHEMA.read().await;
        let spec =
            serde_json::to_value(stage.apply("bare", json!({ "name": "x" })).await.spec).expect("a spec");
        let expected = json!({ "name": "x", "driftPolicy": "Correct", "onRemoteMissing": "Recreate",
            "suspend": false, "whileBroadcasting": "Defer" });
        assert_eq!(spec, expected);
    });
}
