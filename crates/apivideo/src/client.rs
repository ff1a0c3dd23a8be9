//! The client.
use std::sync::Arc;
use jiff::Timestamp;
use tokio::time::Instant;
use crate::*;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// What the answer said about the limit.
    pub limits: Option<RateLimit>,
    /// The server's clock when it answered.
    pub date: Option<Timestamp>,
}

/// How the account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountState {
    /// Calls are made.
    Available,
    /// The share of the limit is used up.
    RateLimited {
        /// Of reads or writes.
        class: Class,
        /// When the window resets.
        until: Instant,
    },
    /// The credentials were refused.
    Unauthorized {
        /// What the API said.
        message: String,
    },
    /// It doesn't answer, or not in a way that can be used.
    Unavailable {
        /// What happened last.
        message: String,
    },
}

/// The client of one account. Cheap to clone; all clones share everything.
#[derive(Clone)]
pub struct Client { inner: Arc<Inner> }
struct Inner { _settings: settings::Checked, _wire: Arc<dyn Wire>, _observer: Option<CallObserver> }

impl Client {
    /// Makes a client.
    pub fn new(settings: Settings, wire: Arc<dyn Wire>, observer: Option<CallObserver>) -> Result<Self, SettingsError> {
        Ok(Self { inner: Arc::new(Inner { _settings: settings::check(&settings)?, _wire: wire, _observer: observer }) })
    }
    /// Sends.
    pub async fn send<T>(&self, request: Request<T>, priority: Priority) -> Result<Answer<T>, Error> {
        let _ = (&self.inner, priority, request);
        Err(Error::NotSent { why: String::new() })
    }
    /// A new key, from the next call on.
    pub fn set_api_key(&self, _key: Secret) {}
    /// The server's clock.
    pub fn server_time(&self) -> Option<Timestamp> { None }
    /// Limits.
    pub fn limits(&self) -> Limits { Limits::default() }
    /// State.
    pub fn state(&self) -> AccountState { AccountState::Available }
}
