//! One replica in the election: it acquires the lease, renews it, and releases it.

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

use crate::ops::moment::Moment;

use super::{
    decide::{Decision, Observed, RENEW_DEADLINE, decide},
    fence::Fence,
    lease::{self, LEASE},
};

/// How often a candidate reads the Lease: so soon it notices a release.
const POLL_PERIOD: Duration = Duration::from_secs(1);
/// How often the holder renews the lease.
const RENEW_PERIOD: Duration = Duration::from_secs(2);
/// How soon it repeats a renewal that failed.
const RETRY_DELAY: Duration = Duration::from_millis(500);
/// How long one request may take: there is time for a second one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(4);

/// The role of this replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It waits for the lease.
    Candidate,
    /// It holds the lease.
    Leader,
    /// It held the lease, and never acquires it again.
    Former,
}

/// Why a request for the Lease failed.
#[derive(Debug, thiserror::Error)]
pub enum ElectionError {
    /// The API server refused it, or is not reachable.
    #[error(transparent)]
    Kube(#[from] kube::Error),
    /// It took too long; its effect is unknown.
    #[error("no response within {} s", REQUEST_TIMEOUT.as_secs())]
    Timeout,
}

impl ElectionError {
    /// The Lease was changed since it was read.
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Kube(kube::Error::Api(status)) if matches!(status.code, 404 | 409))
    }
}

/// One replica in the election.
pub(super) struct Election {
    pub(super) api: Api<Lease>,
    /// Its identity, which no other process ever has.
    pub(super) identity: String,
    pub(super) fence: Fence,
    pub(super) role: watch::Sender<Role>,
}

impl Election {
    /// Takes part until `end`, and then releases the lease. Returns whether no other
    /// replica has to wait for it to expire.
    pub(super) async fn run(self, end: CancellationToken) -> bool {
        let Some(held) = self.acquire(&end).await else { return true };
        info!(lease = LEASE, identity = self.identity, "acquired the lease: this replica is the leader");
        self.role.send_replace(Role::Leader);
        let held = self.renew(held, &end).await;
        // Before the release, so that nothing is sent after another replica has begun.
        self.fence.close();
        self.role.send_replace(Role::Former);
        match held {
            Some(lease) => self.update(&lease, lease::released).await.is_ok(),
            None => false,
        }
    }

    /// Reads the Lease. The first read shows whether an election is possible at all.
    pub(super) async fn read(&self) -> Result<Option<Lease>, ElectionError> {
        within(self.api.get_opt(LEASE)).await
    }

    /// Waits until this replica holds the lease, or until `end`.
    async fn acquire(&self, end: &CancellationToken) -> Option<Lease> {
        let mut observed: Option<Observed> = None;
        let mut reported = String::new();
        while !end.is_cancelled() {
            match self.read().await {
                Ok(lease) => {
                    let record = lease.as_ref().map(lease::read);
                    // Taken after the read: the record was written before this moment.
                    let now = Instant::now();
                    let known = Observed::after(observed.take(), record, now);
                    match self.try_acquire(observed.insert(known), lease.as_ref()).await {
                        Ok(Some(held)) => return Some(held),
                        Ok(None) => reported.clear(),
                        Err(error) if error.is_conflict() => {}
                        Err(error) => report(&mut reported, &error),
                    }
                }
                Err(error) => report(&mut reported, &error),
            }
            tokio::select! {
                () = end.cancelled() => {}
                () = sleep(POLL_PERIOD) => {}
            }
        }
        None
    }

    /// Takes the lease, if nobody holds it.
    async fn try_acquire(
        &self,
        observed: &Observed,
        lease: Option<&Lease>,
    ) -> Result<Option<Lease>, ElectionError> {
        let began = Moment::now();
        let held = match (decide(observed, &self.identity, began.monotonic), lease) {
            (Decision::Wait(_), _) => return Ok(None),
            (Decision::Acquire, None) => {
                let new = lease::new(&self.identity, Timestamp::now());
                within(self.api.create(&PostParams::default(), &new)).await?
            }
            (Decision::Acquire, Some(lease)) => {
                self.patch(&lease::taken(lease, &self.identity, Timestamp::now())).await?
            }
            // The response to an earlier attempt was lost.
            (Decision::Renew, Some(lease)) => self.patch(&lease::renewed(lease, Timestamp::now())).await?,
            (Decision::Renew, None) => return Ok(None),
        };
        // If the response came too late, the next read shows that this replica holds
        // the lease, and renews it.
        Ok(self.fence.extend(began, RENEW_DEADLINE).then_some(held))
    }

    /// Renews the lease until `end`, which returns it, or until it is lost.
    async fn renew(&self, mut held: Lease, end: &CancellationToken) -> Option<Lease> {
        let mut pause = RENEW_PERIOD;
        loop {
            tokio::select! {
                () = end.cancelled() => return Some(held),
                () = self.fence.closed() => return None,
                () = sleep(pause) => {}
            }
            let began = Moment::now();
            let renewed = tokio::select! {
                () = self.fence.closed() => return None,
                renewed = self.update(&held, |lease| lease::renewed(lease, Timestamp::now())) => renewed,
            };
            match renewed {
                Ok(Some(lease)) if self.fence.extend(began, RENEW_DEADLINE) => {
                    (held, pause) = (lease, RENEW_PERIOD)
                }
                Ok(_) => return None,
                Err(error) => {
                    warn!(%error, "failed to renew the lease; retrying");
                    pause = RETRY_DELAY;
                }
            }
        }
    }

    /// Changes the lease as its holder; `None` if another replica holds it by now.
    async fn update(
        &self,
        held: &Lease,
        patch: impl Fn(&Lease) -> Value,
    ) -> Result<Option<Lease>, ElectionError> {
        match self.patch(&patch(held)).await {
            Err(error) if error.is_conflict() => {}
            other => return other.map(Some),
        }
        // This process may still be the holder: the response to a renewal was lost, or
        // a person put a label on the Lease.
        let Some(lease) = self.read().await? else { return Ok(None) };
        if lease::read(&lease).holder.as_ref() != Some(&self.identity) {
            return Ok(None);
        }
        self.patch(&patch(&lease)).await.map(Some)
    }

    async fn patch(&self, patch: &Value) -> Result<Lease, ElectionError> {
        within(self.api.patch(LEASE, &PatchParams::default(), &Patch::Merge(patch))).await
    }
}

async fn within<T>(request: impl Future<Output = Result<T, kube::Error>>) -> Result<T, ElectionError> {
    Ok(timeout(REQUEST_TIMEOUT, request).await.map_err(|_| ElectionError::Timeout)??)
}

/// Logs an error once for as long as it stays the same.
fn report(reported: &mut String, error: &ElectionError) {
    let text = error.to_string();
    if *reported != text {
        warn!(error = text, "leader election failed; retrying");
        *reported = text;
    }
}
