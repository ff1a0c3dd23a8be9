//! The chart and the kustomizations: rendered, held equal to what they are made
//! of, installed into a real API server, and the operator run with the rights
//! and the settings that they give, and no others.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends by a panic; its helpers stand outside the functions that clippy knows as tests"
)]

mod bad_values;
#[allow(dead_code, reason = "shared with the e2e tests, of which each uses another part")]
#[path = "../support/cluster.rs"]
mod cluster;
mod copies;
mod documented;
mod helm;
mod installed;
mod kustomize;
mod least_privilege;
mod manifests;
mod namespace_goes;
mod pod_security;
mod protection;
mod release;
mod scenario;
mod settings;
#[allow(dead_code, reason = "shared with the e2e tests, of which each uses another part")]
#[path = "../support/stage.rs"]
mod stage;
mod superfluous;
#[path = "../support/tools.rs"]
mod tools;
mod uninstall;
mod values_table;
