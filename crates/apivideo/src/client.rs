//! The client: one account, and everything that is shared by its calls.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::Secret;
use crate::account_state::{AccountState, Usage, Waiting};
use crate::circuit_breaker::Signal;
use crate::clock::date_of;
use crate::error::Error;
use crate::governor::Governor;
use crate::map_error::{self, Asked};
use crate::observe::CallObserver;
use crate::permit::Permit;
use crate::priority::Priority;
use crate::rate_limit::{Limits, RateLimit};
use crate::requests::{Class, Request};
use crate::retry;
use crate::settings::{self, Settings, SettingsError};
use crate::ticket::{self, Ticket};
use crate::token::{Token, Tokens};
use crate::transport::{Exchange, Transport};
use crate::wire::{Wire, WireError};

/// What was asked for, and what came along with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// What the answer said about the limit of its class.
    pub limits: Option<RateLimit>,
    /// The server's clock when it answered, in whole seconds.
    pub date: Option<Timestamp>,
}

/// The client of one account. Cheap to clone; clones share the token, the budgets and the gate.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    tokens: Arc<Tokens>,
    governor: Arc<Governor>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that has sent nothing yet. `observer` sees every HTTP exchange.
    ///
    /// # Errors
    /// When a setting can't be used; the error names it and what is accepted.
    pub fn new(
        settings: Settings,
        wire: Arc<dyn Wire>,
        observer: Option<CallObserver>,
    ) -> Result<Self, SettingsError> {
        let checked = settings::check(&settings)?;
        let transport = Arc::new(Transport::new(wire, checked.base_url, checked.user_agent, observer));
        let tokens = Arc::new(Tokens::new(Arc::clone(&transport), settings.api_key));
        let jitter = settings.jitter_seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let governor = Arc::new(Governor::new(checked.reads, checked.writes, jitter));
        Ok(Self { transport, tokens, governor })
    }

    /// Makes the call, when the gate and the budget let it through, and reads its answer.
    ///
    /// The account's own list is repeated up to twice after a failure that may pass;
    /// nothing else ever is, save for a call that met a 401, which did nothing: it
    /// is made once more with a new token. The future may be dropped at any time.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::effect`] says whether the call may have taken effect.
    pub async fn send<T>(&self, request: Request<T>, priority: Priority) -> Result<Answer<T>, Error> {
        self.attempts(request, priority, None).await
    }

    /// Leave for one call of a class now.
    ///
    /// # Errors
    /// [`Error::Deferred`], with the reason and when to try again: the credentials
    /// are refused, the account does not work, or there is no call left but for
    /// tickets that go first.
    pub fn try_permit(&self, class: Class, priority: Priority) -> Result<Permit, Error> {
        let admission = self.governor.try_admit(class, priority)?.ok_or_else(ticket::busy)?;
        Ok(Permit::new(&self.governor, class, priority, admission))
    }

    /// Waits in the account's one queue for leave to make one call: by priority,
    /// and within a priority in order of arrival. The future may be dropped at any
    /// time, and leaves the queue then.
    ///
    /// While the account is in trouble only a ticket of [`Priority::Background`] is
    /// called now and then, for the read of the account's list that finds out
    /// whether it works again. The permit is good for nothing else then.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn permit(&self, class: Class, priority: Priority) -> Permit {
        let called = Arc::new(Notify::new());
        let notify = Arc::clone(&called);
        let ticket = self.enqueue(class, priority, move || notify.notify_one());
        loop {
            if let Ok(permit) = ticket.redeem() {
                return permit;
            }
            called.notified().await;
        }
    }

    /// A ticket in the queue of [`Client::permit`]. If there is a call for it now it
    /// is called at once; if not, `on_called` runs when it is called, in the task of
    /// the dispatcher. It must not block.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn enqueue(
        &self,
        class: Class,
        priority: Priority,
        on_called: impl Fn() + Send + Sync + 'static,
    ) -> Ticket {
        Ticket::new(&self.governor, class, priority, Arc::new(on_called))
    }

    /// Like [`Client::send`], with a permit. A list that is repeated takes another one for that.
    ///
    /// # Errors
    /// See [`Error`]. A permit of the other class is dropped: then it is as with [`Client::send`].
    pub async fn send_with<T>(&self, permit: Permit, request: Request<T>) -> Result<Answer<T>, Error> {
        let priority = permit.priority();
        let permit = Some(permit).filter(|permit| permit.class() == request.operation().class());
        self.attempts(request, priority, permit).await
    }

    /// How many tickets wait, by class and priority; zeros among them.
    #[must_use]
    pub fn waiting(&self) -> Vec<Waiting> {
        self.governor.waiting()
    }

    /// How much of the limit of a class this client may use and has used in this
    /// window; `None` until an answer named the limit.
    #[must_use]
    pub fn usage(&self, class: Class) -> Option<Usage> {
        self.governor.usage(class)
    }

    async fn attempts<T>(
        &self,
        request: Request<T>,
        priority: Priority,
        mut permit: Option<Permit>,
    ) -> Result<Answer<T>, Error> {
        if !request.names_a_possible_id() {
            return Err(Error::Refused {
                status: 400,
                field: Some("liveStreamId".to_owned()),
                message: "this can't be the id of a stream, so nothing was sent".to_owned(),
            });
        }
        let mut attempt = 1;
        loop {
            let result = self.attempt(&request, priority, permit.take()).await;
            let Some(pause) = retry::pause(request.subject(), &result, attempt) else { return result };
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// Another API key, in use from the next call on. That the one before was refused is forgotten.
    pub fn set_api_key(&self, key: Secret) {
        self.tokens.set_key(key);
        self.governor.forget_unauthorized();
    }

    /// The project that the key in use opens, if its last token names one. `None` as
    /// well before the first token of a key: [`Client::authenticate`] gets one.
    #[must_use]
    pub fn project(&self) -> Option<String> {
        self.tokens.project()
    }

    /// Makes sure that there is a token, so that [`Client::project`] is known before
    /// anything is done. Sends nothing while there is one that has not expired.
    ///
    /// # Errors
    /// See [`Error`]. [`Error::Deferred`] while the account is in trouble and no probe is due.
    pub async fn authenticate(&self) -> Result<(), Error> {
        if self.tokens.is_ready() {
            return Ok(());
        }
        let permit = Permit::of_token(&self.governor, self.governor.admit_token()?);
        match self.tokens.current().await {
            Ok(_) => Ok(()),
            Err(denied) => {
                let Failure { error, signal, .. } = Failure::from(denied);
                permit.conclude(signal);
                Err(error)
            }
        }
    }

    /// Asks for a new token with the key now, even if the present one is good: for a key
    /// that opens another project than wanted. The present token stays in use if that
    /// fails, which says nothing about the account. Its caller spaces the attempts.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn renew_token(&self) -> Result<(), Error> {
        self.tokens.renew_by_key().await.map_err(|denied| denied.error)
    }

    /// The server's clock now: the `Date` of its answers plus the time since. Never
    /// ahead of the server, nor behind it by more than a second and the way of
    /// an answer; doesn't go back unless the server's clock was set back by more than 5 s.
    /// `None` until an answer carried a `Date`.
    #[must_use]
    pub fn server_time(&self) -> Option<Timestamp> {
        self.transport.server_time()
    }

    /// What the last answers said about both limits; one that has reset since is whole again.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.governor.limits()
    }

    /// The state of the account.
    #[must_use]
    pub fn state(&self) -> AccountState {
        self.governor.state()
    }

    /// Waits until the account is in trouble ([`AccountState::Unauthorized`] or
    /// [`AccountState::Unavailable`]) and its next probe is due, which is at most 30 s
    /// after the last one. Nothing but a read of the account's list with
    /// [`Priority::Background`] is let through then, and ends the trouble if it works.
    /// The future may be dropped at any time.
    pub async fn probe_due(&self) {
        self.governor.probe_due().await;
    }

    /// One attempt: admitted, made (twice, if the first met a 401), and reported.
    async fn attempt<T>(
        &self,
        request: &Request<T>,
        priority: Priority,
        permit: Option<Permit>,
    ) -> Result<Answer<T>, Error> {
        let mut permit = match permit {
            Some(permit) => permit,
            None => {
                let class = request.operation().class();
                let admission = self.governor.admit(class, priority).await?;
                Permit::new(&self.governor, class, priority, admission)
            }
        };
        if permit.is_probe() && !request.subject().may_probe() {
            // Given back before the reason is asked for.
            drop(permit);
            return Err(self.governor.rejection().map_or_else(ticket::busy, Error::from));
        }
        let result = self.authorized(request, priority, &mut permit).await;
        let heard = permit.is_probe() || request.subject().speaks_for_account();
        match result {
            Ok(answer) => {
                permit.conclude(if heard { Signal::Healthy } else { Signal::Neutral });
                Ok(answer)
            }
            Err(Failure { error, signal, of_token }) => {
                permit.conclude(if heard || of_token { signal } else { Signal::Neutral });
                Err(error)
            }
        }
    }

    async fn authorized<T>(
        &self,
        request: &Request<T>,
        priority: Priority,
        permit: &mut Permit,
    ) -> Result<Answer<T>, Failure> {
        let token = self.tokens.current().await.map_err(Failure::from)?;
        let error = match self.exchange(request, priority, &token, permit).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let another = match &error {
            Error::Unauthorized { status: 401, .. } => Some(self.tokens.instead_of(&token).await),
            // The key was changed on the way, and says nothing about the one that is in use.
            Error::Unauthorized { .. } | Error::Forbidden { .. } if !self.tokens.is_of_this_key(&token) => {
                Some(self.tokens.current().await)
            }
            _ => None,
        };
        let Some(another) = another else { return Err(Failure::of(error, true)) };
        let other = another.map_err(Failure::from)?;
        if other.project != token.project {
            // What was decided for one project must not be done in another.
            return Err(Failure { error, signal: Signal::Neutral, of_token: false });
        }
        let token = other;
        self.exchange(request, priority, &token, permit)
            .await
            .map_err(|error| Failure::of(error, self.tokens.is_of_this_key(&token)))
    }

    /// One HTTP exchange, with what it says about the limit.
    async fn exchange<T>(
        &self,
        request: &Request<T>,
        priority: Priority,
        token: &Token,
        permit: &mut Permit,
    ) -> Result<Answer<T>, Error> {
        permit.sending();
        let exchange = Exchange {
            operation: request.operation(),
            priority: Some(priority),
            method: request.method(),
            path: request.path(),
            body: request.body().cloned(),
            authorization: Some(token.header.clone()),
        };
        match self.transport.exchange(exchange).await {
            Ok(response) => self.read(request, &response, permit),
            Err(error) => {
                match &error {
                    WireError::NotSent(_) => permit.unsent(),
                    WireError::Lost(_) => permit.charged(),
                }
                Err(map_error::of_wire(request.operation(), error, &self.tokens.secrets()))
            }
        }
    }

    fn read<T>(
        &self,
        request: &Request<T>,
        response: &http::Response<Bytes>,
        permit: &mut Permit,
    ) -> Result<Answer<T>, Error> {
        let (status, headers) = (response.status(), response.headers());
        let limits = RateLimit::of(headers);
        // Without headers, only an answer that is surely the API's own shows that there is no limit.
        let of_the_api = status.is_success() || matches!(status.as_u16(), 400 | 404);
        if limits.is_some() || of_the_api {
            permit.answered(limits)
        } else {
            permit.charged()
        }
        if status.is_success() {
            let read = match request.is_answered_by(status) {
                true => request.read(response.body()),
                false => Err("it is not the 204 that answers a deletion".to_owned()),
            };
            return match read {
                Ok(value) => Ok(Answer { value, limits, date: date_of(headers) }),
                Err(why) => {
                    let effect = request.operation().possible_effect();
                    Err(Error::Unreadable { status: status.as_u16(), why, effect })
                }
            };
        }
        let asked = Asked { operation: request.operation(), subject: request.subject() };
        let error = map_error::of_response(asked, status, headers, response.body(), &self.tokens.secrets());
        if let Error::RateLimited { retry_in } = &error {
            permit.limited(*retry_in);
        }
        Err(error)
    }
}

/// A call that failed, and what it says about the account if it speaks for it.
struct Failure {
    error: Error,
    signal: Signal,
    /// There was no token for it, which speaks for the account whatever the call.
    of_token: bool,
}

impl Failure {
    /// `of_this_key`: the call was made with the key that is in use.
    fn of(error: Error, of_this_key: bool) -> Self {
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

impl From<crate::token::Denied> for Failure {
    fn from(denied: crate::token::Denied) -> Self {
        let signal =
            if denied.first_hand { Self::of(denied.error.clone(), true).signal } else { Signal::Neutral };
        Self { error: denied.error, signal, of_token: true }
    }
}
