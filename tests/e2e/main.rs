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
mod create;
mod deletion;
mod edited;
mod hostile;
mod liar;
mod lifecycle;
mod page;
mod policies;
mod process;
mod refusals;
mod schema;
#[path = "../support/secrecy.rs"]
mod secrecy;
#[path = "../support/stage.rs"]
mod stage;
