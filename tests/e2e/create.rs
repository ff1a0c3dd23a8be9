//! The create protocol under lost answers: exactly one stream.

use std::time::Duration;

use apivideo_sandbox::{Fault, NewStream, Rule};
use serde_json::json;

use crate::stage::{Stage, eventually, message, play};

/// Plays one fault at the create request: exactly one stream, and Ready.
async fn survives(fault: Fault, flags: &[&str]) {
    let stage = Stage::empty().await.with(flags);
    let _operator = stage.operator().await;
    stage.sandbox.inject(Rule::once(fault.clone()).on("POST", "/live-streams"));
    let stream = stage.synced("once", json!({ "name": "Once", "public": true })).await;
    stage.two_passes().await;
    let streams = stage.sandbox.streams();
    assert_eq!(streams.len(), 1, "{fault:?}: {streams:?}");
    assert_eq!((streams[0].live_stream_id.as_str(), streams[0].name.as_str()), (stream.as_str(), "Once"));
}

#[test]
fn a_create_whose_answer_was_lost_is_found_again_and_not_sent_anew() {
    play(async {
        survives(Fault::LostAfter, &[]).await;
        survives(Fault::ErrorAfter { status: 503 }, &[]).await;
        survives(Fault::NotJson, &[]).await;
    });
}

#[test]
fn a_create_that_was_cut_short_or_timed_out_is_found_again() {
    play(async {
        survives(Fault::Truncated, &[]).await;
        survives(Fault::DelayAfter { duration: Duration::from_secs(4) }, &[]).await;
    });
}

#[test]
fn a_create_that_was_lost_before_its_effect_is_sent_anew_after_two_looks() {
    play(async {
        survives(Fault::LostBefore, &[]).await;
        survives(Fault::ErrorBefore { status: 502 }, &[]).await;
    });
}

#[test]
fn a_create_that_was_certainly_refused_for_now_is_simply_sent_again() {
    play(async {
        survives(Fault::RateLimited { retry_after: 1 }, &[]).await;
        survives(Fault::Unauthorized, &[]).await;
    });
}

#[test]
fn with_the_marker_a_lost_create_is_found_among_equal_streams() {
    play(async {
        let stage = Stage::empty().await.with(&["--create-marker"]);
        let _operator = stage.operator().await;
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
        stage.apply("marked", json!({ "name": "Equal", "public": true })).await;
        eventually("the lost stream", async || (!stage.sandbox.streams().is_empty()).then_some(())).await;
        let foreign: Vec<_> =
            (0..2).map(|_| stage.sandbox.create(NewStream::named("Equal")).expect("a stream")).collect();
        stage.until_reason("marked", "Synced").await;
        let streams = stage.sandbox.streams();
        assert_eq!(streams.len(), 3);
        assert!(streams.iter().all(|s| s.name == "Equal"), "the true name is set: {streams:?}");
        assert!(foreign.iter().all(|f| streams.contains(f)), "foreign streams are untouched");
    });
}

#[test]
fn an_ambiguous_create_names_the_candidates_and_a_person_settles_it() {
    play(async {
        let stage = Stage::empty().await.with(&["--create-settle", "2s"]);
        let _operator = stage.operator().await;
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
        stage.apply("unsure", json!({ "name": "Unsure", "public": true })).await;
        eventually("the lost stream", async || (!stage.sandbox.streams().is_empty()).then_some(())).await;
        let ours = stage.sandbox.streams().remove(0).live_stream_id;
        let twin = stage.sandbox.create(NewStream::named("Unsure")).expect("a twin").live_stream_id;
        let object = stage.until_reason("unsure", "CreateAmbiguous").await;
        assert!(message(&object).contains(&ours) && message(&object).contains(&twin), "{}", message(&object));
        stage.event("unsure", "CreateAmbiguous").await;
        stage.merge("unsure", json!({ "spec": { "liveStreamId": ours } })).await;
        let object = stage.until_reason("unsure", "Synced").await;
        assert_eq!(crate::stage::id(&object), ours);
        assert_eq!(stage.sandbox.streams().len(), 2, "the twin is untouched");
    });
}

#[test]
fn two_lost_creates_of_one_name_end_with_a_stream_each() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams").times(2));
        stage.apply("twin-a", json!({ "name": "Twins" })).await;
        stage.apply("twin-b", json!({ "name": "Twins" })).await;
        let a = crate::stage::id(&stage.until_reason("twin-a", "Synced").await);
        let b = crate::stage::id(&stage.until_reason("twin-b", "Synced").await);
        assert_ne!(a, b);
        assert_eq!(stage.sandbox.streams().len(), 2);
    });
}

#[test]
fn a_deletion_with_a_lost_create_finds_the_stream_and_deletes_it() {
    play(async {
        let stage = Stage::empty().await.with(&["--create-settle", "2s"]);
        let _operator = stage.operator().await;
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
        stage.apply("short", json!({ "name": "Short" })).await;
        eventually("the lost stream", async || (!stage.sandbox.streams().is_empty()).then_some(())).await;
        stage.delete("short").await;
        stage.until_gone("short").await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_crash_between_the_create_and_its_answer_leaves_one_stream() {
    play(async {
        let (stage, operator) = Stage::set().await;
        let slow = Fault::DelayAfter { duration: Duration::from_secs(1) };
        stage.sandbox.inject(Rule::once(slow).on("POST", "/live-streams"));
        stage.apply("crashed", json!({ "name": "Crashed" })).await;
        eventually("the stream", async || (!stage.sandbox.streams().is_empty()).then_some(())).await;
        drop(operator);
        let _operator = stage.operator().await;
        stage.until_reason("crashed", "Synced").await;
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}

#[test]
fn a_create_that_takes_effect_long_after_the_settle_time_is_told_by_an_event_and_a_metric() {
    play(async {
        let (stage, operator) = Stage::set().await;
        let late = Fault::Delay { duration: Duration::from_secs(8) };
        stage.sandbox.inject(Rule::once(late).on("POST", "/live-streams"));
        let own = stage.synced("late", json!({ "name": "Late" })).await;
        let note = stage.event("late", "CameLate").await;
        let streams = stage.sandbox.streams();
        let other = streams.iter().find(|s| s.live_stream_id != own).expect("a second stream");
        assert!(note.contains(&other.live_stream_id), "{note}");
        assert!(operator.metrics().await.contains("apivideo_operator_late_streams_total 1"));
        stage.two_passes().await;
        assert_eq!(stage.sandbox.streams().len(), 2, "it is left to a person");
        assert_eq!(stage.events("late").await.iter().filter(|(reason, _)| reason == "CameLate").count(), 1);
    });
}
