//! The writes to an object's metadata and status.
//!
//! A write that changes what the operator may do next is conditional on the object's
//! resourceVersion, so that it fails if the object has changed; one that only adds what is
//! known for certain carries the uid, so that it can't reach a later object of
//! the same name. A status carries the resourceVersion, too: the API server
//! ignores the uid in a patch of the status, and the id of one object's
//! stream in the status of another would be taken for a binding.

use std::{fmt::Debug, time::Duration};

use kube::{
    Api,
    api::{Patch, PatchParams},
    core::ObjectMeta,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::{
    core::{
        facts::{ids::StreamId, intent::Intent, project::Project},
        state::outcome::{CallFailure, Cause, Retry},
    },
    kinds::live_stream::{LiveStream, metadata as meta},
};

/// How long a single request to the cluster may take.
pub(super) const CLUSTER_TIMEOUT: Duration = Duration::from_secs(15);

/// Why a request to the cluster failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClusterError {
    /// The API server refused it.
    #[error("{0}")]
    Refused(#[from] Box<kube::Error>),
    /// It did not answer.
    #[error("the API server did not answer within {} s", CLUSTER_TIMEOUT.as_secs())]
    Timeout,
    /// The value could not be written as JSON.
    #[error("the value can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl ClusterError {
    /// Whether the object has changed since it was read, or another has taken
    /// its place (the API server says that its uid can't be changed): nothing is
    /// wrong, but the reconcile has to start again.
    pub(super) fn is_conflict(&self) -> bool {
        self.status().is_some_and(|status| {
            status.is_conflict() || status.is_invalid() && status.message.contains("metadata.uid")
        })
    }

    /// Whether the object does not exist any more.
    pub(super) fn is_not_found(&self) -> bool {
        self.status().is_some_and(kube::core::Status::is_not_found)
    }

    /// Whether the operator has no right to it.
    pub(super) fn is_forbidden(&self) -> bool {
        self.status().is_some_and(kube::core::Status::is_forbidden)
    }

    fn status(&self) -> Option<&kube::core::Status> {
        match self {
            Self::Refused(error) => match error.as_ref() {
                kube::Error::Api(status) => Some(status),
                _ => None,
            },
            Self::Timeout | Self::Json(_) => None,
        }
    }

    /// What it means for the LiveStream: it is reported and retried.
    pub(super) fn failure(&self) -> CallFailure {
        let cause = Cause::Cluster(self.to_string());
        CallFailure { effect_unknown: true, cause, retry: Retry::AfterBackoff }
    }
}

/// A request to the cluster, with its deadline.
///
/// # Errors
/// [`ClusterError`].
pub(super) async fn request<T>(
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, ClusterError> {
    let answer = timeout(CLUSTER_TIMEOUT, request).await.map_err(|_| ClusterError::Timeout)?;
    answer.map_err(|error| Box::new(error).into())
}

/// Adds the finalizer and stores the intent, unless the object has changed. The
/// old binding stays until a new stream replaces it (`replaces`); otherwise
/// what the annotations say of a stream is another object's and is removed.
pub(super) async fn record_intent(
    api: &Api<LiveStream>,
    object: &LiveStream,
    intent: &Intent,
    replaces: bool,
) -> Result<LiveStream, ClusterError> {
    let mut annotations = Map::new();
    annotations.insert(meta::CREATE_INTENT.into(), serde_json::to_string(intent)?.into());
    annotations.insert(meta::BOUND_UID.into(), object.metadata.uid.clone().into());
    if !replaces {
        annotations.insert(meta::LIVE_STREAM_ID.into(), Value::Null);
        annotations.insert(meta::RECREATED_FROM.into(), Value::Null);
        annotations.insert(meta::PROJECT.into(), Value::Null);
    }
    let metadata = json!({ "annotations": annotations, "finalizers": with_finalizer(&object.metadata) });
    patch(api, &object.metadata, conditional(&object.metadata, metadata)).await
}

/// Stores the binding and removes the intent.
pub(super) async fn bind(
    api: &Api<LiveStream>,
    object: &LiveStream,
    id: &StreamId,
    recreated_from: Option<&StreamId>,
    project: Option<&Project>,
) -> Result<LiveStream, ClusterError> {
    let mut metadata = json!({
        "uid": object.metadata.uid,
        "annotations": {
            meta::LIVE_STREAM_ID: id,
            meta::BOUND_UID: object.metadata.uid,
            meta::CREATE_INTENT: null,
            meta::RECREATED_FROM: recreated_from,
            meta::PROJECT: project,
            meta::SETTLE_CREATE: null,
        },
    });
    if !meta::has_finalizer(&object.metadata) {
        set(&mut metadata, "finalizers", with_finalizer(&object.metadata).into());
        metadata = conditional(&object.metadata, metadata);
    }
    patch(api, &object.metadata, metadata).await
}

/// Removes the intent, unless the object has changed: another process may have stored a newer one.
pub(super) async fn drop_intent(
    api: &Api<LiveStream>,
    object: &LiveStream,
) -> Result<LiveStream, ClusterError> {
    let metadata = json!({ "annotations": { meta::CREATE_INTENT: null, meta::SETTLE_CREATE: null } });
    patch(api, &object.metadata, conditional(&object.metadata, metadata)).await
}

/// Removes the finalizer, unless the object has changed.
pub(super) async fn release<K: Clone + Debug + DeserializeOwned>(
    api: &Api<K>,
    metadata: &ObjectMeta,
) -> Result<K, ClusterError> {
    let others: Vec<_> = metadata.finalizers.iter().flatten().filter(|f| *f != meta::FINALIZER).collect();
    patch(api, metadata, conditional(metadata, json!({ "finalizers": others }))).await
}

/// Writes these fields of the status, unless the object has changed.
pub(super) async fn patch_status<K: Clone + Debug + DeserializeOwned>(
    api: &Api<K>,
    metadata: &ObjectMeta,
    fields: Map<String, Value>,
) -> Result<K, ClusterError> {
    let body = Patch::Merge(json!({ "metadata": conditional(metadata, json!({})), "status": fields }));
    request(api.patch_status(name(metadata), &params(), &body)).await
}

async fn patch<K: Clone + Debug + DeserializeOwned>(
    api: &Api<K>,
    object: &ObjectMeta,
    metadata: Value,
) -> Result<K, ClusterError> {
    let body = Patch::Merge(json!({ "metadata": metadata }));
    request(api.patch(name(object), &params(), &body)).await
}

fn name(metadata: &ObjectMeta) -> &str {
    metadata.name.as_deref().unwrap_or_default()
}

fn params() -> PatchParams {
    PatchParams { field_manager: Some(meta::FIELD_MANAGER.into()), ..PatchParams::default() }
}

fn with_finalizer(metadata: &ObjectMeta) -> Vec<String> {
    let mut finalizers = metadata.finalizers.clone().unwrap_or_default();
    if !meta::has_finalizer(metadata) {
        finalizers.push(meta::FINALIZER.into());
    }
    finalizers
}

/// The patch, conditional on the version of the object that was read.
fn conditional(object: &ObjectMeta, mut metadata: Value) -> Value {
    set(&mut metadata, "resourceVersion", object.resource_version.clone().into());
    metadata
}

fn set(metadata: &mut Value, field: &str, value: Value) {
    if let Some(map) = metadata.as_object_mut() {
        map.insert(field.into(), value);
    }
}
