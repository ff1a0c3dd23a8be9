//! A Kubernetes API server in memory, as far as the operator uses one: a pure
//! state machine. Requests and times go in, answers come out.
//!
//! What it keeps to: resourceVersion conflicts, immutable uids, merge
//! patches, the status subresource, generation, finalizers and
//! deletionTimestamp, defaults and pruning by the CRD's schema, list and watch.
//! It can also refuse writes, as an admission policy does, and let a DELETE
//! overtake the write that adds a finalizer (kubernetes/kubernetes#77988).
//! `tests/e2e/conformance.rs` plays one script of requests against it and
//! against the real API server and compares the answers.
//!
//! What it leaves out: validation (the operator's own writes are valid, the
//! end-to-end tests show it), server-side apply (the operator uses none), label
//! selectors, old resourceVersions, managed fields.

mod admission;
mod merge;
mod route;
mod schema;
mod status;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use admission::{Attempt, Policy};
use route::Route;
pub(crate) use route::{Key, Selection, Verb};
use schema::Schema;
use status::{failure, object};

/// One change of an object, as a watch tells it.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub version: u64,
    pub kind: &'static str,
    pub object: Value,
}

/// What comes of a request.
pub(crate) enum Reply {
    /// A whole answer.
    Answer(Response<Bytes>),
    /// A watch of what is selected, from the changes after this version on.
    Watch { selection: Selection, after: u64 },
}

/// The cluster.
pub(crate) struct MemoryCluster {
    objects: BTreeMap<Key, Value>,
    changes: Vec<Change>,
    version: u64,
    made: u64,
    schema: Schema,
    policy: Option<Policy>,
}

impl MemoryCluster {
    /// A cluster that holds this CRD and nothing else.
    pub(crate) fn new(crd: &Value) -> Self {
        let mut crd = crd.clone();
        crd["metadata"]["uid"] = "crd".into();
        crd["metadata"]["resourceVersion"] = "1".into();
        let name = crd["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let schema = Schema::of(&crd);
        let objects = BTreeMap::from([(Key::crd(&name), crd)]);
        Self { objects, changes: Vec::new(), version: 1, made: 0, schema, policy: None }
    }

    /// Answers a request at the time `now`.
    pub(crate) fn handle(&mut self, request: &Request<Bytes>, now: Timestamp) -> Reply {
        let Some(Route { verb, selection, status }) = Route::of(request) else {
            return Reply::Answer(failure(StatusCode::NOT_FOUND, "NotFound", "no such path"));
        };
        let body = || serde_json::from_slice::<Value>(request.body()).unwrap_or_default();
        let answer = match (verb, selection.key()) {
            (Verb::Watch { after }, _) => return Reply::Watch { selection, after },
            (Verb::List, _) => self.list(&selection),
            (Verb::Get, Some(key)) => self.get(&key, route::metadata_only(request)),
            (Verb::Create, None) => self.create(&selection, body(), now),
            (Verb::Patch, Some(key)) => self.patch(&key, &body(), status),
            (Verb::Delete, Some(key)) => self.delete(&key, now),
            _ => failure(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "not this way"),
        };
        Reply::Answer(answer)
    }

    /// From now on this policy judges each patch; `None`: all are admitted.
    pub(crate) fn set_policy(&mut self, policy: Option<Policy>) {
        self.policy = policy;
    }

    /// A DELETE that has read the object before it had a finalizer removes it now: the
    /// API server does not check again, and the watch shows the last version, with the finalizer.
    pub(crate) fn overtaking_delete(&mut self, key: &Key) {
        if let Some(last) = self.objects.get(key).cloned() {
            self.remove(key, last);
        }
    }

    /// The LiveStreams and events that exist.
    pub(crate) fn all(&self, plural: &'static str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |(key, _)| key.plural == plural).map(|(_, object)| object)
    }

    /// One object.
    pub(crate) fn object(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// The changes, oldest first.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.changes
    }

    fn list(&self, selection: &Selection) -> Response<Bytes> {
        let items: Vec<_> =
            self.objects.iter().filter(|(key, _)| selection.selects(key)).map(|(_, object)| object).collect();
        object(&json!({
            "apiVersion": selection.api_version(),
            "kind": format!("{}List", selection.kind()),
            "metadata": { "resourceVersion": self.version.to_string() },
            "items": items,
        }))
    }

    fn get(&self, key: &Key, metadata_only: bool) -> Response<Bytes> {
        match self.objects.get(key) {
            Some(found) if metadata_only => object(&json!({
                "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": found["metadata"],
            })),
            Some(found) => object(found),
            None => status::not_found(key),
        }
    }

    fn create(&mut self, selection: &Selection, mut new: Value, now: Timestamp) -> Response<Bytes> {
        let Some(name) = new["metadata"]["name"].as_str().map(str::to_owned) else {
            return failure(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", "metadata.name is required");
        };
        let key = selection.named(&name);
        if self.objects.contains_key(&key) {
            return status::already_exists(&key);
        }
        new["apiVersion"] = selection.api_version().into();
        new["kind"] = selection.kind().into();
        self.made += 1;
        let (uid, made_at) = (format!("{:08x}-0000-4000-8000-{:012x}", self.made, self.made), second(now));
        new["metadata"]["uid"] = uid.into();
        new["metadata"]["creationTimestamp"] = made_at.into();
        if let Some(namespace) = &key.namespace {
            new["metadata"]["namespace"] = namespace.clone().into();
        }
        if key.is_custom() {
            new["metadata"]["generation"] = 1.into();
            merge::remove(&mut new, "status");
            self.schema.conform(&mut new);
        }
        let stored = self.store(key, new, "ADDED");
        let mut answer = object(&stored);
        *answer.status_mut() = StatusCode::CREATED;
        answer
    }

    fn patch(&mut self, key: &Key, patch: &Value, status: bool) -> Response<Bytes> {
        let Some(before) = self.objects.get(key).cloned() else { return status::not_found(key) };
        let mut after = before.clone();
        json_patch::merge(&mut after, patch);
        if after["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"] {
            return status::conflict(key);
        }
        // The status knows no other uid than the object's: one in the patch is passed over.
        if !status && after["metadata"]["uid"] != before["metadata"]["uid"] {
            return status::wrong_uid(key);
        }
        merge::keep_what_a_patch_cannot_change(&before, &mut after, status);
        self.schema.conform(&mut after);
        if merge::finalizers_added_to_one_that_goes(&before, &after) {
            return status::no_new_finalizers(key);
        }
        let attempt = Attempt { key, before: &before, after: &after, status };
        if let Some(denied) = self.policy.and_then(|policy| policy(&attempt)) {
            return admission::denied(key, denied);
        }
        if after == before {
            return object(&before);
        }
        if merge::is_new_generation(&before, &after) {
            let generation = before["metadata"]["generation"].as_i64().unwrap_or_default() + 1;
            after["metadata"]["generation"] = generation.into();
        }
        if !after["metadata"]["deletionTimestamp"].is_null() && !merge::has_finalizers(&after) {
            // The watch shows it as it was stored last, the answer as it was patched.
            self.remove(key, before);
            return object(&after);
        }
        object(&self.store(key.clone(), after, "MODIFIED"))
    }

    fn delete(&mut self, key: &Key, now: Timestamp) -> Response<Bytes> {
        let Some(mut found) = self.objects.get(key).cloned() else { return status::not_found(key) };
        if !merge::has_finalizers(&found) {
            let uid = found["metadata"]["uid"].clone();
            self.remove(key, found);
            return status::deleted(key, &uid);
        }
        if found["metadata"]["deletionTimestamp"].is_null() {
            found["metadata"]["deletionTimestamp"] = second(now).into();
            found["metadata"]["deletionGracePeriodSeconds"] = 0.into();
            let generation = found["metadata"]["generation"].as_i64().unwrap_or_default() + 1;
            found["metadata"]["generation"] = generation.into();
            found = self.store(key.clone(), found, "MODIFIED");
        }
        object(&found)
    }

    fn store(&mut self, key: Key, mut object: Value, kind: &'static str) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.changes.push(Change { version: self.version, kind, object: object.clone() });
        self.objects.insert(key, object.clone());
        object
    }

    fn remove(&mut self, key: &Key, mut last: Value) {
        self.version += 1;
        last["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.changes.push(Change { version: self.version, kind: "DELETED", object: last });
        self.objects.remove(key);
    }
}

/// Kubernetes writes whole seconds.
fn second(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Change {
    /// The line that a watch of this selection is sent, if it is concerned.
    pub(crate) fn told_to(&self, selection: &Selection) -> Option<Bytes> {
        selection.selects_object(&self.object).then(|| {
            let event = json!({ "type": self.kind, "object": self.object });
            Bytes::from(format!("{event}\n"))
        })
    }
}

/// What an API server in trouble answers.
pub(crate) fn internal_error() -> Response<Bytes> {
    failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "etcd is on its way")
}
