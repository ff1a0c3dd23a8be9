//! Every policy of the contract.

use apivideo_sandbox::StreamPatch;
use serde_json::json;

use crate::stage::{Stage, message, play};

fn renamed() -> StreamPatch {
    StreamPatch { name: Some("Renamed".into()), ..StreamPatch::default() }
}

#[test]
fn retain_keeps_the_stream_and_says_so() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("kept", json!({ "name": "Kept", "deletionPolicy": "Retain" })).await;
        stage.delete("kept").await;
        stage.until_gone("kept").await;
        assert!(stage.sandbox.stream(&stream).is_some());
        assert!(stage.event("kept", "Retained").await.contains(&stream));
    });
}

#[test]
fn report_lists_the_drift_and_writes_nothing() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let spec = json!({ "name": "Reported", "driftPolicy": "Report" });
        let stream = stage.synced("reported", spec).await;
        stage.sandbox.reset_calls();
        stage.sandbox.edit(&stream, renamed()).expect("the edit");
        let object = stage.until_reason("reported", "DriftDetected").await;
        let drift = object.status.clone().unwrap_or_default().drift;
        assert_eq!(drift.len(), 1);
        assert_eq!(
            (drift[0].field.as_ref(), drift[0].desired.as_str(), drift[0].observed.as_str()),
            ("name", "Reported", "Renamed")
        );
        assert!(stage.event("reported", "DriftDetected").await.contains("Renamed"));
        let conditions: Vec<_> =
            object.status.unwrap_or_default().conditions.into_iter().map(|c| c.type_).collect();
        assert_eq!(conditions, ["Ready"], "neither Reconciling nor Stalled");
        stage.two_passes().await;
        assert_eq!(stage.sandbox.calls().writes(), 0);
        stage.synced("reported", json!({ "name": "Reported", "driftPolicy": "Correct" })).await;
        assert!(stage.get("reported").await.status.unwrap_or_default().drift.is_empty());
    });
}

#[test]
fn fail_waits_for_a_person_when_the_stream_is_gone_and_the_confirmation_ends_it() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("fails", json!({ "name": "Fails", "onRemoteMissing": "Fail" })).await;
        stage.sandbox.delete(&stream).expect("the deletion");
        let object = stage.until_reason("fails", "RemoteMissing").await;
        assert!(
            message(&object).contains(&format!("api.video/confirm-recreate={stream}")),
            "{}",
            message(&object)
        );
        stage.two_passes().await;
        assert!(stage.sandbox.streams().is_empty());
        stage.annotate("fails", "api.video/confirm-recreate", Some(&stream)).await;
        stage.until_reason("fails", "Synced").await;
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}

#[test]
fn suspend_writes_nothing_but_a_deletion_still_runs() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("paused", json!({ "name": "Paused" })).await;
        stage.apply("paused", json!({ "name": "Changed", "suspend": true })).await;
        let object = stage.until_reason("paused", "Suspended").await;
        assert!(message(&object).contains("name"), "{}", message(&object));
        stage.apply("never", json!({ "name": "Never", "suspend": true })).await;
        stage.until_reason("never", "Suspended").await;
        stage.two_passes().await;
        assert_eq!(stage.sandbox.stream(&stream).map(|s| s.name).as_deref(), Some("Paused"));
        assert_eq!(stage.sandbox.streams().len(), 1);
        stage.delete("paused").await;
        stage.delete("never").await;
        stage.until_gone("paused").await;
        stage.until_gone("never").await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_deletion_waits_for_the_end_of_the_broadcast() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("live", json!({ "name": "Live" })).await;
        stage.sandbox.set_broadcasting(&stream, true).expect("on the air");
        stage.delete("live").await;
        stage.until_reason("live", "DeferredWhileBroadcasting").await;
        stage.two_passes().await;
        assert!(stage.sandbox.stream(&stream).is_some());
        stage.sandbox.set_broadcasting(&stream, false).expect("off the air");
        stage.until_gone("live").await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_deletion_that_may_proceed_cuts_the_broadcast_with_no_read() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let spec = json!({ "name": "Cut", "whileBroadcasting": "Proceed" });
        let stream = stage.synced("cut", spec).await;
        stage.sandbox.set_broadcasting(&stream, true).expect("on the air");
        stage.sandbox.reset_calls();
        stage.delete("cut").await;
        stage.until_gone("cut").await;
        assert!(stage.sandbox.streams().is_empty());
        let calls = stage.sandbox.calls();
        assert!(
            !calls.entries.iter().any(|c| c.method == "GET" && c.path.contains(&stream)),
            "{:?}",
            calls.entries
        );
    });
}

#[test]
fn a_deletion_costs_one_write_and_one_read() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let stream = stage.synced("default", json!({ "name": "Default" })).await;
        stage.sandbox.reset_calls();
        stage.delete("default").await;
        stage.until_gone("default").await;
        assert!(stage.sandbox.stream(&stream).is_none());
        let calls = stage.sandbox.calls();
        let own = calls
            .entries
            .iter()
            .filter(|c| c.path.contains(&stream))
            .map(|c| c.method.as_str())
            .collect::<Vec<_>>();
        assert_eq!(own, ["GET", "DELETE"], "one read, for a broadcast, and one write");
    });
}
