//! A real Kubernetes control plane on this machine, for tests and demonstrations:
//! etcd, kube-apiserver and kube-controller-manager, without containers and without
//! anything installed beforehand.
//!
//! [`ControlPlane::start`] finds the programs ([`Finder`] says in which order),
//! downloads or builds those that are nowhere, starts them on free loopback ports
//! with credentials made for this one run, and returns when the API server answers.
//! Nothing of it outlives the process that started it, not even after SIGKILL.
//!
//! ```no_run
//! # async fn example() -> Result<(), apivideo_controlplane::StartError> {
//! use apivideo_controlplane::{ControlPlane, Options};
//! let plane = ControlPlane::start(Options::default()).await?;
//! println!("export KUBECONFIG={}", plane.kubeconfig().display());
//! plane.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! There are no nodes: pods stay pending. Of the controllers only the garbage
//! collector, the namespace controller and the service account controller run.

mod build;
mod cache;
mod commands;
mod component;
mod credentials;
mod download;
mod find;
mod kubectl;
mod ladder;
mod launch;
mod plane;
mod probe;
mod progress;
mod release;
mod supervise;

pub use component::{Component, ETCD_VERSION, KUBERNETES_MINOR, KUBERNETES_VERSION};
pub use credentials::CredentialsError;
pub use find::{FindError, Finder};
pub use ladder::{Miss, Rung};
pub use launch::{ComponentEnded, StartError};
pub use plane::{ControlPlane, Options};
pub use progress::Progress;
