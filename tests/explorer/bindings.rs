//! A binding never goes back, and what replaces a stream is like it.

use std::time::Duration;

use apivideo_operator::core::decisions::Decisions;
use apivideo_sandbox::StreamPatch;
use serde_json::{Value, json};

use crate::stage::{Stage, play};

const LONG: Duration = Duration::from_secs(400);

async fn gone(stage: &Stage, name: &str) {
    let gone = stage.until(LONG, |stage| stage.object(name).is_null()).await;
    assert!(gone, "{:?}", stage.ready(name));
}

/// Deletes the stream of `a` remotely; the id of the one that replaces it.
async fn recreated(stage: &Stage) -> (String, String) {
    let old = stage.held("a").expect("a stream");
    stage.change(|inner, now| inner.api.state.delete(&old, now).expect("the deletion"));
    let replaced = |stage: &Stage| stage.held("a").is_some_and(|id| id != old);
    assert!(stage.until(LONG, replaced).await, "{:?}", stage.ready("a"));
    stage.settled().await;
    (old, stage.held("a").expect("a stream"))
}

/// Changes the object while the process runs, or between two processes.
fn meanwhile(stage: &mut Stage, running: bool, patch: &Value) {
    if running {
        stage.patch("a", patch);
    } else {
        stage.kill();
        stage.patch("a", patch);
        stage.start();
    }
}

fn none_broken(stage: &Stage) {
    assert!(stage.violations().is_empty(), "{:?}", stage.violations());
}

#[test]
fn an_older_id_written_over_a_newer_one_is_overruled() {
    older_id(Decisions::default());
}

pub(crate) fn older_id(decisions: Decisions) {
    for running in [true, false] {
        play(decisions.into(), async |stage| {
            stage.apply("a", json!({ "name": "Town hall" }));
            stage.settled().await;
            let (old, new) = recreated(stage).await;
            for _ in 0..3 {
                let patch = json!({ "metadata": { "annotations": { "api.video/live-stream-id": old } } });
                meanwhile(stage, running, &patch);
                stage.rest(Duration::from_secs(150)).await;
                stage.settled().await;
                assert_eq!(stage.held("a").as_ref(), Some(&new), "running {running}");
            }
            assert_eq!(stage.streams().len(), 1, "running {running}");
            stage.delete("a");
            gone(stage, "a").await;
            assert!(stage.streams().is_empty());
            none_broken(stage);
        });
    }
}

/// The stream of a LiveStream that adopted one was made anew, then somebody takes all
/// annotations away, as `kubectl replace` does.
#[test]
fn a_replace_after_a_recreation_keeps_the_new_stream() {
    replaced(Decisions::default());
}

pub(crate) fn replaced(decisions: Decisions) {
    for running in [true, false] {
        for keeps_wish in [true, false] {
            play(decisions.into(), async |stage| {
                let new = apivideo_sandbox::NewStream::named("Existing");
                let existing =
                    stage.change(|inner, now| inner.api.state.create(&new, now).expect("a stream"));
                stage.apply("a", json!({ "name": "Existing", "liveStreamId": existing.live_stream_id }));
                stage.settled().await;
                let (_, new) = recreated(stage).await;
                let mut patch = json!({ "metadata": { "annotations": null } });
                if !keeps_wish {
                    patch["spec"] = json!({ "liveStreamId": null });
                }
                meanwhile(stage, running, &patch);
                stage.rest(Duration::from_secs(150)).await;
                stage.settled().await;
                assert_eq!(stage.held("a"), Some(new), "running {running}, wish {keeps_wish}");
                assert_eq!(stage.streams().len(), 1);
                stage.delete("a");
                gone(stage, "a").await;
                assert!(stage.streams().is_empty(), "it was created by the operator, and goes");
                none_broken(stage);
            });
        }
    }
}

#[test]
fn a_recreated_stream_stays_private() {
    stays_private(Decisions::default());
}

pub(crate) fn stays_private(decisions: Decisions) {
    for restarted in [false, true] {
        play(decisions.into(), async |stage| {
            stage.change(|inner, now| inner.api.state.add_player("ptOne", now));
            stage.apply("a", json!({ "name": "Town hall" }));
            stage.settled().await;
            let id = stage.held("a").expect("a stream");
            let edit = StreamPatch {
                public: Some(false),
                player_id: Some(Some("ptOne".into())),
                ..StreamPatch::default()
            };
            stage.change(|inner, now| inner.api.state.edit(&id, &edit, now).expect("the edit"));
            stage.rest(Duration::from_secs(150)).await;
            if restarted {
                // It goes while nobody looks: only the status knows how it was.
                stage.kill();
                stage.change(|inner, now| inner.api.state.delete(&id, now).expect("the deletion"));
                stage.start();
                let replaced = |stage: &Stage| stage.held("a").is_some_and(|new| new != id);
                assert!(stage.until(LONG, replaced).await, "{:?}", stage.ready("a"));
                stage.settled().await;
            } else {
                recreated(stage).await;
            }
            let stream = stage.stream_of("a").expect("a stream");
            assert_eq!((stream.public, stream.player_id.as_deref()), (false, Some("ptOne")), "{restarted}");
            let made_public = stage.see(|inner| inner.api.state.streams().iter().any(|stream| stream.public));
            assert!(!made_public);
            none_broken(stage);
        });
    }
}
