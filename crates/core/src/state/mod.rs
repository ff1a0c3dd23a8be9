//! What is remembered of a LiveStream from one reconcile to the next.
//!
//! Three functions are its only writers: `refresh` takes in the facts at the
//! start of a reconcile, `apply` the outcome of each action, and `settle` the plan
//! that ends it.

pub mod apply;
pub mod backoff;
pub mod drift_backoff;
pub mod notice;
pub mod outcome;
pub mod reconcile_state;
pub mod refresh;
mod retry;
pub mod search;
pub mod settle;
