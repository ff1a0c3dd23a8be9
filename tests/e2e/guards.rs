//! The guard against mass disappearance: a key of another project makes every
//! stream look deleted.

use serde_json::json;

use crate::{
    commands::commands,
    stage::{Stage, account, id, message, play},
    switch::Switch,
};

/// The LiveStreams of a test: enough for the guard.
const MANY: usize = 6;

fn names() -> impl Iterator<Item = String> {
    (0..MANY).map(|n| format!("many-{n}"))
}

/// Makes them all. Gives back their streams.
async fn make_many(stage: &Stage) -> Vec<String> {
    for name in names() {
        stage.apply(&name, json!({ "name": name })).await;
    }
    until_all(stage, "Synced").await
}

async fn until_all(stage: &Stage, reason: &str) -> Vec<String> {
    let mut streams = Vec::new();
    for name in names() {
        streams.push(id(&stage.until_reason(&name, reason).await));
    }
    streams
}

#[test]
fn many_streams_that_vanish_at_once_are_not_re_created_until_a_person_confirms_each() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let streams = make_many(&stage).await;
        stage.sandbox.clear_streams();
        until_all(&stage, "RemoteMissing").await;
        stage.two_passes().await;
        assert!(stage.sandbox.streams().is_empty());
        stage.annotate("many-1", "api.video/confirm-recreate", Some(&streams[0])).await;
        let told = message(&stage.get("many-0").await);
        stage.shell(&commands(&told)[0]).await;
        let new = id(&stage.until_reason("many-0", "Synced").await);
        assert_ne!(new, streams[0]);
        stage.two_passes().await;
        assert_eq!(stage.sandbox.streams().len(), 1, "the others still wait, one with another's id in hand");
    });
}

#[test]
fn one_command_of_the_condition_confirms_all_that_are_missing_and_none_that_is_still_there() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let old = make_many(&stage).await;
        let there = stage.synced("there", json!({ "name": "There", "onRemoteMissing": "Fail" })).await;
        old.iter().for_each(|id| stage.sandbox.delete(id).expect("the deletion"));
        until_all(&stage, "RemoteMissing").await;
        let told = message(&stage.get("many-0").await);
        stage.shell(&commands(&told)[1]).await;
        let new = until_all(&stage, "Synced").await;
        assert!(new.iter().all(|stream| !old.contains(stream)));
        stage.two_passes().await;
        assert_eq!(stage.sandbox.streams().len(), MANY + 1, "each once");
        let annotations = stage.get("there").await.metadata.annotations.unwrap_or_default();
        let confirmed = &annotations["api.video/confirm-recreate"];
        assert!(old.iter().all(|stream| confirmed.contains(stream)) && !confirmed.contains(&there));
        stage.sandbox.delete(&there).expect("the deletion");
        stage.until_reason("there", "RemoteMissing").await;
    });
}

#[test]
fn streams_that_reappear_end_the_guard_without_a_person() {
    play(async {
        let stage = Stage::empty().await;
        let switch = Switch::to(&stage.sandbox).await;
        let stage = stage.with(&["--base-url", &switch.url]);
        let other_project = account().await;
        let _operator = stage.operator().await;
        let streams = make_many(&stage).await;
        stage.sandbox.reset_calls();
        switch.turn_to(&other_project);
        until_all(&stage, "RemoteMissing").await;
        switch.turn_to(&stage.sandbox);
        assert_eq!(until_all(&stage, "Synced").await, streams, "they are what they were");
        stage.two_passes().await;
        assert_eq!((stage.sandbox.calls().writes(), other_project.calls().writes()), (0, 0));
        stage.sandbox.delete(&streams[0]).expect("the deletion");
        let again = stage.until("many-0", "a new stream", |o| id(o) != streams[0]).await;
        assert!(stage.sandbox.stream(&id(&again)).is_some(), "a single one is re-created as ever");
    });
}

#[test]
fn the_guard_is_off_where_it_is_turned_off() {
    play(async {
        let stage = Stage::empty().await.with(&["--missing-guard", "off"]);
        let _operator = stage.operator().await;
        for n in 0..5 {
            stage.synced(&format!("few-{n}"), json!({ "name": format!("Few {n}") })).await;
        }
        stage.sandbox.clear_streams();
        for n in 0..5 {
            stage.event(&format!("few-{n}"), "Recreated").await;
        }
    });
}

#[test]
fn changed_manifests_of_streams_that_all_vanished_create_nothing_either() {
    play(async {
        let stage = Stage::empty().await.with(&["--drift-interval", "1h"]);
        let _operator = stage.operator().await;
        for n in 0..6 {
            stage.synced(&format!("gone-{n}"), json!({ "name": format!("Gone {n}") })).await;
        }
        stage.sandbox.clear_streams();
        for n in 0..6 {
            stage.apply(&format!("gone-{n}"), json!({ "name": format!("Changed {n}") })).await;
        }
        for n in 0..6 {
            stage.until_reason(&format!("gone-{n}"), "RemoteMissing").await;
        }
        assert!(stage.sandbox.streams().is_empty(), "a key of another project looks just like this");
    });
}

#[test]
fn a_single_stream_that_a_call_finds_gone_is_created_again() {
    play(async {
        let stage = Stage::empty().await.with(&["--drift-interval", "1h"]);
        let _operator = stage.operator().await;
        let old = stage.synced("single", json!({ "name": "Single" })).await;
        stage.sandbox.delete(&old).expect("the deletion");
        stage.apply("single", json!({ "name": "Changed" })).await;
        stage.until_reason("single", "Synced").await;
        let names: Vec<_> = stage.sandbox.streams().into_iter().map(|s| s.name).collect();
        assert_eq!(names, ["Changed"]);
    });
}
