//! The creates of an account that were given up, and the streams that came of
//! them after all.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
};

use jiff::Timestamp;

use super::lock;
use crate::core::{
    late::GivenUp,
    model::{Place, Remote, StreamId},
};

/// What is remembered of creates that were given up. A restart forgets it.
#[derive(Default)]
pub struct LateStreams(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    given_up: Vec<GivenUp>,
    /// Each is found once.
    found: HashSet<StreamId>,
    /// Of which LiveStream's creates, by its uid.
    late: HashMap<String, Late>,
}

#[derive(Default)]
struct Late {
    /// Those that it was not told of yet.
    untold: Vec<StreamId>,
    /// Those that are its for certain, and were not deleted yet.
    certain: Vec<StreamId>,
}

impl LateStreams {
    /// A create is given up. Said before the write that forgets it, which may be
    /// made more than once.
    pub fn give_up(&self, create: GivenUp) {
        let given_up = &mut lock(&self.0).given_up;
        if !given_up.iter().any(|known| known.intent.nonce == create.intent.nonce) {
            given_up.push(create);
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        lock(&self.0).given_up.is_empty()
    }

    /// A stream that a LiveStream let go of on purpose is none of these.
    pub fn is_not(&self, id: &StreamId) {
        let inner = &mut *lock(&self.0);
        if !inner.given_up.is_empty() {
            inner.found.insert(id.clone());
        }
    }

    /// Looks through streams that nobody holds for late ones that were not found
    /// before. `awaited` tells of those that an open create may have made. Gives
    /// back whose they are.
    pub fn look<'a>(
        &self,
        unheld: impl Iterator<Item = &'a Remote>,
        awaited: impl Fn(&Remote) -> bool,
        now: Timestamp,
    ) -> Vec<(Place, StreamId)> {
        let inner = &mut *lock(&self.0);
        for create in &mut inner.given_up {
            // The clock may have been wrong when it was given up.
            create.at = create.at.min(now);
        }
        inner.given_up.retain(|create| !create.is_past(now));
        if inner.given_up.is_empty() {
            *inner = Inner::default();
            return Vec::new();
        }
        let mut found = Vec::new();
        for remote in unheld.filter(|remote| !awaited(remote)) {
            let create = inner.given_up.iter().find(|create| create.made(remote));
            if let Some(create) = create
                && inner.found.insert(remote.id.clone())
            {
                let late = inner.late.entry(create.uid.clone()).or_default();
                let certain = create.made_for_certain(remote);
                let list = if certain { &mut late.certain } else { &mut late.untold };
                list.push(remote.id.clone());
                found.push((create.place.clone(), remote.id.clone()));
            }
        }
        found
    }

    /// The late streams that a LiveStream was not told of yet.
    pub fn untold(&self, uid: &str) -> Vec<StreamId> {
        lock(&self.0).late.get_mut(uid).map(|late| std::mem::take(&mut late.untold)).unwrap_or_default()
    }

    /// A late stream that is a LiveStream's for certain.
    pub fn certain(&self, uid: &str) -> Option<StreamId> {
        lock(&self.0).late.get(uid)?.certain.first().cloned()
    }

    /// A late stream is deleted.
    pub fn deleted(&self, id: &StreamId) {
        lock(&self.0).late.values_mut().for_each(|late| late.certain.retain(|known| known != id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        fixture::{at, desired, id, manifest, remote},
        intent::Intent,
    };

    fn given_up(marker: bool) -> GivenUp {
        let intent = Intent::new(&desired(), "me", at(100), marker);
        GivenUp { uid: "me".into(), place: manifest().place, intent, at: at(200) }
    }

    #[test]
    fn a_late_stream_is_found_once_and_told_to_its_livestream_but_not_while_a_create_is_open() {
        let late_streams = LateStreams::default();
        let made = Remote { created_at: Some(at(300)), ..remote("li1") };
        let look = |open, now| late_streams.look([&made].into_iter(), |_| open, at(now));
        assert_eq!(look(false, 300), []);
        late_streams.give_up(given_up(false));
        late_streams.give_up(given_up(false));
        assert_eq!(lock(&late_streams.0).given_up.len(), 1);
        assert_eq!(look(true, 300), []);
        assert_eq!(look(false, 300), [(manifest().place, id("li1"))]);
        assert_eq!(look(false, 301), []);
        assert_eq!((late_streams.certain("me"), late_streams.untold("me")), (None, vec![id("li1")]));
        assert!(late_streams.untold("me").is_empty());
        look(false, 100_000);
        assert!(late_streams.is_empty() && lock(&late_streams.0).found.is_empty());
    }

    #[test]
    fn one_with_the_marker_is_its_livestreams_for_certain_until_it_is_deleted() {
        let late_streams = LateStreams::default();
        let create = given_up(true);
        let name = Some(create.intent.payload.name.clone());
        let made = Remote { name, created_at: Some(at(300)), ..remote("li1") };
        late_streams.give_up(create);
        assert_eq!(late_streams.look([&made].into_iter(), |_| false, at(300)).len(), 1);
        assert_eq!((late_streams.certain("me"), late_streams.untold("me")), (Some(id("li1")), vec![]));
        late_streams.deleted(&id("li1"));
        assert_eq!(late_streams.certain("me"), None);
    }

    #[test]
    fn a_stream_that_was_let_go_of_on_purpose_is_not_late() {
        let late_streams = LateStreams::default();
        let retained = Remote { created_at: Some(at(150)), ..remote("li1") };
        late_streams.give_up(given_up(false));
        late_streams.is_not(&id("li1"));
        assert_eq!(late_streams.look([&retained].into_iter(), |_| false, at(300)), []);
    }
}
