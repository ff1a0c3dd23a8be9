//! What the tests of the control plane share: processes, conditions, a fake Go.

use apivideo_controlplane::{ControlPlane, KUBERNETES_VERSION};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const BINARY: &str = env!("CARGO_BIN_EXE_apivideo-controlplane");

/// Polls until `condition` holds; fails after ten seconds.
pub(crate) async fn becomes_true(what: &str, condition: impl Fn() -> bool) {
    let polled = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), polled)
        .await
        .unwrap_or_else(|_| panic!("not true in 10 s: {what}"));
}

/// The command lines of all processes that name this folder.
pub(crate) fn processes_with(folder: &Path) -> Vec<String> {
    let output = std::process::Command::new("ps").args(["-A", "-ww", "-o", "args="]).output().unwrap();
    assert!(output.status.success());
    let all = String::from_utf8_lossy(&output.stdout).into_owned();
    let wanted = folder.display().to_string();
    all.lines().filter(|line| line.contains(&wanted)).map(str::to_owned).collect()
}

pub(crate) fn signal(name: &str, pid: u32) {
    let status =
        std::process::Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap();
    assert!(status.success());
}

/// Runs kubectl and returns what it printed.
pub(crate) fn kubectl(plane: &ControlPlane, args: &[&str]) -> String {
    let mut command = std::process::Command::new(plane.kubectl());
    let output = command.arg("--kubeconfig").arg(plane.kubeconfig()).args(args).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kubectl {args:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The binary with a control plane that is ready.
pub(crate) struct Binary {
    pub(crate) child: Child,
    pub(crate) kubeconfig: PathBuf,
}

pub(crate) async fn start_binary(args: &[&str]) -> Binary {
    let mut child =
        Command::new(BINARY).args(args).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().expect("it ended before it was ready");
    let kubeconfig = line.strip_prefix("export KUBECONFIG=").expect("the first line is for a shell").into();
    let alias = lines.next_line().await.unwrap().unwrap();
    assert!(alias.starts_with("alias kubectl=/"), "{alias}");
    Binary { child, kubeconfig }
}

/// A Go whose builds run a script, an empty cache, and no network.
pub(crate) struct FakeGo {
    folder: tempfile::TempDir,
}

impl FakeGo {
    /// `build` is run with `$out`, `$package` and `$log` set.
    pub(crate) fn new(build: &str) -> Self {
        let fake = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(fake.folder().join("bin")).unwrap();
        fake.replaced_by(build)
    }

    pub(crate) fn replaced_by(self, build: &str) -> Self {
        let log = self.folder().join("log");
        let script = format!(
            "#!/bin/sh\nif [ \"$1\" = env ]; then echo go1.26.8; exit; fi\nlog={}\n\
             while [ $# -gt 1 ]; do if [ \"$1\" = -o ]; then out=$2; fi; shift; done\npackage=$1\n{build}\n",
            log.display()
        );
        let go = self.folder().join("bin/go");
        // Written by another process: one that forks while it has a program open
        // for writing can find it "busy" when it runs it.
        let mut write = std::process::Command::new("sh");
        write.args(["-c", "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\""]).arg(&go).arg(script);
        assert!(write.status().unwrap().success());
        std::fs::write(log, "").unwrap();
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("log")).unwrap()
    }

    pub(crate) fn cached(&self, name: &str) -> PathBuf {
        self.folder().join(format!("cache/apivideo-operator/k8s-{KUBERNETES_VERSION}")).join(name)
    }

    /// `apivideo-controlplane --only-fetch`, which finds nothing and downloads nothing.
    pub(crate) fn only_fetch(&self) -> Command {
        let mut command = Command::new(BINARY);
        command
            .arg("--only-fetch")
            .env("PATH", format!("{}:/usr/bin:/bin", self.folder().join("bin").display()))
            .env("XDG_CACHE_HOME", self.folder().join("cache"))
            .env_remove("KUBEBUILDER_ASSETS")
            // The discard port: every download is refused at once.
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .env("https_proxy", "http://127.0.0.1:9")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}
