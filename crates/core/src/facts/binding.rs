//! Which stream belongs to a LiveStream, and who of several comes first.
//!
//! The guarantee: a stream has one owner. An object that says otherwise is a
//! copy of a manifest, which gets a stream of its own, or asks for the stream
//! of another LiveStream, which is refused.

use jiff::Timestamp;

use super::{
    ids::{ObjectKey, Owner, StreamId},
    intent::Intent,
    manifest::Unmanaged,
    project::Project,
};

/// What an object, and this process, have stored about its stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The annotation `api.video/live-stream-id`, if it is an id.
    pub annotation: Option<StreamId>,
    /// The annotation `api.video/bound-uid`.
    pub bound_uid: Option<String>,
    /// `status.liveStreamId`, if it is an id.
    pub status: Option<StreamId>,
    /// The annotation `api.video/recreated-from`: the stream that the bound one replaced.
    pub recreated_from: Option<StreamId>,
    /// The annotation `api.video/project`.
    pub project: Option<Project>,
    /// `status.public` and `status.playerId`.
    pub observed: Unmanaged,
    /// The annotation `api.video/create-intent`, if it was written for this
    /// object; `Err` says why it can't be read.
    pub intent: Option<Result<Intent, String>>,
    /// `status.lastHandledReconcileAt`.
    pub handled_request: Option<String>,
    /// `status.syncedGeneration`.
    pub synced_generation: Option<i64>,
    /// The stream that this process created or found for the object and could
    /// not store yet: newer than anything that is stored.
    pub unstored: Option<StreamId>,
    /// The stream that the object owns by this process's claims: it overrules what is
    /// stored, for a binding never goes back to an older id that somebody writes.
    pub owned: Option<StreamId>,
}

/// The stream of a LiveStream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Binding {
    /// It has none yet.
    #[default]
    Unbound,
    /// It has this one.
    Bound {
        /// The stream.
        id: StreamId,
        /// Whether the annotations say so, with the object's own uid.
        stored: bool,
        /// Whether the manifest asked for it: such a stream is retained by default.
        adopted: bool,
    },
    /// It asks for this one, which nobody owns.
    Wanted(StreamId),
    /// It asks for this one, which another LiveStream owns.
    Conflict {
        /// The stream.
        id: StreamId,
        /// Its owner.
        owner: ObjectKey,
    },
    /// It was copied with its annotations: the stream is another's.
    Copy {
        /// The stream that the annotations name.
        id: StreamId,
        /// Its owner.
        owner: ObjectKey,
    },
    /// It is bound to one stream and asks for another.
    Mismatch {
        /// The stream that it is bound to.
        bound: StreamId,
        /// The stream that it asks for.
        wanted: StreamId,
    },
}

impl Binding {
    /// The stream that this LiveStream owns or is about to own.
    #[must_use]
    pub fn id(&self) -> Option<&StreamId> {
        match self {
            Self::Bound { id, .. } | Self::Wanted(id) => Some(id),
            Self::Mismatch { bound, .. } => Some(bound),
            Self::Unbound | Self::Conflict { .. } | Self::Copy { .. } => None,
        }
    }
}

/// How strong the reason is for which a LiveStream names a stream; the strongest comes first.
///
/// Annotations can be written by whoever may write LiveStreams, the status only by the
/// operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// A binding that this process or the status confirms.
    Confirmed,
    /// A binding by annotations with the object's uid alone.
    Own,
    /// A binding that it carries from another object's annotations.
    Carried,
    /// A wish: `spec.liveStreamId`.
    Wished,
}

impl Stored {
    /// The annotated stream, if the annotations were written for this object.
    fn own(&self, uid: &str) -> Option<&StreamId> {
        self.annotation.as_ref().filter(|_| self.bound_uid.as_deref() == Some(uid))
    }

    /// The annotated stream, if the annotations were written for another object.
    fn carried(&self, uid: &str) -> Option<&StreamId> {
        self.annotation.as_ref().filter(|_| self.bound_uid.as_deref() != Some(uid))
    }

    /// The stream that the object is bound to by what this process or the status knows.
    ///
    /// After a restart the status is believed, unless the object's own annotation is newer:
    /// that is so only if the status has the stream that the annotated one replaced.
    fn confirmed(&self, uid: &str, adopt: Option<&StreamId>) -> Option<&StreamId> {
        let wish = |id: &&StreamId| adopt == Some(*id) && self.own(uid).is_none();
        if let Some(owned) = self.unstored.as_ref().or(self.owned.as_ref().filter(|id| !wish(id))) {
            return Some(owned);
        }
        let status = self.status.as_ref()?;
        match self.own(uid) {
            Some(own) if own == status => Some(own),
            // The own annotation is newer, but only annotations say so.
            Some(_) if self.recreated_from.as_ref() == Some(status) => None,
            Some(_) => Some(status),
            // What another object's annotations say is newer only by the same rule.
            None => Some(status).filter(|status| {
                self.carried(uid).is_none() || self.recreated_from.as_ref() != Some(*status)
            }),
        }
    }

    /// The stream that the object names, and how strongly.
    #[must_use]
    pub fn named(&self, uid: &str, adopt: Option<&StreamId>) -> Option<(Strength, StreamId)> {
        let named = |strength| move |id: &StreamId| (strength, id.clone());
        let carried = || self.carried(uid).or(self.status.as_ref()).map(named(Strength::Carried));
        // The wish is for the stream that the carried one replaced.
        let replaced = || carried().filter(|_| adopt.is_some() && self.recreated_from.as_ref() == adopt);
        let wished = adopt.map(named(Strength::Wished));
        self.confirmed(uid, adopt)
            .map(named(Strength::Confirmed))
            .or_else(|| self.own(uid).map(named(Strength::Own)))
            .or_else(replaced)
            .or(wished)
            .or_else(carried)
    }

    /// Whether a wish for another stream may settle an unresolved create.
    fn settles(&self, uid: &str, wanted: &StreamId) -> bool {
        self.unstored.is_none()
            && self.intent.is_some()
            && self.own(uid) != Some(wanted)
            && self.owned.as_ref().is_none_or(|owned| owned == wanted)
            && self.recreated_from.is_none()
    }
}

/// Resolves the binding. `owner` names the *other* LiveStream that owns a stream.
pub fn resolve(
    stored: &Stored,
    uid: &str,
    adopt: Option<&StreamId>,
    owner: &dyn Fn(&StreamId) -> Option<ObjectKey>,
) -> Binding {
    let wish = adopt.filter(|wanted| stored.settles(uid, wanted)).cloned();
    let named = wish.map(|id| (Strength::Wished, id)).or_else(|| stored.named(uid, adopt));
    let Some((strength, id)) = named else { return Binding::Unbound };
    if stored.unstored.is_some() {
        return Binding::Bound { id, stored: false, adopted: false };
    }
    let annotated = stored.own(uid) == Some(&id);
    match (strength, owner(&id)) {
        (Strength::Confirmed | Strength::Own, Some(owner)) if annotated => Binding::Conflict { id, owner },
        (Strength::Wished, Some(owner)) => Binding::Conflict { id, owner },
        (_, Some(owner)) => Binding::Copy { id, owner },
        (Strength::Wished, None) => Binding::Wanted(id),
        (_, None) => match adopt {
            Some(wanted) if annotated && *wanted != id && stored.recreated_from.is_none() => {
                Binding::Mismatch { bound: id, wanted: wanted.clone() }
            }
            _ => Binding::Bound { adopted: adopt == Some(&id), id, stored: annotated },
        },
    }
}

/// A LiveStream that names a stream when the operator starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// How strongly.
    pub strength: Strength,
    /// When the object was created.
    pub created_at: Option<Timestamp>,
    /// The object.
    pub owner: Owner,
    /// The stream.
    pub id: StreamId,
    /// The project of its binding.
    pub project: Option<Project>,
}

/// Puts the candidates of all streams in the order in which they may claim: the
/// stronger reason first, among equals the older object.
pub fn rank(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| {
        (a.strength, a.created_at, &a.owner.key).cmp(&(b.strength, b.created_at, &b.owner.key))
    });
}

#[cfg(test)]
#[path = "binding_tests.rs"]
mod tests;
