//! The operator's own binary, as a process that can be measured.

use std::{
    fs::File,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::sleep,
};

use crate::{failure::Failure, usage::Usage};

/// The API key of the sandbox.
pub(crate) const API_KEY: &str = "sandbox-key";

/// How long a start may take before it counts as stuck.
const START: Duration = Duration::from_secs(180);

/// How many of its last lines are shown when something fails.
const LINES: usize = 15;

/// The operator that is measured: this build's, or another one, such as the
/// image's, that `APIVIDEO_OPERATOR_BIN` names.
pub(crate) fn binary() -> PathBuf {
    let built = env!("CARGO_BIN_EXE_apivideo-operator");
    std::env::var_os("APIVIDEO_OPERATOR_BIN").map_or_else(|| built.into(), PathBuf::from)
}

/// How it is to run; everything else is its default.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// The time between two passes over the account.
    pub(crate) drift_interval: Duration,
    /// Whether it takes part in an election, as in a cluster with replicas.
    pub(crate) leader_elect: bool,
}

/// A running operator. Dropping it kills it.
pub(crate) struct Operator {
    child: Child,
    pid: u32,
    address: SocketAddr,
    log: PathBuf,
}

impl Operator {
    /// Starts it; its log goes into `dir`.
    pub(crate) fn start(
        kubeconfig: &Path,
        base_url: &str,
        dir: &Path,
        manner: Manner,
    ) -> Result<Self, Failure> {
        let failed = |what| move |source| Failure::Process { what, source };
        let log = dir.join("operator.log");
        let output = File::create(&log).map_err(failed("has no log"))?;
        let address = free_address().map_err(failed("has no free port"))?;
        let child = Command::new(binary())
            .arg("run")
            .args(["--base-url", base_url, "--log-format", "text"])
            .args(["--drift-interval", &format!("{}ms", manner.drift_interval.as_millis())])
            .arg(format!("--leader-elect={}", manner.leader_elect))
            .args(["--bind", &address.to_string()])
            // Each setting is an environment variable as well: only these two count.
            .env_clear()
            .env("APIVIDEO_API_KEY", API_KEY)
            .env("KUBECONFIG", kubeconfig)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed("can't be started"))?;
        let pid = child.id().unwrap_or_default();
        Ok(Self { child, pid, address, log })
    }

    /// Waits until it says that it is ready: its watch has listed and a first
    /// pass over the account has ended.
    pub(crate) async fn until_ready(&mut self) -> Result<(), Failure> {
        let url = format!("http://{}/readyz", self.address);
        let ready = async {
            // No answer is none yet: it has to open its port first.
            while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            () = ready => Ok(()),
            failure = self.ended() => Err(failure),
            () = sleep(START) => {
                Err(Failure::Stuck(format!("the operator was not ready within {} s", START.as_secs())))
            }
        }
    }

    /// Waits for work that needs the operator: one that has ended would only
    /// look stuck. Where it fails, the end of the operator's log is shown.
    pub(crate) async fn during<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let done = tokio::select! {
            done = work => done,
            failure = self.ended() => Err(failure),
        };
        if done.is_err() {
            eprintln!("the end of the operator's log:\n{}", self.last_lines());
        }
        done
    }

    /// Kills it, and returns when it is gone.
    pub(crate) async fn kill(mut self) -> Result<(), Failure> {
        self.child.kill().await.map_err(|source| Failure::Process { what: "can't be killed", source })
    }

    /// Comes back if it ends by itself: nothing of it can be measured then.
    async fn ended(&mut self) -> Failure {
        match self.child.wait().await {
            Ok(status) => Failure::Ended(status),
            Err(source) => Failure::Process { what: "can't be asked", source },
        }
    }

    /// What its process has used up to now.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.pid)
    }

    /// The last lines that it logged, oldest first.
    fn last_lines(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let mut lines: Vec<_> = text.lines().rev().take(LINES).collect();
        lines.reverse();
        lines.join("\n")
    }
}

/// An address on loopback that nothing listens on. It is free again when this
/// returns; should another program take it at once, the operator says so.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
