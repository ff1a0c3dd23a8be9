//! A fault that never stops, at one LiveStream, and what is done to it.

use std::time::Duration;

use apivideo_sandbox::{Fault, Rule, StreamPatch};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    lives,
    memory_cluster::{Attempt, Key, Policy},
    object::held,
    world::Inner,
};

/// The LiveStream that the fault is at.
pub(super) const FAULTY: &str = "faulty";
/// The name of its stream.
const NAME: &str = "Faulty";

/// A change from outside.
pub(super) type Act = fn(&mut Inner, Timestamp);

/// A kind of fault.
pub(super) struct Kind {
    pub name: &'static str,
    /// Whether the LiveStream exists, and is synced, before the fault.
    pub exists: bool,
    /// The reasons of Ready that it may have in the end.
    pub reasons: &'static [&'static str],
    /// The fault.
    pub fault: Box<dyn Fn(&mut Inner)>,
    /// What a person does then.
    pub act: Act,
    /// What somebody does each second.
    pub each_second: Act,
    /// When the fault ends, if it does, and how.
    pub ends: Option<(Duration, Act)>,
    /// How long it is watched.
    pub minutes: u64,
    /// The most writes of its status.
    pub statuses: usize,
}

/// A LiveStream is synced; then comes the fault, and a person does that.
pub(super) fn live(
    name: &'static str,
    reasons: &'static [&'static str],
    fault: impl Fn(&mut Inner) + 'static,
    act: Act,
) -> Kind {
    let fault = Box::new(fault);
    let none: Act = |_, _| {};
    Kind { name, exists: true, reasons, fault, act, each_second: none, ends: None, minutes: 15, statuses: 4 }
}

/// The LiveStream is applied only then.
pub(super) fn new(
    name: &'static str,
    reasons: &'static [&'static str],
    fault: impl Fn(&mut Inner) + 'static,
    act: Act,
) -> Kind {
    Kind { exists: false, ..live(name, reasons, fault, act) }
}

/// Each call of this method about the LiveStream's stream meets the fault.
pub(super) fn inject(inner: &mut Inner, method: &str, fault: Fault) {
    let rule = Rule::always(fault);
    inner.api.faults.inject(match held_by_faulty(inner) {
        Some(id) if method != "POST" => rule.on(method, "^/live-streams/").on_stream(id),
        _ => rule.on(method, "^/live-streams").on_name(format!("^{NAME}$")),
    });
}

/// The cluster refuses these patches.
pub(super) fn refuse(policy: Policy) -> impl Fn(&mut Inner) {
    move |inner| inner.cluster.set_policy(Some(policy))
}

/// Refuses the operator's patches of the status, or of the rest.
pub(super) fn refused(attempt: &Attempt<'_>, status: bool, code: StatusCode) -> Option<StatusCode> {
    // A person's own changes are admitted.
    let by_person = attempt.before["spec"] != attempt.after["spec"];
    (attempt.key.name == FAULTY && attempt.status == status && !by_person).then_some(code)
}

pub(super) fn apply_with(inner: &mut Inner, now: Timestamp, spec: &Value) {
    lives::create(inner, now, json!({ "name": FAULTY }), spec.clone());
}

pub(super) fn apply(inner: &mut Inner, now: Timestamp) {
    apply_with(inner, now, &json!({ "name": NAME }));
}

pub(super) fn patch(inner: &mut Inner, now: Timestamp, patch: &Value) {
    lives::request(inner, now, Method::PATCH, &format!("/{FAULTY}"), patch);
}

pub(super) fn make_private(inner: &mut Inner, now: Timestamp) {
    patch(inner, now, &json!({ "spec": { "public": false } }));
}

pub(super) fn request_now(inner: &mut Inner, now: Timestamp) {
    patch(
        inner,
        now,
        &json!({ "metadata": { "annotations": { "reconcile.api.video/requestedAt": "now" } } }),
    );
}

pub(super) fn delete(inner: &mut Inner, now: Timestamp) {
    lives::request(inner, now, Method::DELETE, &format!("/{FAULTY}"), &Value::Null);
}

/// Somebody changes the name back each time.
pub(super) fn rename(inner: &mut Inner, now: Timestamp) {
    let patch = StreamPatch { name: Some("Renamed".into()), ..StreamPatch::default() };
    if let Some(id) = held_by_faulty(inner) {
        // It may be gone.
        let _ = inner.api.state.edit(&id, &patch, now);
    }
}

pub(super) fn held_by_faulty(inner: &Inner) -> Option<String> {
    let object = inner.cluster.object(&Key::live_stream(lives::NAMESPACE, FAULTY))?;
    held(object).map(str::to_owned)
}
