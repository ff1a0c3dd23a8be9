//! The operator's work, without the services around it: the observer and the controller
//! of an account, which run concurrently.

use std::sync::Arc;

use kube::Client;
use tokio_util::sync::CancellationToken;

use crate::{
    account::{Account, Accounts},
    controller::{self, Scope},
    core::decisions::Decisions,
    observer,
    ops::{metrics::Metrics, passes::Passed},
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
    recorded.passes().begin(account.policy.drift_interval);
    let observed = observer::observe(&account, shutdown.clone(), move |pass| {
        recorded.passes().ended(&Passed {
            duration: pass.duration,
            interval: pass.interval,
            pages: pass.pages,
            streams: pass.streams,
            unreadable: pass.unreadable,
            lags: &pass.latencies,
        });
        recorded.late_streams(pass.orphans as u64);
        passed();
    });
    let accounts = Accounts::one(Arc::clone(&account));
    let reconciled = controller::run(cluster, accounts, scope, decisions, metrics, shutdown, caches_filled);
    tokio::join!(observed, reconciled);
}
