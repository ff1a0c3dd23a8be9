//! The client over a scripted wire: no sockets, paused time.

mod authentication;
mod availability;
mod budget;
mod repetition;
mod scripted;
mod secrecy;
