//! What the answers of the API mean to the decisions.

use apivideo::{Deferral, Error};

use crate::core::{
    facts::{
        ids::StreamId,
        observation::AccountError,
        stream::{Assets, Remote},
    },
    state::outcome::{Cause, Refusal},
};

/// The longest URL, or the HTML that embeds one, that is reported, in
/// bytes. A longer one is nonsense, and the status has to hold it.
const MAX_URL: usize = 2048;

/// A stream of the API without its secrets; `None` if its id is none.
#[must_use]
pub fn remote(stream: apivideo::LiveStream) -> Option<Remote> {
    let short = |url: Option<String>| url.filter(|url| url.len() <= MAX_URL);
    Some(Remote {
        id: StreamId::parse(&stream.live_stream_id).ok()?,
        name: stream.name,
        public: stream.public,
        player_id: stream.player_id,
        broadcasting: stream.broadcasting,
        created_at: stream.created_at,
        updated_at: stream.updated_at,
        assets: Assets {
            hls: short(stream.assets.hls),
            iframe: short(stream.assets.iframe),
            player: short(stream.assets.player),
            thumbnail: short(stream.assets.thumbnail),
        },
    })
}

/// What an error of the client says of the account; `None` if it concerns only the request.
#[must_use]
pub fn account_error(error: &Error) -> Option<AccountError> {
    match error {
        Error::Deferred { because: Deferral::RateLimited, .. } | Error::RateLimited { .. } => {
            Some(AccountError::RateLimited)
        }
        Error::Deferred { because: Deferral::Unauthorized, message, .. } => {
            Some(AccountError::Unauthorized(message.clone()))
        }
        Error::Deferred { because: Deferral::Unavailable, message, .. } => {
            Some(AccountError::Unavailable(message.clone()))
        }
        Error::Unauthorized { .. } | Error::Forbidden { .. } => Some(AccountError::Unauthorized(error.to_string())),
        Error::Unexpected { .. } | Error::Unreadable { .. } | Error::NotSent { .. } | Error::Lost { .. } => {
            Some(AccountError::Unavailable(error.to_string()))
        }
        Error::Refused { .. } | Error::NotFound { .. } => None,
    }
}

/// What kept a call from succeeding.
#[must_use]
pub fn cause(error: &Error) -> Cause {
    if let Some(error) = account_error(error) {
        return Cause::Account(error);
    }
    Cause::Refused(match error {
        Error::Refused { field, message, .. } => Refusal { field: field.clone(), message: message.clone() },
        other => Refusal { field: None, message: other.to_string() },
    })
}
