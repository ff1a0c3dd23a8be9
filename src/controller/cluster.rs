//! The operator's writes to an object's metadata.
//!
//! A write that depends on what was read carries the resourceVersion, so that
//! it is refused if the object has changed since; one that only adds what is
//! known for certain carries the uid, so that it can't hit a later object of
//! the same name. A status carries the resourceVersion, too: the API server
//! passes over the uid in a patch of the status, and the id of one object's
//! stream in the status of another would be taken for a binding.

use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::CLUSTER_TIMEOUT;
use crate::{
    core::{
        intent::Intent,
        model::{Place, StreamId},
    },
    crd::{LiveStream, metadata as meta},
};

/// Why a write to the cluster failed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The API server refused it.
    #[error("writing the LiveStream failed: {0}")]
    Refused(#[from] Box<kube::Error>),
    /// It did not answer.
    #[error("the API server did not answer within {} s", CLUSTER_TIMEOUT.as_secs())]
    Timeout,
    /// The intent could not be written as JSON.
    #[error("the create intent can't be written: {0}")]
    Intent(#[from] serde_json::Error),
}

impl ClusterError {
    /// Whether the object has changed since it was read, or another has taken
    /// its place (its uid can't be changed, says the API server): nothing is
    /// wrong, but the reconcile has to start again.
    pub(super) fn is_conflict(&self) -> bool {
        let Self::Refused(error) = self else { return false };
        let kube::Error::Api(status) = error.as_ref() else { return false };
        let another = status.is_invalid() && status.message.contains("metadata.uid");
        status.is_conflict() || another
    }

    /// Whether the object is no more.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(error) if matches!(error.as_ref(), kube::Error::Api(status) if status.is_not_found()))
    }
}

/// The LiveStreams of a namespace.
pub(super) fn api(client: &Client, place: &Place) -> Api<LiveStream> {
    Api::namespaced(client.clone(), &place.namespace)
}

/// Adds the finalizer and stores the intent, unless the object has changed. The
/// old binding stays until a new stream takes its place (`replaces`); otherwise
/// what the annotations say of a stream is another object's and goes.
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
    }
    let mut metadata = json!({ "annotations": annotations });
    add_finalizer(object, &mut metadata);
    conditional(object, &mut metadata);
    patch(api, object, metadata).await
}

/// Stores the binding and removes the intent.
pub(super) async fn bind(
    api: &Api<LiveStream>,
    object: &LiveStream,
    id: &StreamId,
    recreated_from: Option<&StreamId>,
) -> Result<LiveStream, ClusterError> {
    let mut metadata = json!({
        "uid": object.metadata.uid,
        "annotations": {
            meta::LIVE_STREAM_ID: id,
            meta::BOUND_UID: object.metadata.uid,
            meta::CREATE_INTENT: null,
            meta::RECREATED_FROM: recreated_from,
        },
    });
    if !meta::has_finalizer(&object.metadata) {
        add_finalizer(object, &mut metadata);
        conditional(object, &mut metadata);
    }
    patch(api, object, metadata).await
}

/// Removes the intent, unless the object has changed: another process may have stored a newer one.
pub(super) async fn drop_intent(
    api: &Api<LiveStream>,
    object: &LiveStream,
) -> Result<LiveStream, ClusterError> {
    let mut metadata = json!({ "annotations": { meta::CREATE_INTENT: null } });
    conditional(object, &mut metadata);
    patch(api, object, metadata).await
}

/// Removes the finalizer, unless the object has changed.
pub(super) async fn release(api: &Api<LiveStream>, object: &LiveStream) -> Result<LiveStream, ClusterError> {
    let others: Vec<_> =
        object.metadata.finalizers.iter().flatten().filter(|f| *f != meta::FINALIZER).collect();
    let mut metadata = json!({ "finalizers": others });
    conditional(object, &mut metadata);
    patch(api, object, metadata).await
}

fn add_finalizer(object: &LiveStream, metadata: &mut Value) {
    let mut finalizers = object.metadata.finalizers.clone().unwrap_or_default();
    if !finalizers.iter().any(|f| f == meta::FINALIZER) {
        finalizers.push(meta::FINALIZER.into());
    }
    if let Some(map) = metadata.as_object_mut() {
        map.insert("finalizers".into(), finalizers.into());
    }
}

fn conditional(object: &LiveStream, metadata: &mut Value) {
    if let Some(map) = metadata.as_object_mut() {
        map.insert("resourceVersion".into(), object.metadata.resource_version.clone().into());
    }
}

async fn patch(
    api: &Api<LiveStream>,
    object: &LiveStream,
    metadata: Value,
) -> Result<LiveStream, ClusterError> {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let params = PatchParams { field_manager: Some(meta::FIELD_MANAGER.into()), ..PatchParams::default() };
    let body = Patch::Merge(json!({ "metadata": metadata }));
    written(api.patch(name, &params, &body)).await
}

/// What a write has made of the object, without its managed fields: they are half
/// of its size, nothing reads them, and the object is kept until the watch shows it.
async fn written(
    write: impl Future<Output = Result<LiveStream, kube::Error>>,
) -> Result<LiveStream, ClusterError> {
    let answer = timeout(CLUSTER_TIMEOUT, write).await.map_err(|_| ClusterError::Timeout)?;
    let mut object = answer.map_err(Box::new)?;
    object.metadata.managed_fields = None;
    Ok(object)
}

/// Writes those fields of the status that differ, unless the object has changed.
pub(super) async fn patch_status(
    api: &Api<LiveStream>,
    object: &LiveStream,
    fields: Map<String, Value>,
) -> Result<LiveStream, ClusterError> {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let params = PatchParams { field_manager: Some(meta::FIELD_MANAGER.into()), ..PatchParams::default() };
    let mut metadata = json!({});
    conditional(object, &mut metadata);
    let body = Patch::Merge(json!({ "metadata": metadata, "status": fields }));
    written(api.patch_status(name, &params, &body)).await
}
