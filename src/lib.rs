//! Keeps api.video live streams equal to `LiveStream` manifests.
//!
//! The modules and their dependencies (`tests/architecture.rs` enforces them):
//!
//! `main` → { [`cli`], [`commands`] } → [`controller`] → { [`observer`], [`account`],
//! [`kinds`], [`preflight`], [`leader`], [`ops`] } → [`core`] and the crate `apivideo`.
//!
//! [`core`] decides and imports none of the others; [`kinds`] parses manifests into its
//! values; [`account`] and [`observer`] observe the API; [`controller`] executes what was
//! decided; [`leader`] elects one replica and fences the others; [`preflight`] checks
//! what the cluster provides; [`ops`] is what any process in a cluster needs.

/// The decisions: a crate of its own, so that Cargo keeps it free of I/O.
pub use apivideo_operator_core as core;

pub mod account;
pub mod cli;
pub mod commands;
pub mod controller;
pub mod kinds;
pub mod leader;
pub mod observer;
pub mod ops;
pub mod preflight;
