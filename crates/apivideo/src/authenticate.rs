//! One exchange for a token: `/auth/api-key` or `/auth/refresh`.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use crate::Secret;
use crate::error::Error;
use crate::outcome::outcome;
use crate::project::{self, MAX_TOKEN};
use crate::requests::{self, Request, Subject};
use crate::transport::Transport;

/// What the specification says a token lives; taken where the answer says nothing sane.
const DEFAULT_LIFETIME: u64 = 3600;

/// A longer life than this isn't believed.
const MAX_LIFETIME: u64 = 24 * 3600;

/// What the API grants.
pub(crate) struct Grant {
    pub(crate) header: HeaderValue,
    pub(crate) access: Secret,
    /// The project that the token names.
    pub(crate) project: Option<String>,
    pub(crate) refresh: Option<Secret>,
    pub(crate) expires_in: Duration,
}

/// The request for a token with the API key.
pub(crate) fn by_key(key: &Secret) -> Request<Grant> {
    request("/auth/api-key", &json!({ "apiKey": key.expose() }))
}

/// The request for a token with what came along with the one before.
pub(crate) fn by_refresh(token: &Secret) -> Request<Grant> {
    request("/auth/refresh", &json!({ "refreshToken": token.expose() }))
}

fn request(path: &str, body: &Value) -> Request<Grant> {
    let body = Some(Bytes::from(body.to_string()));
    requests::request(Method::POST, path.to_owned(), body, Subject::Account, grant)
}

/// Asks for a token.
///
/// # Errors
/// [`Error::Unauthorized`] if the API refused the credential itself. Else it could not be
/// asked, or its answer can't be used: the call that wanted the token is
/// [`Error::NotSent`].
pub(crate) async fn authenticate(
    transport: &Transport,
    request: &Request<Grant>,
    secrets: &[Secret],
) -> Result<Grant, Error> {
    let result = transport.exchange(request, None, None).await;
    outcome(request, result, secrets).map_err(|error| {
        let why = match error {
            // A key that is wrong is a 400 here, by the specification.
            Error::Refused { status, message, .. } | Error::Unauthorized { status, message } => {
                return Error::Unauthorized { status, message };
            }
            Error::NotSent { why } => why,
            Error::Unreadable { why, .. } => format!("the answer can't be read: {why}"),
            other => other.to_string(),
        };
        let path = &request.path;
        Error::NotSent { why: format!("no token for it, POST {path}: {why}") }
    })
}

/// The life is a whole number of seconds from 1 s to a day, an hour where it is missing or nonsense.
pub(crate) fn grant(body: &[u8], _id: Option<&str>) -> Result<Grant, String> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| "it is not JSON")?;
    let text =
        |name| answer.get(name).and_then(Value::as_str).filter(|text| (1..=MAX_TOKEN).contains(&text.len()));
    let access = text("access_token").ok_or("it has no `access_token` that can be one")?;
    let mut header = HeaderValue::try_from(format!("Bearer {access}"))
        .map_err(|_| "its `access_token` has characters that no header can carry")?;
    header.set_sensitive(true);
    let expires_in =
        answer.get("expires_in").and_then(Value::as_u64).unwrap_or(DEFAULT_LIFETIME).clamp(1, MAX_LIFETIME);
    Ok(Grant {
        header,
        access: Secret::from(access),
        project: project::of_token(access),
        refresh: text("refresh_token").map(Secret::from),
        expires_in: Duration::from_secs(expires_in),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn life(expires_in: Value) -> u64 {
        let body = json!({"access_token": "t", "expires_in": expires_in}).to_string();
        grant(body.as_bytes(), None).map(|grant| grant.expires_in.as_secs()).unwrap()
    }

    #[test]
    fn a_grant_is_read_and_its_header_is_sensitive() {
        let body =
            br#"{"token_type": "Bearer", "expires_in": 3600, "access_token": "t0k", "refresh_token": "r3f"}"#;
        let grant = grant(body, None).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((grant.header.to_str().unwrap(), grant.header.is_sensitive()), ("Bearer t0k", true));
        assert_eq!((grant.access.expose(), grant.refresh.unwrap().expose()), ("t0k", "r3f"));
    }

    #[test]
    fn a_nonsense_life_is_bounded() {
        assert_eq!(life(json!(7200)), 7200);
        assert_eq!(life(json!(0)), 1);
        assert_eq!(life(json!(u64::MAX)), MAX_LIFETIME);
        for nonsense in [json!(-5), json!("soon"), json!(1.5), Value::Null] {
            assert_eq!(life(nonsense), DEFAULT_LIFETIME);
        }
    }

    #[test]
    fn an_answer_without_a_token_that_can_be_sent_is_none() {
        for body in [
            r#"{}"#,
            r#"{"access_token": ""}"#,
            r#"{"access_token": 5}"#,
            r#"{"access_token": "a\r\nb"}"#,
            "<p>",
        ] {
            assert!(grant(body.as_bytes(), None).is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_grant_or_none(body in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(grant(&body, None).is_ok_and(|grant| !grant.access.expose().is_empty()) || grant(&body, None).is_err());
        }
    }
}
