//! The kinds of the API group `api.video`: their schemas, and how they are read
//! into the values that [`crate::core`] decides about.

pub mod live_stream;
mod nulls;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

pub use live_stream::{LiveStream, LiveStreamSpec, LiveStreamStatus};

/// The command that installs the CRDs of this release.
pub const INSTALL: &str = "apivideo-operator crd | kubectl apply --server-side -f -";

/// Every CRD of the operator, as `apivideo-operator crd` prints them and
/// `crds/` holds them.
#[must_use]
pub fn all() -> Vec<CustomResourceDefinition> {
    vec![nulls::dropped(LiveStream::crd())]
}
