//! The controller: watches LiveStreams and reconciles each.
//!
//! It is a shell. What to do is decided by [`crate::core::plan`]; here the facts are
//! gathered, the actions executed, one arm each, and the status written.

mod calls;
mod context;
mod crd_deletion;
mod events;
mod execute;
mod gather;
mod invalid;
mod object_writes;
mod reconcile;
mod recover_create;
mod startup;
mod state_store;
mod status;
mod status_metrics;
mod vanished;
mod watch;
mod watch_errors;
mod watches;

use std::{convert::Infallible, sync::Arc};

use futures::{StreamExt, stream};
use kube::{Client, runtime::Controller};
use tokio::sync::{OnceCell, mpsc::unbounded_channel};
use tokio_util::sync::CancellationToken;
use tracing::debug;

pub use self::watches::Watches;
use self::{
    context::{Context, exists},
    watches::Watch,
};
use crate::{
    account::Accounts,
    core::decisions::Decisions,
    ops::{metrics::Metrics, readiness::Flag},
};

/// Watches and reconciles until `shutdown`; then the reconciles under way are
/// finished. `caches` are ready once the watches have listed, but for those that fail.
pub async fn run(
    client: Client,
    accounts: Accounts,
    watches: Watches,
    decisions: Decisions,
    metrics: Metrics,
    shutdown: CancellationToken,
    caches: Flag,
) {
    let (on_vanished, vanished) = unbounded_channel();
    let controllers: Vec<_> =
        watches.iter().map(|watch| watch::watch(&client, &accounts, watch, on_vanished.clone())).collect();
    let stores: Vec<_> = controllers.iter().map(Controller::store).collect();
    metrics.add_collector(status_metrics::collector(stores.clone()));
    let watched = watches.clone();
    metrics.add_collector(move |metrics| watched.collect(metrics));
    accounts.iter().for_each(|account| account.claims.set_exists(exists(stores.clone())));
    let context = Arc::new(Context {
        client,
        accounts,
        stores,
        decisions,
        states: Default::default(),
        crd: Default::default(),
        metrics,
        watches: watches.clone(),
        on_vanished,
        started: OnceCell::new(),
    });
    tokio::spawn(start(Arc::clone(&context), caches));
    let runs = controllers.into_iter().zip(watches.iter().cloned()).map(|(controller, watch)| {
        let controller = controller.graceful_shutdown_on(shutdown.clone().cancelled_owned());
        let never_began = shut_down_before_start(Arc::clone(&context), Arc::clone(&watch), shutdown.clone());
        let never_fails = |_, error: &Infallible, _| match *error {};
        let results = controller.run(reconcile::reconcile, never_fails, Arc::clone(&context));
        results.take_until(never_began).map(move |result| (Arc::clone(&watch), result)).boxed()
    });
    let work = stream::select_all(runs).for_each(|(watch, result)| async move {
        match result {
            Ok((object, action)) => debug!(%object, ?action, "reconciled"),
            Err(error) => watch_errors::log(watch.namespace(), &error),
        }
    });
    tokio::select! {
        () = work => {}
        () = vanished::finish_all(&context, vanished) => {}
    }
}

/// Starts the reconciles once the caches are filled.
async fn start(context: Arc<Context>, caches: Flag) {
    startup::start(&context).await;
    caches.set(true);
}

/// A shutdown before a watch has listed: kube's controller still waits for its first
/// list, and no reconcile is under way that could be interrupted.
async fn shut_down_before_start(context: Arc<Context>, watch: Arc<Watch>, shutdown: CancellationToken) {
    shutdown.cancelled().await;
    if context.started.initialized() && watch.has_listed() {
        std::future::pending::<()>().await;
    }
}
