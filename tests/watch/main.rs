//! How the operator is watched and kept by others: its metrics, alerts and
//! dashboard, and the GitOps tools that judge what LiveStreams say of themselves.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends by a panic; its helpers stand outside the functions that clippy knows as tests"
)]

mod argocd;
#[allow(dead_code, reason = "other test crates use more of it")]
#[path = "../support/cluster.rs"]
mod cluster;
#[allow(dead_code, reason = "other test crates use more of it")]
#[path = "../support/commands.rs"]
mod commands;
mod dashboard;
mod examples;
mod exposed;
mod flux;
mod gauges;
mod monitoring_docs;
mod rules;
#[allow(dead_code, reason = "other test crates use more of it")]
#[path = "../support/stage.rs"]
mod stage;
mod tools;
