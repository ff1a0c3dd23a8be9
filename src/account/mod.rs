//! An api.video account as the operator uses it: its client, what is known of
//! its streams, and who holds which.
//!
//! There is one account today. Nothing outside [`Accounts`] relies on that: a
//! LiveStream is resolved to its account before anything else, and the client,
//! the budget, the observations, the holders and the guard belong to it.

mod call_queue;
mod creates;
mod holders;
mod late;
mod wakes;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::Notify, time::Instant};

pub use call_queue::{CallKind, CallQueue, Throttled};
pub use creates::Creates;
pub use holders::{Claim, Holders};
pub use late::LateStreams;
pub use wakes::{Wake, Wakes};

use crate::{
    core::{
        memory::Trouble,
        model::{Assets, Remote, StreamId},
        observed::{AccountView, Sight},
    },
    observer::{guard::Guard, snapshot::Snapshot},
};

/// How an account is handled.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long after a lost create a stream may still appear.
    pub settle: Duration,
    /// Whether created streams carry a marker at first.
    pub marker: bool,
    /// Whether mass disappearance stops re-creation.
    pub missing_guard: bool,
    /// The time between two passes over the account.
    pub drift_interval: Duration,
}

/// One account.
pub struct Account {
    /// Makes the calls.
    pub client: apivideo::Client,
    /// How it is handled.
    pub policy: Policy,
    /// Who holds which stream.
    pub holders: Mutex<Holders>,
    /// The creates under way.
    pub creates: Creates,
    /// The creates that were given up, and what came of them after all.
    pub late: LateStreams,
    /// The LiveStreams that wait for a call.
    pub call_queue: CallQueue,
    /// Brings LiveStreams back to the controller.
    pub wakes: Arc<Wakes>,
    /// Asks the observer for a pass now.
    pub observe_now: Notify,
    snapshot: Mutex<Snapshot>,
    guard: Mutex<Guard>,
    trouble: Mutex<Option<Trouble>>,
    recoveries: AtomicU64,
}

/// The accounts.
pub struct Accounts {
    only: Arc<Account>,
}

impl Accounts {
    /// The one account of the settings.
    #[must_use]
    pub fn one(account: Arc<Account>) -> Self {
        Self { only: account }
    }

    /// The account of a LiveStream.
    #[must_use]
    pub fn of(&self, _live_stream: &kube::core::ObjectMeta) -> &Arc<Account> {
        &self.only
    }

    /// Every account.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        std::iter::once(&self.only)
    }
}

/// A lock's value, also after a panic elsewhere: each change under these locks
/// is whole before anything can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Account {
    /// An account of which nothing is known yet.
    #[must_use]
    pub fn new(client: apivideo::Client, policy: Policy) -> Self {
        let wakes = Arc::new(Wakes::default());
        Self {
            call_queue: CallQueue::new(client.clone(), Arc::clone(&wakes)),
            client,
            policy,
            holders: Mutex::default(),
            creates: Creates::default(),
            late: LateStreams::default(),
            wakes,
            observe_now: Notify::new(),
            snapshot: Mutex::default(),
            guard: Mutex::new(Guard::new(policy.missing_guard)),
            trouble: Mutex::default(),
            recoveries: AtomicU64::new(0),
        }
    }

    /// The time by the API's clock; by the machine's until the API has told
    /// its own, which it has before anything is created.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.client.server_time().unwrap_or_else(Timestamp::now)
    }

    /// What a LiveStream has to know of the account, if it holds this stream.
    #[must_use]
    pub fn view(&self, id: Option<&StreamId>) -> AccountView {
        AccountView {
            observed: self.observed() && self.client.server_time().is_some(),
            trouble: lock(&self.trouble).clone(),
            guarded: id.is_some_and(|id| lock(&self.guard).holds(id)),
            judged: !self.policy.missing_guard || id.is_some_and(|id| lock(&self.snapshot).judged(id)),
            settle: self.policy.settle,
            marker: self.policy.marker,
        }
    }

    /// What is known of a stream.
    #[must_use]
    pub fn sight(&self, id: Option<&StreamId>) -> Sight {
        id.map_or(Sight::NotYet, |id| lock(&self.snapshot).sight(id))
    }

    /// Whether a whole pass has ended since the start.
    #[must_use]
    pub fn observed(&self) -> bool {
        lock(&self.snapshot).passes() > 0
    }

    /// The snapshot, for the observer.
    pub(crate) fn snapshot(&self) -> MutexGuard<'_, Snapshot> {
        lock(&self.snapshot)
    }

    /// The guard, for the observer.
    pub(crate) fn guard(&self) -> MutexGuard<'_, Guard> {
        lock(&self.guard)
    }

    /// Takes in the answer of a call that ended just now.
    pub fn saw(&self, remote: &Remote) {
        lock(&self.snapshot).answered(remote.clone(), Instant::now());
    }

    /// Takes in that a stream is known to be gone.
    pub fn saw_gone(&self, id: &StreamId) {
        lock(&self.snapshot).gone(id, Instant::now());
    }

    /// Takes in that a call found a stream gone that should be there. Whether
    /// it is alone in that, a pass has to tell: it is asked for now.
    pub fn found_gone(&self, id: &StreamId) {
        self.saw_gone(id);
        if !self.view(Some(id)).judged {
            self.observe_now.notify_one();
        }
    }

    /// Notes how the account is. Coming into or out of trouble that every
    /// LiveStream should speak of wakes them all.
    pub fn note_trouble(&self, trouble: Option<Trouble>) {
        let mut current = lock(&self.trouble);
        let concerns_all = |t: &Option<Trouble>| matches!(t, Some(Trouble::Unauthorized(_)));
        let wake = current.is_some() != trouble.is_some() && !self.observed()
            || concerns_all(&current) != concerns_all(&trouble);
        if current.is_some() && trouble.is_none() {
            self.recoveries.fetch_add(1, Ordering::Relaxed);
        }
        *current = trouble;
        drop(current);
        if wake {
            self.wakes.all();
        }
    }

    /// How often the account has come out of trouble: what failed before is
    /// worth another try.
    #[must_use]
    pub fn recoveries(&self) -> u64 {
        self.recoveries.load(Ordering::Relaxed)
    }
}

/// The longest URL, or the HTML that embeds one, that is told of a stream, in
/// bytes. A longer one is nonsense, and the status has to hold it.
const LONGEST_URL: usize = 2048;

/// A stream of the API without its secrets; `None` if its id is none.
#[must_use]
pub fn remote(stream: apivideo::LiveStream) -> Option<Remote> {
    let urls = stream.assets;
    let shown = |url: Option<String>| url.filter(|url| url.len() <= LONGEST_URL);
    Some(Remote {
        id: StreamId::parse(&stream.live_stream_id).ok()?,
        name: stream.name,
        public: stream.public,
        player_id: stream.player_id,
        broadcasting: stream.broadcasting,
        created_at: stream.created_at,
        updated_at: stream.updated_at,
        assets: Assets {
            hls: shown(urls.hls),
            iframe: shown(urls.iframe),
            player: shown(urls.player),
            thumbnail: shown(urls.thumbnail),
        },
    })
}

/// What an error of the client says of the account; `None` if it says nothing
/// but of the request.
#[must_use]
pub fn trouble(error: &apivideo::Error) -> Option<Trouble> {
    use apivideo::{Deferral, Error};
    match error {
        Error::Deferred { because: Deferral::RateLimited, .. } | Error::RateLimited { .. } => {
            Some(Trouble::RateLimited)
        }
        Error::Deferred { because: Deferral::Unauthorized, message, .. } => {
            Some(Trouble::Unauthorized(message.clone()))
        }
        Error::Deferred { because: Deferral::Unavailable, message, .. } => {
            Some(Trouble::Unavailable(message.clone()))
        }
        Error::Unauthorized { .. } => Some(Trouble::Unauthorized(error.to_string())),
        Error::Server { .. } | Error::Unreadable { .. } | Error::NotSent { .. } | Error::Lost { .. } => {
            Some(Trouble::Unavailable(error.to_string()))
        }
        _ => None,
    }
}
