//! What is reported by an event as it happens.

use crate::facts::ids::StreamId;

/// Something that happened to a LiveStream's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A stream was created, or that of a lost request was found.
    Created(StreamId),
    /// A stream was created in place of one that is gone.
    Recreated {
        /// The stream that is gone.
        old: StreamId,
        /// The new one.
        new: StreamId,
    },
    /// An existing stream was bound.
    Adopted(StreamId),
    /// The binding was stored again after a restore or a move.
    Rebound(StreamId),
    /// The annotations were another LiveStream's.
    CopyDetected(StreamId),
    /// The manifest's change of these fields was written.
    Updated(StreamId, String),
    /// An external change of these fields was reverted.
    DriftCorrected(StreamId, String),
    /// An abandoned create request seems to have created this stream after all.
    OrphanFound(StreamId),
    /// Such a stream, which carried the marker, was deleted.
    OrphanDeleted(StreamId),
    /// The stream was deleted.
    Deleted(StreamId),
    /// The stream was kept although the LiveStream is deleted, for this reason.
    Retained(Option<StreamId>, &'static str),
}

/// An event, as the cluster shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventBody {
    /// Whether its type is Warning rather than Normal.
    pub warning: bool,
    /// Its reason.
    pub reason: &'static str,
    /// Its text.
    pub note: String,
}

impl Notice {
    /// The event that reports it.
    #[must_use]
    pub fn event(&self) -> EventBody {
        let normal = |reason, note| EventBody { warning: false, reason, note };
        let warning = |reason, note| EventBody { warning: true, reason, note };
        match self {
            Self::Created(id) => normal("Created", format!("created stream {id}")),
            Self::Recreated { old, new } => warning(
                "Recreated",
                format!(
                    "created stream {new} in place of {old}, which is gone; its stream key and URLs are new"
                ),
            ),
            Self::Adopted(id) => normal("Adopted", format!("adopted stream {id}")),
            Self::Rebound(id) => normal("Rebound", format!("stored the binding to {id} again")),
            Self::CopyDetected(id) => warning(
                "CopyDetected",
                format!(
                    "the annotations were copied from another LiveStream, which owns {id}; \
                     creating a separate stream for this one"
                ),
            ),
            Self::Updated(id, fields) => normal("Updated", format!("updated {fields} of {id}")),
            Self::DriftCorrected(id, fields) => {
                normal("DriftCorrected", format!("reverted external change of {fields} on {id}"))
            }
            Self::OrphanFound(id) => warning(
                "CameLate",
                format!(
                    "an abandoned create request seems to have created {id}, which no LiveStream owns; delete it in \
                     api.video, or adopt it by a LiveStream with spec.liveStreamId {id}"
                ),
            ),
            Self::OrphanDeleted(id) => {
                normal("LateDeleted", format!("deleted {id}, which an abandoned create request had created"))
            }
            Self::Deleted(id) => normal("Deleted", format!("deleted stream {id}")),
            Self::Retained(Some(id), why) => normal("Retained", format!("kept stream {id}: {why}")),
            Self::Retained(None, why) => {
                normal("Retained", format!("removed the finalizer without searching for a stream: {why}"))
            }
        }
    }
}
