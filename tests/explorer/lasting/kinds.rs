//! The kinds of faults.

use std::time::Duration;

use apivideo_sandbox::{Fault, Rule};
use http::StatusCode;
use serde_json::json;

use super::kind::{
    Kind, apply, apply_with, delete, held_by_faulty, inject, live, make_private, new, patch, refuse, refused,
    rename, request_now,
};
use crate::world::Inner;

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

fn problem(status: u16) -> Fault {
    Fault::ProblemBefore { status }
}

fn on(method: &'static str, fault: Fault) -> impl Fn(&mut Inner) {
    move |inner| inject(inner, method, fault.clone())
}

fn lost_then(search: Fault) -> impl Fn(&mut Inner) {
    move |inner| {
        inject(inner, "POST", Fault::LostAfter);
        inject(inner, "GET", search.clone());
    }
}

fn quirk(fault: Fault) -> impl Fn(&mut Inner) {
    move |inner| {
        inner.api.faults.inject(Rule::always(fault.clone()));
    }
}

pub(super) fn all() -> Vec<Kind> {
    of_creates().into_iter().chain(of_calls()).chain(of_values()).chain(of_the_cluster()).collect()
}

fn of_creates() -> Vec<Kind> {
    let unavailable = &["AccountUnavailable", "Creating"];
    let unauthorized = &["Unauthorized", "Creating"];
    vec![
        new("POST 401", unauthorized, on("POST", Fault::Unauthorized), apply),
        new("POST 403", unauthorized, on("POST", Fault::Forbidden), apply),
        new("POST 500", unavailable, on("POST", problem(500)), apply),
        new("POST lost", unavailable, on("POST", Fault::LostBefore), apply),
        new(
            "POST 408 once, after its effect",
            &["Synced"],
            |inner| {
                let rule = Rule::once(Fault::ErrorAfter { status: 408 });
                inner.api.faults.inject(rule.on("POST", "^/live-streams$").on_name("^Faulty$"));
            },
            apply,
        ),
        new("POST unreadable", &["Synced"], on("POST", Fault::NotJson), apply),
        new("POST lost, search 500", unavailable, lost_then(problem(500)), apply),
        new("POST lost, search 403", unauthorized, lost_then(Fault::Forbidden), apply),
    ]
}

fn of_calls() -> Vec<Kind> {
    let unavailable = &["AccountUnavailable"];
    let unauthorized = &["Unauthorized"];
    vec![
        live("GET 500", unavailable, on("GET", problem(500)), request_now),
        live("GET 500, deleted", &["AccountUnavailable", "Deleting"], on("GET", problem(500)), delete),
        live("DELETE 500", unavailable, on("DELETE", problem(500)), delete),
        live("DELETE 403", unauthorized, on("DELETE", Fault::Forbidden), delete),
        live("DELETE lost", unavailable, on("DELETE", Fault::LostBefore), delete),
        live("PATCH 401", unauthorized, on("PATCH", Fault::Unauthorized), make_private),
        live("PATCH 403", unauthorized, on("PATCH", Fault::Forbidden), make_private),
        live("PATCH 404", unavailable, on("PATCH", problem(404)), make_private),
        live("GET 404, but listed", unavailable, on("GET", problem(404)), request_now),
        live("PATCH 409", unavailable, on("PATCH", problem(409)), make_private),
        live("PATCH 500", unavailable, on("PATCH", problem(500)), make_private),
        live("PATCH lost", unavailable, on("PATCH", Fault::LostBefore), make_private),
        live("PATCH unreadable", &["Synced"], on("PATCH", Fault::NotJson), make_private),
    ]
}

fn of_values() -> Vec<Kind> {
    let forget = |field: &str| Fault::ForgetField { field: field.into() };
    let trim = || quirk(Fault::TrimField { field: "name".into() });
    let refused_player =
        |inner: &mut Inner, now| patch(inner, now, &json!({ "spec": { "playerId": "ptLate" } }));
    let make_player = |inner: &mut Inner, now| inner.api.state.add_player("ptLate", now);
    let after =
        |minutes: u64, kind| Kind { ends: Some((Duration::from_secs(60 * minutes), make_player)), ..kind };
    vec![
        live("name trimmed", &["NotApplied"], trim(), |inner, now| {
            patch(inner, now, &json!({ "spec": { "name": "Trim me " } }));
        }),
        new("name trimmed, new", &["NotApplied"], trim(), |inner, now| {
            apply_with(inner, now, &json!({ "name": "Trim me " }));
        }),
        live("public kept", &["NotApplied"], quirk(forget("public")), make_private),
        new("playerId forgotten, new", &["NotApplied"], quirk(forget("playerId")), |inner, now| {
            inner.api.state.add_player("ptOne", now);
            apply_with(inner, now, &json!({ "name": "Faulty", "playerId": "ptOne" }));
        }),
        live("player refused", &["Rejected"], |_| {}, refused_player),
        after(1, live("player made after 1 min", &["Synced"], |_| {}, refused_player)),
        Kind {
            minutes: 30,
            ..after(15, live("player made after 15 min", &["Synced"], |_| {}, refused_player))
        },
        live(
            "unreadable in the list",
            &["Synced"],
            |inner| {
                let stream = held_by_faulty(inner).unwrap_or_default();
                inner.api.faults.inject(Rule::always(Fault::UnreadableItem { stream, field: "name".into() }));
            },
            |_, _| {},
        ),
        // Each correction is told: what was done, and when the next one comes.
        Kind {
            each_second: rename,
            minutes: 60,
            statuses: 12,
            ..live("fight over the name", &["DriftDetected", "Updating", "Synced"], |_| {}, |_, _| {})
        },
    ]
}

fn of_the_cluster() -> Vec<Kind> {
    let told = &["WriteRefused"];
    vec![
        new("metadata 403, new", told, refuse(|a| refused(a, false, StatusCode::FORBIDDEN)), apply),
        new("metadata 422, new", told, refuse(|a| refused(a, false, REFUSED)), apply),
        live("metadata 422, deleted", told, refuse(|a| refused(a, false, REFUSED)), delete),
        new("metadata 409, new", told, refuse(|a| refused(a, false, StatusCode::CONFLICT)), apply),
        live("status 403", &["Synced"], refuse(|a| refused(a, true, StatusCode::FORBIDDEN)), make_private),
        live("status 409", &["Synced"], refuse(|a| refused(a, true, StatusCode::CONFLICT)), make_private),
        new("every patch 422, new", &[""], refuse(|a| refused(a, a.status, REFUSED)), apply),
    ]
}
