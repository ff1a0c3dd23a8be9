//! A key that opens another project: nothing is created, corrected, deleted or
//! released there, and with the right key everything goes on as before.

use std::time::Duration;

use apivideo_operator::core::decisions::Decisions;
use apivideo_sandbox::{Changes, NewStream, StreamPatch};
use serde_json::json;

use crate::{
    outcome::Call,
    process::Settings,
    stage::{Stage, play},
};

const RIGHT: &str = "prRight";
const WRONG: &str = "prWrong";
/// How long a token is good: an old one keeps its project until then.
const TOKEN: Duration = Duration::from_secs(60);

fn point_key(stage: &Stage, project: &str) {
    stage.change(|inner, _| inner.api.state.point_key("sandbox-key".into(), Some(project.into())));
}

fn writes(stage: &Stage) -> usize {
    let is_write = |call| matches!(call, Call::Create | Call::Update | Call::Delete);
    stage.see(|inner| inner.calls.iter().filter(|entry| is_write(entry.call)).count())
}

/// Three LiveStreams in the right project; then the key opens the wrong one.
async fn set(stage: &mut Stage, opaque: bool) {
    let ttl = Changes { token_ttl: Some(TOKEN), project: Some(RIGHT.into()), ..Changes::default() };
    stage.change(|inner, _| {
        inner.opaque = opaque;
        inner.api.state.configure(&ttl);
    });
    // No token of before.
    stage.restart();
    for name in ["a", "b", "c"] {
        stage.apply(name, json!({ "name": name, "public": true }));
    }
    stage.settled().await;
    stage.rest(Duration::from_secs(90)).await;
    stage.change(|inner, now| {
        let new = NewStream { project: Some(WRONG.into()), ..NewStream::named("a") };
        inner.api.state.create(&new, now).expect("a stream");
    });
    point_key(stage, WRONG);
    stage.rest(2 * TOKEN).await;
}

/// What is done with three LiveStreams and a new one while the key is wrong; then it is
/// right again.
pub(crate) fn wrong_key(decisions: Decisions, opaque: bool, restarted: bool) {
    let case = format!("opaque {opaque}, restarted {restarted}");
    play(decisions.into(), async |stage| {
        set(stage, opaque).await;
        let held = ["a", "b", "c"].map(|name| stage.held(name));
        if restarted {
            stage.restart();
        }
        let before = writes(stage);
        stage.apply("new", json!({ "name": "new", "public": true }));
        stage.patch("a", &json!({ "spec": { "name": "a, changed" } }));
        stage.delete("c");
        stage.rest(Duration::from_secs(900)).await;
        assert!(!stage.object("c").is_null(), "{case}: released by a 404 of the wrong project");
        assert_eq!(["a", "b", "c"].map(|name| stage.held(name)), held, "{case}: bound anew");
        let made: Vec<_> =
            stage.streams().into_iter().filter(|s| s.project.as_deref() == Some(WRONG)).collect();
        assert_eq!(made.len(), 1, "{case}: created in the wrong project");
        assert_eq!(stage.ready("new").0, "AccountNotReady", "{case}: {:?}", stage.ready("new"));
        let written = writes(stage) - before;
        if opaque {
            assert!(written <= 20, "{case}: {written} writes to the wrong project");
        } else {
            assert_eq!(written, 0, "{case}: writes to the wrong project");
            for name in ["a", "b"] {
                assert_eq!(stage.ready(name).0, "WrongProject", "{case}: {:?}", stage.ready(name));
            }
        }
        point_key(stage, RIGHT);
        let settled = stage.until(Duration::from_secs(600), |stage| stage.unsettled().is_none()).await;
        assert!(settled, "{case}, with the right key: {:?}", stage.unsettled());
        let mut names: Vec<_> = stage.streams().into_iter().map(|stream| stream.name).collect();
        names.sort();
        assert_eq!(names, ["a", "a, changed", "b", "new"], "{case}");
        assert_eq!(["a", "b"].map(|name| stage.held(name)), held[..2], "{case}");
        assert!(stage.violations().is_empty(), "{case}: {:?}", stage.violations());
    });
}

#[test]
fn a_wrong_key_whose_token_names_its_project_is_harmless() {
    wrong_key(Decisions::default(), false, false);
}

#[test]
fn the_same_after_a_restart_with_the_wrong_key() {
    wrong_key(Decisions::default(), false, true);
}

#[test]
fn a_wrong_key_with_an_opaque_token_is_harmless() {
    wrong_key(Decisions::default(), true, false);
}

#[test]
fn the_same_after_a_restart_with_an_opaque_token() {
    wrong_key(Decisions::default(), true, true);
}

/// Without the guard's numbers: one of three drifts, the others vanish.
#[test]
fn drift_is_not_corrected_in_a_wrong_project() {
    play(Settings::default(), async |stage| {
        set(stage, true).await;
        stage.rest(Duration::from_secs(300)).await;
        let id = stage.held("a").expect("a stream");
        let edit = StreamPatch { name: Some("Edited".into()), ..StreamPatch::default() };
        stage.change(|inner, now| inner.api.state.edit(&id, &edit, now).expect("the edit"));
        let before = writes(stage);
        stage.rest(Duration::from_secs(300)).await;
        assert_eq!(writes(stage), before);
        point_key(stage, RIGHT);
        stage.settled().await;
        assert!(stage.violations().is_empty(), "{:?}", stage.violations());
    });
}
