//! A LiveStream as the decisions see it.

use serde::{Deserialize, Serialize};

use super::{
    ids::{ObjectKey, Owner, StreamId},
    policy::{DeletionPolicy, DriftPolicy, OnRemoteMissing, WhileBroadcasting},
};

/// The attributes that a manifest wants. `None` is not managed: the remote
/// value stays as it is.
///
/// Its JSON is the payload of api.video's create request, with the API's own names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Desired {
    /// The stream's name.
    pub name: String,
    /// Whether everybody may watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// The player that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub player_id: Option<String>,
}

/// The attributes of a stream that a manifest may leave out, as they were observed: a
/// stream that replaces it must not lose them. A private one would come back public.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmanaged {
    /// Whether everybody may watch; `None`: never observed.
    pub public: Option<bool>,
    /// The player.
    pub player_id: Option<String>,
}

impl Desired {
    /// The payload for a stream that replaces one that was observed to be so.
    #[must_use]
    pub fn replacing(&self, observed: &Unmanaged) -> Self {
        Self {
            name: self.name.clone(),
            public: self.public.or(observed.public),
            player_id: self.player_id.clone().or_else(|| observed.player_id.clone()),
        }
    }
}

/// A LiveStream: its identity, and what its spec and annotations ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The object.
    pub owner: Owner,
    /// The generation of the spec.
    pub generation: i64,
    /// Whether the object is being deleted.
    pub deleting: bool,
    /// Whether the object carries the operator's finalizer.
    pub finalizer: bool,
    /// The attributes of the stream.
    pub desired: Desired,
    /// The existing stream to adopt.
    pub adopt: Option<StreamId>,
    /// What happens on deletion, if the manifest says so.
    pub deletion_policy: Option<DeletionPolicy>,
    /// What happens on drift.
    pub drift_policy: DriftPolicy,
    /// What happens when the stream is gone.
    pub on_remote_missing: OnRemoteMissing,
    /// Whether nothing may be written to the API.
    pub suspend: bool,
    /// Whether a deletion may interrupt a broadcast.
    pub while_broadcasting: WhileBroadcasting,
    /// The value of `reconcile.api.video/requestedAt`.
    pub requested_at: Option<String>,
    /// The value of `api.video/confirm-recreate`.
    pub confirm_recreate: Option<String>,
    /// The value of `api.video/settle-create`: the id of a candidate, or `none`.
    pub settle_create: Option<String>,
}

impl Manifest {
    /// The object's uid.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.owner.uid
    }

    /// The object's namespace and name.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        &self.owner.key
    }

    /// Whether a deletion of this object is the operator's to carry out.
    #[must_use]
    pub fn finalizing(&self) -> bool {
        self.deleting && self.finalizer
    }

    /// Whether a person allows this missing stream to be re-created. The
    /// annotation may name several ids, because `kubectl annotate --all` gives
    /// every LiveStream the same value.
    #[must_use]
    pub fn confirms_recreation_of(&self, id: &StreamId) -> bool {
        let named = self.confirm_recreate.iter().flat_map(|text| text.split([' ', ',']));
        named.into_iter().any(|text| text == id.as_str())
    }
}
