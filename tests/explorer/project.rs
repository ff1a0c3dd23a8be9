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

pub(crate) fn wrong_key(decisions: Decisions, opaque: bool, restarted: bool) {
    play(decisions.into(), async |stage| {
        set(stage, opaque).await;
        let held: Vec<_> = ["a", "b", "c"].map(|name| stage.held(name)).into();
        if restarted {
            stage.restart();
        }
        let before = writes(stage);
        stage.apply("new", json!({ "name": "new", "public": true }));
        stage.patch("a", &json!({ "spec": { "name": "a, changed" } }));
        stage.delete("c");
        stage.rest(Duration::from_secs(900)).await;
        assert_eq!(["a", "b", "c"].map(|name| stage.held(name)).to_vec(), held, "nothing is bound anew");
        let made: Vec<_> =
            stage.streams().into_iter().filter(|s| s.project.as_deref() == Some(WRONG)).collect();
        assert_eq!(made.len(), 1, "nothing is created in the wrong project");
        assert!(!stage.object("c").is_null(), "a 404 of the wrong project releases nothing");
        let written = writes(stage) - before;
        if opaque {
            assert!(stage.ready("new").0 == "AccountNotReady", "{:?}", stage.ready("new"));
            assert!(written <= 20, "{written} writes to the wrong project");
        } else {
            assert_eq!(written, 0, "nothing is written to the wrong project");
            for (name, reason) in [("a", "WrongProject"), ("b", "WrongProject"), ("new", "AccountNotReady")] {
                assert_eq!(stage.ready(name).0, reason, "{name}: {:?}", stage.ready(name));
            }
        }
        point_key(stage, RIGHT);
        let settled = stage.until(Duration::from_secs(600), |stage| stage.unsettled().is_none()).await;
        assert!(settled, "with the right key: {:?}", stage.unsettled());
        assert!(stage.object("c").is_null());
        let names: Vec<_> = stage.streams().into_iter().map(|stream| stream.name).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        assert_eq!(["a", "b"].map(|name| stage.held(name)).to_vec(), held[..2]);
        assert!(stage.violations().is_empty(), "{:?}", stage.violations());
    });
}

#[test]
fn a_wrong_key_whose_token_names_its_project_does_nothing() {
    wrong_key(Decisions::default(), false, false);
    wrong_key(Decisions::default(), false, true);
}

#[test]
fn a_wrong_key_with_an_opaque_token_does_no_harm() {
    wrong_key(Decisions::default(), true, false);
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
