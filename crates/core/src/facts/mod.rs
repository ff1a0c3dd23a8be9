//! All that a decision may know, as one value.

pub mod binding;
pub mod diff;
pub mod ids;
pub mod intent;
pub mod manifest;
pub mod observation;
pub mod policy;
pub mod project;
pub mod stream;

use self::{
    binding::{Binding, Stored},
    ids::StreamId,
    manifest::Manifest,
    observation::{AccountView, CrdDeletion, Observation},
};

/// What is known of one LiveStream and of the world around it.
///
/// The shell gathers it and decides nothing by it. `refresh` takes it into what
/// is remembered, and the planner is given both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The object and what it asks for.
    pub manifest: Manifest,
    /// What is stored about its stream.
    pub stored: Stored,
    /// The stream that belongs to it, resolved from what is stored and claimed.
    pub binding: Binding,
    /// The stream of the binding.
    pub observation: Observation,
    /// The account.
    pub account: AccountView,
    /// Whether the call queue has called this LiveStream: its call can be made now.
    pub admitted: bool,
    /// A stream that an abandoned create of this LiveStream made after all, for
    /// certain: it carries the marker, and has no owner.
    pub orphan: Option<StreamId>,
    /// Whether the CRD itself is being deleted.
    pub crd: CrdDeletion,
}
