//! One stream, one holder, also across namespaces; and no foreign touch.

use apivideo_sandbox::{Fault, NewStream, Rule};
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::stage::{Stage, eventually, id, message, play};

/// Two namespaces that one operator watches.
async fn two_namespaces() -> (Stage, Stage) {
    let here = Stage::empty().await;
    let there = here.neighbour().await;
    let here = here.with(&["--namespace", &there.namespace]);
    (here, there)
}

fn asks_for(stream: &str, name: &str) -> Value {
    json!({ "name": name, "liveStreamId": stream })
}

fn foreign(stage: &Stage, name: &str) -> String {
    stage.sandbox.create(NewStream::named(name)).expect("a stream").live_stream_id
}

fn name_of(stage: &Stage, stream: &str) -> Option<String> {
    stage.sandbox.stream(stream).map(|s| s.name)
}

/// The second to ask says who holds the stream.
async fn is_refused(loser: &Stage, winner: &Stage) {
    let object = loser.until_reason("asks", "IdConflict").await;
    let told = message(&object);
    assert!(told.contains(&format!("{}/asks", winner.namespace)), "{told}");
}

/// The loser's deletion deletes nothing, and when the winner goes the loser
/// that is left takes over.
async fn the_loser_harms_nothing_and_takes_over(winner: &Stage, loser: &Stage, stream: &str) {
    // A create that was refused leaves the finalizer, so that the deletion is the operator's to end.
    loser.apply("ruthless", json!({ "name": "Ruthless", "playerId": "ptNope" })).await;
    loser.until_reason("ruthless", "Rejected").await;
    let mut ruthless = asks_for(stream, "Ruthless");
    ruthless["deletionPolicy"] = "Delete".into();
    loser.apply("ruthless", ruthless).await;
    let object = loser.until_reason("ruthless", "IdConflict").await;
    assert_eq!(object.finalizers(), ["api.video/live-stream"]);
    loser.delete("ruthless").await;
    loser.until_gone("ruthless").await;
    winner.two_passes().await;
    assert_eq!(name_of(winner, stream).as_deref(), Some("Winner"));
    winner.delete("asks").await;
    winner.until_gone("asks").await;
    let object = loser.until_reason("asks", "Synced").await;
    assert_eq!((id(&object).as_str(), name_of(loser, stream).as_deref()), (stream, Some("Loser")));
}

#[test]
fn of_two_namespaces_the_first_to_ask_holds_the_stream_also_after_a_restart_and_then_the_second() {
    play(async {
        let (here, there) = two_namespaces().await;
        let mut operator = here.operator().await;
        for (winner, loser) in [(&here, &there), (&there, &here)] {
            let stream = foreign(&here, "Existing");
            winner.synced("asks", asks_for(&stream, "Winner")).await;
            loser.apply("asks", asks_for(&stream, "Loser")).await;
            is_refused(loser, winner).await;
            drop(operator);
            here.sandbox.reset_calls();
            operator = here.operator().await;
            here.two_passes().await;
            is_refused(loser, winner).await;
            winner.until_reason("asks", "Synced").await;
            assert_eq!(
                (name_of(&here, &stream).as_deref(), here.sandbox.calls().writes()),
                (Some("Winner"), 0)
            );
            the_loser_harms_nothing_and_takes_over(winner, loser, &stream).await;
            loser.delete("asks").await;
            loser.until_gone("asks").await;
            assert!(here.sandbox.stream(&stream).is_some(), "an adopted stream is retained");
        }
    });
}

#[test]
fn of_two_that_both_asked_before_the_operator_came_the_older_holds_the_stream() {
    play(async {
        let (here, there) = two_namespaces().await;
        for (older, younger) in [(&here, &there), (&there, &here)] {
            let stream = foreign(&here, "Existing");
            let first = older.apply("asks", asks_for(&stream, "Winner")).await.creation_timestamp();
            eventually("a later second", async || {
                let made = younger.apply("asks", asks_for(&stream, "Loser")).await.creation_timestamp();
                if made > first {
                    return Some(());
                }
                younger.delete("asks").await;
                None
            })
            .await;
            let _operator = here.operator().await;
            older.until_reason("asks", "Synced").await;
            is_refused(younger, older).await;
            for stage in [&here, &there] {
                stage.delete("asks").await;
                stage.until_gone("asks").await;
            }
        }
    });
}

#[test]
fn a_stream_that_one_created_is_not_given_to_another_that_asks_for_it_from_elsewhere() {
    play(async {
        let (here, there) = two_namespaces().await;
        let _operator = here.operator().await;
        let stream = there.synced("asks", json!({ "name": "Winner", "deletionPolicy": "Retain" })).await;
        here.apply("asks", asks_for(&stream, "Loser")).await;
        is_refused(&here, &there).await;
        the_loser_harms_nothing_and_takes_over(&there, &here, &stream).await;
    });
}

#[test]
fn foreign_streams_of_the_same_name_are_untouched_while_lost_creates_are_resolved_and_deleted() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        foreign(&stage, "Equal");
        let older = stage.sandbox.streams().remove(0);
        // A stream of the same payload and the same seconds could be ours: nothing can tell it apart.
        eventually("it to be older than any intent", async || {
            (Timestamp::now() > older.created_at + SignedDuration::from_secs(4)).then_some(())
        })
        .await;
        let differs = NewStream { public: Some(false), ..NewStream::named("Equal") };
        stage.sandbox.create(differs).expect("a stream");
        let foreign = stage.sandbox.streams();
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
        stage.sandbox.inject(Rule::once(Fault::LostBefore).on("POST", "/live-streams"));
        let equal = json!({ "name": "Equal", "public": true });
        let a = stage.synced("equal-a", equal.clone()).await;
        let b = stage.synced("equal-b", equal.clone()).await;
        assert!(a != b && foreign.iter().all(|f| f.live_stream_id != a && f.live_stream_id != b));
        assert_eq!(stage.sandbox.streams().len(), 4);
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
        stage.apply("equal-c", equal).await;
        eventually("the lost stream", async || (stage.sandbox.streams().len() == 5).then_some(())).await;
        for name in ["equal-a", "equal-b", "equal-c"] {
            stage.delete(name).await;
            stage.until_gone(name).await;
        }
        assert_eq!(stage.sandbox.streams(), foreign, "as they were, to the second of their last change");
    });
}
