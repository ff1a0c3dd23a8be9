//! Objects that can't be read: possible only where the CRD's schema was
//! loosened. Their status says so, they stop none of the others, and they can be deleted.

use std::time::Duration;

use jiff::Timestamp;
use kube::{Api, api::DynamicObject, core::ObjectMeta, discovery::ApiResource};
use tracing::warn;

use super::{
    context::Context,
    object_writes::{self, ClusterError},
    status,
};
use crate::{
    core::plan::messages,
    kinds::live_stream::{LiveStream, LiveStreamStatus, metadata},
};

/// Reports why an object can't be read. If it is being deleted it is released, and its
/// stream is kept: what the manifest says of it is unknown.
pub(super) async fn report(
    context: &Context,
    object: &ObjectMeta,
    why: &str,
) -> Result<Option<Duration>, ClusterError> {
    let (Some(name), Some(namespace)) = (&object.name, &object.namespace) else { return Ok(None) };
    let resource = ApiResource::erase::<LiveStream>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(context.client.clone(), namespace, &resource);
    if object.deletion_timestamp.is_some() {
        if metadata::has_finalizer(object) {
            warn!("deleting a LiveStream that can't be read; its stream, if it has one, is kept");
            object_writes::release(&api, object).await?;
        }
        return Ok(None);
    }
    let current = object_writes::request(api.get_status(name)).await?;
    let before = current.data.get("status").cloned().unwrap_or_default();
    // What can't be read of the status is written anew.
    let before: LiveStreamStatus = serde_json::from_value(before).unwrap_or_default();
    let ready = messages::unreadable_object(why);
    let generation = object.generation.unwrap_or_default();
    let after = status::with_conditions(before.clone(), &ready, generation, &before, Timestamp::now());
    if status::write(&api, &current.metadata, &before, &after).await?.is_some() {
        warn!("{}", ready.message);
    }
    Ok(None)
}
