//! What a call that failed says about the account.

use crate::circuit_breaker::Signal;
use crate::error::Error;

/// A call that failed, and what it says about the account if it speaks for it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) signal: Signal,
    /// There was no token for it, which speaks for the account whatever the call.
    pub(crate) of_token: bool,
}

impl Failure {
    /// `of_this_key`: the call was made with the key that is in use.
    pub(crate) fn of_call(error: Error, of_this_key: bool) -> Self {
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

    /// No token, and so no call. `first_hand`: this task met the failure itself. Else it
    /// shares that of the one that did: one failure must not count fifty times.
    pub(crate) fn of_token(error: Error, first_hand: bool) -> Self {
        let Self { error, signal, .. } = Self::of_call(error, true);
        Self { error, signal: if first_hand { signal } else { Signal::Neutral }, of_token: true }
    }
}
