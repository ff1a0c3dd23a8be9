//! What any process in a cluster needs: metrics, an admin server, readiness, logs. It
//! knows nothing of streams.

pub mod admin;
pub mod cluster;
pub mod key_file;
pub mod metrics;
pub mod moment;
pub mod readiness;
pub mod telemetry;
pub mod text_format;

/// The name of the pod, which Kubernetes makes the name of the host.
#[must_use]
pub fn pod_name() -> Option<String> {
    std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty())
}
