//! Keeps api.video live streams equal to `LiveStream` manifests.
//!
//! The modules and who may use whom (a test keeps it so):
//!
//! `main` → [`cli`] → [`commands`] → [`controller`] → { [`observer`],
//! [`account`], [`kinds`], [`ops`] } → [`core`] and the crate `apivideo`.
//!
//! [`core`] decides and imports nothing of ours; [`kinds`] reads manifests into
//! its values; [`account`] and [`observer`] know what the API has;
//! [`controller`] does what was decided; [`ops`] is what any process in a
//! cluster needs.

/// The decisions: a crate of its own, so that Cargo keeps it free of I/O.
pub use apivideo_operator_core as core;

pub mod account;
pub mod cli;
pub mod commands;
pub mod controller;
pub mod kinds;
pub mod observer;
pub mod ops;
