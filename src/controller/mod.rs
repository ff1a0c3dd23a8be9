//! The controller: watches LiveStreams and reconciles each.
//!
//! It is a shell. What to do is decided by [`crate::core::plan`]; here it is
//! found out, done and reported: [`subject`] gathers, [`execute`] does, one arm
//! an action, [`report`] tells.

mod census;
pub mod checks;
pub mod cluster;
mod crd_look;
mod diagnosis;
mod entries;
mod events;
mod execute;
mod foreign;
mod malformed;
pub mod reconcile;
mod report;
mod search;
mod startup;
mod subject;

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{Stream, StreamExt, stream};
use kube::{
    Api, Client, Resource,
    core::DeserializeGuard,
    runtime::{
        WatchStreamExt,
        controller::{self, Action, Controller},
        reflector::{self, ObjectRef, Store, reflector},
        watcher,
    },
};
use tokio::sync::{OnceCell, SetOnce};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{
    account::{Accounts, Claim, Wake},
    core::{decisions::Decisions, shard::Shard},
    crd::LiveStream,
    ops::metrics::Metrics,
};

/// What is watched: an object that can't be read is still seen, and stops
/// none of the others.
pub type Guarded = DeserializeGuard<LiveStream>;

/// What every reconcile needs.
pub struct Context {
    client: Client,
    accounts: Accounts,
    stores: Vec<Store<Guarded>>,
    shard: Shard,
    decisions: Decisions,
    entries: entries::Entries,
    events: events::Events,
    crd: crd_look::CrdLook,
    metrics: Metrics,
    listed: Vec<Arc<SetOnce<()>>>,
    loaded: OnceCell<()>,
}

/// So many reconciles of a watch run at once: more than calls may be under way
/// to the API, so that these hold up nobody who makes none, and few enough that
/// ten thousand that begin together need no memory for ten thousand.
const RECONCILES_AT_ONCE: u16 = 80;

/// Which LiveStreams are watched.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The namespaces; none means all.
    pub namespaces: Vec<String>,
    /// A label selector.
    pub selector: Option<String>,
    /// Which of these are handled. The others are watched for what they hold.
    pub shard: Shard,
}

impl Scope {
    fn namespaces(&self) -> Vec<Option<String>> {
        if self.namespaces.is_empty() {
            vec![None]
        } else {
            self.namespaces.iter().cloned().map(Some).collect()
        }
    }
}

/// Watches and reconciles until `shutdown`; then the reconciles under way are
/// finished. `caches_filled` is called once every watch has listed.
pub async fn run(
    client: Client,
    accounts: Accounts,
    scope: &Scope,
    decisions: Decisions,
    metrics: Metrics,
    shutdown: CancellationToken,
    caches_filled: impl FnOnce() + Send + 'static,
) {
    let mut config = watcher::Config::default();
    config.label_selector.clone_from(&scope.selector);
    let (mut controllers, mut listed) = (Vec::new(), Vec::new());
    for namespace in scope.namespaces() {
        let api: Api<Guarded> = match &namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        };
        let (controller, list) = watch(api, config.clone());
        listed.push(list);
        let wakes = woken(&accounts, namespace, &controller.store());
        let token = shutdown.clone();
        controllers.push(
            controller.reconcile_on(wakes).graceful_shutdown_on(async move { token.cancelled().await }),
        );
    }
    let stores: Vec<_> = controllers.iter().map(Controller::store).collect();
    metrics.read_off(census::reading(stores.clone(), scope.shard));
    let context = Arc::new(Context {
        events: events::Events::new(client.clone()),
        client,
        accounts,
        shard: scope.shard,
        stores,
        decisions,
        entries: entries::Entries::default(),
        crd: crd_look::CrdLook::default(),
        metrics,
        listed,
        loaded: OnceCell::new(),
    });
    let ready = Arc::clone(&context);
    tokio::spawn(async move {
        startup::load(&ready).await;
        caches_filled();
    });
    let runs: Vec<_> = controllers
        .into_iter()
        .map(|controller| {
            controller.run(reconcile::reconcile, reconcile::error_policy, Arc::clone(&context)).boxed()
        })
        .collect();
    let work = stream::select_all(runs).for_each(|result| async move {
        match result {
            Ok((object, action)) => debug!(%object, ?action, "reconciled"),
            Err(error) => diagnosis::log(&error),
        }
    });
    tokio::select! {
        () = work => {}
        () = ended_before_it_began(&context, &shutdown) => {}
    }
}

/// A shutdown before every watch has listed: kube's controller still waits for
/// its first list, and no reconcile is under way that could be cut.
async fn ended_before_it_began(context: &Context, shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    if context.loaded.initialized() {
        std::future::pending::<()>().await;
    }
}

/// Watches, and tells when the first list has come. (`Store::wait_until_ready`
/// can't tell: kube's controller waits for it too, and it wakes but one.)
///
/// Managed fields are dropped: nothing here reads them, and they are half of an object's size.
fn watch(api: Api<Guarded>, config: watcher::Config) -> (Controller<Guarded>, Arc<SetOnce<()>>) {
    let (reader, writer) = reflector::store();
    let listed = Arc::new(SetOnce::new());
    let done = Arc::clone(&listed);
    let objects = watcher(api, config).modify(|object| object.meta_mut().managed_fields = None);
    let events = reflector(writer, objects).inspect(move |event| {
        if matches!(event, Ok(watcher::Event::InitDone)) {
            // A later list, after a lost watch, changes nothing here.
            let _ = done.set(());
        }
    });
    let at_once = controller::Config::default().concurrency(RECONCILES_AT_ONCE);
    (Controller::for_stream(events.applied_objects(), reader).with_config(at_once), listed)
}

/// The LiveStreams that the observers of all accounts wake in one namespace.
fn woken(
    accounts: &Accounts,
    namespace: Option<String>,
    store: &Store<Guarded>,
) -> impl Stream<Item = ObjectRef<Guarded>> + Send + 'static {
    let store = store.clone();
    let streams = accounts.iter().map(|account| {
        let receiver = account.wakes.listen(namespace.clone());
        stream::unfold(
            receiver,
            |mut receiver| async move { receiver.recv().await.map(|wake| (wake, receiver)) },
        )
        .boxed()
    });
    stream::select_all(streams).flat_map(move |wake| {
        let refs = match wake {
            Wake::One(place) => vec![ObjectRef::new(&place.name).within(&place.namespace)],
            Wake::All => store.state().iter().map(|object| ObjectRef::from_obj(object.as_ref())).collect(),
        };
        stream::iter(refs)
    })
}

impl Context {
    /// The objects that are known, by uid.
    fn known(&self) -> HashMap<String, Arc<Guarded>> {
        let objects = self.stores.iter().flat_map(Store::state);
        objects.filter_map(|object| Some((object.meta().uid.clone()?, object))).collect()
    }

    /// Whether an object of this uid is known at a place.
    fn is_known(&self, claim: &Claim) -> bool {
        let key = ObjectRef::new(&claim.place.name).within(&claim.place.namespace);
        let mut objects = self.stores.iter().filter_map(|store| store.get(&key));
        objects.any(|object| object.meta().uid.as_deref() == Some(&claim.uid))
    }
}

/// How long a single request to the cluster may take before it is given up
/// and the reconcile starts again.
const CLUSTER_TIMEOUT: Duration = Duration::from_secs(15);

/// Starts again after this long at the least.
fn requeue_after(wait: Duration) -> Action {
    Action::requeue(wait.max(Duration::from_millis(50)))
}
