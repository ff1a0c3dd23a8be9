//! The faults that never stop, each at one LiveStream.

use std::time::Duration;

use apivideo_sandbox::{Fault, Rule, StreamPatch};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    ledger::held,
    lives,
    memory_cluster::{Attempt, Key, Policy},
    world::Inner,
};

/// The LiveStream that the fault is at.
pub(crate) const FAULTY: &str = "faulty";
/// The name of its stream.
const NAME: &str = "Faulty";

/// A fault that never stops.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub name: &'static str,
    /// Whether the LiveStream exists, and is synced, before the fault.
    pub exists: bool,
    /// The reasons of Ready that it may have in the end; none: it is gone.
    pub reasons: &'static [&'static str],
    /// The fault.
    pub fault: fn(&mut Inner),
    /// What a person does then.
    pub act: fn(&mut Inner, Timestamp),
    /// What somebody does each second.
    pub each_second: fn(&mut Inner, Timestamp),
    /// When the fault ends, if it does.
    pub ends: Option<(Duration, fn(&mut Inner, Timestamp))>,
    /// How long it is watched.
    pub minutes: u64,
}

const KIND: Kind = Kind {
    name: "",
    exists: true,
    reasons: &[],
    fault: |_| {},
    act: |_, _| {},
    each_second: |_, _| {},
    ends: None,
    minutes: 15,
};

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "POST 403",
        exists: false,
        reasons: &["Unauthorized"],
        fault: |inner| inject(inner, Fault::Forbidden, "POST"),
        act: apply,
        ..KIND
    },
    Kind {
        name: "POST 500",
        exists: false,
        reasons: &["AccountUnavailable", "Creating"],
        fault: |inner| inject(inner, Fault::ProblemBefore { status: 500 }, "POST"),
        act: apply,
        ..KIND
    },
    Kind {
        name: "POST 408 once after its effect",
        exists: false,
        reasons: &["Synced"],
        fault: |inner| {
            let rule = Rule::once(Fault::ErrorAfter { status: 408 });
            inner.api.faults.inject(rule.on("POST", "^/live-streams$").on_name("^Faulty$"));
        },
        act: apply,
        ..KIND
    },
    Kind {
        name: "GET 500",
        reasons: &["AccountUnavailable"],
        fault: |inner| inject(inner, Fault::ProblemBefore { status: 500 }, "GET"),
        act: |inner, now| patch(inner, now, request_now()),
        ..KIND
    },
    Kind {
        name: "GET 500, deleted",
        reasons: &["AccountUnavailable", "Deleting"],
        fault: |inner| inject(inner, Fault::ProblemBefore { status: 500 }, "GET"),
        // A GET comes before the DELETE where the observation is too old.
        act: delete,
        ..KIND
    },
    Kind {
        name: "DELETE 500",
        reasons: &["AccountUnavailable"],
        fault: |inner| inject(inner, Fault::ProblemBefore { status: 500 }, "DELETE"),
        act: delete,
        ..KIND
    },
    Kind {
        name: "PATCH 500",
        reasons: &["AccountUnavailable"],
        fault: |inner| inject(inner, Fault::ProblemBefore { status: 500 }, "PATCH"),
        act: |inner, now| patch(inner, now, json!({ "spec": { "public": false } })),
        ..KIND
    },
    Kind {
        name: "PATCH 403",
        reasons: &["Unauthorized"],
        fault: |inner| inject(inner, Fault::Forbidden, "PATCH"),
        act: |inner, now| patch(inner, now, json!({ "spec": { "public": false } })),
        ..KIND
    },
    Kind {
        name: "PATCH lost",
        reasons: &["AccountUnavailable"],
        fault: |inner| inject(inner, Fault::LostBefore, "PATCH"),
        act: |inner, now| patch(inner, now, json!({ "spec": { "public": false } })),
        ..KIND
    },
    Kind {
        name: "PATCH 409",
        reasons: &["AccountUnavailable"],
        fault: |inner| inject(inner, Fault::ProblemBefore { status: 409 }, "PATCH"),
        act: |inner, now| patch(inner, now, json!({ "spec": { "public": false } })),
        ..KIND
    },
    Kind {
        name: "name trimmed",
        reasons: &["NotApplied"],
        fault: |inner| {
            inner.api.faults.inject(Rule::always(Fault::TrimField { field: "name".into() }));
        },
        act: |inner, now| patch(inner, now, json!({ "spec": { "name": "Trim me " } })),
        ..KIND
    },
    Kind {
        name: "name trimmed, new",
        exists: false,
        reasons: &["NotApplied"],
        fault: |inner| {
            inner.api.faults.inject(Rule::always(Fault::TrimField { field: "name".into() }));
        },
        act: |inner, now| apply_with(inner, now, json!({ "name": "Trim me " })),
        ..KIND
    },
    Kind {
        name: "public kept",
        reasons: &["NotApplied"],
        fault: |inner| inject(inner, Fault::ForgetField { field: "public".into() }, "PATCH"),
        act: |inner, now| patch(inner, now, json!({ "spec": { "public": false } })),
        ..KIND
    },
    Kind {
        name: "playerId forgotten, new",
        exists: false,
        reasons: &["NotApplied"],
        fault: |inner| {
            inject(inner, Fault::ForgetField { field: "playerId".into() }, "PATCH");
            inject(inner, Fault::ForgetField { field: "playerId".into() }, "POST");
        },
        act: |inner, now| {
            inner.api.state.add_player("ptOne", now);
            apply_with(inner, now, json!({ "name": NAME, "playerId": "ptOne" }));
        },
        ..KIND
    },
    Kind {
        name: "player refused",
        exists: false,
        reasons: &["Rejected"],
        act: |inner, now| apply_with(inner, now, json!({ "name": NAME, "playerId": "ptNone" })),
        ..KIND
    },
    Kind {
        name: "player made after 1 min",
        exists: false,
        reasons: &["Synced"],
        act: |inner, now| apply_with(inner, now, json!({ "name": NAME, "playerId": "ptLate" })),
        ends: Some((Duration::from_secs(60), make_player)),
        ..KIND
    },
    Kind {
        name: "player made after 15 min",
        reasons: &["Synced"],
        act: |inner, now| patch(inner, now, json!({ "spec": { "playerId": "ptLate" } })),
        ends: Some((Duration::from_secs(900), make_player)),
        minutes: 30,
        ..KIND
    },
    Kind {
        name: "unreadable in the list",
        reasons: &["Synced"],
        fault: |inner| {
            let stream = held_by_faulty(inner).unwrap_or_default();
            let fault = Fault::UnreadableItem { stream, field: "name".into() };
            inner.api.faults.inject(Rule::always(fault));
        },
        ..KIND
    },
    Kind {
        name: "metadata write 403, new",
        exists: false,
        reasons: &["WriteRefused"],
        fault: |inner| freeze(inner, |attempt| frozen(attempt, false, StatusCode::FORBIDDEN)),
        act: apply,
        ..KIND
    },
    Kind {
        name: "metadata write 422, new",
        exists: false,
        reasons: &["WriteRefused"],
        fault: |inner| freeze(inner, |attempt| frozen(attempt, false, StatusCode::UNPROCESSABLE_ENTITY)),
        act: apply,
        ..KIND
    },
    Kind {
        name: "metadata write 422, deleted",
        reasons: &["WriteRefused"],
        fault: |inner| freeze(inner, |attempt| frozen(attempt, false, StatusCode::UNPROCESSABLE_ENTITY)),
        act: delete,
        ..KIND
    },
    Kind {
        name: "status write 403",
        reasons: &["Synced"],
        fault: |inner| freeze(inner, |attempt| frozen(attempt, true, StatusCode::FORBIDDEN)),
        act: |inner, now| patch(inner, now, json!({ "spec": { "public": false } })),
        ..KIND
    },
    Kind {
        name: "every write 422, new",
        exists: false,
        reasons: &[""],
        fault: |inner| freeze(inner, |attempt| denied(attempt, StatusCode::UNPROCESSABLE_ENTITY)),
        act: apply,
        ..KIND
    },
    Kind {
        name: "fight over the name",
        reasons: &["Updating", "DriftDetected"],
        each_second: rename,
        minutes: 60,
        ..KIND
    },
];

fn inject(inner: &mut Inner, fault: Fault, method: &str) {
    let rule = Rule::always(fault);
    let rule = match (method, held_by_faulty(inner)) {
        ("POST", _) | (_, None) => rule.on(method, "^/live-streams").on_name("^Faulty$"),
        (_, Some(id)) => rule.on(method, "^/live-streams/").on_stream(id),
    };
    inner.api.faults.inject(rule);
}

fn freeze(inner: &mut Inner, policy: Policy) {
    inner.cluster.set_policy(Some(policy));
}

fn frozen(attempt: &Attempt<'_>, status: bool, code: StatusCode) -> Option<StatusCode> {
    // A person's own changes are admitted.
    let by_person = attempt.before["spec"] != attempt.after["spec"];
    (attempt.key.name == FAULTY && attempt.status == status && !by_person).then_some(code)
}

fn denied(attempt: &Attempt<'_>, code: StatusCode) -> Option<StatusCode> {
    frozen(attempt, attempt.status, code)
}

fn apply(inner: &mut Inner, now: Timestamp) {
    apply_with(inner, now, json!({ "name": NAME }));
}

pub(crate) fn apply_with(inner: &mut Inner, now: Timestamp, spec: Value) {
    lives::create(inner, now, json!({ "name": FAULTY }), spec);
}

fn patch(inner: &mut Inner, now: Timestamp, patch: Value) {
    lives::request(inner, now, Method::PATCH, &format!("/{FAULTY}"), &patch);
}

fn request_now() -> Value {
    json!({ "metadata": { "annotations": { "reconcile.api.video/requestedAt": "now" } } })
}

fn delete(inner: &mut Inner, now: Timestamp) {
    lives::request(inner, now, Method::DELETE, &format!("/{FAULTY}"), &Value::Null);
}

fn make_player(inner: &mut Inner, now: Timestamp) {
    inner.api.state.add_player("ptLate", now);
}

/// Somebody changes the name back each time.
fn rename(inner: &mut Inner, now: Timestamp) {
    let patch = StreamPatch { name: Some("Renamed".into()), ..StreamPatch::default() };
    if let Some(id) = held_by_faulty(inner) {
        let _ = inner.api.state.edit(&id, &patch, now);
    }
}

pub(crate) fn held_by_faulty(inner: &Inner) -> Option<String> {
    let object = inner.cluster.object(&Key::live_stream(lives::NAMESPACE, FAULTY))?;
    held(object).map(str::to_owned)
}
