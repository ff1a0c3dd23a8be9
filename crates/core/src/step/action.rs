//! Everything that the operator may ever do to a stream or to an object.

use crate::facts::{
    diff::{Changes, FieldDrift},
    ids::StreamId,
    intent::Intent,
    project::Project,
};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Store the intent to create, with the finalizer, unless the object has
    /// changed since it was read.
    RecordIntent {
        /// What will be requested.
        intent: Intent,
        /// The gone stream that the new one replaces.
        replaces: Option<StreamId>,
    },
    /// Send the create request of the stored intent.
    Create {
        /// The stored intent.
        intent: Intent,
    },
    /// Search for the stream of a create request whose outcome is unknown.
    Search {
        /// The stored intent.
        intent: Intent,
    },
    /// Remove the intent: its request created nothing. `abandoned`: that is not
    /// certain, so its stream may still appear.
    DropIntent {
        /// The stored intent.
        abandoned: Option<Intent>,
    },
    /// Claim the stream that a person has named as the result of a lost create request.
    Claim {
        /// The stream.
        id: StreamId,
    },
    /// Store the binding, with the finalizer, and remove the intent.
    Bind {
        /// The stream.
        id: StreamId,
        /// The stream that it replaces.
        recreated_from: Option<StreamId>,
        /// The project that it belongs to, if that is known.
        project: Option<Project>,
    },
    /// Read the stream.
    Get {
        /// The stream.
        id: StreamId,
    },
    /// Write the fields that differ.
    Update {
        /// The stream.
        id: StreamId,
        /// The fields.
        changes: Changes,
        /// Why they differ.
        origin: Origin,
    },
    /// Delete the stream.
    Delete {
        /// The stream.
        id: StreamId,
    },
    /// Delete a stream that an abandoned create request created after all.
    DeleteOrphan {
        /// The stream.
        id: StreamId,
    },
    /// Check whether the CRD is being deleted, which retains every stream.
    CheckCrd {
        /// Whether an earlier answer that waiting deletions share is not enough.
        now: bool,
    },
    /// Remove the finalizer.
    Release {
        /// Why it can be removed.
        reason: ReleaseReason,
    },
}

/// Why a stream differs from its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The manifest changed.
    Manifest,
    /// The stream was changed elsewhere.
    Drift,
}

/// Why a finalizer can be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReleaseReason {
    /// There never was a stream, or it is another's.
    NeverCreated,
    /// The stream is deleted.
    Deleted(StreamId),
    /// The stream is kept, for this reason.
    Retained(Option<StreamId>, &'static str),
}

impl Action {
    /// Whether it needs the account: such an action waits while the account is
    /// in trouble. An intent is not stored before its request can be sent.
    #[must_use]
    pub fn needs_account(&self) -> bool {
        match self {
            Self::RecordIntent { .. }
            | Self::Create { .. }
            | Self::Search { .. }
            | Self::Get { .. }
            | Self::Update { .. }
            | Self::Delete { .. }
            | Self::DeleteOrphan { .. } => true,
            Self::DropIntent { .. }
            | Self::Claim { .. }
            | Self::Bind { .. }
            | Self::CheckCrd { .. }
            | Self::Release { .. } => false,
        }
    }

    /// Whether it needs the cluster: such an action waits while the cluster refuses it.
    #[must_use]
    pub fn needs_cluster(&self) -> bool {
        match self {
            Self::RecordIntent { .. }
            | Self::DropIntent { .. }
            | Self::Bind { .. }
            | Self::CheckCrd { .. }
            | Self::Release { .. } => true,
            Self::Claim { .. }
            | Self::Create { .. }
            | Self::Search { .. }
            | Self::Get { .. }
            | Self::Update { .. }
            | Self::Delete { .. }
            | Self::DeleteOrphan { .. } => false,
        }
    }

    /// Whether it updates nothing but some of these fields.
    #[must_use]
    pub fn updates_only(&self, fields: &[FieldDrift]) -> bool {
        let Self::Update { changes, .. } = self else { return false };
        let among = |name: &str| fields.iter().any(|field| field.field == name);
        ["name", "public", "playerId"].into_iter().all(|name| !changes.touches(name) || among(name))
    }

    /// Whether it sends values of the manifest, which the API may refuse.
    #[must_use]
    pub fn sends_values(&self) -> bool {
        matches!(self, Self::RecordIntent { .. } | Self::Create { .. } | Self::Update { .. })
    }
}
