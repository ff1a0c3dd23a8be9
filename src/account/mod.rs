//! An api.video account as the operator uses it: its client, what is known of
//! its streams, and who owns which.
//!
//! There is one account today. Nothing outside [`Accounts`] relies on that: a
//! LiveStream is resolved to its account before anything else, and the client,
//! the rate limit, the observations, the claims and the guard belong to it.

pub mod answers;
mod call_queue;
mod claims;
mod create_locks;
pub mod guard;
pub mod listing;
mod orphans;
pub mod snapshot;
mod triggers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use tokio::{sync::Notify, time::Instant};

pub use self::{
    call_queue::{CallKind, CallQueue},
    claims::Claims,
    create_locks::CreateLocks,
    orphans::Orphans,
    triggers::{Trigger, Triggers},
};
use self::{guard::Guard, snapshot::Snapshot};
use crate::core::facts::{
    ids::StreamId,
    observation::{AccountError, AccountView},
    project::Project,
    stream::Remote,
};

/// How an account is handled.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long after a lost create request its stream may still appear.
    pub settle: Duration,
    /// Whether the names of created streams carry a marker at first.
    pub marker: bool,
    /// Whether mass disappearance stops re-creation.
    pub missing_guard: bool,
    /// The interval between two scans of the account.
    pub drift_interval: Duration,
    /// The longest time that a call to the API may take.
    pub request_timeout: Duration,
    /// The environment: the first half of a project's name in the annotations.
    pub environment: &'static str,
    /// The project that the API key has to open, as `<environment>/<project>`.
    pub project: Option<Project>,
}

/// One account.
pub struct Account {
    /// Makes the calls.
    pub client: apivideo::Client,
    /// How it is handled.
    pub policy: Policy,
    /// Who owns which stream.
    pub claims: Claims,
    /// Keeps creates and searches of one name apart.
    pub create_locks: CreateLocks,
    /// The abandoned creates, and the streams that they created after all.
    pub orphans: Orphans,
    /// The LiveStreams that wait for a call.
    pub call_queue: CallQueue,
    /// Triggers reconciles.
    pub triggers: Arc<Triggers>,
    /// Requests a scan now.
    pub scan_now: Notify,
    /// Requests one read of the list now, unless it was read a short while ago: whether
    /// the account is in trouble when a call about one stream fails, the list has to show.
    pub check_list: Notify,
    /// The guard against mass disappearance.
    pub(crate) guard: Mutex<Guard>,
    snapshot: Mutex<Snapshot>,
    error: Mutex<Option<AccountError>>,
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

impl Account {
    /// An account of which nothing is known yet.
    #[must_use]
    pub fn new(client: apivideo::Client, policy: Policy) -> Self {
        let triggers = Arc::new(Triggers::default());
        Self {
            call_queue: CallQueue::new(client.clone(), Arc::clone(&triggers)),
            client,
            claims: Claims::new(Arc::clone(&triggers)),
            create_locks: CreateLocks::default(),
            orphans: Orphans::default(),
            triggers,
            scan_now: Notify::new(),
            check_list: Notify::new(),
            snapshot: Mutex::default(),
            guard: Mutex::new(Guard::new(policy.missing_guard)),
            error: Mutex::default(),
            recoveries: AtomicU64::new(0),
            policy,
        }
    }

    /// The time by the API's clock; by the machine's until an answer carried the
    /// API's, which is before anything is created.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.client.server_time().unwrap_or_else(Timestamp::now)
    }

    /// What a LiveStream has to know of the account, if it owns this stream.
    #[must_use]
    pub fn view(&self, id: Option<&StreamId>) -> AccountView {
        let clock = self.client.server_time();
        AccountView {
            scanned: self.scanned() && clock.is_some(),
            clock,
            error: self.error.lock().clone(),
            recoveries: self.recoveries.load(Ordering::Relaxed),
            guarded: id.is_some_and(|id| self.guard.lock().holds_back(id)),
            confirmed: self.confirmed(id),
            unlisted: id.is_some_and(|id| self.snapshot().is_unlisted(id)),
            settle: self.policy.settle,
            marker: self.policy.marker,
            drift_interval: self.policy.drift_interval,
            request_timeout: self.policy.request_timeout,
            project: self.claims.judge_project(self.opened_project(), self.policy.project.as_deref()),
            guard_active: self.guard.lock().is_active(),
        }
    }

    /// The project that the access token names, as `<environment>/<project>`.
    #[must_use]
    pub fn opened_project(&self) -> Option<Project> {
        self.client.project().map(|project| format!("{}/{project}", self.policy.environment))
    }

    /// The project that the last token opened, also while there is none.
    #[must_use]
    pub fn last_project(&self) -> Option<Project> {
        self.snapshot().project().cloned()
    }

    /// Whether a whole scan has confirmed that a stream is absent, or none has to.
    fn confirmed(&self, id: Option<&StreamId>) -> bool {
        !self.policy.missing_guard || id.is_some_and(|id| self.snapshot().confirmed(id))
    }

    /// Whether a whole scan has ended since the process started.
    #[must_use]
    pub fn scanned(&self) -> bool {
        self.snapshot().scans() > 0
    }

    /// What was observed of the streams. It starts anew when the API key opens
    /// another project: nothing that was observed in one says anything about the other.
    pub(crate) fn snapshot(&self) -> MutexGuard<'_, Snapshot> {
        let opened = self.opened_project();
        let mut snapshot = self.snapshot.lock();
        if snapshot.turn_to(opened) {
            self.scan_now.notify_one();
        }
        snapshot
    }

    /// Takes in the answer of a call that ended just now.
    pub fn answered(&self, remote: &Remote) {
        self.snapshot().answered(remote.clone(), Instant::now());
    }

    /// Takes in that a stream is known to be gone.
    pub fn gone(&self, id: &StreamId) {
        self.snapshot().gone(id, Instant::now());
    }

    /// Takes in that the operator deleted a stream (the API answered 204). The guard
    /// held back only what somebody else may have deleted.
    pub fn deleted(&self, id: &StreamId) {
        self.snapshot().deleted(id, Instant::now());
        self.guard.lock().deleted(id);
    }

    /// Takes in that a call found a stream gone that should exist. Whether others
    /// are gone too, a scan has to show: it is requested now.
    pub fn unexpectedly_gone(&self, id: &StreamId) {
        self.gone(id);
        if !self.confirmed(Some(id)) {
            self.scan_now.notify_one();
        }
    }

    /// Notes the state of the account. An error that begins or ends and that every
    /// LiveStream should report triggers them all.
    pub fn note_error(&self, error: Option<AccountError>) {
        let concerns_all = |e: &Option<AccountError>| matches!(e, Some(AccountError::Unauthorized(_)));
        let trigger_all = {
            let mut current = self.error.lock();
            let changed = current.is_some() != error.is_some();
            if changed && error.is_none() {
                self.recoveries.fetch_add(1, Ordering::Relaxed);
            }
            let concerned = concerns_all(&current) != concerns_all(&error);
            *current = error;
            concerned || changed && !self.scanned()
        };
        if trigger_all {
            self.triggers.all();
        }
    }
}
