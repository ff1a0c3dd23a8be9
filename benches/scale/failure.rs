//! Why nothing could be measured.

use std::io;

/// Why the benchmark has no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The control plane did not start.
    #[error("the control plane did not start: {0}")]
    ControlPlane(#[from] apivideo_controlplane::StartError),
    /// The sandbox did not start.
    #[error("the sandbox did not start: {0}")]
    Sandbox(#[from] apivideo_sandbox::StartError),
    /// The kubeconfig of the control plane can't be used.
    #[error("the kubeconfig of the control plane can't be used: {0}")]
    Kubeconfig(String),
    /// The API server refused something.
    #[error("{what}: {source}")]
    Cluster {
        /// What was asked of it.
        what: &'static str,
        /// Its answer.
        source: Box<kube::Error>,
    },
    /// The operator could not be started or asked.
    #[error("the operator {what}: {source}")]
    Process {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The operator ended by itself.
    #[error("the operator ended by itself: {0}")]
    Ended(std::process::ExitStatus),
    /// The sandbox could not be called.
    #[error("the sandbox can't be called: {0}")]
    Call(#[from] reqwest::Error),
    /// A stream could not be edited behind the operator's back.
    #[error("a stream can't be edited: {0}")]
    Edit(#[from] apivideo_sandbox::EditError),
    /// Something took far longer than it should.
    #[error("{0}")]
    Stuck(String),
}

/// Says what was asked when the API server refuses.
pub(crate) trait During<T> {
    /// `what` is a sentence's beginning, like "the CRD can't be installed".
    fn during(self, what: &'static str) -> Result<T, Failure>;
}

impl<T> During<T> for Result<T, kube::Error> {
    fn during(self, what: &'static str) -> Result<T, Failure> {
        self.map_err(|source| Failure::Cluster { what, source: Box::new(source) })
    }
}
