//! Leader election by a Lease: of several replicas, one works and the others wait.
//!
//! What a replica may still do, and for how long, is the [`Fence`]'s to decide. The
//! election opens the fence, and closes it before it releases the lease.

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
pub use leadership::{Leadership, take_part};
pub use lease::LEASE;
