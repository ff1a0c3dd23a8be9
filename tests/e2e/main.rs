//! The operator's binary against a real Kubernetes API server and the sandbox,
//! over loopback. Each test has a namespace, a sandbox and an operator of its own.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends by a panic; its helpers stand outside the functions that clippy knows as tests"
)]

mod account;
mod adoption;
mod browser;
#[path = "../support/cluster.rs"]
mod cluster;
#[path = "../support/commands.rs"]
mod commands;
mod conformance;
mod crd_deletion;
mod create;
mod deletion;
mod edited;
mod fight;
mod guards;
mod held_up;
mod holders;
mod hostile;
mod leader;
mod liar;
mod lifecycle;
mod limits;
#[allow(dead_code, reason = "the explorer of faults looks into it, these tests ask it from outside")]
#[path = "../support/memory_cluster/mod.rs"]
mod memory_cluster;
mod namespace_deletion;
mod network;
mod page;
mod policies;
mod process;
mod refusals;
mod relay;
mod schema;
#[path = "../support/secrecy.rs"]
mod secrecy;
#[path = "../support/stage.rs"]
mod stage;
mod startup;
#[path = "../support/switch.rs"]
mod switch;
mod vanishing;
