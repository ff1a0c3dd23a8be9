//! The abandoned creates of an account, and the streams that they created after all.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use parking_lot::Mutex;

use crate::core::{
    facts::{
        ids::{ObjectKey, StreamId},
        stream::Remote,
    },
    orphans::AbandonedCreate,
};

/// What is remembered of abandoned creates. A restart forgets it.
#[derive(Default)]
pub struct Orphans(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    abandoned: Vec<AbandonedCreate>,
    /// The streams that were judged: each is found once.
    judged: HashSet<StreamId>,
    /// The orphans of each LiveStream, by its uid.
    found: HashMap<String, Found>,
}

#[derive(Default)]
struct Found {
    /// Those that no event has reported yet.
    unreported: Vec<StreamId>,
    /// Those whose origin is proven, and that were not deleted yet.
    proven: Vec<StreamId>,
}

impl Orphans {
    /// A create is abandoned. Noted before the write that forgets it, which may be
    /// made more than once.
    pub fn abandon(&self, create: AbandonedCreate) {
        let abandoned = &mut self.0.lock().abandoned;
        if !abandoned.iter().any(|known| known.intent.nonce == create.intent.nonce) {
            abandoned.push(create);
        }
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.0.lock().abandoned.is_empty()
    }

    /// A stream that a LiveStream released on purpose is no orphan.
    pub fn exclude(&self, id: &StreamId) {
        let tables = &mut *self.0.lock();
        if !tables.abandoned.is_empty() {
            tables.judged.insert(id.clone());
        }
    }

    /// Finds the orphans among streams without an owner that were not found before.
    /// `pending` says which of them an open create may have created. Gives back
    /// the LiveStream of each.
    pub fn find<'a>(
        &self,
        unowned: impl Iterator<Item = &'a Remote>,
        pending: impl Fn(&Remote) -> bool,
        now: Timestamp,
    ) -> Vec<(ObjectKey, StreamId)> {
        let tables = &mut *self.0.lock();
        for create in &mut tables.abandoned {
            // The clock may have been wrong when it was abandoned.
            create.at = create.at.min(now);
        }
        tables.abandoned.retain(|create| !create.is_past(now));
        if tables.abandoned.is_empty() {
            *tables = Tables::default();
            return Vec::new();
        }
        let mut orphans = Vec::new();
        for remote in unowned.filter(|remote| !pending(remote)) {
            let create = tables.abandoned.iter().find(|create| create.created(remote));
            if let Some(create) = create
                && tables.judged.insert(remote.id.clone())
            {
                let found = tables.found.entry(create.owner.uid.clone()).or_default();
                let proven = create.created_for_certain(remote);
                let list = if proven { &mut found.proven } else { &mut found.unreported };
                list.push(remote.id.clone());
                orphans.push((create.owner.key.clone(), remote.id.clone()));
            }
        }
        orphans
    }

    /// The orphans of a LiveStream that no event has reported yet; from here on they count as reported.
    pub fn take_unreported(&self, uid: &str) -> Vec<StreamId> {
        self.0
            .lock()
            .found
            .get_mut(uid)
            .map(|found| std::mem::take(&mut found.unreported))
            .unwrap_or_default()
    }

    /// An orphan that is a LiveStream's for certain.
    pub fn proven(&self, uid: &str) -> Option<StreamId> {
        self.0.lock().found.get(uid)?.proven.first().cloned()
    }

    /// An orphan was deleted.
    pub fn deleted(&self, id: &StreamId) {
        self.0.lock().found.values_mut().for_each(|found| found.proven.retain(|known| known != id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        facts::intent::Intent,
        fixture::{at, desired, id, manifest, remote},
    };

    fn abandoned(marker: bool) -> AbandonedCreate {
        let intent = Intent::new(&desired(), "me", at(100), marker);
        AbandonedCreate { owner: manifest().owner, intent, at: at(200) }
    }

    #[test]
    fn an_orphan_is_found_once_and_not_while_a_create_is_open() {
        let orphans = Orphans::default();
        let made = Remote { created_at: Some(at(300)), ..remote("li1") };
        let find = |open, now| orphans.find([&made].into_iter(), |_| open, at(now));
        assert_eq!(find(false, 300), []);
        orphans.abandon(abandoned(false));
        orphans.abandon(abandoned(false));
        assert_eq!(orphans.0.lock().abandoned.len(), 1);
        assert_eq!(find(true, 300), []);
        assert_eq!(find(false, 300), [(manifest().owner.key, id("li1"))]);
        assert_eq!(find(false, 301), []);
        assert_eq!((orphans.proven("me"), orphans.take_unreported("me")), (None, vec![id("li1")]));
        assert!(orphans.take_unreported("me").is_empty());
        find(false, 100_000);
        assert!(orphans.is_empty() && orphans.0.lock().judged.is_empty());
    }

    #[test]
    fn one_with_the_marker_is_proven_until_it_is_deleted() {
        let orphans = Orphans::default();
        let create = abandoned(true);
        let name = Some(create.intent.payload.name.clone());
        let made = Remote { name, created_at: Some(at(300)), ..remote("li1") };
        orphans.abandon(create);
        assert_eq!(orphans.find([&made].into_iter(), |_| false, at(300)).len(), 1);
        assert_eq!((orphans.proven("me"), orphans.take_unreported("me")), (Some(id("li1")), vec![]));
        orphans.deleted(&id("li1"));
        assert_eq!(orphans.proven("me"), None);
    }

    #[test]
    fn a_stream_that_was_released_on_purpose_is_no_orphan() {
        let orphans = Orphans::default();
        let retained = Remote { created_at: Some(at(150)), ..remote("li1") };
        orphans.abandon(abandoned(false));
        orphans.exclude(&id("li1"));
        assert_eq!(orphans.find([&retained].into_iter(), |_| false, at(300)), []);
    }
}
