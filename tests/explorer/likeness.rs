//! Streams that look like ours and are not, and ours that do not look like it.

use std::time::Duration;

use apivideo_sandbox::{Fault, NewStream, Rule, StreamPatch, StreamView};
use serde_json::json;

use crate::{
    lives::at,
    outcome::Call,
    process::Settings,
    stage::{Stage, play},
};

fn named(stage: &Stage, name: &str) -> Vec<StreamView> {
    stage.streams().into_iter().filter(|stream| stream.name == name).collect()
}

fn none_broken(stage: &Stage) {
    assert!(stage.violations().is_empty(), "{:?}", stage.violations());
}

/// The process dies between the intent and its request, and after this time somebody
/// makes a stream of the same payload, once per `strangers`.
async fn stranger_after(stage: &mut Stage, wait: Duration) -> StreamView {
    stage.settled().await;
    stage.change(|inner, _| inner.script.push_back(at(Call::Create, |inner, _| inner.process += 1)));
    stage.apply("a", json!({ "name": "Town hall", "public": true }));
    let stored =
        |stage: &Stage| !stage.object("a")["metadata"]["annotations"]["api.video/create-intent"].is_null();
    assert!(stage.until(Duration::from_secs(10), stored).await, "no intent");
    stage.rest(wait).await;
    let stranger = stage
        .change(|inner, now| inner.api.state.create(&NewStream::named("Town hall"), now).expect("a stream"));
    stage.change(|inner, _| inner.ledger.foreign(stranger.clone()));
    stage.restart();
    stranger
}

#[test]
fn a_stranger_made_long_after_the_intent_stays_one() {
    for minutes in [2, 30, 60 * 24] {
        play(Settings::default(), async |stage| {
            let stranger = stranger_after(stage, Duration::from_secs(minutes * 60)).await;
            stage.settled().await;
            assert_ne!(stage.held("a"), Some(stranger.live_stream_id), "after {minutes} min");
            assert_eq!(named(stage, "Town hall").len(), 2);
            stage.delete("a");
            assert!(stage.until(Duration::from_secs(120), |stage| stage.object("a").is_null()).await);
            assert_eq!(named(stage, "Town hall").len(), 1, "after {minutes} min");
            none_broken(stage);
        });
    }
}

/// The same deletion while the intent is open: the search must find nothing of its own.
#[test]
fn a_deletion_with_an_old_intent_spares_the_stranger() {
    play(Settings::default(), async |stage| {
        stranger_after(stage, Duration::from_secs(1800)).await;
        stage.delete("a");
        assert!(stage.until(Duration::from_secs(300), |stage| stage.object("a").is_null()).await);
        assert_eq!(named(stage, "Town hall").len(), 1);
        none_broken(stage);
    });
}

#[test]
fn an_answer_with_the_stream_of_another_binds_nothing() {
    for other in ["a LiveStream's", "a stranger's", "a stranger's, unseen"] {
        play(Settings::default(), async |stage| {
            stage.apply("a", json!({ "name": "Of a", "public": true }));
            stage.settled().await;
            let made = |stage: &Stage| {
                let new = NewStream::named("Of b");
                stage.change(|inner, now| inner.api.state.create(&new, now).expect("a stream").live_stream_id)
            };
            let id = match other {
                "a LiveStream's" => stage.held("a").expect("a stream"),
                _ => made(stage),
            };
            // Longer than the window of the intent to come; a scan sees it, or not.
            stage.rest(Duration::from_secs(if other.ends_with("unseen") { 10 } else { 120 })).await;
            stage.inject(
                Rule::once(Fault::AnswerWith { answer_with: id.clone() }).on("POST", "^/live-streams$"),
            );
            stage.apply("b", json!({ "name": "Of b", "public": true }));
            stage.settled().await;
            assert_ne!(stage.held("b"), Some(id.clone()), "{other}");
            assert_eq!(stage.see(|inner| inner.api.faults.rules().len()), 0, "the fault has struck");
            let strangers = usize::from(other != "a LiveStream's");
            assert_eq!(
                (named(stage, "Of a").len(), named(stage, "Of b").len()),
                (1, 1 + strangers),
                "{other}"
            );
            stage.delete("b");
            assert!(stage.until(Duration::from_secs(120), |stage| stage.object("b").is_null()).await);
            assert!(stage.see(|inner| inner.api.state.stream(&id)).is_some(), "{other}");
            none_broken(stage);
        });
    }
}

#[test]
fn a_marked_stream_that_was_edited_is_still_found() {
    play(Settings { marker: true, ..Settings::default() }, async |stage| {
        stage.settled().await;
        stage.inject(Rule::once(Fault::LostAfter).on("POST", "^/live-streams$"));
        stage.apply("a", json!({ "name": "Town hall", "public": true }));
        assert!(stage.until(Duration::from_secs(10), |stage| !stage.streams().is_empty()).await);
        let id = stage.streams()[0].live_stream_id.clone();
        let edit = StreamPatch { public: Some(false), ..StreamPatch::default() };
        stage.change(|inner, now| inner.api.state.edit(&id, &edit, now).expect("the edit"));
        stage.settled().await;
        assert_eq!(stage.held("a"), Some(id));
        assert_eq!(stage.streams().len(), 1);
        none_broken(stage);
    });
}

/// Statuses that say nothing certain, after the effect: found again, never made twice.
#[test]
fn a_create_answered_with_any_status_is_made_once() {
    for status in [300, 302, 404, 405, 408, 409, 410, 418, 423, 425, 451, 499, 500, 501, 507, 599] {
        for fault in [Fault::ProblemAfter { status }, Fault::ErrorBefore { status }] {
            play(Settings::default(), async |stage| {
                stage.settled().await;
                stage.inject(Rule::once(fault.clone()).on("POST", "^/live-streams$"));
                stage.apply("a", json!({ "name": "Town hall", "public": true }));
                stage.rest(Duration::from_secs(20)).await;
                stage.patch("a", &json!({ "spec": { "name": "Town hall, edited" } }));
                let settled =
                    stage.until(Duration::from_secs(600), |stage| stage.unsettled().is_none()).await;
                assert!(settled, "{fault:?}: {:?}", stage.ready("a"));
                assert_eq!(stage.streams().len(), 1, "{fault:?}");
                none_broken(stage);
            });
        }
    }
}
