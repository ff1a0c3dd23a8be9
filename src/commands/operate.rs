//! The operator's work, without the services around it: the observer and the controller
//! of an account, which run concurrently.

use std::sync::Arc;

use kube::Client;
use tokio_util::sync::CancellationToken;

use super::api_metrics::count_scan;
use crate::{
    account::{Account, Accounts},
    controller::{self, Scope},
    core::decisions::Decisions,
    observer,
    ops::metrics::Metrics,
};

/// Called when the work reaches a milestone.
pub struct Milestones<P, C> {
    /// A pass over the account's streams ended.
    pub passed: P,
    /// Every watch has listed its objects.
    pub caches_filled: C,
}

/// Observes and reconciles until `shutdown`, then finishes what is in progress.
pub async fn operate<P, C>(
    cluster: Client,
    account: Arc<Account>,
    scope: &Scope,
    decisions: Decisions,
    metrics: Metrics,
    shutdown: CancellationToken,
    milestones: Milestones<P, C>,
) where
    P: Fn() + Send,
    C: FnOnce() + Send + 'static,
{
    let Milestones { passed, caches_filled } = milestones;
    let recorded = metrics.clone();
    recorded.pass_interval_seconds.set(account.policy.drift_interval.as_secs_f64());
    let observed = observer::observe(&account, shutdown.clone(), move |scan| {
        count_scan(&recorded, scan);
        passed();
    });
    let accounts = Accounts::one(Arc::clone(&account));
    let reconciled = controller::run(cluster, accounts, scope, decisions, metrics, shutdown, caches_filled);
    tokio::join!(observed, reconciled);
}
