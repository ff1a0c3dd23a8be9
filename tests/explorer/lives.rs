//! The lives that are played: what a person does, and when.

use apivideo_operator::kinds::live_stream::metadata::FINALIZER;
use apivideo_sandbox::{NewStream, StreamPatch};
use bytes::Bytes;
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    memory_cluster::Key,
    object::held,
    outcome::{Call, Outcome},
    world::Inner,
};

/// Where everything happens.
pub(crate) const NAMESPACE: &str = "ns";

/// When a step is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// At once.
    Now,
    /// When everything is as its manifest says.
    Settled,
    /// When the operator makes this call.
    At(Call),
}

/// A step that a person takes.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub when: Trigger,
    pub act: fn(&mut Inner, Timestamp),
}

/// What becomes of the stream that is there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Nobody asks for it: it stays as it is.
    Foreign,
    /// It is asked for and stays.
    Kept,
    /// It is adopted, and goes with its LiveStream.
    Gone,
}

/// A life.
#[derive(Clone, Copy)]
pub(crate) struct Life {
    pub name: &'static str,
    /// Whether creates carry a marker.
    pub marker: bool,
    /// Whether a step may come before its time.
    pub may_hurry: bool,
    /// Whether it has more than one LiveStream. Those that are woken in the same
    /// instant are taken in the order of a randomly keyed set of kube's runtime,
    /// so such a run may differ from one with the same faults.
    pub several: bool,
    /// Whether a process may crash, and a second fault follow the first: not where
    /// a person takes away what the next process would need.
    pub pairs: bool,
    pub existing: Existing,
    pub steps: &'static [Step],
}

impl Life {
    /// Sets the scene: streams of others, one with the very payload that the
    /// LiveStreams ask for, and the steps to come.
    pub(crate) fn set(&self, inner: &mut Inner, now: Timestamp) {
        let before = now - SignedDuration::from_mins(10);
        let alike = inner.api.state.create(&NewStream::named("Town hall"), before).expect("a stream");
        inner.ledger.foreign(alike);
        let existing = inner.api.state.create(&NewStream::named("Existing"), before).expect("a stream");
        inner.existing.clone_from(&existing.live_stream_id);
        inner.ledger.expect(existing, self.existing);
        inner.script = self.steps.iter().copied().collect();
    }

    /// Whether a fault can befall this life.
    pub(crate) fn knows(&self, outcome: Outcome) -> bool {
        use Outcome::{CrashAfter, CrashBefore, CrashLate, Hurry};
        match outcome {
            Hurry => self.may_hurry,
            CrashBefore | CrashAfter | CrashLate => self.pairs,
            _ => true,
        }
    }
}

pub(crate) const fn now(act: fn(&mut Inner, Timestamp)) -> Step {
    Step { when: Trigger::Now, act }
}

pub(crate) const fn settled(act: fn(&mut Inner, Timestamp)) -> Step {
    Step { when: Trigger::Settled, act }
}

pub(crate) const fn at(call: Call, act: fn(&mut Inner, Timestamp)) -> Step {
    Step { when: Trigger::At(call), act }
}

/// A life without steps.
pub(crate) const PLAIN: Life = Life {
    name: "",
    marker: false,
    may_hurry: true,
    several: false,
    pairs: true,
    existing: Existing::Foreign,
    steps: &[],
};

/// Every life, without and with the marker.
pub(crate) fn all() -> Vec<Life> {
    let life = |name, steps| Life { name, steps, ..PLAIN };
    let several = |name, steps| Life { several: true, ..life(name, steps) };
    let kept = |life| Life { existing: Existing::Kept, ..life };
    let plain = [
        life("create", const { &[now(apply_a)] }),
        life("create, update", const { &[now(apply_a), settled(change_a)] }),
        life("create, delete", const { &[now(apply_a), settled(delete_a)] }),
        life("create, delete, create", const { &[now(apply_a), settled(delete_a), settled(apply_a)] }),
        life("create, delete, retained", const { &[now(apply_a_for_ever), settled(delete_a)] }),
        life(
            "create, delete on the air",
            const { &[now(apply_a), settled(go_on_air), now(delete_a), at(Call::Status, go_off_air)] },
        ),
        kept(life("adopt, delete", const { &[now(adopt_a), settled(delete_a)] })),
        Life {
            existing: Existing::Gone,
            ..life("adopt, delete with the stream", const { &[now(adopt_a_for_good), settled(delete_a)] })
        },
        life("drift", const { &[now(apply_a), settled(edit_remote)] }),
        life("remote deletion", const { &[now(apply_a), settled(delete_remote)] }),
        several("two of one name", const { &[now(apply_a), now(apply_b)] }),
        several("two of one name, one goes", const { &[now(apply_a), now(apply_b), settled(delete_a)] }),
        life("delete while pending", const { &[now(apply_a), at(Call::Create, delete_a)] }),
        // A backup that was taken in the middle of a create knows nothing of what came of it.
        Life { may_hurry: false, ..life("restore", const { &[now(apply_a), settled(restore_a)] }) },
        several("copy", const { &[now(apply_a), settled(copy_a_to_b)] }),
        kept(several(
            "contested, the first goes",
            const { &[now(adopt_a), now(adopt_b), settled(delete_a)] },
        )),
        // Whoever takes the annotations away and then kills the process takes the last record of a create.
        Life {
            pairs: false,
            ..life("create, annotations taken away", const { &[now(apply_a), at(Call::Status, strip_a)] })
        },
        kept(life(
            "create, then asked to adopt",
            const { &[now(apply_a), at(Call::Status, ask_for_existing)] },
        )),
        Life {
            may_hurry: false,
            ..life(
                "create, finalizer taken away, delete",
                const { &[now(apply_a), settled(strip_finalizer_of_a), settled(delete_a)] },
            )
        },
    ];
    let marked = plain.map(|life| Life { marker: true, ..life });
    plain.into_iter().chain(marked).collect()
}

pub(crate) fn apply_a(inner: &mut Inner, now: Timestamp) {
    create(inner, now, json!({ "name": "a" }), json!({ "name": "Town hall", "public": true }));
}

fn apply_a_for_ever(inner: &mut Inner, now: Timestamp) {
    let spec = json!({ "name": "Town hall", "public": true, "deletionPolicy": "Retain" });
    create(inner, now, json!({ "name": "a" }), spec);
}

fn strip_a(inner: &mut Inner, now: Timestamp) {
    request(inner, now, Method::PATCH, "/a", &json!({ "metadata": { "annotations": null } }));
}

fn strip_finalizer_of_a(inner: &mut Inner, now: Timestamp) {
    request(inner, now, Method::PATCH, "/a", &json!({ "metadata": { "finalizers": null } }));
}

fn ask_for_existing(inner: &mut Inner, now: Timestamp) {
    let patch = json!({ "spec": { "liveStreamId": inner.existing } });
    request(inner, now, Method::PATCH, "/a", &patch);
}

fn go_on_air(inner: &mut Inner, now: Timestamp) {
    broadcast(inner, true, now);
}

fn go_off_air(inner: &mut Inner, now: Timestamp) {
    broadcast(inner, false, now);
}

fn broadcast(inner: &mut Inner, on: bool, now: Timestamp) {
    if let Some(id) = held_stream(inner) {
        inner.api.state.set_broadcasting(&id, on, now).expect("the broadcast");
    }
}

/// Of the same payload as `a`.
fn apply_b(inner: &mut Inner, now: Timestamp) {
    create(inner, now, json!({ "name": "b" }), json!({ "name": "Town hall", "public": true }));
}

fn change_a(inner: &mut Inner, now: Timestamp) {
    let patch = json!({ "spec": { "name": "Town hall, changed", "public": false } });
    request(inner, now, Method::PATCH, "/a", &patch);
}

fn delete_a(inner: &mut Inner, now: Timestamp) {
    request(inner, now, Method::DELETE, "/a", &Value::Null);
}

fn adopt_a(inner: &mut Inner, now: Timestamp) {
    let spec = json!({ "name": "Adopted", "liveStreamId": inner.existing });
    create(inner, now, json!({ "name": "a" }), spec);
}

fn adopt_a_for_good(inner: &mut Inner, now: Timestamp) {
    let spec = json!({ "name": "Adopted", "liveStreamId": inner.existing, "deletionPolicy": "Delete" });
    create(inner, now, json!({ "name": "a" }), spec);
}

fn adopt_b(inner: &mut Inner, now: Timestamp) {
    let spec = json!({ "name": "Adopted by b", "liveStreamId": inner.existing });
    create(inner, now, json!({ "name": "b" }), spec);
}

/// Nothing happens where no stream is held yet: the step came before its time.
/// (Whoever renames the stream of a lost create before it is found makes it a
/// stranger's: RELIABILITY.md says so.)
fn edit_remote(inner: &mut Inner, now: Timestamp) {
    if let Some(id) = held_stream(inner) {
        let patch = StreamPatch { name: Some("Edited elsewhere".into()), ..StreamPatch::default() };
        inner.api.state.edit(&id, &patch, now).expect("the edit");
    }
}

fn delete_remote(inner: &mut Inner, now: Timestamp) {
    if let Some(id) = held_stream(inner) {
        inner.api.state.delete(&id, now).expect("the deletion");
    }
}

fn held_stream(inner: &Inner) -> Option<String> {
    let mut held = inner.cluster.all("livestreams").filter_map(held).map(str::to_owned);
    held.find(|id| inner.api.state.stream(id).is_some())
}

/// The object is lost with its cluster's state, and made again from a backup,
/// which has its annotations but no status, and gives it another uid.
fn restore_a(inner: &mut Inner, now: Timestamp) {
    let metadata = json!({ "name": "a", "annotations": annotations_of_a(inner), "finalizers": [FINALIZER] });
    request(inner, now, Method::PATCH, "/a", &json!({ "metadata": { "finalizers": null } }));
    request(inner, now, Method::DELETE, "/a", &Value::Null);
    create(inner, now, metadata, json!({ "name": "Town hall", "public": true }));
}

fn copy_a_to_b(inner: &mut Inner, now: Timestamp) {
    let metadata = json!({ "name": "b", "annotations": annotations_of_a(inner) });
    create(inner, now, metadata, json!({ "name": "Town hall", "public": true }));
}

fn annotations_of_a(inner: &Inner) -> Value {
    let a = inner.cluster.object(&Key::live_stream(NAMESPACE, "a"));
    a.map(|object| object["metadata"]["annotations"].clone()).unwrap_or_default()
}

pub(crate) fn create(inner: &mut Inner, now: Timestamp, metadata: Value, spec: Value) {
    request(inner, now, Method::POST, "", &json!({ "metadata": metadata, "spec": spec }));
}

pub(crate) fn request(inner: &mut Inner, now: Timestamp, method: Method, tail: &str, body: &Value) {
    let mut request = Request::new(Bytes::from(body.to_string()));
    *request.method_mut() = method;
    let path = format!("/apis/api.video/v1alpha1/namespaces/{NAMESPACE}/livestreams{tail}");
    *request.uri_mut() = path.parse().expect("a path");
    inner.cluster.handle(&request, now);
}
