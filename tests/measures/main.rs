//! The sums of the benchmark `scale`: a benchmark holds no tests of its own,
//! and a wrong sum would be a wrong promise.

#![allow(clippy::unwrap_used, reason = "a test ends by a panic")]

#[path = "../../benches/scale/pure/mod.rs"]
mod pure;

mod corrections;
mod limit;
mod passes;
mod requests;
mod spread;
