//! The control plane with its real components. They come from the cache; on a
//! machine without them the first test takes the minutes that a build takes.

#[cfg(test)]
mod support;

use apivideo_controlplane::{Component, ControlPlane, Options, Progress};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::{becomes_true, kubectl, processes_with, start_binary};

#[tokio::test]
async fn a_control_plane_works_and_stops_without_a_trace() {
    let plane =
        ControlPlane::start(Options { progress: Progress::stderr(), ..Options::default() }).await.unwrap();
    assert_eq!(kubectl(&plane, &["get", "--raw", "/readyz"]), "ok");
    assert!(kubectl(&plane, &["version"]).contains("Server Version: v1.36.3"));
    let mode = std::fs::metadata(plane.kubeconfig()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!format!("{plane:?}").contains("token"));
    let components: Vec<_> = plane.component_pids().into_iter().map(|(component, _)| component).collect();
    assert_eq!(components, [Component::Etcd, Component::ApiServer, Component::ControllerManager]);

    // The namespace controller ends the deletion; it has something to delete.
    kubectl(&plane, &["create", "namespace", "short-lived"]);
    kubectl(&plane, &["-n", "short-lived", "create", "configmap", "inside", "--from-literal=a=b"]);
    kubectl(&plane, &["delete", "namespace", "short-lived", "--wait", "--timeout=30s"]);
    // The garbage collector follows owner references.
    kubectl(&plane, &["create", "configmap", "owner"]);
    let uid = kubectl(&plane, &["get", "configmap", "owner", "-o", "jsonpath={.metadata.uid}"]);
    let owner = format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{uid}"}}"#);
    kubectl(&plane, &["create", "configmap", "owned"]);
    let patch = format!(r#"{{"metadata":{{"ownerReferences":[{owner}]}}}}"#);
    kubectl(&plane, &["patch", "configmap", "owned", "-p", &patch]);
    kubectl(&plane, &["delete", "configmap", "owner"]);
    kubectl(&plane, &["wait", "--for=delete", "configmap/owned", "--timeout=30s"]);
    // The token controller of the API server signs with the generated key.
    assert!(kubectl(&plane, &["create", "token", "default"]).starts_with("ey"));

    let dir = plane.dir().to_owned();
    assert!(!processes_with(&dir).is_empty());
    let began = Instant::now();
    plane.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5), "stopping took {:?}", began.elapsed());
    assert_eq!(processes_with(&dir), Vec::<String>::new());
    assert!(!dir.exists());
}

#[tokio::test]
async fn dropping_a_control_plane_ends_it() {
    let options = Options { controller_manager: false, progress: Progress::silent(), ..Options::default() };
    let plane = ControlPlane::start(options).await.unwrap();
    assert_eq!(plane.component_pids().len(), 2);
    let dir = plane.dir().to_owned();
    drop(plane);
    becomes_true("everything ends and its folder goes", || processes_with(&dir).is_empty() && !dir.exists())
        .await;
}

#[tokio::test]
async fn a_component_that_dies_is_noticed() {
    let options = Options { controller_manager: false, progress: Progress::silent(), ..Options::default() };
    let mut plane = ControlPlane::start(options).await.unwrap();
    let etcd = plane.component_pids()[0].1;
    support::signal("KILL", etcd);
    let ended = tokio::time::timeout(Duration::from_secs(10), plane.component_ended()).await.unwrap();
    assert_eq!(ended.component, Component::Etcd);
    plane.stop().await;
}

#[tokio::test]
async fn a_refused_argument_is_an_error_with_the_servers_words() {
    let options = Options {
        apiserver_args: vec!["--no-such-flag".into()],
        progress: Progress::silent(),
        ..Options::default()
    };
    let message = ControlPlane::start(options).await.unwrap_err().to_string();
    assert!(
        message.contains("kube-apiserver ended unexpectedly") && message.contains("--no-such-flag"),
        "{message}"
    );
}

#[tokio::test]
async fn nothing_outlives_a_binary_that_is_killed() {
    let mut binary = start_binary(&[]).await;
    let dir = binary.kubeconfig.parent().unwrap().to_owned();
    assert!(processes_with(&dir).len() >= 3, "{:?}", processes_with(&dir));
    binary.child.kill().await.unwrap();
    becomes_true("everything ends and its folder goes", || processes_with(&dir).is_empty() && !dir.exists())
        .await;
}

#[tokio::test]
async fn sigterm_ends_with_success_and_removes_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("kubeconfig");
    let mut binary = start_binary(&["--kubeconfig", copy.to_str().unwrap(), "--no-controller-manager"]).await;
    assert_eq!(binary.kubeconfig, copy);
    let yaml = std::fs::read_to_string(&copy).unwrap();
    assert!(yaml.contains("certificate-authority-data: "), "{yaml}");
    support::signal("TERM", binary.child.id().unwrap());
    let ended = tokio::time::timeout(Duration::from_secs(10), binary.child.wait()).await.unwrap().unwrap();
    assert!(ended.success(), "{ended}");
    assert!(!copy.exists());
}

#[tokio::test]
async fn two_processes_that_find_nothing_build_each_program_once() {
    let fake = support::FakeGo::new("echo '#!/bin/sh' > \"$out\"; echo \"$package\" >> \"$log\"");
    let (mut one, mut other) = (fake.only_fetch(), fake.only_fetch());
    let (one, other) = (one.spawn().unwrap(), other.spawn().unwrap());
    for process in [one, other] {
        let output = process.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let built = fake.log();
    for package in ["go.etcd.io/etcd/server/v3", "cmd/kube-apiserver", "cmd/kube-controller-manager"] {
        let times = built.lines().filter(|line| line.ends_with(package)).count();
        assert_eq!(times, 1, "{package} in:\n{built}");
    }
}

#[tokio::test]
async fn a_killed_build_leaves_nothing_that_runs_or_counts_as_there() {
    let hanging = support::FakeGo::new(
        "echo half > \"$out\"; chmod +x \"$out\"; echo started >> \"$log\"; exec sleep 600",
    );
    let mut killed = hanging.only_fetch().stderr(Stdio::null()).spawn().unwrap();
    becomes_true("the build begins", || hanging.log().contains("started")).await;
    assert!(!processes_with(hanging.folder()).is_empty());
    killed.kill().await.unwrap();
    becomes_true("the build ends", || processes_with(hanging.folder()).is_empty()).await;

    let working = hanging.replaced_by("echo '#!/bin/sh' > \"$out\"; echo \"$package\" >> \"$log\"");
    let output = working.only_fetch().output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(working.log().contains("go.etcd.io/etcd/server/v3"), "the half-made etcd was taken as whole");
    let etcd = std::fs::read_to_string(working.cached("etcd")).unwrap();
    assert_eq!(etcd, "#!/bin/sh\n");
}
