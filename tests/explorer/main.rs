//! Every fault at every call: the operator's real shell over an in-memory
//! cluster and the sandbox's state machine, in simulated time.
//!
//! An explorer decides the outcome of each call of the operator, to the API and
//! to the cluster ([`outcome`]), and plays the lives of LiveStreams ([`lives`])
//! under every schedule with one fault, every one with two, and under random
//! ones. The invariants of ARCHITECTURE.md are checked at each write and
//! when all is quiet ([`ledger`]). What is run is `commands::operate`: the
//! controller, the observer, the client of the API, kube's runtime; a crash
//! drops all of it. That the explorer can fail is tested with wrong decisions
//! ([`mutants`]).
//!
//! `EXPLORER_RANDOM=<n>` plays so many random schedules, `EXPLORER_SEED` repeats
//! them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends by a panic; its parts stand outside the functions that clippy knows as tests"
)]

mod api_door;
mod bindings;
mod cluster_door;
mod explore;
mod lasting;
mod late;
mod ledger;
mod likeness;
mod lives;
#[path = "../support/memory_cluster/mod.rs"]
mod memory_cluster;
mod mutants;
mod mutants_unkind;
mod object;
mod opaque;
mod outcome;
mod overtaken;
mod process;
mod project;
mod random;
mod run;
mod schedule;
mod stage;
mod tally;
mod world;
