//! Replicas: one works, and another takes over when it ends, is killed, or is
//! stopped and resumes. The sandbox's log shows who made each call: a process
//! has one token, and nobody else has it.

use std::{
    fs,
    time::{Duration, Instant},
};

use apivideo_sandbox::CallEntry;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    stage::{Operator, Stage, eventually, play},
};

const LEASE: &str = "apivideo-operator";
/// How many LiveStreams the steady work is about.
const WORK: u32 = 8;
/// How often one of them changes.
const PACE: Duration = Duration::from_millis(100);

/// A stage whose operators have Leases of their own, and nobody else's.
fn with_own_leases(stage: Stage) -> Stage {
    let file = stage.folder.path().join("kubeconfig");
    let mut config: Value =
        serde_yaml::from_str(&fs::read_to_string(&file).expect("the kubeconfig")).expect("YAML");
    config["contexts"][0]["context"]["namespace"] = json!(stage.namespace);
    fs::write(file, serde_yaml::to_string(&config).expect("YAML")).expect("written");
    stage
}

/// A stage whose operators elect one among themselves.
async fn stage() -> Stage {
    with_own_leases(Stage::empty().await).with(&["--leader-elect"])
}

/// A stage with one operator at work, and another that stands by.
async fn pair() -> (Stage, Operator, Operator) {
    let stage = stage().await;
    let first = stage.operator().await;
    until_called_by(&stage, 1).await;
    let second = stage.unready_operator();
    second.ready().await;
    (stage, first, second)
}

/// Plays while LiveStreams are created and changed all the time.
async fn amid_work(stage: &Stage, test: impl Future<Output = ()>) {
    let work = async {
        let mut pace = tokio::time::interval(PACE);
        for turn in 0.. {
            pace.tick().await;
            stage.apply(&format!("work-{}", turn % WORK), json!({ "name": format!("Turn {turn}") })).await;
        }
    };
    tokio::select! {
        () = test => {}
        () = work => unreachable!("work never ends"),
    }
}

fn calls(stage: &Stage) -> Vec<CallEntry> {
    stage.sandbox.calls().entries
}

fn calls_by(stage: &Stage, token: u64) -> usize {
    calls(stage).iter().filter(|call| call.token == Some(token)).count()
}

async fn until_called_by(stage: &Stage, token: u64) {
    eventually(&format!("a call with token {token}"), async || (calls_by(stage, token) > 0).then_some(()))
        .await;
}

/// Waits for so many more writes with a token.
async fn until_written_by(stage: &Stage, token: u64, more: usize) {
    let writes =
        || calls(stage).iter().filter(|call| call.token == Some(token) && call.method != "GET").count();
    let before = writes();
    eventually(&format!("{more} writes with token {token}"), async || {
        (writes() >= before + more).then_some(())
    })
    .await;
}

/// From the first call of the second operator on, an authentication, each call
/// is one of the second.
fn assert_that_the_first_was_silent_after_the_second_began(stage: &Stage) {
    let calls = calls(stage);
    let began = calls.iter().position(|call| call.token == Some(2)).expect("a call of the second");
    assert!(calls[began].path.starts_with("/auth"), "{:?}", calls[began]);
    let strange: Vec<_> = calls[began..].iter().filter(|call| call.token != Some(2)).collect();
    assert!(strange.is_empty(), "after {:?}: {strange:#?}", calls[began].at);
    assert!(calls[..began].iter().all(|call| call.token == Some(1)));
}

/// In the end each LiveStream has the one stream that it asks for.
async fn assert_that_nothing_is_doubled(stage: &Stage) {
    for turn in 0..WORK {
        stage.synced(&format!("work-{turn}"), json!({ "name": format!("Last {turn}") })).await;
    }
    let mut names: Vec<_> = stage.sandbox.streams().into_iter().map(|stream| stream.name).collect();
    names.sort();
    let expected: Vec<_> = (0..WORK).map(|turn| format!("Last {turn}")).collect();
    assert_eq!(names, expected);
}

fn leases(stage: &Stage) -> Api<Lease> {
    Api::namespaced(stage.client.clone(), &stage.namespace)
}

async fn lease(stage: &Stage) -> LeaseSpec {
    leases(stage).get(LEASE).await.expect("the Lease").spec.expect("its spec")
}

fn log(stage: &Stage) -> String {
    fs::read_to_string(stage.log()).expect("the log")
}

#[test]
fn of_two_replicas_one_works_and_the_other_takes_over_at_once_after_a_clean_end() {
    play(async {
        let (stage, mut first, _second) = pair().await;
        amid_work(&stage, async {
            until_written_by(&stage, 1, 10).await;
            assert_eq!(calls_by(&stage, 2), 0, "the other waits");
            let before = lease(&stage).await;
            first.terminate();
            assert_eq!(first.ended().await.code(), Some(0));
            let ended = Instant::now();
            until_called_by(&stage, 2).await;
            assert!(ended.elapsed() < Duration::from_secs(3), "{:?}", ended.elapsed());
            let after = lease(&stage).await;
            assert_ne!(after.holder_identity, before.holder_identity);
            assert_eq!((before.lease_transitions, after.lease_transitions), (Some(0), Some(1)));
            assert!(after.acquire_time > before.acquire_time && after.renew_time >= after.acquire_time);
            until_written_by(&stage, 2, 10).await;
        })
        .await;
        assert_that_the_first_was_silent_after_the_second_began(&stage);
        assert_that_nothing_is_doubled(&stage).await;
    });
}

#[test]
fn after_a_kill_the_other_takes_over_when_the_lease_has_run_out() {
    play(async {
        let (stage, first, _second) = pair().await;
        amid_work(&stage, async {
            until_written_by(&stage, 1, 10).await;
            first.signal("KILL");
            let killed = Instant::now();
            until_called_by(&stage, 2).await;
            assert!(killed.elapsed() < Duration::from_secs(20), "{:?}", killed.elapsed());
            until_written_by(&stage, 2, 10).await;
        })
        .await;
        assert_that_the_first_was_silent_after_the_second_began(&stage);
        assert_that_nothing_is_doubled(&stage).await;
    });
}

/// Stops the first, lets the second take over, and lets the first go on.
async fn stop_and_go_on() {
    let (stage, mut first, _second) = pair().await;
    amid_work(&stage, async {
        until_written_by(&stage, 1, 10).await;
        first.signal("STOP");
        until_called_by(&stage, 2).await;
        until_written_by(&stage, 2, 10).await;
        first.signal("CONT");
        let goes_on = Instant::now();
        assert_eq!(first.ended().await.code(), Some(1), "it ends by itself");
        assert!(goes_on.elapsed() < Duration::from_secs(5), "{:?}", goes_on.elapsed());
        assert!(log(&stage).contains("error: lost leadership"));
        until_written_by(&stage, 2, 10).await;
    })
    .await;
    assert_that_the_first_was_silent_after_the_second_began(&stage);
    assert_that_nothing_is_doubled(&stage).await;
}

#[test]
fn a_leader_that_was_stopped_and_goes_on_makes_no_call_after_its_successor_has_begun() {
    // Four pairs at once: what one does in its first moment is chance. Without a
    // fence most make calls; with one that is looked at now and then, and not
    // before each request, one of four.
    play(async {
        futures::future::join_all((0..4).map(|_| stop_and_go_on())).await;
    });
}

#[test]
fn a_leader_that_can_not_renew_makes_no_call_after_its_time_and_ends() {
    play(async {
        let cluster = Cluster::start().await;
        let stage = with_own_leases(Stage::on(&cluster).await).with(&["--leader-elect"]);
        let mut operator = stage.operator().await;
        cluster.stop().await;
        let (gone, since) = (Instant::now(), jiff::Timestamp::now());
        assert_eq!(operator.ended().await.code(), Some(1));
        assert!(log(&stage).contains("error: lost leadership"));
        // Another could lead 15 s after the last renewal, which was before this.
        assert!(gone.elapsed() < Duration::from_secs(14), "{:?}", gone.elapsed());
        let last = calls(&stage).last().expect("calls").at;
        let went_on = last.duration_since(since);
        assert!(went_on.as_secs() >= 5 && went_on.as_millis() <= 10_050, "the last call: {went_on}");
    });
}

#[test]
fn a_leader_whose_lease_is_taken_away_ends() {
    play(async {
        let stage = stage().await;
        let mut operator = stage.operator().await;
        leases(&stage).delete(LEASE, &DeleteParams::default()).await.expect("the deletion");
        assert_eq!(operator.ended().await.code(), Some(1));
        assert!(log(&stage).contains("error: lost leadership"));
    });
}

#[test]
fn a_label_that_a_person_puts_on_the_lease_disturbs_nobody() {
    play(async {
        let stage = stage().await;
        let _operator = stage.operator().await;
        let label = json!({ "metadata": { "labels": { "team": "video" } } });
        leases(&stage).patch(LEASE, &PatchParams::default(), &Patch::Merge(label)).await.expect("the label");
        let labelled = lease(&stage).await.renew_time;
        eventually("two renewals", async || {
            let renewed = lease(&stage).await.renew_time?;
            (renewed.0 > labelled.as_ref()?.0 + Duration::from_secs(3)).then_some(())
        })
        .await;
        let lease = leases(&stage).get(LEASE).await.expect("the Lease");
        let labels = lease.metadata.labels.expect("labels");
        assert_eq!(labels["team"], "video");
        assert!(!log(&stage).contains("no longer the leader"));
    });
}
