//! The decisions, as pure functions of values.
//!
//! Nothing in here knows Kubernetes, HTTP, tokio, a clock or randomness: time
//! is an argument, and what the world said is a value. Everything that the
//! operator may ever do to a stream is an [`action::Action`], and [`plan::plan`]
//! is the only place where one is chosen.
//!
//! The round that the shell turns: `plan` names the next action, the shell
//! does it, [`outcome::absorb`] folds what came of it into [`memory::Memory`]
//! and [`observed::Observed`], and `plan` is asked again until it says to wait.

pub mod action;
pub mod backoff;
pub mod binding;
pub mod cadence;
mod create;
pub mod decisions;
pub mod diff;
pub mod fight;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod intent;
pub mod lag;
pub mod late;
pub mod memory;
mod missing;
pub mod model;
pub mod observed;
pub mod outcome;
pub mod paging;
pub mod plan;
pub mod policy;
mod remedy;
mod retire;
pub mod tally;
pub mod verdict;
