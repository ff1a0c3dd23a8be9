//! Applies faults to a call: the only place where they do anything.

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use jiff::Timestamp;
use serde_json::Value;

use crate::answer::{self, Answer};
use crate::delivery::{Arrival, Delivery};
use crate::fault::Fault;
use crate::state::State;

const PROXY_ERROR: &str = "<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>\
    <body><h1>Service unavailable</h1><p>The upstream server did not answer.</p></body></html>\n";
const MAINTENANCE: &str = "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>\
    <body><h1>We will be back soon</h1></body></html>\n";
/// No field of a stream is a number.
const WRONG_TYPE: u8 = 7;

/// Makes the effect, if the faults let it happen, and what the client is sent.
pub(crate) fn deliver(
    state: &mut State,
    arrival: &Arrival,
    request: &Request<Bytes>,
    now: Timestamp,
) -> Delivery {
    let Some(fault) = &arrival.fault else {
        return Delivery::Answer(effect(state, &arrival.quirks, request, now));
    };
    let effect =
        if fault.has_effect() { effect(state, &arrival.quirks, request, now) } else { Answer::default() };
    let answer = match fault {
        Fault::LostBefore | Fault::LostAfter => return Delivery::Closed,
        Fault::Truncated => return Delivery::CutShort(with_content(effect)),
        Fault::Huge => {
            return Delivery::Huge(answer::with_date(answer::json(StatusCode::OK, &"".into()), now));
        }
        Fault::NotJson => answer::html(StatusCode::OK, MAINTENANCE),
        Fault::ErrorBefore { status } | Fault::ErrorAfter { status } => {
            answer::html(status_code(*status), PROXY_ERROR)
        }
        Fault::ProblemBefore { status } | Fault::ProblemAfter { status } => {
            state.with_limits(answer::injected(status_code(*status)), request, now)
        }
        Fault::Unauthorized => state.with_limits(answer::unauthorized(), request, now),
        Fault::Forbidden => state.with_limits(answer::forbidden(), request, now),
        Fault::RateLimited { retry_after } => {
            state.with_spent_limits(answer::too_many_requests(), request, *retry_after, now)
        }
        // Late ones are the caller's to delay.
        _ => return Delivery::Answer(effect),
    };
    Delivery::Answer(answer::with_date(answer, now))
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// The state's answer to the request, both changed by the quirks.
fn effect(state: &mut State, quirks: &[Fault], request: &Request<Bytes>, now: Timestamp) -> Answer {
    if quirks.is_empty() {
        return state.handle(request, now);
    }
    let mut request = request.clone();
    for quirk in quirks {
        change_request(quirk, &mut request, state, now);
    }
    let mut answer = state.handle(&request, now);
    for quirk in quirks {
        change_answer(quirk, &mut answer, state);
    }
    answer
}

fn change_request(quirk: &Fault, request: &mut Request<Bytes>, state: &mut State, now: Timestamp) {
    match quirk {
        Fault::ForgetField { field } => change_json(request.body_mut(), |body| {
            body.as_object_mut()?.remove(field);
            Some(())
        }),
        Fault::TrimField { field } => change_text(request.body_mut(), field, |text| text.trim().to_owned()),
        Fault::LowerCaseField { field } => change_text(request.body_mut(), field, |text| {
            let lower = text.to_lowercase();
            if field == "playerId" && state.has_player(text) && !state.has_player(&lower) {
                state.add_player(lower.clone(), now);
            }
            lower
        }),
        Fault::IgnoreSortBy => *request.uri_mut() = without_sort_by(request.uri()),
        _ => {}
    }
}

fn change_answer(quirk: &Fault, answer: &mut Answer, state: &State) {
    match quirk {
        Fault::AnswerWith { answer_with } => {
            if let Some(other) = state.stream_json(answer_with) {
                *answer.status_mut() = StatusCode::OK;
                *answer.body_mut() = other.to_string().into();
            }
        }
        Fault::WrongItemsTotal { by } => change_json(answer.body_mut(), |body| {
            let total = body.pointer_mut("/pagination/itemsTotal")?;
            *total = total.as_u64()?.saturating_add_signed(*by).into();
            Some(())
        }),
        Fault::UnreadableItem { stream, field } => change_json(answer.body_mut(), |body| {
            let mut items = body.get_mut("data")?.as_array_mut()?.iter_mut();
            let item = items.find(|item| item["liveStreamId"] == stream.as_str())?;
            item.as_object_mut()?.insert(field.clone(), WRONG_TYPE.into());
            Some(())
        }),
        _ => {}
    }
}

/// Changes a body, if it is JSON and `change` finds its fields.
fn change_json(bytes: &mut Bytes, change: impl FnOnce(&mut Value) -> Option<()>) {
    if let Ok(mut value) = serde_json::from_slice(bytes)
        && change(&mut value).is_some()
    {
        *bytes = value.to_string().into();
    }
}

fn change_text(bytes: &mut Bytes, field: &str, change: impl FnOnce(&str) -> String) {
    change_json(bytes, |body| {
        let value = body.get_mut(field)?;
        *value = change(value.as_str()?).into();
        Some(())
    });
}

fn without_sort_by(uri: &Uri) -> Uri {
    let kept: Vec<&str> =
        uri.query().unwrap_or_default().split('&').filter(|pair| !pair.starts_with("sortBy=")).collect();
    format!("{}?{}", uri.path(), kept.join("&")).parse().unwrap_or_else(|_| uri.clone())
}

/// An answer without a body can't be cut short; it gets one.
fn with_content(mut answer: Answer) -> Answer {
    if answer.body().is_empty() {
        *answer.status_mut() = StatusCode::OK;
        *answer.body_mut() = Bytes::from_static(b"{\"status\": \"done\"}");
    }
    answer
}
