//! Deletions that only a person can end, or that need no account at all: the
//! condition says what is wrong, and its command, run as written, ends it.

use std::fs;

use apivideo_sandbox::{Fault, NewStream, Rule};
use kube::ResourceExt;
use serde_json::json;

use crate::stage::{Stage, eventually, message, play};

#[test]
fn an_intent_that_cannot_be_read_is_ended_by_the_command_and_the_bound_stream_goes() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        stage.synced("garbled", json!({ "name": "Garbled" })).await;
        stage.annotate("garbled", "api.video/create-intent", Some("{ by hand")).await;
        stage.until_reason("garbled", "CreateAmbiguous").await;
        stage.delete("garbled").await;
        let object = stage
            .until("garbled", "what holds the deletion up", |o| {
                o.metadata.deletion_timestamp.is_some() && message(o).contains("create-intent can't be read")
            })
            .await;
        stage.two_passes().await;
        assert_eq!(stage.sandbox.streams().len(), 1, "nothing is done about what can't be told");
        stage.run_as_written(&message(&object)).await;
        stage.until_gone("garbled").await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn an_intent_that_cannot_be_read_is_ended_by_the_command_also_where_there_is_no_stream() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        stage.apply("refused", json!({ "name": "Refused", "playerId": "ptNope" })).await;
        stage.until_reason("refused", "Rejected").await;
        stage.annotate("refused", "api.video/create-intent", Some("")).await;
        stage.delete("refused").await;
        let object = stage.until_reason("refused", "CreateAmbiguous").await;
        stage.run_as_written(&message(&object)).await;
        stage.until_gone("refused").await;
    });
}

#[test]
fn an_ambiguous_create_of_one_that_goes_names_the_candidates_and_the_command_ends_it() {
    play(async {
        let stage = Stage::empty().await.with(&["--create-settle", "2s"]);
        let _operator = stage.operator().await;
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
        stage.apply("unsure", json!({ "name": "Unsure", "public": true })).await;
        eventually("the lost stream", async || (!stage.sandbox.streams().is_empty()).then_some(())).await;
        stage.sandbox.create(NewStream::named("Unsure")).expect("a twin");
        stage.delete("unsure").await;
        let object = stage.until_reason("unsure", "CreateAmbiguous").await;
        let candidates = stage.sandbox.streams();
        assert!(candidates.iter().all(|s| message(&object).contains(&s.live_stream_id)));
        stage.run_as_written(&message(&object)).await;
        stage.until_gone("unsure").await;
        assert_eq!(stage.sandbox.streams(), candidates, "which of them to delete is the person's to say");
    });
}

#[test]
fn a_deferred_deletion_names_the_command_that_cuts_the_broadcast() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("on-air", json!({ "name": "On air" })).await;
        stage.sandbox.set_broadcasting(&stream, true).expect("on the air");
        stage.delete("on-air").await;
        let object = stage.until_reason("on-air", "DeferredWhileBroadcasting").await;
        stage.run_as_written(&message(&object)).await;
        stage.until_gone("on-air").await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn one_that_was_never_created_goes_without_credentials() {
    play(async {
        let stage = Stage::empty().await;
        let operator = stage.operator().await;
        stage.apply("refused", json!({ "name": "Refused", "playerId": "ptNope" })).await;
        let object = stage.until_reason("refused", "Rejected").await;
        assert_eq!(object.finalizers(), ["api.video/live-stream"], "it was tried once");
        drop(operator);
        fs::write(stage.folder.path().join("key"), "wrong-key").expect("the key file");
        let _operator = stage.unready_operator();
        stage.apply("never", json!({ "name": "Never" })).await;
        stage.until_reason("never", "Unauthorized").await;
        for name in ["refused", "never"] {
            stage.delete(name).await;
            stage.until_gone(name).await;
        }
    });
}

#[test]
fn one_that_was_never_created_goes_though_the_api_never_answered() {
    play(async {
        let stage = Stage::empty().await;
        stage.sandbox.inject(Rule::always(Fault::LostBefore));
        let _operator = stage.unready_operator();
        stage.apply("never", json!({ "name": "Never" })).await;
        stage.until_reason("never", "AccountUnavailable").await;
        stage.delete("never").await;
        stage.until_gone("never").await;
        assert_eq!(stage.sandbox.calls().writes(), 0);
    });
}
