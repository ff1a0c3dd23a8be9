//! The choices a manifest makes about its stream's life.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to the remote stream when this LiveStream is deleted:
/// Delete it, or Retain it. Left out, a stream that the operator created is
/// deleted and one that it adopted is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The remote stream is deleted with it.
    Delete,
    /// The remote stream stays as it is.
    Retain,
}

/// What happens when the remote stream differs from the manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DriftPolicy {
    /// The difference is corrected.
    #[default]
    Correct,
    /// The difference is reported and nothing is written.
    Report,
}

/// What happens when the remote stream was deleted elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnRemoteMissing {
    /// A new stream is created, with a new id, stream key and URLs.
    #[default]
    Recreate,
    /// The LiveStream says `RemoteMissing` and waits for a person.
    Fail,
}

/// Whether a deletion may interrupt a broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WhileBroadcasting {
    /// The deletion waits until the broadcast has ended.
    #[default]
    Defer,
    /// The deletion goes ahead.
    Proceed,
}
