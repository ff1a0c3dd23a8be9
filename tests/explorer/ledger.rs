//! What the operator has done, and whether an invariant was broken by it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use apivideo_operator::kinds::live_stream::metadata::{CREATE_INTENT, FINALIZER};
use apivideo_sandbox::{State, StreamView};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use crate::{
    lives::Existing,
    memory_cluster::{Change, MemoryCluster},
    object::{annotation, held, is_going, unsettled},
    outcome::Call,
};

/// The invariants of the design, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invariant {
    /// Every stream that the operator created is held, deleted or retained.
    NoLeak,
    /// No LiveStream ever has two remote streams made for it.
    NoDouble,
    /// What is not its own is never written.
    NoForeignTouch,
    /// A finalizer goes only when the stream is gone, retained, or never was.
    FinalizerLast,
    /// Once faults stop, everything is Ready and equal, within a bounded number of calls.
    ReadyInTheEnd,
    /// No write in steady state.
    QuietIsQuiet,
}

/// An invariant that was broken.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub invariant: Invariant,
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.invariant, self.what)
    }
}

/// What was done.
#[derive(Default)]
pub(crate) struct Ledger {
    pub violations: Vec<Violation>,
    pub crashes: usize,
    pub faults: usize,
    /// Calls to the API since something last went wrong.
    pub calls_since_last_fault: usize,
    /// Calls that write, to the API or the cluster.
    pub writes: usize,
    /// Answered pages of searches; those of the last one that ended; ended searches; the dearest.
    looks: usize,
    looks_before: usize,
    pub searches: usize,
    pub most_looks: usize,
    /// The uids of objects with an open intent.
    open: BTreeSet<String>,
    /// The streams that the operator's requests have made.
    made: Vec<String>,
    /// Streams that are nobody's, as they were at the beginning.
    foreign: Vec<StreamView>,
    /// The stream that is there before, and what is to become of it.
    expected: Option<(String, Existing)>,
    /// Whether a step was taken before its time: what was to be adopted may never have been.
    pub hurried: bool,
    /// The streams that policy has retained.
    retained: BTreeSet<String>,
    /// Whether policy has let go of an object whose create was open: what that
    /// makes later is retained as well.
    let_go_open: bool,
    /// Whether a DELETE has removed an object despite its finalizer: what was made for
    /// it may be there until the operator has undone it.
    pub overtaken: bool,
    /// The uids of objects that carry the finalizer.
    finalized: BTreeSet<String>,
    /// The names that each object, by its uid, has ever asked for.
    names: BTreeMap<String, BTreeSet<String>>,
}

impl Ledger {
    pub(crate) fn broken(&mut self, invariant: Invariant, what: impl Into<String>) {
        self.violations.push(Violation { invariant, what: what.into() });
    }

    /// Streams that must stay as they are.
    pub(crate) fn foreign(&mut self, stream: StreamView) {
        self.foreign.push(stream);
    }

    /// The stream that is there before, and what is to become of it.
    pub(crate) fn expect(&mut self, stream: StreamView, existing: Existing) {
        self.expected = Some((stream.live_stream_id.clone(), existing));
        if existing == Existing::Foreign {
            self.foreign(stream);
        }
    }

    fn alive<'a>(&'a self, api: &'a State) -> impl Iterator<Item = &'a String> {
        self.made.iter().filter(|id| api.stream(id).is_some())
    }

    /// A call has come.
    pub(crate) fn called(&mut self, call: Call) {
        self.calls_since_last_fault += usize::from(call.is_to_the_api());
        self.writes += usize::from(call.is_write());
    }

    /// A call to the API is on its way: it may write what is held by then.
    pub(crate) fn sent(&mut self, call: Call, request: &Request<Bytes>, cluster: &MemoryCluster) {
        if matches!(call, Call::Update | Call::Delete) {
            let id = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
            let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            self.written(call, &id, body["name"].as_str(), cluster);
        }
    }

    /// A call to the API is answered.
    pub(crate) fn reached_api(&mut self, call: Call, answer: &Response<Bytes>) {
        if call == Call::Look && answer.status().is_success() {
            self.looks += 1;
        }
    }

    /// The operator's request has made the newest stream.
    pub(crate) fn created(&mut self, cluster: &MemoryCluster, api: &State) {
        let newest = api.streams().into_iter().max_by_key(|stream| stream.created_at);
        let id = newest.map(|stream| stream.live_stream_id).unwrap_or_default();
        self.made.push(id.clone());
        if self.let_go_open {
            self.retained.insert(id);
            return;
        }
        if self.overtaken {
            return;
        }
        let (streams, objects) = (self.alive(api).count(), cluster.all("livestreams").count());
        if streams > objects {
            let what = format!("{streams} streams were made for {objects} LiveStreams");
            self.broken(if objects == 0 { Invariant::NoLeak } else { Invariant::NoDouble }, what);
        }
    }

    fn written(&mut self, call: Call, id: &str, name: Option<&str>, cluster: &MemoryCluster) {
        let asked_for = cluster.all("livestreams").any(|object| object["spec"]["liveStreamId"] == id);
        if !asked_for && !self.made.iter().any(|made| made == id) {
            self.broken(Invariant::NoForeignTouch, format!("{call:?} of {id}, which is nobody's"));
        }
        let Some(holder) = cluster.all("livestreams").find(|object| held(object) == Some(id)) else { return };
        if call == Call::Delete && !is_going(holder) {
            self.broken(Invariant::NoForeignTouch, format!("{id} was deleted, and its holder is not"));
        }
        let asked_by_holder = self.names.get(holder["metadata"]["uid"].as_str().unwrap_or_default());
        if name.is_some_and(|name| !asked_by_holder.is_some_and(|names| names.contains(name))) {
            self.broken(Invariant::NoForeignTouch, format!("{id} was named {name:?}, not by its holder"));
        }
    }

    /// A person has changed objects.
    pub(crate) fn noted(&mut self, changes: &[Change]) {
        for change in changes {
            let uid = change.object["metadata"]["uid"].as_str().unwrap_or_default();
            let name = change.object["spec"]["name"].as_str().unwrap_or_default();
            self.names.entry(uid.to_owned()).or_default().insert(name.to_owned());
            if carries_finalizer(change) {
                self.finalized.insert(uid.to_owned());
            } else {
                self.finalized.remove(uid);
            }
        }
    }

    /// A call to the cluster has taken effect.
    pub(crate) fn reached_cluster(
        &mut self,
        call: Call,
        changes: &[Change],
        cluster: &MemoryCluster,
        api: &State,
    ) {
        for change in changes {
            let uid = change.object["metadata"]["uid"].as_str().unwrap_or_default();
            self.searched(uid, annotation(&change.object, CREATE_INTENT).is_some());
            if carries_finalizer(change) {
                self.finalized.insert(uid.to_owned());
            } else if self.finalized.remove(uid) && call == Call::Metadata {
                self.released(&change.object, cluster, api);
            }
        }
    }

    /// An intent that goes after pages were read for it ends a search.
    fn searched(&mut self, uid: &str, open: bool) {
        if open {
            self.open.insert(uid.to_owned());
        } else if self.open.remove(uid) && self.looks > self.looks_before {
            self.searches += 1;
            self.most_looks = self.most_looks.max(self.looks - self.looks_before);
            self.looks_before = self.looks;
        }
    }

    /// The streams that were made, are there, and are held by no object.
    fn unheld(&self, cluster: &MemoryCluster, api: &State) -> Vec<String> {
        let held: BTreeSet<_> = cluster.all("livestreams").filter_map(held).collect();
        self.alive(api).filter(|id| !held.contains(id.as_str())).cloned().collect()
    }

    /// The operator has removed the finalizer of an object.
    fn released(&mut self, object: &Value, cluster: &MemoryCluster, api: &State) {
        let retained = match object["spec"]["deletionPolicy"].as_str() {
            Some(policy) => policy == "Retain",
            None => object["spec"]["liveStreamId"].is_string(),
        };
        if retained {
            self.retained.extend(held(object).map(str::to_owned));
            // Whatever its unanswered create has made stays as well.
            if annotation(object, CREATE_INTENT).is_some() {
                self.retained.extend(self.unheld(cluster, api));
                self.let_go_open = true;
            }
            return;
        }
        let others = || {
            cluster.all("livestreams").filter(|other| other["metadata"]["uid"] != object["metadata"]["uid"])
        };
        let held_by_others: BTreeSet<_> = others().filter_map(held).collect();
        // Each of these is about to look for a stream of its own.
        let looking = others().filter(|other| annotation(other, CREATE_INTENT).is_some()).count();
        let left: Vec<_> =
            self.alive(api).filter(|id| !held_by_others.contains(id.as_str())).cloned().collect();
        if left.len() > looking {
            let name = &object["metadata"]["name"];
            self.broken(Invariant::FinalizerLast, format!("{name} lost its finalizer before {left:?} went"));
        }
    }

    /// Whether everything is as its manifest says; else what is not.
    pub(crate) fn unsettled(&self, cluster: &MemoryCluster, api: &State) -> Option<String> {
        let left = || Some(self.unheld(cluster, api)).filter(|left| self.overtaken && !left.is_empty());
        let mut objects = cluster.all("livestreams");
        let unsettled = objects.find_map(|object| unsettled(object, cluster, api));
        unsettled.or_else(|| left().map(|left| format!("{left:?} of an object that vanished")))
    }

    /// Judges what is left when all is quiet.
    pub(crate) fn judge(&mut self, cluster: &MemoryCluster, api: &State) {
        let held_by: Vec<_> = cluster.all("livestreams").filter_map(held).map(str::to_owned).collect();
        let distinct: BTreeSet<_> = held_by.iter().collect();
        if distinct.len() < held_by.len() {
            self.broken(Invariant::NoForeignTouch, format!("a stream has two holders: {held_by:?}"));
        }
        let owned = |id: &&String| !self.retained.contains(*id);
        let loose: Vec<_> =
            self.alive(api).filter(owned).filter(|id| !held_by.contains(id)).cloned().collect();
        let (streams, objects) = (self.alive(api).filter(owned).count(), cluster.all("livestreams").count());
        if !loose.is_empty() && streams > objects && objects > 0 {
            self.broken(Invariant::NoDouble, format!("{streams} streams stand for {objects} LiveStreams"));
        } else if !loose.is_empty() {
            self.broken(Invariant::NoLeak, format!("nobody holds {loose:?}"));
        }
        if let Some((id, existing)) = &self.expected
            && !(self.hurried && *existing == Existing::Gone)
            && (*existing == Existing::Gone) == api.stream(id).is_some()
        {
            let what = format!("{id} was to be {existing:?} in the end");
            self.broken(Invariant::NoForeignTouch, what);
        }
        for stream in self.foreign.clone() {
            if api.stream(&stream.live_stream_id).as_ref() != Some(&stream) {
                self.broken(Invariant::NoForeignTouch, format!("{} is not as it was", stream.live_stream_id));
            }
        }
    }
}

/// Whether an object still carries the finalizer after a change. (What went is
/// shown as it was before its last finalizer was removed.)
fn carries_finalizer(change: &Change) -> bool {
    let finalizers = change.object["metadata"]["finalizers"].as_array();
    change.kind != "DELETED" && finalizers.is_some_and(|finalizers| finalizers.iter().any(|f| f == FINALIZER))
}
