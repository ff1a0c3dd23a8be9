//! From an HTTP answer to a value or an error: a pure function. What a 2xx holds is read
//! in [`crate::decode`].
//!
//! | status | to | error | effect of a write |
//! |---|---|---|---|
//! | 400, 422 | any request | `Refused` | none |
//! | 401 | any request | `Unauthorized` | none |
//! | 403 | `/auth` and the account's list | `Unauthorized` | none |
//! | 403 | any other request | `Forbidden` | none |
//! | 404 | a request about one stream | `NotFound` | unknown |
//! | 429 | any request | `RateLimited` | none |
//! | any other | any request | `Unexpected` | unknown |
//!
//! Guarantee: of a status that a proxy may send after the effect it is never
//! said that the call did nothing.

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use crate::Secret;
use crate::error::Error;
use crate::rate_limit::wait_of_429;
use crate::redact;
use crate::requests::{Request, Subject};
use crate::wire::WireError;

/// What became of a request. `secrets` are kept out of the texts.
pub(crate) fn outcome<T>(
    request: &Request<T>,
    result: Result<Response<Bytes>, WireError>,
    secrets: &[Secret],
) -> Result<T, Error> {
    let effect = request.class().possible_effect();
    match result {
        Ok(response) if response.status().is_success() => {
            let status = response.status();
            let unreadable = |why| Error::Unreadable { status: status.as_u16(), why, effect };
            request.read(status, response.body()).map_err(unreadable)
        }
        Ok(response) => Err(refusal(request, &response, secrets)),
        Err(WireError::NotSent(why)) => Err(Error::NotSent { why: redact::of_text(&why, secrets) }),
        Err(WireError::Lost(why)) => Err(Error::Lost { why: redact::of_text(&why, secrets), effect }),
    }
}

/// What an answer that isn't a 2xx means.
fn refusal<T>(request: &Request<T>, response: &Response<Bytes>, secrets: &[Secret]) -> Error {
    let body = response.body();
    let problem = serde_json::from_slice(body).unwrap_or_default();
    let message = || message(&problem, secrets).unwrap_or_else(|| redact::of_body(body, secrets));
    let (status, effect) = (response.status().as_u16(), request.class().possible_effect());
    match (status, &request.subject) {
        (400 | 422, _) => {
            let field = field(&problem).map(|field| redact::of_text(field, secrets));
            Error::Refused { status, field, message: message() }
        }
        (401, _) | (403, Subject::Account) => Error::Unauthorized { status, message: message() },
        (403, _) => Error::Forbidden { message: message() },
        (404, Subject::Stream(_)) => Error::NotFound { message: message(), effect },
        (429, _) => Error::RateLimited { retry_in: wait_of_429(response.headers()) },
        (300..=399, _) => {
            let excerpt = "a redirect, which the API never sends; is the base URL right?".to_owned();
            Error::Unexpected { status, excerpt, effect }
        }
        _ => Error::Unexpected { status, excerpt: message(), effect },
    }
}

// A problem, as the API writes them: `{type, title, status, name, detail, problems: […]}`.
// Every part may be missing or of another type; a body that is none says nothing.

fn parts(problem: &Value) -> impl Iterator<Item = &Value> {
    problem.get("problems").and_then(Value::as_array).into_iter().flatten()
}

/// The attribute that a problem is about: its own name, or that of the first of its problems.
fn field(problem: &Value) -> Option<&str> {
    said(problem, "name").or_else(|| parts(problem).find_map(|part| said(part, "name")))
}

/// Title, detail and the problems in one line; `None` when it says nothing.
/// A problem that only repeats the whole is left out.
fn message(problem: &Value, secrets: &[Secret]) -> Option<String> {
    let mut sentences = vec![sentence(problem)];
    let repeats =
        |part: &Value| said(part, "name") == said(problem, "name") && sentence(part) == sentence(problem);
    for part in parts(problem).filter(|part| !repeats(part)) {
        let text = sentence(part);
        match said(part, "name") {
            Some(name) if !text.is_empty() => sentences.push(format!("{name}: {text}")),
            Some(_) | None => sentences.push(text),
        }
    }
    let message = redact::of_text(&sentences.join(" "), secrets);
    (!message.is_empty()).then_some(message)
}

fn sentence(problem: &Value) -> String {
    [said(problem, "title"), said(problem, "detail")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn said<'a>(problem: &'a Value, field: &str) -> Option<&'a str> {
    problem.get(field).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Method;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::authenticate::{by_key, by_refresh};
    use crate::error::Effect;
    use crate::model::ListLiveStreams;
    use crate::requests::{create, delete, get, list, update};

    fn answered<T>(request: &Request<T>, status: u16, body: &[u8]) -> Error {
        let response = Response::builder().status(status).body(Bytes::copy_from_slice(body)).unwrap();
        outcome(request, Ok(response), &[Secret::from("k3y")]).map(|_| ()).unwrap_err()
    }

    fn of(status: u16, body: &str) -> Error {
        answered(&create(&json!({})), status, body.as_bytes())
    }

    /// Every request, by what is asked of it. Nothing is read of an answer to it.
    fn requests() -> Vec<Request<()>> {
        fn unread<T>(request: Request<T>) -> Request<()> {
            let Request { method, path, body, subject, .. } = request;
            crate::requests::request(method, path, body, subject, crate::decode::nothing)
        }
        let first = ListLiveStreams::default();
        let second = ListLiveStreams { page: 2, ..first.clone() };
        let search = ListLiveStreams { name: Some("Hall".to_owned()), ..first.clone() };
        vec![
            unread(by_key(&Secret::from("k3y"))),
            unread(by_refresh(&Secret::from("k3y"))),
            unread(list(&first)),
            unread(list(&second)),
            unread(list(&search)),
            unread(create(&json!({}))),
            unread(get("li1")),
            unread(update("li1", &json!({}))),
            unread(delete("li1")),
        ]
    }

    /// The letter of each error in the table below.
    fn letter(error: &Error) -> char {
        match error {
            Error::Refused { .. } => 'r',
            Error::Unauthorized { .. } => 'a',
            Error::Forbidden { .. } => 'f',
            Error::NotFound { .. } => 'n',
            Error::RateLimited { .. } => 'l',
            Error::Unexpected { .. } => 'u',
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_status_of_every_request_has_its_error_and_its_effect() {
        let others = [
            300, 301, 302, 304, 307, 308, 402, 405, 406, 408, 409, 410, 411, 412, 413, 415, 418, 421, 423,
            424, 425, 426, 428, 431, 451, 499, 500, 501, 502, 503, 504, 507, 511, 520, 599, 600, 999,
        ];
        let statuses: Vec<u16> = [400, 422, 401, 403, 404, 429].into_iter().chain(others).collect();
        let expected =
            ["rraaul", "rraaul", "rraaul", "rraful", "rraful", "rraful", "rrafnl", "rrafnl", "rrafnl"];
        for (request, expected) in requests().iter().zip(expected) {
            let expected = expected.chars().chain(std::iter::repeat('u'));
            let read = request.method == Method::GET;
            for (status, expected) in statuses.iter().zip(expected) {
                let error = answered(request, *status, b"");
                let harmless = read || [400, 401, 403, 422, 429].contains(status);
                let effect = if harmless { Effect::None } else { Effect::Unknown };
                assert_eq!((letter(&error), error.effect()), (expected, effect), "{request:?} {status}");
            }
        }
    }

    #[test]
    fn no_answer_leaves_the_effect_of_a_write_open() {
        for request in requests() {
            let effect = if request.method == Method::GET { Effect::None } else { Effect::Unknown };
            let unanswered = |error| outcome(&request, Err(error), &[]).unwrap_err().effect();
            assert_eq!(unanswered(WireError::Lost("x".into())), effect, "{request:?}");
            assert_eq!(unanswered(WireError::NotSent("x".into())), Effect::None);
        }
    }

    #[test]
    fn every_error_says_what_the_api_said() {
        for (status, error) in [
            (301, "a redirect"),
            (400, "refused the request (400): Sorry."),
            (401, "refused the credentials (401): Sorry."),
            (403, "does not allow this call (403): Sorry."),
            (404, "proxy before it (404): Sorry."),
            (405, "proxy before it (405): Sorry."),
            (422, "refused the request (422): Sorry."),
            (429, "resets in 60s"),
            (500, "proxy before it (500): Sorry."),
            (600, "proxy before it (600): Sorry."),
        ] {
            let text = of(status, r#"{"title": "Sorry."}"#).to_string();
            assert!(text.contains(error), "{status}: {text}");
        }
    }

    #[test]
    fn a_problem_shows_its_field_and_all_its_parts() {
        let error = of(
            400,
            r#"{"type": "https://docs.api.video/reference/invalid-attribute", "title": "An attribute is invalid.",
                "status": 400, "name": "", "detail": "This value should not be blank.",
                "problems": [{"title": "Too long.", "name": "name"}, {"title": "Unknown player.", "name": "playerId"}, 7]}"#,
        );
        let message = "An attribute is invalid. This value should not be blank. name: Too long. playerId: Unknown player.";
        assert_eq!(
            error,
            Error::Refused { status: 400, field: Some("name".into()), message: message.into() }
        );
    }

    #[test]
    fn a_problem_that_repeats_the_whole_is_shown_once() {
        let error = of(
            400,
            r#"{"title": "Invalid.", "name": "playerId", "problems": [{"title": "Invalid.", "name": "playerId"}]}"#,
        );
        let field = Some("playerId".into());
        assert_eq!(error, Error::Refused { status: 400, field, message: "Invalid.".into() });
    }

    #[test]
    fn a_page_of_a_proxy_is_cut_to_its_beginning() {
        let error = of(502, "<html>\n<h1>Bad gateway</h1>");
        let (excerpt, effect) = ("<html> <h1>Bad gateway</h1>".into(), Effect::Unknown);
        assert_eq!(error, Error::Unexpected { status: 502, excerpt, effect });
        assert_eq!(of(500, ""), Error::Unexpected { status: 500, excerpt: String::new(), effect });
    }

    #[test]
    fn the_key_is_never_repeated() {
        for status in [400, 401, 403, 404, 500] {
            for body in [
                r#"{"title": "k3y is wrong", "name": "k3y"}"#,
                "<p>k3y</p>",
                r#"{"title": "", "streamKey": "x9z"}"#,
            ] {
                let error = of(status, body);
                assert!(!format!("{error} {error:?}").contains("k3y"), "{error:?}");
                assert!(!format!("{error} {error:?}").contains("x9z"), "{error:?}");
            }
        }
        let lost = outcome(&get("li1"), Err(WireError::Lost("k3y".into())), &[Secret::from("k3y")]);
        assert!(!lost.unwrap_err().to_string().contains("k3y"));
    }

    #[test]
    fn a_429_waits_as_long_as_it_says() {
        let response = Response::builder().status(429).header("x-ratelimit-retry-after", "7");
        let error = outcome(&get("li1"), Ok(response.body(Bytes::new()).unwrap()), &[]).unwrap_err();
        assert_eq!(error.retry_in(), Some(Duration::from_secs(7)));
    }

    proptest! {
        #[test]
        fn any_body_of_any_status_is_an_error_in_bounded_words(
            status in 300_u16..1000, body in prop::collection::vec(any::<u8>(), 0..400)
        ) {
            let text = answered(&create(&json!({})), status, &body).to_string();
            prop_assert!(text.chars().count() < 2 * redact::MAX_CHARS + 200);
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
