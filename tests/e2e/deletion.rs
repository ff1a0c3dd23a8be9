//! A deletion ends by itself once the API lets it: lost answers, an API that
//! is down, a stream that is gone already.

use apivideo_sandbox::{Fault, Rule};
use serde_json::json;

use crate::stage::{Stage, play};

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
