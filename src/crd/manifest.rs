//! From the object in the cluster to the values that are decided about:
//! parsed once, here, so that nothing further in has to ask again.

use kube::ResourceExt;

use super::{LiveStream, metadata};
use crate::core::model::{Desired, Manifest, NotAStreamId, Place, StreamId};

/// What an object lacks that the API server never leaves out, or has that its
/// schema refuses: a sign of a loosened CRD.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It has no uid, name or namespace.
    #[error("the object has no {0}: it does not come from an API server")]
    Incomplete(&'static str),
    /// `spec.liveStreamId` is no id.
    #[error("spec.liveStreamId: {0}")]
    LiveStreamId(#[from] NotAStreamId),
}

/// Reads an object.
///
/// # Errors
/// [`Malformed`] for an object that the CRD's schema would have refused.
pub fn read(object: &LiveStream) -> Result<Manifest, Malformed> {
    let meta = &object.metadata;
    let spec = &object.spec;
    Ok(Manifest {
        uid: meta.uid.clone().ok_or(Malformed::Incomplete("uid"))?,
        place: Place {
            namespace: object.namespace().ok_or(Malformed::Incomplete("namespace"))?,
            name: meta.name.clone().ok_or(Malformed::Incomplete("name"))?,
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
    })
}
