//! The client over a scripted wire: no sockets, paused time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what surprises a test ends it"
)]

mod account_server;
mod authentication;
mod budget;
mod circuit_breaker;
mod hostile;
mod project;
mod queue;
mod repetition;
mod scripted;
mod secrecy;
mod tickets;
