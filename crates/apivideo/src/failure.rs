//! What a call that failed says about the account.

use crate::circuit_breaker::Signal;
use crate::error::Error;
use crate::token::Denied;

/// A call that failed, and what it says about the account if it speaks for it.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) signal: Signal,
    /// There was no token for it, which speaks for the account whatever the call.
    pub(crate) of_token: bool,
}

impl Failure {
    /// `of_this_key`: the call was made with the key that is in use.
    pub(crate) fn of(error: Error, of_this_key: bool) -> Self {
        let signal = match &error {
            Error::Refused { .. } | Error::NotFound { .. } | Error::Forbidden { .. } => Signal::Healthy,
            Error::RateLimited { .. } => Signal::Limited,
            Error::Unauthorized { .. } if of_this_key => Signal::Unauthorized(error.to_string()),
            Error::Unauthorized { .. } | Error::Deferred { .. } => Signal::Neutral,
            Error::Unexpected { .. }
            | Error::Unreadable { .. }
            | Error::NotSent { .. }
            | Error::Lost { .. } => Signal::Failed(error.to_string()),
        };
        Self { error, signal, of_token: false }
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        let signal =
            if denied.first_hand { Self::of(denied.error.clone(), true).signal } else { Signal::Neutral };
        Self { error: denied.error, signal, of_token: true }
    }
}
