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

/// What an error of the account's list says of the account; `None` if it says nothing.
#[must_use]
pub fn account_error(error: &Error) -> Option<AccountError> {
    waits(error).or_else(|| match failure(error) {
        Cause::Call(error) => Some(error),
        _ => None,
    })
}

/// What kept a call about one stream from succeeding. Only a call that waits for the
/// whole account is the account's matter: the failure of another call concerns its
/// LiveStream alone.
#[must_use]
pub fn cause(error: &Error) -> Cause {
    waits(error).map_or_else(|| failure(error), Cause::Account)
}

/// What a call waits for that was not sent, or met the rate limit.
fn waits(error: &Error) -> Option<AccountError> {
    match error {
        Error::RateLimited { .. } => Some(AccountError::RateLimited),
        Error::Deferred { because, message, .. } => Some(match because {
            Deferral::RateLimited => AccountError::RateLimited,
            Deferral::Unauthorized => AccountError::Unauthorized(message.clone()),
            Deferral::Unavailable => AccountError::Unavailable(message.clone()),
        }),
        _ => None,
    }
}

fn failure(error: &Error) -> Cause {
    match error {
        Error::Refused { field, message, .. } => {
            Cause::Refused(Refusal { field: field.clone(), message: message.clone() })
        }
        Error::Unauthorized { .. } | Error::Forbidden { .. } => {
            Cause::Call(AccountError::Unauthorized(error.to_string()))
        }
        other => Cause::Call(AccountError::Unavailable(other.to_string())),
    }
}
