//! Keeps api.video live streams equal to `LiveStream` manifests.
//!
//! The modules and their dependencies (`tests/architecture.rs` enforces them):
//!
//! `main` → { [`cli`], [`commands`] } → [`controller`] → { [`observer`], [`account`],
//! [`crd`], [`preflight`], [`leader`], [`ops`] } → [`core`] and the crate `apivideo`.
//!
//! [`core`] decides and imports none of the others; [`crd`] parses manifests into its
//! values; [`account`] and [`observer`] observe the API; [`controller`] executes what was
//! decided; [`leader`] elects one replica and fences the others; [`preflight`] checks
//! what the cluster provides; [`ops`] is what any process in a cluster needs.

pub mod account;
pub mod cli;
pub mod commands;
pub mod controller;
pub mod core;
pub mod crd;
pub mod leader;
pub mod observer;
pub mod ops;
pub mod preflight;
