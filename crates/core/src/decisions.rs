//! The decisions that the shell acts on, as values.
//!
//! The operator always acts on [`Decisions::default`]. They are handed in, and
//! not called by name, so that a test can put a wrong one in the place of one
//! of them, and see which invariant catches it.

use jiff::Timestamp;

use crate::{
    facts::{
        Facts,
        binding::{self, Binding, Stored},
        ids::{ObjectKey, StreamId},
    },
    plan,
    state::reconcile_state::ReconcileState,
    step::Plan,
};

/// Says what to do next; see [`plan::plan`].
pub type Planner = fn(&Facts, &ReconcileState, Timestamp) -> Plan;

/// Says which stream belongs to a LiveStream; see [`binding::resolve`].
pub type Resolver = fn(&Stored, &str, Option<&StreamId>, &dyn Fn(&StreamId) -> Option<ObjectKey>) -> Binding;

/// The decisions that the shell acts on.
#[derive(Clone, Copy, Debug)]
pub struct Decisions {
    /// What to do next.
    pub plan: Planner,
    /// Which stream belongs to a LiveStream.
    pub resolve: Resolver,
}

impl Default for Decisions {
    /// The operator's.
    fn default() -> Self {
        Self { plan: plan::plan, resolve: binding::resolve }
    }
}
