//! Which stream belongs to a LiveStream, and who of several comes first.
//!
//! The guarantee: a stream has one owner. An object that says otherwise is a
//! copy of a manifest, which gets a stream of its own, or asks for the stream
//! of another LiveStream, which is refused.

use jiff::Timestamp;

use super::{
    ids::{ObjectKey, Owner, StreamId},
    intent::Intent,
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
    /// The annotation `api.video/recreated-from`: the adopted id that the bound
    /// stream replaced.
    pub recreated_from: Option<StreamId>,
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
    /// The stream that the object owns by this process's claims. It counts when
    /// nothing is stored any more: somebody replaced the object without its annotations.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// A binding of its own: by this process, or by annotations with its uid.
    Own,
    /// A binding that it carries: from another object's annotations, or the status alone.
    Carried,
    /// A wish: `spec.liveStreamId`.
    Wished,
}

impl Stored {
    /// The stream that the object names, and how strongly.
    #[must_use]
    pub fn named(&self, uid: &str, adopt: Option<&StreamId>) -> Option<(Strength, StreamId)> {
        let own = self.bound_uid.as_deref() == Some(uid);
        let named = |strength| move |id: &StreamId| (strength, id.clone());
        let known = || self.annotation.as_ref().or(self.status.as_ref()).or(self.owned.as_ref());
        self.unstored
            .as_ref()
            .or(self.annotation.as_ref().filter(|_| own))
            .map(named(Strength::Own))
            .or_else(|| adopt.map(named(Strength::Wished)))
            .or_else(|| known().map(named(Strength::Carried)))
    }

    /// Whether a wish for another stream may settle an unresolved create.
    fn settles(&self, uid: &str, wanted: &StreamId) -> bool {
        let own = self.bound_uid.as_deref() == Some(uid) && self.annotation.as_ref() == Some(wanted);
        self.unstored.is_none() && self.intent.is_some() && !own && !self.replaced(wanted)
    }

    /// Whether the bound stream replaced this one, which the manifest still asks for.
    fn replaced(&self, wanted: &StreamId) -> bool {
        self.recreated_from.as_ref() == Some(wanted)
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
    match (strength, owner(&id)) {
        (Strength::Own | Strength::Wished, Some(owner)) => Binding::Conflict { id, owner },
        (Strength::Carried, Some(owner)) => Binding::Copy { id, owner },
        (Strength::Wished, None) => Binding::Wanted(id),
        (Strength::Carried, None) => Binding::Bound { id, stored: false, adopted: false },
        (Strength::Own, None) => match adopt {
            Some(wanted) if *wanted != id && !stored.replaced(wanted) => {
                Binding::Mismatch { bound: id, wanted: wanted.clone() }
            }
            _ => Binding::Bound { adopted: adopt == Some(&id), id, stored: true },
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
}

/// Puts the candidates of all streams in the order in which they may claim: the
/// stronger reason first, among equals the older object.
pub fn rank(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| {
        (a.strength, a.created_at, &a.owner.key).cmp(&(b.strength, b.created_at, &b.owner.key))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, desired, id};

    fn other() -> ObjectKey {
        ObjectKey { namespace: "ns".into(), name: "other".into() }
    }

    fn bound(text: &str, stored: bool, adopted: bool) -> Binding {
        Binding::Bound { id: id(text), stored, adopted }
    }

    fn annotated(text: &str, uid: &str) -> Stored {
        Stored { annotation: Some(id(text)), bound_uid: Some(uid.into()), ..Stored::default() }
    }

    #[test]
    fn the_binding_follows_the_contract() {
        let free = |_: &StreamId| None;
        let in_status = Stored { status: Some(id("li2")), ..Stored::default() };
        let both = Stored { status: Some(id("li2")), ..annotated("li1", "me") };
        let recreated = Stored { recreated_from: Some(id("li9")), ..annotated("li1", "me") };
        let unstored = Stored { unstored: Some(id("li3")), ..annotated("li1", "me") };
        let owned = Stored { owned: Some(id("li5")), ..Stored::default() };
        let li9 = id("li9");
        let li1 = id("li1");
        let open = Stored {
            intent: Some(Ok(Intent::new(&desired(), "me", at(90), false))),
            ..annotated("li1", "me")
        };
        let cases: Vec<(&str, Stored, Option<&StreamId>, Binding)> = vec![
            ("nothing stored", Stored::default(), None, Binding::Unbound),
            ("own uid", annotated("li1", "me"), None, bound("li1", true, false)),
            ("adopted and bound", annotated("li1", "me"), Some(&li1), bound("li1", true, true)),
            ("a restore: another uid, free", annotated("li1", "old"), None, bound("li1", false, false)),
            ("only the status is left", in_status, None, bound("li2", false, false)),
            ("the own annotation wins over the status", both, None, bound("li1", true, false)),
            ("known to the process alone", unstored, None, bound("li3", false, false)),
            ("everything that was stored is taken away", owned, None, bound("li5", false, false)),
            ("asked for", Stored::default(), Some(&li9), Binding::Wanted(li9.clone())),
            (
                "asked for over a carried one",
                annotated("li1", "old"),
                Some(&li9),
                Binding::Wanted(li9.clone()),
            ),
            (
                "bound to another than asked for",
                annotated("li1", "me"),
                Some(&li9),
                Binding::Mismatch { bound: id("li1"), wanted: li9.clone() },
            ),
            ("took the place of the adopted one", recreated, Some(&li9), bound("li1", true, false)),
            ("settles an open intent", open, Some(&li9), Binding::Wanted(li9.clone())),
        ];
        for (case, stored, adopt, expected) in cases {
            assert_eq!(resolve(&stored, "me", adopt, &free), expected, "{case}");
        }
    }

    #[test]
    fn a_stream_of_another_owner_is_never_bound() {
        let taken = |_: &StreamId| Some(other());
        let conflict = |text: &str| Binding::Conflict { id: id(text), owner: other() };
        let li1 = id("li1");
        let status = Stored { status: Some(id("li1")), ..Stored::default() };
        assert_eq!(resolve(&annotated("li1", "me"), "me", None, &taken), conflict("li1"));
        assert_eq!(resolve(&Stored::default(), "me", Some(&li1), &taken), conflict("li1"));
        let copy = Binding::Copy { id: id("li1"), owner: other() };
        assert_eq!(resolve(&annotated("li1", "old"), "me", None, &taken), copy);
        assert_eq!(resolve(&status, "me", None, &taken), copy);
    }

    #[test]
    fn claims_go_by_strength_then_age() {
        let candidate = |strength, created, name: &str| Candidate {
            strength,
            created_at: Some(at(created)),
            owner: Owner { uid: name.into(), key: ObjectKey { namespace: "ns".into(), name: name.into() } },
            id: id("li1"),
        };
        let mut all = [
            candidate(Strength::Wished, 1, "wish"),
            candidate(Strength::Carried, 2, "carried"),
            candidate(Strength::Own, 9, "younger"),
            candidate(Strength::Own, 3, "older"),
        ];
        rank(&mut all);
        assert_eq!(all.map(|c| c.owner.uid), ["older", "younger", "carried", "wish"]);
    }
}
