//! The watches of LiveStreams, one for each namespace, and what triggers a reconcile.

use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use kube::{
    Api, Client, Resource,
    core::DeserializeGuard,
    runtime::{
        WatchStreamExt,
        controller::{self, Controller},
        reflector::{self, ObjectRef, Store, reflector},
        watcher,
    },
};
use tokio::sync::mpsc::UnboundedSender;

use super::watches::Watch;
use crate::{
    account::{Accounts, Trigger},
    kinds::live_stream::{LiveStream, metadata},
};

/// What is watched: an object that can't be read is still seen, and stops
/// none of the others.
pub(super) type Guarded = DeserializeGuard<LiveStream>;

/// How many reconciles of a watch run at once: more than calls to the API may be under
/// way, so that these delay nobody who makes none, and few enough that
/// ten thousand that begin together need no memory for ten thousand.
const CONCURRENT_RECONCILES: u16 = 80;

/// After how many seconds the API server ends a watch. One that is silent for five more
/// is dead and is opened again: a silent network is noticed within a minute.
const WATCH_SECONDS: u32 = 40;

/// Watches a namespace, or all, and reports its state. (`Store::wait_until_ready` can't be
/// used: kube's controller waits for it too, and it wakes only one.)
///
/// Managed fields are dropped: nothing here reads them, and they are half of an object's size.
pub(super) fn watch(
    client: &Client,
    accounts: &Accounts,
    watch: &Arc<Watch>,
    on_vanished: UnboundedSender<LiveStream>,
) -> Controller<Guarded> {
    let api: Api<Guarded> = match watch.namespace() {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let (reader, writer) = reflector::store();
    let config = watcher::Config::default().timeout(WATCH_SECONDS);
    let objects = watcher(api, config).modify(|object| object.meta_mut().managed_fields = None);
    let state = Arc::clone(watch);
    let events = reflector(writer, objects).inspect(move |event| {
        match event {
            Ok(watcher::Event::InitDone) => state.list_ended(),
            // The list begins with this, whether it succeeds or not.
            Ok(watcher::Event::Init) => {}
            Ok(_) => state.works(),
            Err(error) => state.failed(error),
        }
        if let Ok(watcher::Event::Delete(DeserializeGuard(Ok(object)))) = event
            && metadata::vanished(&object.metadata)
        {
            // Nobody receives it while the controller ends.
            let _ = on_vanished.send(object.clone());
        }
    });
    let config = controller::Config::default().concurrency(CONCURRENT_RECONCILES);
    let controller = Controller::for_stream(events.applied_objects(), reader).with_config(config);
    let triggered = triggered(accounts, watch.namespace().map(str::to_owned), &controller.store());
    controller.reconcile_on(triggered)
}

/// The LiveStreams of a namespace that an account triggers.
fn triggered(
    accounts: &Accounts,
    namespace: Option<String>,
    store: &Store<Guarded>,
) -> impl Stream<Item = ObjectRef<Guarded>> + Send + 'static {
    let store = store.clone();
    let streams = accounts.iter().map(|account| {
        let mut receiver = account.triggers.listen(namespace.clone());
        stream::poll_fn(move |context| receiver.poll_recv(context))
    });
    stream::select_all(streams).flat_map(move |trigger| {
        let refs = match trigger {
            Trigger::One(key) => vec![ObjectRef::new(&key.name).within(&key.namespace)],
            Trigger::All => store.state().iter().map(|object| ObjectRef::from_obj(object.as_ref())).collect(),
        };
        stream::iter(refs)
    })
}
