//! The operator's work, without what any process needs around it: the
//! observer and the controller of an account, side by side.

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

/// What is told of the work as it goes on.
pub struct Milestones<P, C> {
    /// A pass over the account's streams has ended.
    pub passed: P,
    /// Every watch of the cluster has listed.
    pub caches_filled: C,
}

/// Observes and reconciles until `shutdown`; then what is under way is finished.
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
    let counted = metrics.clone();
    counted.passes().begin(account.policy.drift_interval);
    let observed = observer::observe(&account, shutdown.clone(), move |pass| {
        counted.passes().ended(&Passed {
            duration: pass.duration,
            interval: pass.interval,
            pages: pass.pages,
            streams: pass.streams,
            unreadable: pass.unreadable,
            lags: &pass.latencies,
        });
        counted.came_late(pass.orphans as u64);
        passed();
    });
    let accounts = Accounts::one(Arc::clone(&account));
    let reconciled = controller::run(cluster, accounts, scope, decisions, metrics, shutdown, caches_filled);
    tokio::join!(observed, reconciled);
}
