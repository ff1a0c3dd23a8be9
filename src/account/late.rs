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
    /// Of which LiveStream's creates, by its uid; until it was told of them.
    untold: HashMap<String, Vec<StreamId>>,
}

impl LateStreams {
    /// A create was given up.
    pub fn give_up(&self, create: GivenUp) {
        lock(&self.0).given_up.push(create);
    }

    /// Looks through streams that nobody holds for late ones that were not found
    /// before. `awaited` tells of creates whose own stream a stream may still be.
    /// Gives back whose they are.
    pub fn look<'a>(
        &self,
        unheld: impl Iterator<Item = &'a Remote>,
        awaited: impl Fn(&GivenUp) -> bool,
        now: Timestamp,
    ) -> Vec<(Place, StreamId)> {
        let inner = &mut *lock(&self.0);
        inner.given_up.retain(|create| !create.is_past(now));
        if inner.given_up.is_empty() {
            inner.found.clear();
            return Vec::new();
        }
        let mut late = Vec::new();
        for remote in unheld {
            let create = inner.given_up.iter().find(|create| create.made(remote) && !awaited(create));
            if let Some(create) = create
                && inner.found.insert(remote.id.clone())
            {
                inner.untold.entry(create.uid.clone()).or_default().push(remote.id.clone());
                late.push((create.place.clone(), remote.id.clone()));
            }
        }
        late
    }

    /// The late streams that a LiveStream was not told of yet.
    pub fn untold(&self, uid: &str) -> Vec<StreamId> {
        lock(&self.0).untold.remove(uid).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        fixture::{at, desired, id, manifest, remote},
        intent::Intent,
    };

    #[test]
    fn a_late_stream_is_found_once_and_told_to_its_livestream_but_not_while_a_create_is_open() {
        let late_streams = LateStreams::default();
        let made = Remote { created_at: Some(at(300)), ..remote("li1") };
        let look = |open, now| late_streams.look([&made].into_iter(), |_| open, at(now));
        assert_eq!(look(false, 300), []);
        let intent = Intent::new(&desired(), "me", at(100), false);
        let place = manifest().place;
        late_streams.give_up(GivenUp { uid: "me".into(), place: place.clone(), intent, at: at(200) });
        assert_eq!(look(true, 300), []);
        assert_eq!(look(false, 300), [(place, id("li1"))]);
        assert_eq!(look(false, 301), []);
        assert_eq!(late_streams.untold("me"), [id("li1")]);
        assert!(late_streams.untold("me").is_empty());
        look(false, 100_000);
        assert!(lock(&late_streams.0).given_up.is_empty() && lock(&late_streams.0).found.is_empty());
    }
}
