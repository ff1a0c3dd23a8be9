//! The client over a scripted wire: no sockets, paused time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what surprises a test ends it"
)]

mod account_server;
mod authentication;
mod availability;
mod budget;
mod hostile;
mod repetition;
mod scripted;
mod secrecy;
mod turns;
