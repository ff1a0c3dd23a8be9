//! From an HTTP answer to an error: a pure function. What a 2xx holds is read in [`crate::decode`].

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::Secret;
use crate::error::Error;
use crate::rate_limit::wait_of_429;
use crate::redact;
use crate::wire::WireError;

/// What an answer that isn't a 2xx means. `secrets` are kept out of its text.
pub(crate) fn of_response(status: StatusCode, headers: &HeaderMap, body: &[u8], secrets: &[Secret]) -> Error {
    let message = || Problem::of(body).message(secrets).unwrap_or_else(|| redact::of_body(body, secrets));
    let code = status.as_u16();
    match code {
        401 | 403 => Error::Unauthorized { status: code, message: message() },
        404 => Error::NotFound { message: message() },
        429 => Error::RateLimited { retry_in: wait_of_429(headers) },
        400..=499 => {
            let field = Problem::of(body).field().map(|field| redact::of_text(&field, secrets));
            Error::Refused { status: code, field, message: message() }
        }
        300..=399 => Error::Server {
            status: code,
            excerpt: "a redirect, which the API never sends; is the base URL right?".to_owned(),
        },
        _ => Error::Server { status: code, excerpt: message() },
    }
}

/// What it means that there is no answer.
pub(crate) fn of_wire(error: WireError, secrets: &[Secret]) -> Error {
    match error {
        WireError::NotSent(why) => Error::NotSent { why: redact::of_text(&why, secrets) },
        WireError::Lost(why) => Error::Lost { why: redact::of_text(&why, secrets) },
    }
}

/// A problem as the API writes them: `{type, title, status, name, detail, problems: […]}`.
/// Every part may be missing or of another type.
struct Problem(Value);

impl Problem {
    /// One that says nothing when the body is none.
    fn of(body: &[u8]) -> Self {
        Self(serde_json::from_slice(body).unwrap_or_default())
    }

    fn parts(&self) -> impl Iterator<Item = &Value> {
        self.0.get("problems").and_then(Value::as_array).into_iter().flatten()
    }

    /// The attribute that it is about: its own name, or that of the first of its problems.
    fn field(&self) -> Option<String> {
        said(&self.0, "name").or_else(|| self.parts().find_map(|part| said(part, "name"))).map(str::to_owned)
    }

    /// Title, detail and the problems in one line; `None` when it says nothing.
    /// A problem that only repeats the whole is left out.
    fn message(&self, secrets: &[Secret]) -> Option<String> {
        let mut sentences = vec![sentence(&self.0)];
        let repeats = |part: &&Value| {
            said(part, "name") == said(&self.0, "name") && sentence(part) == sentence(&self.0)
        };
        for part in self.parts().filter(|part| !repeats(part)) {
            let text = sentence(part);
            match said(part, "name") {
                Some(name) if !text.is_empty() => sentences.push(format!("{name}: {text}")),
                Some(_) | None => sentences.push(text),
            }
        }
        let message = redact::of_text(&sentences.join(" "), secrets);
        (!message.is_empty()).then_some(message)
    }
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

    use proptest::prelude::*;

    use super::*;

    fn of(status: u16, body: &str) -> Error {
        let secrets = [Secret::from("k3y")];
        of_response(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes(), &secrets)
    }

    #[test]
    fn every_status_has_its_error() {
        let message = || "Sorry.".to_owned();
        for (status, error) in [
            (301, "a redirect"),
            (400, "refused the request (400): Sorry."),
            (401, "refused the credentials (401): Sorry."),
            (403, "refused the credentials (403): Sorry."),
            (404, "not found (404): Sorry."),
            (405, "refused the request (405): Sorry."),
            (422, "refused the request (422): Sorry."),
            (429, "resets in 60s"),
            (500, "failed (500): Sorry."),
            (503, "failed (503): Sorry."),
            (600, "failed (600): Sorry."),
        ] {
            let text = of(status, &format!(r#"{{"title": "{}"}}"#, message())).to_string();
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
        assert_eq!(error, Error::Server { status: 502, excerpt: "<html> <h1>Bad gateway</h1>".into() });
        assert_eq!(of(500, ""), Error::Server { status: 500, excerpt: String::new() });
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
        let lost = of_wire(WireError::Lost("k3y".into()), &[Secret::from("k3y")]);
        assert!(!lost.to_string().contains("k3y"));
    }

    #[test]
    fn a_429_waits_as_long_as_it_says() {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-retry-after", "7".parse().unwrap());
        let error = of_response(StatusCode::TOO_MANY_REQUESTS, &headers, b"", &[]);
        assert_eq!(error.retry_in(), Some(Duration::from_secs(7)));
    }

    proptest! {
        #[test]
        fn any_body_of_any_status_is_an_error_in_bounded_words(
            status in 300_u16..1000, body in prop::collection::vec(any::<u8>(), 0..400)
        ) {
            let status = StatusCode::from_u16(status).unwrap();
            let text = of_response(status, &HeaderMap::new(), &body, &[]).to_string();
            prop_assert!(text.chars().count() < 2 * redact::MAX_CHARS + 200);
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
