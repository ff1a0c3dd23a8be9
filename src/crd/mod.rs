//! The LiveStream: its schema, its metadata, and its reading into the values
//! that [`crate::core`] decides about.

pub mod manifest;
pub mod metadata;
pub mod spec;
pub mod status;

pub use spec::{LiveStream, LiveStreamSpec};
pub use status::{Assets, Drift, LiveStreamStatus};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// The command that installs the CRDs of this release.
pub const INSTALL: &str = "apivideo-operator crd | kubectl apply --server-side -f -";

/// Every CRD of the operator, as `apivideo-operator crd` prints them and
/// `crds/` holds them.
#[must_use]
pub fn all() -> Vec<CustomResourceDefinition> {
    vec![LiveStream::crd()]
}
