//! What the operator answers: `kubectl explain livestream.status` prints these texts.

#![allow(unreachable_pub, reason = "the schema derive repeats the struct where nothing reaches it")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator last saw. Never holds a stream key or a URL with a token.
// A new object carries no condition yet, and kstatus takes one that says nothing
// for done: `kubectl apply` and Flux would not wait for it. So it says from the
// start that nobody has seen its first generation.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("default" = { "observedGeneration": -1 }))]
pub struct LiveStreamStatus {
    /// The generation of the spec that this status speaks of; -1 before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Ready says whether the remote stream equals the manifest, and its
    /// reason why not. Reconciling stands beside it while the operator goes on
    /// by itself, Stalled when only a person can help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// The id of the remote stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_stream_id: Option<String>,

    /// Whether the stream is on the air.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broadcasting: Option<bool>,

    /// Where the stream is watched. Left out for a private stream, whose URLs
    /// carry a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assets: Option<Assets>,

    /// When the remote stream was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub created_at: Option<String>,

    /// When a setting of the remote stream last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub updated_at: Option<String>,

    /// The fields whose remote value differs from the manifest, while they do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,

    /// The last value of the annotation reconcile.api.video/requestedAt that
    /// was acted upon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

/// The URLs of a public stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assets {
    /// The HLS playlist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hls: Option<String>,
    /// The HTML that embeds the player.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iframe: Option<String>,
    /// The player's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub player: Option<String>,
    /// The still image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}

/// A field whose remote value differs from the manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// The field of spec.
    pub field: String,
    /// What the manifest says.
    pub desired: String,
    /// What the remote stream has; empty if nothing.
    pub observed: String,
}
