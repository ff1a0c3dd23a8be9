//! From the object in the cluster to the values that are decided about:
//! parsed once, here, so that nothing further in has to check again.

use kube::ResourceExt;

use super::{LiveStream, metadata};
use crate::core::facts::{
    binding::Stored,
    ids::{InvalidStreamId, ObjectKey, Owner, StreamId},
    manifest::{Desired, Manifest, Unmanaged},
};

/// What an object lacks that the API server never leaves out, or has that its
/// schema refuses: a sign of a loosened CRD.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidObject {
    /// It has no uid, name or namespace.
    #[error("the object has no {0}: it is not from an API server")]
    Incomplete(&'static str),
    /// `spec.liveStreamId` is no id.
    #[error("spec.liveStreamId: {0}")]
    LiveStreamId(#[from] InvalidStreamId),
}

/// Reads what an object asks for.
///
/// # Errors
/// [`InvalidObject`] for an object that the CRD's schema would have refused.
pub fn manifest(object: &LiveStream) -> Result<Manifest, InvalidObject> {
    let meta = &object.metadata;
    let spec = &object.spec;
    Ok(Manifest {
        owner: Owner {
            uid: meta.uid.clone().ok_or(InvalidObject::Incomplete("uid"))?,
            key: ObjectKey {
                namespace: object.namespace().ok_or(InvalidObject::Incomplete("namespace"))?,
                name: meta.name.clone().ok_or(InvalidObject::Incomplete("name"))?,
            },
        },
        generation: meta.generation.unwrap_or_default(),
        deleting: meta.deletion_timestamp.is_some(),
        finalizer: metadata::has_finalizer(meta),
        desired: Desired { name: spec.name.clone(), public: spec.public, player_id: spec.player_id.clone() },
        adopt: spec.live_stream_id.as_deref().map(StreamId::parse).transpose()?,
        deletion_policy: spec.deletion_policy,
        drift_policy: spec.drift_policy,
        on_remote_missing: spec.on_remote_missing,
        suspend: spec.suspend,
        while_broadcasting: spec.while_broadcasting,
        requested_at: metadata::annotation(meta, metadata::REQUESTED_AT).map(str::to_owned),
        confirm_recreate: metadata::annotation(meta, metadata::CONFIRM_RECREATE).map(str::to_owned),
        settle_create: metadata::annotation(meta, metadata::SETTLE_CREATE).map(str::to_owned),
    })
}

/// Reads what is stored on an object about its stream. Text that is no id counts as nothing.
/// Without the annotation the project is that of the status, in the account's `environment`.
#[must_use]
pub fn stored(object: &LiveStream, environment: &str) -> Stored {
    let meta = &object.metadata;
    let id = |text: &str| StreamId::parse(text).ok();
    let annotated = |key| metadata::annotation(meta, key).and_then(id);
    let status = object.status.as_ref();
    let in_status = || Some(format!("{environment}/{}", status?.project_id.as_ref()?));
    Stored {
        annotation: annotated(metadata::LIVE_STREAM_ID),
        bound_uid: metadata::annotation(meta, metadata::BOUND_UID).map(str::to_owned),
        status: status.and_then(|s| s.live_stream_id.as_deref()).and_then(id),
        recreated_from: annotated(metadata::RECREATED_FROM),
        project: metadata::annotation(meta, metadata::PROJECT).map(str::to_owned).or_else(in_status),
        observed: Unmanaged {
            public: status.and_then(|s| s.public),
            player_id: status.and_then(|s| s.player_id.clone()),
        },
        intent: metadata::intent(meta),
        handled_request: status.and_then(|s| s.last_handled_reconcile_at.clone()),
        synced_generation: status.and_then(|s| s.synced_generation),
        unstored: None,
        owned: None,
    }
}
