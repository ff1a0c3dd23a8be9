//! The client: one account, and everything that is shared by its calls.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::Secret;
use crate::circuit_breaker::Signal;
use crate::clock::date_of;
use crate::error::{Deferral, Error};
use crate::governor::{Governor, Permit};
use crate::map_error;
use crate::observe::CallObserver;
use crate::priority::Priority;
use crate::rate_limit::{Limits, RateLimit};
use crate::requests::{Class, Request};
use crate::retry::{self, Ended, Retry};
use crate::settings::{self, Settings, SettingsError};
use crate::token::{Token, Tokens};
use crate::transport::{Exchange, Transport};
use crate::turn::{Place, Turn, Waiting};
use crate::wire::{Wire, WireError};

/// How soon it is worth asking again where calls that are under way stand in the way.
const MOMENT: Duration = Duration::from_millis(100);

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

/// How it is with the account just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountState {
    /// Calls are made.
    Available,
    /// The share of a limit is used up, or a 429 was answered.
    RateLimited {
        /// Of reads or of writes.
        class: Class,
        /// When the limit resets.
        until: Instant,
    },
    /// The credentials were refused. Probes go on; [`Client::set_api_key`] ends it at once.
    Unauthorized {
        /// What the API said.
        message: String,
    },
    /// It doesn't answer, or with failures only. Probes go on.
    Unavailable {
        /// What happened last.
        message: String,
    },
}

/// How much of a limit a client may use, and has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Calls of a window that this client may make.
    pub usable: u64,
    /// Calls that it has made in this window, at the most, those under way among them.
    pub used: u64,
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
    /// A client that has sent nothing yet. `observer` is told of every HTTP exchange.
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
    /// A read is repeated up to twice after a failure that may pass; nothing else
    /// ever is, save for a call that met a 401, which did nothing: it is made
    /// once more with a new token. The future may be dropped at any time.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::effect`] tells whether the call may have done something.
    pub async fn send<T>(&self, request: Request<T>, priority: Priority) -> Result<Answer<T>, Error> {
        self.attempts(request, priority, None).await
    }

    /// Leave for one call of a class, if it may be made now.
    ///
    /// # Errors
    /// [`Error::Deferred`], which says why not and when it is worth asking again:
    /// the account refuses the credentials, doesn't work, or has no call left; or
    /// others have waited for it in [`Client::turn`] and come first.
    pub fn try_turn(&self, class: Class, priority: Priority) -> Result<Turn, Error> {
        match self.governor.look(class, priority, Instant::now())? {
            Some(permit) => Ok(Turn { permit, class, priority }),
            None => Err(Error::Deferred {
                because: Deferral::RateLimited,
                retry_in: MOMENT,
                message: "as many calls as may be are under way".to_owned(),
            }),
        }
    }

    /// Waits for leave to make one call of a class, in the account's one queue:
    /// by priority, and among equals in the order of coming. The future may be
    /// dropped at any time; its place is then free.
    ///
    /// While the account is in trouble one of those that wait gets its turn now
    /// and then, as the probe that finds out whether it works again; but no
    /// [`Priority::Creation`] does: a create whose answer is lost has to be searched for.
    pub async fn turn(&self, class: Class, priority: Priority) -> Turn {
        self.line_up(class, priority).turn().await
    }

    /// A place in the queue of [`Client::turn`], for who wants to know meanwhile
    /// how long it will take.
    #[must_use]
    pub fn line_up(&self, class: Class, priority: Priority) -> Place {
        Place::take(&self.governor, class, priority)
    }

    /// Like [`Client::send`], with a turn that was had before. A read that is
    /// repeated needs another one for that.
    ///
    /// # Errors
    /// See [`Error`]. A turn of the other class is no leave: then it is as with [`Client::send`].
    pub async fn send_in<T>(&self, turn: Turn, request: Request<T>) -> Result<Answer<T>, Error> {
        let Turn { permit, class, priority } = turn;
        let permit = (class == request.operation().class()).then_some(permit);
        self.attempts(request, priority, permit).await
    }

    /// How many calls wait in [`Client::turn`], by class and priority; zeros among them.
    #[must_use]
    pub fn waiting(&self) -> Vec<Waiting> {
        self.governor.waiting()
    }

    /// How much of the limit of a class this client may use and has used in this
    /// window; `None` until an answer told the limit.
    #[must_use]
    pub fn usage(&self, class: Class) -> Option<Usage> {
        self.governor.usage(class).map(|(usable, used)| Usage { usable, used })
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
            match retry::after(request.operation(), Ended::of(&result), attempt) {
                Retry::Never => return result,
                Retry::After(pause) => tokio::time::sleep(pause).await,
            }
            attempt += 1;
        }
    }

    /// Another API key, in use from the next call on. That the one before was refused is forgotten.
    pub fn set_api_key(&self, key: Secret) {
        self.tokens.set_key(key);
        self.governor.forget_unauthorized();
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

    /// How it is with the account just now.
    #[must_use]
    pub fn state(&self) -> AccountState {
        self.governor.state()
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
            None => self.governor.admit(request.operation().class(), priority).await?,
        };
        match self.authorized(request, priority, &mut permit).await {
            Ok(answer) => {
                permit.conclude(Signal::Healthy);
                Ok(answer)
            }
            Err(Failure { error, report }) => {
                permit.conclude(report);
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
            Error::Unauthorized { .. } if !self.tokens.is_of_this_key(&token) => {
                Some(self.tokens.current().await)
            }
            _ => None,
        };
        let Some(another) = another else { return Err(Failure::of(error, true)) };
        let token = another.map_err(Failure::from)?;
        self.exchange(request, priority, &token, permit)
            .await
            .map_err(|error| Failure::of(error, self.tokens.is_of_this_key(&token)))
    }

    /// One HTTP exchange, with what it tells about the limit.
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
                    WireError::Lost(_) => permit.charge(),
                }
                Err(map_error::of_wire(error, &self.tokens.secrets()))
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
            permit.charge()
        }
        if status.is_success() {
            let read = match request.is_answered_by(status) {
                true => request.read(response.body()),
                false => Err("it is not the 204 that answers a deletion".to_owned()),
            };
            return match read {
                Ok(value) => Ok(Answer { value, limits, date: date_of(headers) }),
                Err(why) => Err(Error::Unreadable { status: status.as_u16(), why }),
            };
        }
        let error = map_error::of_response(status, headers, response.body(), &self.tokens.secrets());
        if let Error::RateLimited { retry_in } = &error {
            permit.limited(*retry_in);
        }
        Err(error)
    }
}

/// A call that failed, and what it says about the account.
struct Failure {
    error: Error,
    report: Signal,
}

impl Failure {
    /// `of_this_key`: the call was made with the key that is in use.
    fn of(error: Error, of_this_key: bool) -> Self {
        let report = match &error {
            Error::Refused { .. } | Error::NotFound { .. } => Signal::Healthy,
            Error::RateLimited { .. } => Signal::Limited,
            Error::Unauthorized { .. } if of_this_key => Signal::Unauthorized(error.to_string()),
            Error::Unauthorized { .. } | Error::Deferred { .. } => Signal::Neutral,
            Error::Server { .. } | Error::Unreadable { .. } | Error::NotSent { .. } | Error::Lost { .. } => {
                Signal::Failed(error.to_string())
            }
        };
        Self { error, report }
    }
}

impl From<crate::token::Denied> for Failure {
    fn from(denied: crate::token::Denied) -> Self {
        let mut failure = Self::of(denied.error, true);
        if !denied.first_hand {
            failure.report = Signal::Neutral;
        }
        failure
    }
}
