//! Everything that the operator may ever do to a stream or to an object.

use jiff::Timestamp;

use super::{diff::Changes, intent::Intent, model::StreamId};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Store the intent to create, with the finalizer, unless the object has
    /// changed since it was read. `replaces` is the stream that is gone.
    RecordIntent {
        /// What will be asked for.
        intent: Intent,
        /// The gone stream that the new one takes the place of.
        replaces: Option<StreamId>,
    },
    /// Send the create request of the stored intent.
    Create {
        /// The stored intent.
        intent: Intent,
    },
    /// Look for the stream of a create whose outcome is unknown.
    Look {
        /// The stored intent.
        intent: Intent,
        /// When its request had ended at the latest.
        ended_at: Timestamp,
    },
    /// Remove the intent: its request made nothing.
    DropIntent,
    /// Store the binding, with the finalizer, and remove the intent.
    Bind {
        /// The stream.
        id: StreamId,
        /// The adopted stream whose place it has taken.
        recreated_from: Option<StreamId>,
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
        cause: Cause,
    },
    /// Delete the stream.
    Delete {
        /// The stream.
        id: StreamId,
    },
    /// Delete a stream that a create which was given up has made after all.
    DeleteLate {
        /// The stream.
        id: StreamId,
    },
    /// Remove the finalizer.
    Release {
        /// What became of the stream.
        farewell: Farewell,
    },
}

/// Why a stream differs from its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The manifest changed.
    Manifest,
    /// The stream was changed elsewhere.
    Drift,
}

/// What became of the stream of a LiveStream that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// There never was one, or it is another's.
    None,
    /// It is deleted.
    Deleted(StreamId),
    /// It stays, for this reason.
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
            | Self::Look { .. }
            | Self::Get { .. }
            | Self::Update { .. }
            | Self::Delete { .. }
            | Self::DeleteLate { .. } => true,
            Self::DropIntent | Self::Bind { .. } | Self::Release { .. } => false,
        }
    }
}
