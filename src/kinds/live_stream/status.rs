//! The status: `kubectl explain livestream.status` prints these texts.

#![allow(unreachable_pub, reason = "the schema derive repeats the struct where nothing reaches it")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::core::facts::{diff::FieldDrift, stream::Assets};

/// What the operator last observed. Never holds a stream key or a URL with a token.
// A new object has no condition yet, and kstatus takes an object without conditions
// for done: `kubectl apply` and Flux would not wait for it. So the default says
// that its first generation was not observed yet.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("default" = { "observedGeneration": -1 }))]
pub struct LiveStreamStatus {
    /// The generation of the spec that this status describes; -1 before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Ready says whether the remote stream matches the manifest, and its
    /// reason why not. Reconciling is reported beside it while the operator works
    /// or retries, Stalled when only a person can help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// The generation of the spec at which the remote stream last matched the
    /// manifest. A later difference at the same generation is drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced_generation: Option<i64>,

    /// The id of the remote stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_stream_id: Option<String>,

    /// The api.video project that the stream belongs to, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,

    /// Whether everybody may watch, as observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,

    /// The player, as observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub player_id: Option<String>,

    /// Whether the stream is on the air.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broadcasting: Option<bool>,

    /// The URLs of the stream. Left out for a private stream, whose URLs
    /// carry a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assets: Option<Assets>,

    /// When the remote stream was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub created_at: Option<String>,

    /// When an attribute of the remote stream last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub updated_at: Option<String>,

    /// The fields whose remote value differs from the manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<FieldDrift>,

    /// The last value of the annotation reconcile.api.video/requestedAt that
    /// was handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}
