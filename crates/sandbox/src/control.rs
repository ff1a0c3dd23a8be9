//! The control endpoints below `/_sandbox`: no key, no limits, no log.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::api::Api;
use crate::changes::Changes;
use crate::rule_json;
use crate::secret::Secret;
use crate::state::{EditError, NotChanged, StreamView, object, refusal};

/// What the server keeps: the API, and the setting that is its own.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) api: Api,
    pub(crate) latency: Duration,
}

impl Core {
    pub(crate) fn configure(&mut self, changes: &Changes) {
        self.latency = changes.latency.unwrap_or(self.latency);
        self.api.state.configure(changes);
    }
}

/// Answers a control request. `segments` is the path below `/_sandbox`.
pub(crate) fn handle(core: &mut Core, segments: &[&str], request: &Request<Bytes>, now: Timestamp) -> Answer {
    match (segments, request.method().as_str()) {
        (["streams"], "GET") => list_streams(core, request),
        (["streams"], "POST") => create_stream(core, request.body(), now),
        (["streams"], "DELETE") => {
            core.api.state.clear_streams();
            done()
        }
        (["streams", id], "PATCH") => edit_stream(core, id, request.body(), now),
        (["streams", id], "DELETE") => match core.api.state.delete(id, now) {
            Ok(()) => done(),
            Err(error) => edit_failed(&error),
        },
        (["streams", id, "live"], "POST") => broadcast(core, id, true, now),
        (["streams", id, "end"], "POST") => broadcast(core, id, false, now),
        (["faults"], "GET") => list_faults(core),
        (["faults"], "POST") => add_fault(core, request.body()),
        (["faults"], "DELETE") => {
            core.api.faults.clear();
            done()
        }
        (["faults", id], "DELETE") => remove_fault(core, id),
        (["calls"], "GET") => list_calls(core, request, now),
        (["calls"], "DELETE") => {
            core.api.reset_calls();
            done()
        }
        (["keys"], "POST") => point_key(core, request.body()),
        (["config"], "PUT") => configure(core, request.body()),
        _ => failed(StatusCode::NOT_FOUND, "there is no control endpoint with this path and method"),
    }
}

/// `?limit=N`: only the newest N.
fn list_streams(core: &Core, request: &Request<Bytes>) -> Answer {
    let streams = core.api.state.streams();
    let skipped = streams.len().saturating_sub(limit(request));
    let newest: Vec<&StreamView> = streams.iter().skip(skipped).collect();
    shown(&json!({"streams": newest, "total": streams.len()}))
}

fn create_stream(core: &mut Core, body: &Bytes, now: Timestamp) -> Answer {
    let Some(body) = object(body) else { return answer::unreadable_body() };
    changed(core.api.state.create_from(&body, now))
}

fn edit_stream(core: &mut Core, id: &str, body: &Bytes, now: Timestamp) -> Answer {
    let Some(body) = object(body) else { return answer::unreadable_body() };
    changed(core.api.state.edit_from(id, &body, now))
}

fn changed(result: Result<StreamView, NotChanged>) -> Answer {
    result.map_or_else(|error| refusal(&error), |stream| shown(&json!(stream)))
}

fn broadcast(core: &mut Core, id: &str, on: bool, now: Timestamp) -> Answer {
    match core.api.state.set_broadcasting(id, on, now) {
        Ok(stream) => shown(&json!(stream)),
        Err(error) => edit_failed(&error),
    }
}

fn list_faults(core: &Core) -> Answer {
    let rules = core.api.faults.rules().iter();
    shown(&rules.map(|(id, rule)| rule_json::show(*id, rule)).collect())
}

fn add_fault(core: &mut Core, body: &Bytes) -> Answer {
    match rule_json::read(body) {
        Ok(rule) => {
            let id = core.api.faults.inject(rule.clone());
            answer::json(StatusCode::CREATED, &rule_json::show(id, &rule))
        }
        Err(why) => failed(StatusCode::BAD_REQUEST, &why),
    }
}

fn remove_fault(core: &mut Core, id: &str) -> Answer {
    if id.parse().is_ok_and(|id| core.api.faults.remove(id)) {
        done()
    } else {
        failed(StatusCode::NOT_FOUND, "there is no rule with this id; it is used up or was removed")
    }
}

/// `?limit=N`: only the last N entries.
fn list_calls(core: &Core, request: &Request<Bytes>, now: Timestamp) -> Answer {
    let log = core.api.calls_up_to(limit(request));
    let (reads, writes) = (log.reads(), log.writes());
    shown(&json!({
        "entries": log.entries,
        "counts": log.counts,
        "reads": reads,
        "writes": writes,
        "budget": core.api.state.budget(now),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PointedKey {
    api_key: String,
    project: Option<String>,
}

fn point_key(core: &mut Core, body: &Bytes) -> Answer {
    match serde_json::from_slice::<PointedKey>(body) {
        Ok(PointedKey { api_key, project }) => {
            core.api.state.point_key(Secret::from(api_key), project);
            done()
        }
        Err(error) => failed(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn configure(core: &mut Core, body: &Bytes) -> Answer {
    match serde_json::from_slice::<Changes>(body) {
        Ok(changes) => {
            core.configure(&changes);
            done()
        }
        Err(error) => failed(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn limit(request: &Request<Bytes>) -> usize {
    let query = request.uri().query().unwrap_or_default();
    let limit = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "limit");
    limit.and_then(|(_, value)| value.parse().ok()).unwrap_or(usize::MAX)
}

fn shown(value: &Value) -> Answer {
    answer::json(StatusCode::OK, value)
}

fn done() -> Answer {
    answer::empty(StatusCode::NO_CONTENT)
}

fn edit_failed(error: &EditError) -> Answer {
    let status = match error {
        EditError::NotFound { .. } => StatusCode::NOT_FOUND,
        EditError::Refused { .. } => StatusCode::BAD_REQUEST,
    };
    failed(status, &error.to_string())
}

fn failed(status: StatusCode, why: &str) -> Answer {
    answer::json(status, &json!({"status": status.as_u16(), "title": why}))
}
