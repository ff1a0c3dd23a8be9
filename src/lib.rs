//! Keeps api.video live streams equal to `LiveStream` manifests.

pub mod core;
