//! The client: one account, and everything that is shared by its calls. `sender` makes them.

use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::Secret;
use crate::account_state::{AccountState, Usage, Waiting};
use crate::class::Class;
use crate::error::Error;
use crate::governor::Governor;
use crate::limiters::Limiters;
use crate::observe::CallObserver;
use crate::permit::Permit;
use crate::priority::Priority;
use crate::rate_limit::RateLimit;
use crate::settings::{self, Settings, SettingsError};
use crate::ticket::Ticket;
use crate::token::Tokens;
use crate::transport::Transport;
use crate::wire::Wire;

/// The client of one account. Cheap to clone; clones share the token, the budgets and the breaker.
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Arc<Transport>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) governor: Arc<Governor>,
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
        let transport = Arc::new(Transport {
            wire,
            base_url: checked.base_url,
            user_agent: checked.user_agent,
            observer,
            clock: Mutex::default(),
        });
        let tokens = Arc::new(Tokens::new(Arc::clone(&transport), settings.api_key));
        let jitter = settings.jitter_seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let governor = Arc::new(Governor::new(Limiters::new(checked.reads, checked.writes, jitter)));
        Ok(Self { transport, tokens, governor })
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
        let governor = Arc::clone(&self.governor);
        let id = governor.join(class, priority, Arc::new(on_called));
        Ticket { governor, class, id }
    }

    /// How many tickets wait for a call of a class, by priority; zeros among them.
    #[must_use]
    pub fn waiting(&self, class: Class) -> Vec<Waiting> {
        self.governor.lock().limiter(class).queue.waiting(Instant::now()).collect()
    }

    /// How much of the limit of a class this client may use and has used in this
    /// window; `None` until an answer named the limit.
    #[must_use]
    pub fn usage(&self, class: Class) -> Option<Usage> {
        self.governor.lock().limiter(class).budget.usage(Instant::now())
    }

    /// Another API key, in use from the next call on. That the one before was refused is forgotten.
    pub fn set_api_key(&self, key: Secret) {
        self.tokens.set_key(key);
        self.governor.change(|limiters, _| limiters.breaker.forget_unauthorized());
    }

    /// The project that the key in use opens, if its last token names one. `None` as
    /// well before the first token of a key.
    #[must_use]
    pub fn project(&self) -> Option<String> {
        self.tokens.project()
    }

    /// Asks for a new token with the key now, even if the present one is good: for a key
    /// that opens another project than wanted. The present token stays in use if that
    /// fails, which says nothing about the account. Its caller spaces the attempts.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn renew_token(&self) -> Result<(), Error> {
        self.tokens.renew_by_key().await.map_err(|failure| failure.error)
    }

    /// The server's clock now: the `Date` of its answers plus the time since. Never
    /// ahead of the server, nor behind it by more than a second and the way of
    /// an answer; doesn't go back unless the server's clock was set back by more than 5 s.
    /// `None` until an answer carried a `Date`.
    #[must_use]
    pub fn server_time(&self) -> Option<Timestamp> {
        self.transport.clock.lock().read(Instant::now())
    }

    /// What the last answer said about the limit of a class; one that has reset since is
    /// whole again. `None` until an answer said something.
    #[must_use]
    pub fn rate_limit(&self, class: Class) -> Option<RateLimit> {
        self.governor.lock().limiter(class).budget.last_heard(Instant::now())
    }

    /// The state of the account.
    #[must_use]
    pub fn state(&self) -> AccountState {
        self.governor.lock().breaker.state()
    }

    /// Waits until the account is in trouble ([`AccountState::Unauthorized`] or
    /// [`AccountState::Unavailable`]) and its next probe is due, which is at most 30 s
    /// after the last one. Nothing but a read of the account's list with
    /// [`Priority::Background`] is let through then, and ends the trouble if it works.
    /// The future may be dropped at any time.
    pub async fn probe_due(&self) {
        self.governor.probe_due().await;
    }
}
