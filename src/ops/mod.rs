//! What a process in a cluster needs, whatever it is for: metrics, an admin
//! server, readiness, logs, a clean end. Knows nothing of streams.

pub mod admin;
pub mod gauges;
pub mod key_file;
pub mod metrics;
pub mod passes;
pub mod progress;
pub mod readiness;
pub mod telemetry;
pub mod text_format;
