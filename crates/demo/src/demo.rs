//! The demo from its first line to its last.

use std::io;
use std::time::Instant;

use apivideo_controlplane::{ControlPlane, StartError};
use apivideo_sandbox::Sandbox;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::checks::Checker;
use crate::cluster::{Cluster, ClusterError};
use crate::logs::Logs;
use crate::next_steps::{NextSteps, NotApplied};
use crate::operator::OperatorError;
use crate::output::{detail, failed, passed, print, seconds};
use crate::samples::{Samples, SamplesError};
use crate::stage::{PartEnded, Stage};
use crate::story::{StepFailed, Story};

/// Why the demo failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// The system refused something.
    #[error("{what}: {source}")]
    System { what: &'static str, source: io::Error },
    /// The samples can't be used.
    #[error(transparent)]
    Samples(#[from] SamplesError),
    /// The control plane did not start.
    #[error("control plane: {0}")]
    ControlPlane(#[from] Box<StartError>),
    /// The sandbox did not start.
    #[error("sandbox: {0}")]
    Sandbox(#[from] apivideo_sandbox::StartError),
    /// The operator did not start.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A request to the API server failed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A part ended too early.
    #[error(transparent)]
    PartEnded(#[from] PartEnded),
    /// The samples could not be applied again.
    #[error(transparent)]
    NotApplied(#[from] NotApplied),
    /// A step failed.
    #[error(transparent)]
    StepFailed(#[from] StepFailed),
    /// It was interrupted before the last step.
    #[error("interrupted before the last step")]
    Interrupted,
}

/// How to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mode {
    /// End after the last step.
    pub(crate) once: bool,
    /// The operator's logs go to standard error.
    pub(crate) verbose: bool,
}

/// Runs the demo, prints its result, and ends everything that it started. True:
/// every step passed.
pub(crate) async fn run(mode: Mode) -> bool {
    let logs = match Logs::start(mode.verbose) {
        Ok(logs) => logs,
        Err(source) => {
            failed(&DemoError::System { what: "can't write the log", source }.to_string());
            return false;
        }
    };
    let mut stage = Stage::default();
    let outcome = until_interrupted(&mut stage, mode).await;
    if let Err(error) = &outcome {
        failed(&error.to_string());
    }
    stage.end().await;
    if matches!(&outcome, Err(error) if !matches!(error, DemoError::Interrupted)) {
        logs.path().iter().for_each(|path| detail(&format!("the operator's log: {}", path.display())));
        logs.keep();
    }
    outcome.is_ok()
}

async fn until_interrupted(stage: &mut Stage, mode: Mode) -> Result<(), DemoError> {
    let interrupted =
        shutdown_signal().map_err(|source| DemoError::System { what: "can't listen for signals", source })?;
    tokio::select! {
        // First: interrupted after the last step, it returns on its own.
        biased;
        outcome = perform(stage, mode, &interrupted) => outcome,
        () = interrupted.cancelled() => {
            print("\nending the demo");
            if mode.once { Err(DemoError::Interrupted) } else { Ok(()) }
        }
    }
}

/// Starts the parts, runs the story, and waits for the end unless `once` is set.
async fn perform(stage: &mut Stage, mode: Mode, interrupted: &CancellationToken) -> Result<(), DemoError> {
    let samples = Samples::of_the_repository()?;
    print("Starting a Kubernetes control plane, an api.video sandbox and the operator on this machine.\n");
    let control_plane = stage.control_plane.insert(start_control_plane().await?);
    let cluster = Cluster::connect(control_plane.kubeconfig_yaml()).await?;
    let sandbox = stage.sandbox.insert(Sandbox::start(Stage::sandbox_options()).await?);
    passed(&format!("sandbox: {}/", sandbox.url()));
    passed(&format!("CRD installed: {}", cluster.install_crds().await?.join(", ")));
    let operator = stage.operator.insert(Stage::start_operator(cluster.client(), sandbox)?);
    passed("operator: started, against the sandbox");
    let next_steps = NextSteps {
        kubeconfig: control_plane.kubeconfig().to_owned(),
        kubectl: control_plane.kubectl().to_owned(),
        sandbox: sandbox.url(),
        samples: samples.folder().to_owned(),
    };
    let show = async {
        let checker = Checker { cluster: &cluster, sandbox };
        let began = Instant::now();
        let retained = Story { checker, samples: &samples }.run().await?;
        let calls = sandbox.calls();
        print(&format!("\nAll steps passed in {}.", seconds(began.elapsed())));
        print(&format!("They took {} writes to the API and {} reads.", calls.writes(), calls.reads()));
        if mode.once {
            return Ok(());
        }
        next_steps.apply_samples().await?;
        print(&next_steps.text(&retained));
        interrupted.cancelled().await;
        print("\nending the demo");
        Ok(())
    };
    tokio::select! {
        outcome = show => outcome,
        ended = Stage::part_ended(control_plane, operator) => Err(ended.into()),
    }
}

async fn start_control_plane() -> Result<ControlPlane, DemoError> {
    let began = Instant::now();
    let control_plane = ControlPlane::start(Stage::control_plane_options()).await.map_err(Box::new)?;
    let version = Cluster::connect(control_plane.kubeconfig_yaml()).await?.version().await?;
    let parts: Vec<_> = control_plane.component_pids().iter().map(|(part, _)| part.to_string()).collect();
    let took = seconds(began.elapsed());
    passed(&format!("control plane: Kubernetes {version} ({}) in {took}", parts.join(", ")));
    Ok(control_plane)
}

/// Cancelled at Ctrl-C or SIGTERM.
fn shutdown_signal() -> io::Result<CancellationToken> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let interrupted = CancellationToken::new();
    let token = interrupted.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        token.cancel();
    });
    Ok(interrupted)
}
