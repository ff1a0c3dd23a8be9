//! Which stream belongs to a LiveStream: the binding, told from what is
//! stored on the object and from who else holds the stream.
//!
//! The guarantee: a stream has one holder. What says otherwise is a copy
//! of a manifest, which starts afresh, or a request for somebody else's stream,
//! which is refused.

use super::model::{Place, StreamId};

/// What is stored on an object about its stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The annotation `api.video/live-stream-id`, if it is an id.
    pub annotation: Option<StreamId>,
    /// The annotation `api.video/bound-uid`.
    pub bound_uid: Option<String>,
    /// `status.liveStreamId`, if it is an id.
    pub status: Option<StreamId>,
    /// The stream that this process has just made or found for the object and
    /// could not store yet: newer than anything that is stored.
    pub unstored: Option<StreamId>,
    /// The annotation `api.video/recreated-from`: the adopted id that the bound
    /// stream has taken the place of.
    pub recreated_from: Option<StreamId>,
    /// The stream that this process knows it to hold. It counts when nothing is
    /// stored any more: somebody has replaced the object without its annotations.
    pub held: Option<StreamId>,
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
    /// It asks for this one, which is free.
    Wanted(StreamId),
    /// It asks for this one, which another LiveStream holds.
    Conflict {
        /// The stream.
        id: StreamId,
        /// Who holds it.
        holder: Place,
    },
    /// It was copied with its annotations: the stream is another's.
    Copy {
        /// The stream that the annotations name.
        id: StreamId,
        /// Who holds it.
        holder: Place,
    },
    /// It is bound to one stream and asks for another.
    Mismatch {
        /// What it is bound to.
        bound: StreamId,
        /// What it asks for.
        wanted: StreamId,
    },
}

impl Binding {
    /// The stream that this LiveStream holds or is about to hold.
    #[must_use]
    pub fn id(&self) -> Option<&StreamId> {
        match self {
            Self::Bound { id, .. } | Self::Wanted(id) => Some(id),
            Self::Mismatch { bound, .. } => Some(bound),
            Self::Unbound | Self::Conflict { .. } | Self::Copy { .. } => None,
        }
    }
}

/// Tells the binding.
///
/// `open_intent` is whether a create of this object is unresolved, in which case
/// `adopt` may settle it. `holder` names the *other* LiveStream that holds a stream.
pub fn resolve(
    stored: &Stored,
    uid: &str,
    adopt: Option<&StreamId>,
    open_intent: bool,
    holder: &dyn Fn(&StreamId) -> Option<Place>,
) -> Binding {
    let own_uid = stored.bound_uid.as_deref() == Some(uid);
    let own = stored.annotation.as_ref().filter(|_| own_uid);
    let carried = stored.annotation.as_ref().filter(|_| !own_uid);
    if let Some(id) = &stored.unstored {
        return Binding::Bound { id: id.clone(), stored: false, adopted: false };
    }
    let settles = |wanted: &&StreamId| {
        open_intent && own != Some(*wanted) && stored.recreated_from.as_ref() != Some(*wanted)
    };
    if let Some(wanted) = adopt.filter(settles) {
        return asked_for(wanted, holder);
    }
    if let Some(id) = own {
        return match (adopt, holder(id)) {
            (_, Some(holder)) => Binding::Conflict { id: id.clone(), holder },
            (Some(wanted), None) if wanted != id && stored.recreated_from.as_ref() != Some(wanted) => {
                Binding::Mismatch { bound: id.clone(), wanted: wanted.clone() }
            }
            (wanted, None) => Binding::Bound { id: id.clone(), stored: true, adopted: wanted == Some(id) },
        };
    }
    if let Some(wanted) = adopt {
        return asked_for(wanted, holder);
    }
    let known = carried.or(stored.status.as_ref()).or(stored.held.as_ref());
    match known.map(|id| (id, holder(id))) {
        None => Binding::Unbound,
        Some((id, None)) => Binding::Bound { id: id.clone(), stored: false, adopted: false },
        Some((id, Some(holder))) => Binding::Copy { id: id.clone(), holder },
    }
}

fn asked_for(wanted: &StreamId, holder: &dyn Fn(&StreamId) -> Option<Place>) -> Binding {
    match holder(wanted) {
        None => Binding::Wanted(wanted.clone()),
        Some(holder) => Binding::Conflict { id: wanted.clone(), holder },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::id;

    fn other() -> Place {
        Place { namespace: "ns".into(), name: "other".into() }
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
        let held = Stored { held: Some(id("li5")), ..Stored::default() };
        let li9 = id("li9");
        let li1 = id("li1");
        let cases: Vec<(&str, Stored, Option<&StreamId>, bool, Binding)> = vec![
            ("nothing stored", Stored::default(), None, false, Binding::Unbound),
            ("own uid", annotated("li1", "me"), None, false, bound("li1", true, false)),
            ("adopted and bound", annotated("li1", "me"), Some(&li1), false, bound("li1", true, true)),
            (
                "a restore: another uid, free",
                annotated("li1", "old"),
                None,
                false,
                bound("li1", false, false),
            ),
            ("only the status is left", in_status, None, false, bound("li2", false, false)),
            ("the own annotation wins over the status", both, None, false, bound("li1", true, false)),
            ("known to the process alone", unstored, None, false, bound("li3", false, false)),
            ("everything that was stored is taken away", held, None, false, bound("li5", false, false)),
            ("asked for", Stored::default(), Some(&li9), false, Binding::Wanted(li9.clone())),
            (
                "asked for over a carried one",
                annotated("li1", "old"),
                Some(&li9),
                false,
                Binding::Wanted(li9.clone()),
            ),
            (
                "bound to another than asked for",
                annotated("li1", "me"),
                Some(&li9),
                false,
                Binding::Mismatch { bound: id("li1"), wanted: li9.clone() },
            ),
            ("took the place of the adopted one", recreated, Some(&li9), false, bound("li1", true, false)),
            (
                "settles an open intent",
                annotated("li1", "me"),
                Some(&li9),
                true,
                Binding::Wanted(li9.clone()),
            ),
        ];
        for (case, stored, adopt, open, expected) in cases {
            assert_eq!(resolve(&stored, "me", adopt, open, &free), expected, "{case}");
        }
    }

    #[test]
    fn a_stream_that_another_holds_is_never_bound() {
        let taken = |_: &StreamId| Some(other());
        let conflict = |text: &str| Binding::Conflict { id: id(text), holder: other() };
        let li1 = id("li1");
        let status = Stored { status: Some(id("li1")), ..Stored::default() };
        assert_eq!(resolve(&annotated("li1", "me"), "me", None, false, &taken), conflict("li1"));
        assert_eq!(resolve(&Stored::default(), "me", Some(&li1), false, &taken), conflict("li1"));
        let copy = Binding::Copy { id: id("li1"), holder: other() };
        assert_eq!(resolve(&annotated("li1", "old"), "me", None, false, &taken), copy);
        assert_eq!(resolve(&status, "me", None, false, &taken), copy);
    }
}
