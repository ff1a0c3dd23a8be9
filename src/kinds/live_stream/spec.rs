//! The spec: `kubectl explain livestream.spec` prints these texts.

#![allow(unreachable_pub, reason = "the schema derive repeats the struct where nothing reaches it")]
#![allow(clippy::duplicated_attributes, reason = "columns are alike by nature")]

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::{adoption_rules, status::LiveStreamStatus};
use crate::core::facts::policy::{DeletionPolicy, DriftPolicy, OnRemoteMissing, WhileBroadcasting};

/// What a live stream on api.video should be. A field that is left out is not
/// managed: its remote value stays as it is.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "api.video",
    version = "v1alpha1",
    kind = "LiveStream",
    plural = "livestreams",
    shortname = "ls",
    category = "apivideo",
    namespaced,
    status = "LiveStreamStatus",
    derive = "PartialEq",
    doc = "A live stream on api.video that is kept equal to this manifest.",
    validation = adoption_rules::while_unbound(),
    validation = adoption_rules::once_bound(),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Live", type_ = "boolean", json_path = ".status.broadcasting"),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.liveStreamId"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Public", type_ = "boolean", json_path = ".spec.public", priority = 1),
    printcolumn(name = "Player", type_ = "string", json_path = ".spec.playerId", priority = 1),
    printcolumn(name = "URL", type_ = "string", json_path = ".status.assets.player", priority = 1)
)]
#[x_kube(
    validation = Rule::new("self.name.matches('[^[:space:]]')")
        .message("name can't be blank: write 1 to 255 characters, at least one of them not a space")
        .field_path(".name")
)]
#[serde(rename_all = "camelCase")]
pub struct LiveStreamSpec {
    /// The name of the stream, 1 to 255 characters. Names need not be unique.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,

    /// Whether everybody may watch (true), or only people with a token (false).
    /// Left out, the stream's value is not managed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,

    /// The id of the player theme that shows the stream; the player must exist
    /// in the same api.video project. Left out, the stream's player is not managed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub player_id: Option<String>,

    /// The id of an existing stream to adopt instead of creating one. It can't
    /// be changed or removed before a stream is bound; then it can only become
    /// the id of that stream. An adopted stream is retained when the LiveStream
    /// is deleted, unless deletionPolicy says Delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^li[A-Za-z0-9]+$"), length(max = 64))]
    pub live_stream_id: Option<String>,

    /// What happens to the remote stream when this LiveStream is deleted:
    /// Delete it, or Retain it. Left out, a stream that the operator created is
    /// deleted and one that it adopted is retained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// What happens when the remote stream differs from this manifest: Correct
    /// writes the manifest's values; Report lists the difference in
    /// status.drift and, once the stream exists, writes nothing, not even a
    /// change of this manifest.
    #[serde(default)]
    pub drift_policy: DriftPolicy,

    /// What happens when the remote stream was deleted elsewhere: Recreate
    /// creates a new one, with a new id, stream key and URLs; Fail waits for a
    /// person.
    #[serde(default)]
    pub on_remote_missing: OnRemoteMissing,

    /// While true, nothing is written to api.video for this LiveStream. Its
    /// deletion still runs.
    #[serde(default)]
    pub suspend: bool,

    /// Whether a deletion waits until the broadcast ends (Defer) or interrupts it
    /// (Proceed).
    #[serde(default)]
    pub while_broadcasting: WhileBroadcasting,
}
