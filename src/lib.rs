//! Keeps api.video live streams equal to `LiveStream` manifests.
//!
//! The modules and who may use whom (a test keeps it so):
//!
//! `main` → [`cli`] → [`commands`] → [`controller`] → { [`observer`],
//! [`account`], [`crd`], [`ops`] } → [`core`] and the crate `apivideo`.
//!
//! [`core`] decides and imports nothing of ours; [`crd`] reads manifests into
//! its values; [`account`] and [`observer`] know what the API has;
//! [`controller`] does what was decided; [`ops`] is what any process in a
//! cluster needs.

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
