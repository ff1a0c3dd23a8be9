//! What a client shows of its account, for metrics and for the status of whoever waits.

use std::time::Duration;

use crate::priority::Priority;

/// The state of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountState {
    /// Calls are made, as far as the limits allow.
    Available,
    /// The credentials were refused. Probes go on; [`crate::Client::set_api_key`] ends it at once.
    Unauthorized {
        /// What the API said.
        message: String,
    },
    /// The API does not answer, or only with failures. Probes go on.
    Unavailable {
        /// The last failure.
        message: String,
    },
}

/// How much of a limit a client may use, and has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Calls of a window that this client may make.
    pub usable: u64,
    /// Calls that it has made in this window, at the most, those under way included.
    pub used: u64,
}

/// How many tickets of one priority wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Why their calls are made.
    pub priority: Priority,
    /// How many.
    pub calls: u64,
    /// How long the first of them has waited.
    pub oldest: Duration,
}
