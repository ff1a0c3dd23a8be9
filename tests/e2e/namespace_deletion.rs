//! A namespace that is deleted always ends, on the real namespace controller:
//! also when the key goes with it, in whatever order, and with creates that
//! nobody knows the outcome of.

use std::fs;

use apivideo_sandbox::{Fault, Rule};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, ResourceExt, api::DeleteParams};
use serde_json::json;

use crate::stage::{Operator, Stage, eventually, message, play, ready};

async fn delete_namespace(stage: &Stage) {
    let api: Api<Namespace> = Api::all(stage.client.clone());
    api.delete(&stage.namespace, &DeleteParams::default()).await.expect("the deletion");
}

async fn is_gone(stage: &Stage) -> bool {
    let api: Api<Namespace> = Api::all(stage.client.clone());
    api.get_opt(&stage.namespace).await.expect("an answer").is_none()
}

async fn until_gone(stage: &Stage) {
    eventually("the namespace to be gone", async || is_gone(stage).await.then_some(())).await;
}

/// Does what the conditions tell a person to do, until the namespace is gone.
async fn until_gone_with_a_person(stage: &Stage) {
    eventually("the namespace to be gone with a person's help", async || {
        for object in stage.api().list(&Default::default()).await.expect("the list").items {
            let locked_out = ready(&object).is_some_and(|c| c.reason == "Unauthorized");
            let helped = object.spec.deletion_policy.is_some();
            if locked_out && !helped && message(&object).contains("kubectl") {
                stage.run_as_written(&message(&object)).await;
            }
        }
        is_gone(stage).await.then_some(())
    })
    .await;
}

/// The Secret goes: the file is no longer there.
fn delete_key(stage: &Stage) {
    fs::remove_file(stage.folder.path().join("key")).expect("the key file");
}

/// The key is accepted no more.
fn revoke_key(stage: &Stage) {
    stage.sandbox.set_api_key("another-key");
}

/// Three streams, the first of them on the air. Gives it back.
async fn fill(stage: &Stage) -> String {
    let mut streams = Vec::new();
    for name in ["one", "two", "three"] {
        streams.push(stage.synced(name, json!({ "name": name })).await);
    }
    stage.sandbox.set_broadcasting(&streams[0], true).expect("on the air");
    streams.remove(0)
}

async fn until_only_the_broadcast_is_left(stage: &Stage) {
    eventually("all but the broadcast to go", async || (stage.sandbox.streams().len() == 1).then_some(()))
        .await;
}

/// An operator that has sent a create and got no answer.
async fn with_a_lost_create() -> (Stage, Operator) {
    let stage = Stage::empty().await.with(&["--create-settle", "10s"]);
    let operator = stage.operator().await;
    stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
    stage.apply("lost", json!({ "name": "Lost" })).await;
    eventually("the lost stream", async || (!stage.sandbox.streams().is_empty()).then_some(())).await;
    (stage, operator)
}

/// Deletes the namespace while nobody knows yet what became of the create.
async fn delete_with_an_open_intent(stage: &Stage) {
    delete_namespace(stage).await;
    let going = stage.until("lost", "its deletion", |o| o.metadata.deletion_timestamp.is_some()).await;
    assert!(going.annotations().contains_key("api.video/create-intent"), "{going:#?}");
}

#[test]
fn it_goes_with_its_streams_also_when_the_operator_is_restarted_meanwhile() {
    play(async {
        let (stage, operator) = Stage::set().await;
        let on_air = fill(&stage).await;
        delete_namespace(&stage).await;
        until_only_the_broadcast_is_left(&stage).await;
        drop(operator);
        let _operator = stage.operator().await;
        stage.sandbox.set_broadcasting(&on_air, false).expect("off the air");
        until_gone(&stage).await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn events_that_a_terminating_namespace_refuses_hold_nothing_up() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let on_air = fill(&stage).await;
        delete_namespace(&stage).await;
        until_only_the_broadcast_is_left(&stage).await;
        stage.sandbox.set_broadcasting(&on_air, false).expect("off the air");
        until_gone(&stage).await;
        let log = fs::read_to_string(stage.log()).expect("the log");
        let refused = log.lines().filter(|l| l.contains("an event was not written")).count();
        assert!(refused >= 3, "the API server refused the event of each deletion: {refused}");
    });
}

#[test]
fn it_waits_out_an_api_that_is_down() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let on_air = fill(&stage).await;
        stage.sandbox.set_broadcasting(&on_air, false).expect("off the air");
        let down = stage.sandbox.inject(Rule::always(Fault::LostBefore));
        delete_namespace(&stage).await;
        for name in ["one", "two", "three"] {
            let object = stage.until_reason(name, "AccountUnavailable").await;
            assert!(message(&object).contains("retrying"), "{}", message(&object));
        }
        stage.sandbox.remove_fault(down);
        until_gone(&stage).await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_deleted_key_that_is_still_accepted_deletes_the_streams() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let on_air = fill(&stage).await;
        delete_key(&stage);
        eventually("the operator to miss the file", async || {
            fs::read_to_string(stage.log())
                .expect("the log")
                .contains("cannot read the key file")
                .then_some(())
        })
        .await;
        delete_namespace(&stage).await;
        stage.sandbox.set_broadcasting(&on_air, false).expect("off the air");
        until_gone(&stage).await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_key_that_is_revoked_before_leaves_the_streams_to_a_person_who_does_as_the_conditions_say() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        fill(&stage).await;
        revoke_key(&stage);
        delete_key(&stage);
        for name in ["one", "two", "three"] {
            stage.until_reason(name, "Unauthorized").await;
        }
        delete_namespace(&stage).await;
        until_gone_with_a_person(&stage).await;
        assert_eq!(stage.sandbox.streams().len(), 3, "they stay, as the command says");
    });
}

#[test]
fn a_key_that_is_revoked_in_the_middle_leaves_only_what_was_on_the_air() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        fill(&stage).await;
        delete_namespace(&stage).await;
        until_only_the_broadcast_is_left(&stage).await;
        revoke_key(&stage);
        delete_key(&stage);
        until_gone_with_a_person(&stage).await;
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}

#[test]
fn a_key_that_is_revoked_at_the_same_moment_changes_nothing_but_who_ends_it() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        fill(&stage).await;
        delete_namespace(&stage).await;
        delete_key(&stage);
        revoke_key(&stage);
        until_gone_with_a_person(&stage).await;
        assert!(!stage.sandbox.streams().is_empty(), "the broadcast was not cut");
    });
}

#[test]
fn a_new_key_ends_what_a_revoked_one_held_up() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        let on_air = fill(&stage).await;
        stage.sandbox.set_broadcasting(&on_air, false).expect("off the air");
        revoke_key(&stage);
        delete_namespace(&stage).await;
        stage.until_reason("one", "Unauthorized").await;
        fs::write(stage.folder.path().join("key"), "another-key").expect("the key file");
        until_gone(&stage).await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn an_operator_that_starts_in_the_middle_without_a_key_says_so_and_with_a_revoked_one_goes_on() {
    play(async {
        let (stage, operator) = Stage::set().await;
        fill(&stage).await;
        delete_namespace(&stage).await;
        until_only_the_broadcast_is_left(&stage).await;
        drop(operator);
        revoke_key(&stage);
        delete_key(&stage);
        let mut keyless = stage.unready_operator();
        assert_eq!(keyless.ended().await.code(), Some(2));
        assert!(
            fs::read_to_string(stage.log())
                .expect("the log")
                .contains("set it to a file that contains the API key")
        );
        fs::write(stage.folder.path().join("key"), "sandbox-key").expect("the key file");
        let _operator = stage.unready_operator();
        until_gone_with_a_person(&stage).await;
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}

#[test]
fn a_lost_create_is_found_and_its_stream_deleted() {
    play(async {
        let (stage, _operator) = with_a_lost_create().await;
        delete_with_an_open_intent(&stage).await;
        until_gone(&stage).await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_lost_create_is_found_by_the_next_operator_as_well() {
    play(async {
        let (stage, operator) = with_a_lost_create().await;
        drop(operator);
        delete_with_an_open_intent(&stage).await;
        let _operator = stage.operator().await;
        until_gone(&stage).await;
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_lost_create_that_no_key_can_look_for_is_left_to_a_person() {
    play(async {
        let (stage, _operator) = with_a_lost_create().await;
        revoke_key(&stage);
        delete_with_an_open_intent(&stage).await;
        until_gone_with_a_person(&stage).await;
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}
