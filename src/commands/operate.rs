//! The operator's work, without the services around it: the observer and the controller
//! of an account, which run concurrently.

use std::sync::Arc;

use kube::Client;
use tokio_util::sync::CancellationToken;

use super::api_metrics::count_scan;
use crate::{
    account::{Account, Accounts},
    controller::{self, Watches},
    core::decisions::Decisions,
    observer,
    ops::{metrics::Metrics, readiness::Flag},
};

/// What is ready once the work reaches a milestone.
#[derive(Default)]
pub struct Milestones {
    /// A pass over the account's streams ended.
    pub first_pass: Flag,
    /// Every watch has listed its objects.
    pub caches: Flag,
}

/// Observes and reconciles until `shutdown`, then finishes what is in progress.
pub async fn operate(
    cluster: Client,
    account: Arc<Account>,
    watches: Watches,
    decisions: Decisions,
    metrics: Metrics,
    shutdown: CancellationToken,
    milestones: Milestones,
) {
    metrics.pass_interval_seconds.set(account.policy.drift_interval.as_secs_f64());
    let accounts = Accounts::one(Arc::clone(&account));
    let observed = observer::observe(&account, |scan| {
        count_scan(&metrics, scan);
        milestones.first_pass.set(true);
    });
    let (metrics, caches) = (metrics.clone(), milestones.caches.clone());
    let reconciled =
        controller::run(cluster, accounts, watches, decisions, metrics, shutdown.clone(), caches);
    tokio::join!(shutdown.run_until_cancelled(observed), reconciled);
}
