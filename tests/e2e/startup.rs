//! An operator that lacks something says so at once, in its log, its readiness
//! and its end, with the command that mends it; the commands are run as they
//! are written.

use std::{fs, path::Path, process::Command};

use apivideo_operator::kinds::LiveStream;
use k8s_openapi::{
    api::{
        authentication::v1::{TokenRequest, TokenRequestSpec},
        core::v1::ServiceAccount,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, CustomResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    runtime::{conditions::is_crd_established, wait::await_condition},
};
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    stage::{Operator, Stage, eventually, play},
};

/// Waits until the operator's answer about its readiness has all of these words.
async fn until_answers(operator: &Operator, status: u16, words: &[&str]) -> String {
    let url = format!("{}/readyz", operator.admin);
    eventually(&format!("{status} with {words:?} of /readyz"), async || {
        let answer = reqwest::get(&url).await.ok().filter(|answer| answer.status() == status)?;
        let text = answer.text().await.ok()?;
        words.iter().all(|word| text.contains(word)).then_some(text)
    })
    .await
}

fn log(stage: &Stage) -> String {
    fs::read_to_string(stage.log()).expect("the log")
}

/// Runs the commands of an answer as they are written, with this build's
/// operator on the PATH.
async fn run_commands(stage: &Stage, answer: &str) {
    let folder = Path::new(env!("CARGO_BIN_EXE_apivideo-operator")).parent().expect("a folder");
    for line in answer.lines() {
        let Some((_, command)) = line.split_once(" with: ") else { continue };
        stage.shell(&format!("PATH=\"{}:$PATH\"; {command}", folder.display())).await;
    }
}

fn crds(stage: &Stage) -> Api<CustomResourceDefinition> {
    Api::all(stage.client.clone())
}

async fn without_the_crd(stage: &Stage) {
    let crds = crds(stage);
    crds.delete(LiveStream::crd_name(), &DeleteParams::default()).await.expect("the deletion");
    eventually("the CRD to be gone", async || {
        crds.get_opt(LiveStream::crd_name()).await.expect("an answer").is_none().then_some(())
    })
    .await;
    let operator = stage.unready_operator();
    let answer =
        until_answers(&operator, 503, &["problem: the CRD livestreams.api.video is not installed"]).await;
    assert!(log(stage).contains("the CRD livestreams.api.video is not installed"), "{}", log(stage));
    run_commands(stage, &answer).await;
    until_answers(&operator, 200, &["ok\n"]).await;
    stage.synced("after", json!({ "name": "After" })).await;
    // While the operator is there to let it go: a CRD waits for its objects.
    stage.delete("after").await;
    stage.until_gone("after").await;
}

/// Replaces the installed CRD by one of an imagined older release.
async fn install_older_crd(stage: &Stage) {
    let mut older = serde_json::to_value(LiveStream::crd()).expect("a CRD");
    let schema = older.pointer_mut("/spec/versions/0/schema/openAPIV3Schema/properties").expect("a schema");
    let known = |schema: &mut Value, part: &str| schema[part]["properties"].take();
    for (part, gone) in [("spec", "suspend"), ("status", "drift")] {
        let mut fields = known(schema, part);
        fields.as_object_mut().expect("fields").remove(gone).expect(gone);
        schema[part]["properties"] = fields;
    }
    let crds = crds(stage);
    let apply = PatchParams::apply("an-older-release").force();
    let name = LiveStream::crd_name();
    crds.delete(name, &DeleteParams::default()).await.expect("the deletion");
    eventually("the CRD to be gone", async || {
        crds.get_opt(name).await.expect("an answer").is_none().then_some(())
    })
    .await;
    crds.patch(name, &apply, &Patch::Apply(&older)).await.expect("the older CRD");
    await_condition(crds.clone(), name, is_crd_established()).await.expect("established");
}

async fn over_an_older_crd(stage: &Stage) {
    install_older_crd(stage).await;
    let operator = stage.unready_operator();
    let words = ["is older than this operator", "it lacks spec.suspend, status.drift, which"];
    let answer = until_answers(&operator, 503, &words).await;
    assert!(log(stage).contains(words[1]), "{}", log(stage));
    run_commands(stage, &answer).await;
    assert_eq!(until_answers(&operator, 200, &[]).await, "ok\n");
    assert!(log(stage).contains("preflight problems resolved"), "{}", log(stage));
}

#[test]
fn without_its_crd_or_over_an_older_one_it_says_so_and_its_command_mends_it() {
    play(async {
        let cluster = Cluster::start().await;
        let stage = Stage::on(&cluster).await;
        without_the_crd(&stage).await;
        over_an_older_crd(&stage).await;
        cluster.stop().await;
    });
}

/// Makes the stage's kubeconfig that of a service account without any right;
/// gives back the administrator's.
async fn become_nobody(stage: &Stage) -> String {
    let api: Api<ServiceAccount> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let account: ServiceAccount =
        serde_json::from_value(json!({ "metadata": { "name": "operator" } })).expect("an account");
    api.create(&PostParams::default(), &account).await.expect("the account");
    let request = TokenRequest { spec: Some(TokenRequestSpec::default()), ..TokenRequest::default() };
    let answer = api.create_token_request("operator", &PostParams::default(), &request).await;
    let token = answer.expect("a token").status.expect("a status").token;
    let file = stage.folder.path().join("kubeconfig");
    let administrators = fs::read_to_string(&file).expect("the kubeconfig");
    let mut config: Value = serde_yaml::from_str(&administrators).expect("a kubeconfig");
    config["users"][0]["user"] = json!({ "token": token });
    config["contexts"][0]["context"]["namespace"] = json!(stage.namespace);
    fs::write(file, serde_yaml::to_string(&config).expect("YAML")).expect("written");
    administrators
}

fn become_administrator(stage: &Stage, kubeconfig: &str) {
    fs::write(stage.folder.path().join("kubeconfig"), kubeconfig).expect("written");
}

#[test]
fn without_its_rights_it_says_so_and_its_commands_grant_them() {
    play(async {
        let stage = Stage::empty().await;
        let administrators = become_nobody(&stage).await;
        let operator = stage.unready_operator();
        let words = [
            "problem: no permission to list, watch, patch livestreams.api.video in namespace",
            "problem: no permission to get, patch livestreams.api.video/status",
            "warning: no permission to create events.events.k8s.io",
            "warning: no permission to get customresourcedefinitions.apiextensions.k8s.io",
        ];
        let answer = until_answers(&operator, 503, &words).await;
        let log = log(&stage);
        assert!(words.iter().all(|word| log.contains(word.split_once(": ").expect("a kind").1)), "{log}");
        become_administrator(&stage, &administrators);
        run_commands(&stage, &answer).await;
        assert_eq!(until_answers(&operator, 200, &[]).await, "ok\n");
        stage.synced("granted", json!({ "name": "Granted" })).await;
        stage.event("granted", "Created").await;
    });
}

#[test]
fn without_the_right_to_events_alone_it_is_ready_and_warns() {
    play(async {
        let stage = Stage::empty().await;
        let administrators = become_nobody(&stage).await;
        let operator = stage.unready_operator();
        let answer = until_answers(&operator, 503, &["no permission to"]).await;
        become_administrator(&stage, &administrators);
        let needed: Vec<_> = answer.lines().filter(|line| line.starts_with("problem: ")).collect();
        run_commands(&stage, &needed.join("\n")).await;
        let answer = until_answers(&operator, 200, &["warning: no permission to create events"]).await;
        assert!(answer.starts_with("ok\n") && !answer.contains("problem"), "{answer}");
        stage.synced("quiet", json!({ "name": "Quiet" })).await;
    });
}

#[test]
fn without_the_right_to_leases_it_ends_with_1_and_its_command_lets_it_lead() {
    play(async {
        let stage = Stage::empty().await.with(&["--leader-elect"]);
        let administrators = become_nobody(&stage).await;
        assert_eq!(stage.unready_operator().ended().await.code(), Some(1));
        let log = log(&stage);
        let of_leases: Vec<_> =
            log.lines().filter(|line| line.contains("leases.coordination.k8s.io")).collect();
        let message = of_leases.join("\n");
        assert!(message.contains("error: no permission to get, patch leases.coordination.k8s.io"), "{log}");
        assert!(message.contains("no permission to create leases.coordination.k8s.io"), "{message}");
        let nobodys = fs::read_to_string(stage.folder.path().join("kubeconfig")).expect("the kubeconfig");
        become_administrator(&stage, &administrators);
        run_commands(&stage, &message).await;
        become_administrator(&stage, &nobodys);
        let _operator = stage.unready_operator();
        eventually("it to lead", async || {
            fs::read_to_string(stage.log()).ok()?.contains("this replica is the leader").then_some(())
        })
        .await;
    });
}

#[test]
fn without_a_key_it_ends_with_2_and_the_command_that_makes_the_secret() {
    let empty = tempfile::NamedTempFile::new().expect("a file");
    for flags in [vec!["run"], vec!["run", "--api-key-file", empty.path().to_str().expect("a path")]] {
        let ended = Command::new(env!("CARGO_BIN_EXE_apivideo-operator")).env_clear().args(&flags).output();
        let ended = ended.expect("it runs");
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{text}");
        assert!(text.contains("kubectl create secret generic"), "{text}");
    }
}

/// Gives the stage's service account all rights in a namespace.
async fn grant(stage: &Stage, namespace: &str) {
    let account = format!("{}:operator", stage.namespace);
    for command in [
        "create role all -n NS --verb=* --resource=livestreams.api.video,livestreams.api.video/status",
        "create role events -n NS --verb=create --resource=events.events.k8s.io",
        "create rolebinding all -n NS --role=all --serviceaccount=ACCOUNT",
        "create rolebinding events -n NS --role=events --serviceaccount=ACCOUNT",
    ] {
        let command = command.replace("NS", namespace).replace("ACCOUNT", &account);
        stage.shell(&format!("kubectl {command}")).await;
    }
}

#[test]
fn a_namespace_without_rights_stops_none_of_the_others() {
    play(async {
        let stage = Stage::empty().await;
        let other = stage.neighbour().await;
        let administrators = become_nobody(&stage).await;
        let nobodys = fs::read_to_string(stage.folder.path().join("kubeconfig")).expect("the kubeconfig");
        become_administrator(&stage, &administrators);
        grant(&stage, &stage.namespace).await;
        become_administrator(&stage, &nobodys);
        let stage = stage.with(&["--namespace", &other.namespace]);
        let operator = stage.unready_operator();
        let denied = format!("in namespace {}", other.namespace);
        let answer = until_answers(&operator, 200, &["ok\n", "can't be watched", &denied]).await;
        assert!(!answer.contains("problem: "), "{answer}");
        stage.synced("works", json!({ "name": "Works" })).await;
        other.apply("waits", json!({ "name": "Waits" })).await;
        let failing = |namespace: &str, value: u8| {
            format!("apivideo_operator_watch_failing{{watched_namespace=\"{namespace}\"}} {value}")
        };
        let metrics = operator.metrics().await;
        assert!(metrics.contains(&failing(&stage.namespace, 0)), "{metrics}");
        assert!(metrics.contains(&failing(&other.namespace, 1)), "{metrics}");
        let expected =
            format!("LiveStreams in namespace {} can't be watched: no permission", other.namespace);
        assert!(log(&stage).contains(&expected), "{}", log(&stage));
        become_administrator(&stage, &administrators);
        grant(&stage, &other.namespace).await;
        other.until_reason("waits", "Synced").await;
        assert!(operator.metrics().await.contains(&failing(&other.namespace, 0)));
        assert_eq!(stage.sandbox.streams().len(), 2);
    });
}

#[test]
fn a_namespace_that_is_missing_stops_none_of_the_others() {
    play(async {
        let stage = Stage::empty().await.with(&["--namespace", "there-is-none"]);
        let mut operator = stage.operator().await;
        stage.synced("works", json!({ "name": "Works" })).await;
        operator.terminate();
        assert_eq!(operator.ended().await.code(), Some(0));
    });
}

#[test]
fn without_rights_in_any_of_its_namespaces_it_is_not_ready() {
    play(async {
        let stage = Stage::empty().await;
        let other = stage.neighbour().await;
        become_nobody(&stage).await;
        let stage = stage.with(&["--namespace", &other.namespace]);
        let mut operator = stage.unready_operator();
        let own = format!("problem: LiveStreams in namespace {} can't be watched", stage.namespace);
        let others = format!("problem: LiveStreams in namespace {} can't be watched", other.namespace);
        until_answers(&operator, 503, &[&own, &others]).await;
        operator.terminate();
        assert_eq!(operator.ended().await.code(), Some(0));
    });
}
