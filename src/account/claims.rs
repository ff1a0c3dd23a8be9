//! Which LiveStream owns which stream of an account, and which creates are open.
//!
//! The guarantees:
//! - A stream has at most one owner at a time, which keeps it until it is released or
//!   binds another stream. All others wait and never write.
//! - Whoever waits for a stream is triggered when it becomes free, whatever freed it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, OnceLock},
};

use parking_lot::Mutex;

use super::triggers::Triggers;
use crate::core::{
    decisions::Resolver,
    facts::{
        binding::{Binding, Candidate, Stored, Strength, rank},
        diff::has_payload,
        ids::{ObjectKey, Owner, StreamId},
        intent::{CreateTiming, Intent},
        manifest::Manifest,
        project::{AccountProject, Project},
        stream::Remote,
    },
    state::search::{SearchResult, judge},
};

/// Whether a LiveStream still exists.
type Exists = Box<dyn Fn(&Owner) -> bool + Send + Sync>;

/// The claims of an account.
pub struct Claims {
    tables: Mutex<Tables>,
    exists: OnceLock<Exists>,
    triggers: Arc<Triggers>,
}

/// A stream that a LiveStream owns.
struct Claim {
    owner: Owner,
    /// Whether it is bound to it; otherwise it only asks for it.
    bound: bool,
}

#[derive(Default)]
struct Tables {
    by_id: HashMap<StreamId, Claim>,
    by_uid: HashMap<String, StreamId>,
    waiting: HashMap<StreamId, BTreeSet<ObjectKey>>,
    /// The uids of objects that vanished and whose streams are being deleted: they count as existing.
    vanished: HashSet<String>,
    /// The projects of the bound LiveStreams, by uid.
    projects: HashMap<String, Project>,
    /// The open intents, by the uid of their LiveStream.
    open: HashMap<String, (Owner, Intent)>,
}

impl Claims {
    /// No claims yet; `triggers` reaches those who wait.
    pub fn new(triggers: Arc<Triggers>) -> Self {
        Self { tables: Mutex::default(), exists: OnceLock::new(), triggers }
    }

    /// How to find out whether a LiveStream still exists: one that does not owns nothing.
    /// Until this is set all exist. Only the first call counts.
    pub fn set_exists(&self, exists: impl Fn(&Owner) -> bool + Send + Sync + 'static) {
        let _ = self.exists.set(Box::new(exists));
    }

    fn exists(&self, tables: &Tables, owner: &Owner) -> bool {
        tables.vanished.contains(&owner.uid) || self.exists.get().is_none_or(|exists| exists(owner))
    }

    /// An object vanished, and what was created for it is being deleted: until it is
    /// released nobody else takes it. False if that is known already.
    pub fn keep_vanished(&self, uid: &str) -> bool {
        self.tables.lock().vanished.insert(uid.to_owned())
    }

    /// Gives the streams to those who come first, when the operator starts.
    pub fn assign(&self, mut candidates: Vec<Candidate>) {
        rank(&mut candidates);
        let mut tables = self.tables.lock();
        for Candidate { owner, id, project, strength, .. } in candidates {
            let bound = matches!(strength, Strength::Confirmed | Strength::Own);
            tables.note_project(&owner.uid, project.as_ref().filter(|_| bound));
            if !tables.by_id.contains_key(&id) {
                self.claim(&mut tables, &id, &owner, strength != Strength::Wished);
            }
        }
    }

    /// Resolves which stream belongs to a LiveStream and claims it, or waits for its
    /// owner. One step: two LiveStreams that ask for one stream can't both get it.
    pub fn bind(&self, manifest: &Manifest, stored: &mut Stored, resolve: Resolver) -> Binding {
        let owner = &manifest.owner;
        let mut tables = self.tables.lock();
        stored.owned = tables.by_uid.get(&owner.uid).cloned();
        let other = |id: &StreamId| self.other(&tables, id, &owner.uid);
        let binding = resolve(stored, &owner.uid, manifest.adopt.as_ref(), &other);
        // What other objects' annotations say of a project says nothing of this account.
        let bound = matches!(binding, Binding::Bound { stored: true, .. } | Binding::Mismatch { .. });
        tables.note_project(&owner.uid, stored.project.as_ref().filter(|_| bound));
        match (&binding, binding.id()) {
            (Binding::Conflict { id, .. }, _) => {
                tables.waiting.entry(id.clone()).or_default().insert(owner.key.clone());
            }
            // Nothing is done for an object that goes without the operator.
            _ if manifest.deleting && !manifest.finalizer => {}
            (binding, Some(id)) => {
                self.claim(&mut tables, id, owner, !matches!(binding, Binding::Wanted(_)));
            }
            (_, None) => {}
        }
        binding
    }

    /// The owner of a stream, if it is another than this LiveStream and exists.
    fn other(&self, tables: &Tables, id: &StreamId, uid: &str) -> Option<ObjectKey> {
        let owner = tables.by_id.get(id).map(|claim| &claim.owner);
        let owner = owner.filter(|owner| owner.uid != uid && self.exists(tables, owner));
        owner.map(|owner| owner.key.clone())
    }

    /// Whether no LiveStream owns a stream.
    pub fn is_free(&self, id: &StreamId) -> bool {
        self.other(&self.tables.lock(), id, "").is_none()
    }

    /// A stream was created for a LiveStream, or is said to be by an answer: it owns it
    /// from now on. False if it is another's.
    pub fn created(&self, owner: &Owner, id: &StreamId) -> bool {
        let mut tables = self.tables.lock();
        if self.other(&tables, id, &owner.uid).is_some() {
            return false;
        }
        self.claim(&mut tables, id, owner, true);
        true
    }

    /// The project that a key opens, judged by the pinned one or by those of the bound LiveStreams.
    pub fn judge_project(&self, opened: Option<Project>, pinned: Option<&str>) -> AccountProject {
        let tables = self.tables.lock();
        AccountProject::judge(opened, pinned, tables.projects.values())
    }

    /// A LiveStream is gone, or about to go: what it owned is free.
    pub fn release(&self, uid: &str) {
        let mut tables = self.tables.lock();
        tables.open.remove(uid);
        tables.projects.remove(uid);
        tables.vanished.remove(uid);
        self.free(&mut tables, uid);
    }

    /// Notes the open intent of a LiveStream, or that it has none.
    pub fn note_intent(&self, owner: &Owner, intent: Option<&Intent>) {
        let open = &mut self.tables.lock().open;
        match intent {
            Some(intent) => open.insert(owner.uid.clone(), (owner.clone(), intent.clone())),
            None => open.remove(&owner.uid),
        };
    }

    /// Judges the streams that a search for this intent found, and claims the one that
    /// is the LiveStream's, before another search can.
    pub fn claim_found(
        &self,
        owner: &Owner,
        intent: &Intent,
        timing: CreateTiming,
        mut found: Vec<Remote>,
    ) -> SearchResult {
        let mut tables = self.tables.lock();
        found.retain(|remote| self.other(&tables, &remote.id, &owner.uid).is_none());
        let alike = tables.open.values().filter(|(other, open)| {
            other.uid != owner.uid && open.payload == intent.payload && self.exists(&tables, other)
        });
        let others: Vec<&Intent> = alike.map(|(_, open)| open).collect();
        let result = judge(found, &others, timing);
        if let SearchResult::Found(remote) = &result {
            self.claim(&mut tables, &remote.id, owner, true);
        }
        result
    }

    /// Whether a stream may be the result of an open create.
    pub fn may_be_pending(&self, remote: &Remote) -> bool {
        self.tables.lock().open.values().any(|(_, intent)| has_payload(&intent.payload, remote))
    }

    /// Triggers the owner of a stream and those who wait for it; whether there is one.
    pub fn trigger(&self, id: &StreamId) -> bool {
        let tables = self.tables.lock();
        let owner = tables.by_id.get(id).map(|claim| &claim.owner.key);
        let concerned = owner.into_iter().chain(tables.waiting.get(id).into_iter().flatten());
        concerned.map(|key| self.triggers.one(key)).count() > 0
    }

    /// Triggers everyone who waits for a stream.
    pub fn trigger_waiting(&self) {
        self.tables.lock().waiting.values().flatten().for_each(|key| self.triggers.one(key));
    }

    /// Hands the streams that have an owner to `read`, without copying them.
    pub fn read_owned<T>(&self, read: impl FnOnce(&HashSet<&StreamId>) -> T) -> T {
        self.read_bound(None, |owned, _| read(owned))
    }

    /// Hands the streams that have an owner to `read`, and those of them that are bound in
    /// the `opened` project: only these can vanish from it.
    pub fn read_bound<T>(
        &self,
        opened: Option<&Project>,
        read: impl FnOnce(&HashSet<&StreamId>, &HashSet<&StreamId>) -> T,
    ) -> T {
        let tables = self.tables.lock();
        let elsewhere = |owner: &Owner| {
            opened.is_some() && tables.projects.get(&owner.uid).is_some_and(|bound| Some(bound) != opened)
        };
        let bound = tables.by_id.iter().filter(|(_, claim)| claim.bound && !elsewhere(&claim.owner));
        read(&tables.by_id.keys().collect(), &bound.map(|(id, _)| id).collect())
    }

    /// Makes a LiveStream the owner of a stream; the one that it owned before, if that was
    /// another, is free.
    fn claim(&self, tables: &mut Tables, id: &StreamId, owner: &Owner, bound: bool) {
        if tables.by_uid.get(&owner.uid).is_some_and(|before| before != id) {
            self.free(tables, &owner.uid);
        }
        if let Some(former) = tables.by_id.insert(id.clone(), Claim { owner: owner.clone(), bound })
            && former.owner.uid != owner.uid
        {
            tables.by_uid.remove(&former.owner.uid);
        }
        tables.by_uid.insert(owner.uid.clone(), id.clone());
    }

    /// A LiveStream gives up its stream: who waited for it is triggered.
    fn free(&self, tables: &mut Tables, uid: &str) {
        let Some(id) = tables.by_uid.remove(uid) else { return };
        if tables.by_id.get(&id).is_some_and(|claim| claim.owner.uid == uid) {
            tables.by_id.remove(&id);
        }
        tables.waiting.remove(&id).iter().flatten().for_each(|key| self.triggers.one(key));
    }
}

impl Tables {
    fn note_project(&mut self, uid: &str, project: Option<&Project>) {
        match project {
            Some(project) if self.projects.get(uid) == Some(project) => {}
            Some(project) => drop(self.projects.insert(uid.to_owned(), project.clone())),
            None => drop(self.projects.remove(uid)),
        }
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
