//! The decisions of the operator, as pure functions of values.
//!
//! Nothing here knows Kubernetes, HTTP, tokio, a clock or randomness: time
//! is an argument, and what was read from outside is a value.
//!
//! - [`facts`]: all that a decision may know, as one value.
//! - [`step`]: a plan as a value: everything that the operator may ever do to a
//!   stream, and the conditions that it may report.
//! - [`state`]: what is remembered from one reconcile to the next. `refresh`, `apply`
//!   and `settle` are its only writers.
//! - [`plan()`](plan::plan): the only place where an action is chosen.
//!
//! The round that the shell turns: it gathers the facts, `refresh` takes them in,
//! `plan` names the next action, the shell executes it, `apply` takes in the
//! outcome, and `plan` is asked again until it says to wait; `settle` ends it.

pub mod decisions;
pub mod detection_latency;
pub mod facts;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod listing;
pub mod orphans;
pub mod plan;
pub mod schedule;
pub mod state;
pub mod step;
pub mod text;
