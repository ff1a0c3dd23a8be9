//! One exchange for a token: `/auth/api-key` or `/auth/refresh`.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use crate::Secret;
use crate::error::Error;
use crate::map_error::{self, Asked};
use crate::operation::{Operation, Subject};
use crate::project::{self, MAX_TOKEN};
use crate::transport::{Exchange, Transport};

/// What the specification says a token lives; taken where the answer says nothing sane.
const DEFAULT_LIFETIME: u64 = 3600;

/// A longer life than this isn't believed.
const MAX_LIFETIME: u64 = 24 * 3600;

/// What a token is asked for with.
pub(crate) enum Credential {
    Key(Secret),
    Refresh(Secret),
}

/// What the API grants.
pub(crate) struct Grant {
    pub(crate) header: HeaderValue,
    pub(crate) access: Secret,
    /// The project that the token names.
    pub(crate) project: Option<String>,
    pub(crate) refresh: Option<Secret>,
    pub(crate) expires_in: Duration,
}

/// Why there is no token.
pub(crate) enum Refusal {
    /// The API refused the credential itself.
    Refused(Error),
    /// It could not be asked, or its answer can't be used. The call that
    /// wanted the token was never sent, so its effect is none.
    Failed(Error),
}

impl Refusal {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Refused(error) | Self::Failed(error) => error,
        }
    }
}

pub(crate) async fn authenticate(
    transport: &Transport,
    credential: &Credential,
    secrets: &[Secret],
) -> Result<Grant, Refusal> {
    let (path, body) = match credential {
        Credential::Key(key) => ("/auth/api-key", json!({ "apiKey": key.expose() })),
        Credential::Refresh(token) => ("/auth/refresh", json!({ "refreshToken": token.expose() })),
    };
    let exchange = Exchange {
        operation: Operation::Authenticate,
        priority: None,
        method: &Method::POST,
        path,
        body: Some(Bytes::from(body.to_string())),
        authorization: None,
    };
    let failed =
        |why: String| Refusal::Failed(Error::NotSent { why: format!("no token for it, POST {path}: {why}") });
    match transport.exchange(exchange).await {
        Ok(response) if response.status().is_success() => {
            grant(response.body()).map_err(|why| failed(format!("the answer can't be read: {why}")))
        }
        Ok(response) => {
            let (status, headers, body) = (response.status(), response.headers(), response.body());
            let asked = Asked { operation: Operation::Authenticate, subject: &Subject::Account };
            Err(refusal(map_error::of_response(asked, status, headers, body, secrets), failed))
        }
        Err(error) => Err(failed(match map_error::of_wire(Operation::Authenticate, error, secrets) {
            Error::NotSent { why } => why,
            other => other.to_string(),
        })),
    }
}

/// A key that is wrong is a 400 here, by the specification.
fn refusal(error: Error, failed: impl Fn(String) -> Refusal) -> Refusal {
    match error {
        Error::Refused { status, message, .. } => Refusal::Refused(Error::Unauthorized { status, message }),
        Error::Unauthorized { .. } => Refusal::Refused(error),
        other => failed(other.to_string()),
    }
}

/// The life is a whole number of seconds from 1 s to a day, an hour where it is missing or nonsense.
pub(crate) fn grant(body: &[u8]) -> Result<Grant, &'static str> {
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
        grant(body.as_bytes()).map(|grant| grant.expires_in.as_secs()).unwrap()
    }

    #[test]
    fn a_grant_is_read_and_its_header_is_sensitive() {
        let body =
            br#"{"token_type": "Bearer", "expires_in": 3600, "access_token": "t0k", "refresh_token": "r3f"}"#;
        let grant = grant(body).unwrap_or_else(|why| panic!("{why}"));
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
            assert!(grant(body.as_bytes()).is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_grant_or_none(body in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(grant(&body).is_ok_and(|grant| !grant.access.expose().is_empty()) || grant(&body).is_err());
        }
    }
}
