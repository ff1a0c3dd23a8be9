//! The election: looks at the Lease, takes it, renews it, lets it go.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::Value;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    decide::{Decision, LEADS_FOR, Seen, decide},
    fence::Fence,
    lease::{self, LEASE, Record},
    term::Moment,
};

/// How often one that waits looks: so soon it notices that the lease was let go.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a holder renews.
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// How soon it does so again when that failed.
const AGAIN: Duration = Duration::from_millis(500);
/// How long one request may take: there is time for a second one.
const REQUEST: Duration = Duration::from_secs(4);

/// How this replica stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Another one has the lease, or none yet.
    Waits,
    /// It has the lease.
    Holds,
    /// It had the lease, and never gets it again.
    Lost,
}

/// Why a request to the Lease has not worked.
#[derive(Debug, thiserror::Error)]
pub enum ElectionError {
    /// The API server refused it, or could not be asked.
    #[error(transparent)]
    Kube(#[from] kube::Error),
    /// It took too long; what it did is unknown.
    #[error("no answer within {} s", REQUEST.as_secs())]
    Late,
}

impl ElectionError {
    /// The Lease is not what it was when it was read.
    fn is_a_lost_race(&self) -> bool {
        matches!(self, Self::Kube(kube::Error::Api(status)) if matches!(status.code, 404 | 409))
    }
}

/// One replica in it.
pub(super) struct Election {
    pub(super) api: Api<Lease>,
    /// Its identity, which no other process ever has.
    pub(super) me: String,
    pub(super) fence: Fence,
    pub(super) standing: watch::Sender<Standing>,
}

/// The Lease as it was last read, and what that says.
struct View {
    lease: Option<Lease>,
    seen: Seen,
}

impl Election {
    /// Takes part until `end`, and then lets the lease go; whether nobody has to
    /// wait for it to run out.
    pub(super) async fn run(self, end: CancellationToken) -> bool {
        let Some(held) = self.wait(&end).await else { return true };
        info!(lease = LEASE, identity = self.me, "this replica has the lease");
        self.standing.send_replace(Standing::Holds);
        let held = self.keep(held, &end).await;
        // Before the lease goes, so that nothing is sent after another has begun.
        self.fence.close();
        self.standing.send_replace(Standing::Lost);
        match held {
            Some(lease) => self.change(&lease, lease::released).await.is_ok(),
            None => false,
        }
    }

    /// The first look, which tells whether there can be an election at all.
    pub(super) async fn look(&self) -> Result<Option<Lease>, ElectionError> {
        within(self.api.get_opt(LEASE)).await
    }

    /// Waits until the lease is this replica's, or until `end`.
    async fn wait(&self, end: &CancellationToken) -> Option<Lease> {
        let mut view: Option<View> = None;
        let mut told = String::new();
        while !end.is_cancelled() {
            match self.look().await {
                Ok(lease) => {
                    let now = View::after(view.take(), lease);
                    match self.claim(&now).await {
                        Ok(Some(held)) => return Some(held),
                        Ok(None) => told.clear(),
                        Err(error) if error.is_a_lost_race() => {}
                        Err(error) => tell(&mut told, &error),
                    }
                    view = Some(now);
                }
                Err(error) => tell(&mut told, &error),
            }
            tokio::select! {
                () = end.cancelled() => {}
                () = sleep(LOOK_EVERY) => {}
            }
        }
        None
    }

    /// Takes the lease, if it may be taken.
    async fn claim(&self, view: &View) -> Result<Option<Lease>, ElectionError> {
        let began = Moment::now();
        let held = match (decide(&view.seen, &self.me, began.monotonic), &view.lease) {
            (Decision::Wait(_), _) => return Ok(None),
            (Decision::Acquire, None) => {
                let new = lease::new(&self.me, Timestamp::now());
                within(self.api.create(&PostParams::default(), &new)).await?
            }
            (Decision::Acquire, Some(lease)) => {
                self.write(&lease::taken(lease, &self.me, Timestamp::now())).await?
            }
            // The answer to an earlier claim was lost.
            (Decision::Renew, Some(lease)) => self.write(&lease::renewed(lease, Timestamp::now())).await?,
            (Decision::Renew, None) => return Ok(None),
        };
        // If the answer came too late, the next look shows the lease as this
        // replica's own, and it is renewed.
        Ok(self.fence.extend(began, LEADS_FOR).then_some(held))
    }

    /// Keeps the lease until `end`, which gives it back, or until it is lost.
    async fn keep(&self, mut held: Lease, end: &CancellationToken) -> Option<Lease> {
        let mut pause = RENEW_EVERY;
        loop {
            tokio::select! {
                () = end.cancelled() => return Some(held),
                () = self.fence.closed() => return None,
                () = sleep(pause) => {}
            }
            let began = Moment::now();
            let renewed = tokio::select! {
                () = self.fence.closed() => return None,
                renewed = self.change(&held, |lease| lease::renewed(lease, Timestamp::now())) => renewed,
            };
            match renewed {
                Ok(Some(lease)) if self.fence.extend(began, LEADS_FOR) => {
                    (held, pause) = (lease, RENEW_EVERY)
                }
                Ok(_) => return None,
                Err(error) => {
                    warn!(%error, "the lease was not renewed; it is tried again");
                    pause = AGAIN;
                }
            }
        }
    }

    /// Writes to the lease as its holder; nothing if it is another's by now.
    async fn change(
        &self,
        held: &Lease,
        patch: impl Fn(&Lease) -> Value,
    ) -> Result<Option<Lease>, ElectionError> {
        match self.write(&patch(held)).await {
            Err(error) if error.is_a_lost_race() => {}
            other => return other.map(Some),
        }
        // It may have been this process all the same, by a renewal whose answer
        // was lost, or a person who put a label on it.
        let Some(lease) = self.look().await? else { return Ok(None) };
        if lease::read(&lease).holder.as_ref() != Some(&self.me) {
            return Ok(None);
        }
        self.write(&patch(&lease)).await.map(Some)
    }

    async fn write(&self, patch: &Value) -> Result<Lease, ElectionError> {
        within(self.api.patch(LEASE, &PatchParams::default(), &Patch::Merge(patch))).await
    }
}

impl View {
    /// With what was read just now.
    fn after(before: Option<Self>, lease: Option<Lease>) -> Self {
        let record: Option<Record> = lease.as_ref().map(lease::read);
        // Taken after the read: the record was there before this moment.
        let now = Instant::now();
        let seen = match before {
            None => Seen::first(record, now),
            Some(before) => before.seen.then(record, now),
        };
        Self { lease, seen }
    }
}

async fn within<T>(request: impl Future<Output = Result<T, kube::Error>>) -> Result<T, ElectionError> {
    Ok(timeout(REQUEST, request).await.map_err(|_| ElectionError::Late)??)
}

/// Says what doesn't work, once for as long as it is the same.
fn tell(told: &mut String, error: &ElectionError) {
    let text = error.to_string();
    if *told != text {
        warn!(error = text, "the election does not go on; it is tried again");
        *told = text;
    }
}
