//! Who holds which stream.
//!
//! The guarantee: a stream has at most one holder at a time, and whoever holds
//! it keeps it until it goes or lets go. All others wait and never write.

use std::collections::{BTreeSet, HashMap};

use crate::core::model::{Place, StreamId};

/// A LiveStream that holds or asks for a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The object's uid.
    pub uid: String,
    /// Where it is.
    pub place: Place,
}

/// The holders of an account's streams.
#[derive(Default)]
pub struct Holders {
    by_id: HashMap<StreamId, Claim>,
    by_uid: HashMap<String, StreamId>,
    waiting: HashMap<StreamId, BTreeSet<Place>>,
}

impl Holders {
    /// Who else holds a stream; one that is no more (by `alive`) holds nothing.
    #[must_use]
    pub fn other(&self, id: &StreamId, uid: &str, alive: impl Fn(&Claim) -> bool) -> Option<Place> {
        self.by_id.get(id).filter(|claim| claim.uid != uid && alive(claim)).map(|claim| claim.place.clone())
    }

    /// The stream that a LiveStream holds.
    #[must_use]
    pub fn of(&self, uid: &str) -> Option<&StreamId> {
        self.by_uid.get(uid)
    }

    /// Makes a LiveStream the holder of a stream. The caller has asked
    /// [`Self::other`] under the same lock. Gives back who waited for the
    /// stream that it held before, if it was another.
    pub fn hold(&mut self, id: &StreamId, claim: Claim) -> Vec<Place> {
        let woken = match self.by_uid.get(&claim.uid) {
            Some(before) if before != id => self.release(&claim.uid),
            _ => Vec::new(),
        };
        if let Some(evicted) = self.by_id.insert(id.clone(), claim.clone())
            && evicted.uid != claim.uid
        {
            self.by_uid.remove(&evicted.uid);
        }
        self.by_uid.insert(claim.uid, id.clone());
        woken
    }

    /// Notes that a LiveStream waits for a stream that another holds.
    pub fn wait(&mut self, id: &StreamId, place: Place) {
        self.waiting.entry(id.clone()).or_default().insert(place);
    }

    /// A LiveStream lets go of its stream. Gives back who waited for it.
    pub fn release(&mut self, uid: &str) -> Vec<Place> {
        let Some(id) = self.by_uid.remove(uid) else { return Vec::new() };
        if self.by_id.get(&id).is_some_and(|claim| claim.uid == uid) {
            self.by_id.remove(&id);
        }
        self.waiting.remove(&id).into_iter().flatten().collect()
    }

    /// Where the holder of a stream, and who waits for it, are.
    #[must_use]
    pub fn concerned(&self, id: &StreamId) -> Vec<Place> {
        let holder = self.by_id.get(id).map(|claim| claim.place.clone());
        holder.into_iter().chain(self.waiting.get(id).into_iter().flatten().cloned()).collect()
    }

    /// Everyone who waits for a stream that another holds.
    #[must_use]
    pub fn all_waiting(&self) -> Vec<Place> {
        self.waiting.values().flatten().cloned().collect()
    }

    /// The streams that are held.
    pub fn held(&self) -> impl Iterator<Item = &StreamId> {
        self.by_id.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixture::id;

    fn claim(uid: &str) -> Claim {
        Claim { uid: uid.into(), place: Place { namespace: "ns".into(), name: uid.into() } }
    }

    #[test]
    fn the_first_holder_keeps_the_stream_until_it_lets_go() {
        let mut holders = Holders::default();
        holders.hold(&id("li1"), claim("a"));
        assert_eq!(holders.other(&id("li1"), "b", |_| true), Some(claim("a").place));
        assert_eq!(holders.other(&id("li1"), "a", |_| true), None);
        holders.wait(&id("li1"), claim("b").place);
        assert_eq!(holders.release("a"), [claim("b").place]);
        assert_eq!(holders.other(&id("li1"), "b", |_| true), None);
    }

    #[test]
    fn one_that_is_no_more_holds_nothing_and_its_late_release_takes_nothing_away() {
        let mut holders = Holders::default();
        holders.hold(&id("li1"), claim("a"));
        assert_eq!(holders.other(&id("li1"), "b", |_| false), None);
        holders.hold(&id("li1"), claim("b"));
        assert!(holders.release("a").is_empty());
        assert_eq!(holders.other(&id("li1"), "c", |_| true), Some(claim("b").place));
    }

    #[test]
    fn a_holder_that_moves_to_another_stream_frees_the_first() {
        let mut holders = Holders::default();
        holders.hold(&id("li1"), claim("a"));
        holders.hold(&id("li2"), claim("a"));
        assert_eq!(holders.held().collect::<Vec<_>>(), [&id("li2")]);
    }
}
