//! Leader election by a Lease: of several replicas, one works and the others wait.
//!
//! The [`Fence`] decides what a replica may still do, and for how long. The election
//! opens the fence, and closes it before it releases the lease.

mod decide;
mod election;
mod fence;
mod fenced_cluster;
mod fenced_wire;
mod leadership;
mod lease;
#[cfg(test)]
mod overlap_tests;
mod term;

pub use fence::Fence;
pub use fenced_cluster::fenced;
pub use fenced_wire::FencedWire;
pub use leadership::{Leadership, join_election};
pub use lease::LEASE;
