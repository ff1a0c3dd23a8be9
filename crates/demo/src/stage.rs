//! The parts that the demo runs, started in order and ended in the reverse one.

use apivideo_controlplane::{ComponentEnded, ControlPlane, Options, Progress};
use apivideo_sandbox::Sandbox;

use crate::operator::{Operator, OperatorError};

/// The key that the sandbox accepts and the operator uses. It opens nothing else.
const API_KEY: &str = "sandbox-key";

/// A part that ended although it is needed until the end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartEnded {
    /// The operator.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A component of the control plane.
    #[error("control plane: {0}")]
    ControlPlane(#[from] ComponentEnded),
}

/// The parts that run; those that were never started are missing.
#[derive(Default)]
pub(crate) struct Stage {
    pub(crate) control_plane: Option<ControlPlane>,
    pub(crate) sandbox: Option<Sandbox>,
    pub(crate) operator: Option<Operator>,
}

impl Stage {
    /// The control plane's settings: its progress is part of the demo's output.
    pub(crate) fn control_plane_options() -> Options {
        Options { progress: Progress::new(crate::output::detail), ..Options::default() }
    }

    /// The sandbox's settings: any free port, and the demo's key.
    pub(crate) fn sandbox_options() -> apivideo_sandbox::Options {
        apivideo_sandbox::Options { api_key: API_KEY.into(), ..apivideo_sandbox::Options::default() }
    }

    /// Starts the operator against the other parts.
    ///
    /// # Errors
    /// [`OperatorError`].
    pub(crate) fn start_operator(
        cluster: kube::Client,
        sandbox: &Sandbox,
    ) -> Result<Operator, OperatorError> {
        Operator::start(cluster, &sandbox.url(), API_KEY)
    }

    /// Waits until a part ends, which none should. Safe to cancel.
    pub(crate) async fn part_ended(control_plane: &mut ControlPlane, operator: &mut Operator) -> PartEnded {
        tokio::select! {
            ended = control_plane.component_ended() => ended.into(),
            ended = operator.ended() => ended.into(),
        }
    }

    /// Ends what runs: the operator first, since its last calls need the other two.
    /// Takes less than 10 s, usually less than 2.
    pub(crate) async fn end(self) {
        if let Some(operator) = self.operator {
            operator.stop().await;
        }
        if let Some(sandbox) = self.sandbox {
            sandbox.shutdown().await;
        }
        if let Some(control_plane) = self.control_plane {
            control_plane.stop().await;
        }
    }
}
