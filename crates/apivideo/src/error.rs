//! What may go wrong with a call, and whether it may have taken effect.
//!
//! Texts that come from the API are bounded, without control characters, and
//! never hold the key, a token or a stream key (see `redact.rs`).

use std::time::Duration;

/// What a failed call may have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Certainly nothing.
    None,
    /// All that was asked for, or nothing: only a read of the stream or the list shows it.
    Unknown,
}

/// Why a call was held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deferral {
    /// The share of the limit is used up.
    RateLimited,
    /// The credentials were refused, and it isn't time to try them again.
    Unauthorized,
    /// The API doesn't work, and it isn't time to try it again.
    Unavailable,
}

/// Why a call gave no answer that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 400 or 422: the API's word on the request, which did nothing and will be refused again.
    #[error("api.video refused the request ({status}{}): {message}", of_field(field.as_deref()))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The attribute that the API names.
        field: Option<String>,
        /// What the API says about it.
        message: String,
    },
    /// 404 to a request about one stream: it doesn't exist, or belongs to another project.
    #[error("not found (404): {message}; a stream of another project gives the same answer")]
    NotFound {
        /// What the API says about it.
        message: String,
        /// A proxy that repeats a deletion gives this answer to one that took effect.
        effect: Effect,
    },
    /// 401, also after the token was renewed; or 403 to the account's list; or the key was
    /// refused for a token.
    #[error(
        "api.video refused the credentials ({status}): {message}; \
         check the API key, and whether it belongs to this environment (production or sandbox)"
    )]
    Unauthorized {
        /// The HTTP status.
        status: u16,
        /// What the API says about it.
        message: String,
    },
    /// 403 to a call other than the account's list: this call is not allowed. That
    /// says nothing about the account.
    #[error("api.video does not allow this call (403): {message}; check what the API key may do")]
    Forbidden {
        /// What the API says about it.
        message: String,
    },
    /// 429: the limit of the account is used up, by whatever client.
    #[error("rate limited (429); resets in {retry_in:?}")]
    RateLimited {
        /// How long until the limit's window resets.
        retry_in: Duration,
    },
    /// Held back here, nothing was sent.
    #[error("not sent: {message}; retry in {retry_in:?}")]
    Deferred {
        /// Why.
        because: Deferral,
        /// When it is worth trying again.
        retry_in: Duration,
        /// Why, for people.
        message: String,
    },
    /// Any other status: 5xx, a redirect, 404 to a request about no stream, and every
    /// other 4xx (405, 408, 409, 423 …). A proxy may have sent it, after the effect.
    #[error("unexpected answer of api.video or a proxy before it ({status}){}", said(excerpt))]
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        excerpt: String,
        /// None of a read.
        effect: Effect,
    },
    /// A 2xx whose body can't be read: HTML, cut short, not UTF-8, without an id.
    #[error("the answer of api.video ({status}) can't be read: {why}; is the base URL right?")]
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// What is wrong with it; never the content.
        why: String,
        /// None of a read.
        effect: Effect,
    },
    /// It certainly didn't reach the API: refused connection, DNS, TLS, no token.
    #[error("the call didn't reach api.video: {why}; check the network, DNS and the base URL")]
    NotSent {
        /// What stopped it.
        why: String,
    },
    /// It was sent, and no answer came.
    #[error("the answer of api.video was lost: {why}")]
    Lost {
        /// What happened.
        why: String,
        /// None of a read.
        effect: Effect,
    },
}

impl Error {
    /// What the call may have done all the same. A write did certainly nothing only if
    /// it was not sent, or answered with 400, 401, 403, 422 or 429. A read does nothing.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::Refused { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::RateLimited { .. }
            | Self::Deferred { .. }
            | Self::NotSent { .. } => Effect::None,
            Self::NotFound { effect, .. }
            | Self::Unexpected { effect, .. }
            | Self::Unreadable { effect, .. }
            | Self::Lost { effect, .. } => *effect,
        }
    }

    /// When it is worth trying again, where that is known.
    #[must_use]
    pub fn retry_in(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_in } | Self::Deferred { retry_in, .. } => Some(*retry_in),
            _ => None,
        }
    }
}

fn of_field(field: Option<&str>) -> String {
    field.map(|field| format!(", field `{field}`")).unwrap_or_default()
}

fn said(excerpt: &str) -> String {
    if excerpt.is_empty() { String::new() } else { format!(": {excerpt}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_effect() {
        let text = || "why".to_owned();
        let second = Duration::from_secs(1);
        let deferred = |because| Error::Deferred { because, retry_in: second, message: text() };
        let (none, unknown) = (Effect::None, Effect::Unknown);
        for (error, effect, retry_in) in [
            (Error::Refused { status: 400, field: None, message: text() }, Effect::None, None),
            (Error::NotFound { message: text(), effect: none }, none, None),
            (Error::NotFound { message: text(), effect: unknown }, unknown, None),
            (Error::Unauthorized { status: 401, message: text() }, Effect::None, None),
            (Error::Forbidden { message: text() }, Effect::None, None),
            (Error::RateLimited { retry_in: second }, Effect::None, Some(second)),
            (deferred(Deferral::RateLimited), Effect::None, Some(second)),
            (deferred(Deferral::Unauthorized), Effect::None, Some(second)),
            (deferred(Deferral::Unavailable), Effect::None, Some(second)),
            (Error::Unexpected { status: 503, excerpt: text(), effect: unknown }, unknown, None),
            (Error::Unexpected { status: 503, excerpt: text(), effect: none }, none, None),
            (Error::Unreadable { status: 200, why: text(), effect: unknown }, unknown, None),
            (Error::Unreadable { status: 200, why: text(), effect: none }, none, None),
            (Error::NotSent { why: text() }, Effect::None, None),
            (Error::Lost { why: text(), effect: unknown }, unknown, None),
            (Error::Lost { why: text(), effect: none }, none, None),
        ] {
            assert_eq!((error.effect(), error.retry_in()), (effect, retry_in), "{error}");
        }
    }

    #[test]
    fn a_refusal_names_its_field() {
        let error = Error::Refused {
            status: 400,
            field: Some("playerId".into()),
            message: "An attribute is invalid.".into(),
        };
        assert_eq!(
            error.to_string(),
            "api.video refused the request (400, field `playerId`): An attribute is invalid."
        );
    }
}
