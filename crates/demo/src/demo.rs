//! The demo from its first line to its last.

use std::io;
use std::time::Instant;

use apivideo_controlplane::{ControlPlane, StartError};
use apivideo_sandbox::Sandbox;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cluster::{Cluster, ClusterError};
use crate::farewell::{NotApplied, Places};
use crate::logs::Logs;
use crate::narration::{broke, held, more, say, seconds};
use crate::operator::OperatorError;
use crate::proof::Witness;
use crate::samples::{Samples, SamplesError};
use crate::stage::{Lost, Stage};
use crate::story::{Broken, Story};

/// Why the demo failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// Signals or files can't be had.
    #[error("{what}: {source}")]
    System { what: &'static str, source: io::Error },
    /// The samples can't be used.
    #[error(transparent)]
    Samples(#[from] SamplesError),
    /// There is no control plane.
    #[error("control plane: {0}")]
    ControlPlane(#[from] Box<StartError>),
    /// There is no sandbox.
    #[error("sandbox: {0}")]
    Sandbox(#[from] apivideo_sandbox::StartError),
    /// The operator was not started.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// The API server did not do what it was asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A part ended by itself.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The samples were not applied once more.
    #[error(transparent)]
    NotApplied(#[from] NotApplied),
    /// A step was not seen to hold.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// It was interrupted before every step was seen.
    #[error("interrupted before the end of the story")]
    CutShort,
}

/// What the person wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// End after the story.
    pub(crate) once: bool,
    /// The operator's logs go to standard error.
    pub(crate) verbose: bool,
}

/// Runs the demo, says how it went, and ends everything that it started.
/// True: all that was wished for was seen to hold.
pub(crate) async fn run(wish: Wish) -> bool {
    let logs = match Logs::start(wish.verbose) {
        Ok(logs) => logs,
        Err(source) => {
            broke(&DemoError::System { what: "the log can't be written", source }.to_string());
            return false;
        }
    };
    let mut stage = Stage::default();
    let outcome = until_interrupted(&mut stage, wish).await;
    if let Err(error) = &outcome {
        broke(&error.to_string());
    }
    stage.end().await;
    if matches!(&outcome, Err(error) if !matches!(error, DemoError::CutShort)) {
        logs.path().iter().for_each(|path| more(&format!("the operator's log: {}", path.display())));
        logs.keep();
    }
    outcome.is_ok()
}

async fn until_interrupted(stage: &mut Stage, wish: Wish) -> Result<(), DemoError> {
    let interrupted =
        hear_signals().map_err(|source| DemoError::System { what: "signals can't be heard", source })?;
    tokio::select! {
        // First, for it ends by itself when it is interrupted after the story.
        biased;
        outcome = perform(stage, wish, &interrupted) => outcome,
        () = interrupted.cancelled() => {
            say("\nending the demo");
            if wish.once { Err(DemoError::CutShort) } else { Ok(()) }
        }
    }
}

/// Starts the parts, tells the story, and stays if that is wished for.
async fn perform(stage: &mut Stage, wish: Wish, interrupted: &CancellationToken) -> Result<(), DemoError> {
    let samples = Samples::of_the_repository()?;
    say("Starting a Kubernetes control plane, an api.video sandbox and the operator on this machine.\n");
    let control_plane = stage.control_plane.insert(start_control_plane().await?);
    let cluster = Cluster::connect(control_plane.kubeconfig_yaml()).await?;
    let sandbox = stage.sandbox.insert(Sandbox::start(Stage::sandbox_options()).await?);
    held(&format!("sandbox: {}/", sandbox.url()));
    held(&format!("CRD installed: {}", cluster.install_crds().await?.join(", ")));
    let operator = stage.operator.insert(Stage::start_operator(cluster.client(), sandbox)?);
    held("operator: started, with the sandbox as its api.video");
    let places = Places {
        kubeconfig: control_plane.kubeconfig().to_owned(),
        kubectl: control_plane.kubectl().to_owned(),
        sandbox: sandbox.url(),
        samples: samples.folder().to_owned(),
    };
    let show = async {
        let witness = Witness { cluster: &cluster, sandbox };
        let began = Instant::now();
        let retained = Story { witness, samples: &samples }.tell().await?;
        let calls = sandbox.calls();
        say(&format!("\nEvery step was seen to hold, in {}.", seconds(began.elapsed())));
        say(&format!("It took {} writes to the API and {} reads.", calls.writes(), calls.reads()));
        if wish.once {
            return Ok(());
        }
        places.apply_samples().await?;
        say(&places.invitation(&retained));
        interrupted.cancelled().await;
        say("\nending the demo");
        Ok(())
    };
    tokio::select! {
        outcome = show => outcome,
        lost = Stage::lost(control_plane, operator) => Err(lost.into()),
    }
}

async fn start_control_plane() -> Result<ControlPlane, DemoError> {
    let began = Instant::now();
    let control_plane = ControlPlane::start(Stage::control_plane_options()).await.map_err(Box::new)?;
    let version = Cluster::connect(control_plane.kubeconfig_yaml()).await?.version().await?;
    let parts: Vec<_> = control_plane.component_pids().iter().map(|(part, _)| part.to_string()).collect();
    let took = seconds(began.elapsed());
    held(&format!("control plane: Kubernetes {version} ({}) in {took}", parts.join(", ")));
    Ok(control_plane)
}

/// Cancelled at Ctrl-C or SIGTERM.
fn hear_signals() -> io::Result<CancellationToken> {
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
