//! The commands of the command line.

mod api_metrics;
pub mod crd;
mod failure;
pub mod operate;
pub mod run;
mod settings;
mod shutdown;

pub use failure::Failure;
