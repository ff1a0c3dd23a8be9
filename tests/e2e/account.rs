//! The account in trouble: a wrong key, a key that changes, an API that is
//! down, answers HTML, or limits.

use std::{fs, time::Duration};

use apivideo_sandbox::{Changes, Fault, Rule, StreamPatch};
use serde_json::json;

use crate::{
    secrecy::Secrecy,
    stage::{Stage, eventually, message, play},
};

#[test]
fn a_wrong_key_is_said_and_a_new_key_file_is_in_use_within_half_a_minute() {
    play(async {
        let stage = Stage::empty().await;
        fs::write(stage.folder.path().join("key"), "wrong-key").expect("the key file");
        let operator = stage.unready_operator();
        stage.apply("locked-out", json!({ "name": "Locked out" })).await;
        let object = stage.until_reason("locked-out", "Unauthorized").await;
        assert!(message(&object).to_lowercase().contains("key"), "{}", message(&object));
        assert!(!message(&object).contains("wrong-key"));
        let answer = reqwest::get(format!("{}/readyz", operator.admin)).await.expect("an answer");
        assert_eq!(answer.status(), 503);
        assert!(answer.text().await.expect("a text").contains("first pass"));
        stage.apply("never-made", json!({ "name": "Never made" })).await;
        stage.delete("never-made").await;
        stage.until_gone("never-made").await;
        fs::write(stage.folder.path().join("key"), "sandbox-key\n").expect("the key file");
        stage.until_reason("locked-out", "Synced").await;
        Secrecy::of(&stage).also("wrong-key").nothing_shows(&stage, &operator).await;
    });
}

#[test]
fn a_revoked_key_is_said_by_every_livestream_and_a_held_up_deletion_can_be_ended() {
    play(async {
        let (stage, operator) = Stage::set().await;
        let stream = stage.synced("revoked", json!({ "name": "Revoked" })).await;
        let mut secrecy = Secrecy::of(&stage);
        stage.sandbox.set_api_key("another-key");
        stage.until_reason("revoked", "Unauthorized").await;
        stage.delete("revoked").await;
        let object = stage
            .until("revoked", "the way out", |o| {
                message(o).contains(r#"{"spec":{"deletionPolicy":"Retain"}}"#)
            })
            .await;
        assert!(object.metadata.deletion_timestamp.is_some());
        stage.merge("revoked", json!({ "spec": { "deletionPolicy": "Retain" } })).await;
        stage.until_gone("revoked").await;
        assert!(stage.sandbox.stream(&stream).is_some());
        secrecy.nothing_shows(&stage, &operator).await;
    });
}

#[test]
fn an_api_that_is_down_or_answers_html_is_said_and_nothing_is_lost() {
    play(async {
        for fault in [Fault::LostBefore, Fault::ErrorBefore { status: 503 }, Fault::NotJson] {
            let (stage, operator) = Stage::set().await;
            let stream = stage.synced("steady", json!({ "name": "Steady" })).await;
            stage.sandbox.inject(Rule::always(fault).on_path("/live-streams"));
            stage.apply("steady", json!({ "name": "Changed" })).await;
            let object = stage.until_reason("steady", "AccountUnavailable").await;
            assert!(object.status.is_some_and(|s| s.conditions.iter().any(|c| c.type_ == "Reconciling")));
            stage.sandbox.clear_faults();
            stage.until_reason("steady", "Synced").await;
            stage.until_remote(&stream, "the new name", |s| s.name == "Changed").await;
            Secrecy::of(&stage).nothing_shows(&stage, &operator).await;
        }
    });
}

#[test]
fn a_used_up_budget_is_said_and_waited_out() {
    play(async {
        let stage = Stage::empty().await;
        let window = Duration::from_secs(5);
        stage.sandbox.configure(Changes { writes: Some(4), window: Some(window), ..Changes::default() });
        let operator = stage.operator().await;
        for n in 0..8 {
            stage.apply(&format!("limited-{n}"), json!({ "name": format!("Limited {n}") })).await;
        }
        eventually("someone to say so", async || {
            let all = stage.api().list(&Default::default()).await.expect("the list");
            let limited =
                all.items.iter().any(|o| crate::stage::ready(o).is_some_and(|c| c.reason == "RateLimited"));
            limited.then_some(())
        })
        .await;
        for n in 0..8 {
            stage.until_reason(&format!("limited-{n}"), "Synced").await;
        }
        let calls = stage.sandbox.calls();
        assert_eq!(stage.sandbox.streams().len(), 8);
        let refused = calls.count(|c| c.status == Some(429));
        assert!(refused <= 2, "{refused} calls were sent past the limit");
        Secrecy::of(&stage).nothing_shows(&stage, &operator).await;
    });
}

#[test]
fn no_secret_shows_anywhere() {
    play(async {
        let (stage, operator) = Stage::set().await;
        let stream = stage.synced("secret", json!({ "name": "Secret", "public": false })).await;
        stage
            .sandbox
            .edit(&stream, StreamPatch { name: Some("Edited".into()), ..Default::default() })
            .expect("the edit");
        stage.event("secret", "DriftCorrected").await;
        let mut secrecy = Secrecy::of(&stage);
        assert!(secrecy.len() >= 5, "the key, two tokens, a stream key and an asset token");
        stage.sandbox.set_api_key("another-key");
        stage.until_reason("secret", "Unauthorized").await;
        secrecy.nothing_shows(&stage, &operator).await;
    });
}
