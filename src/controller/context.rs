//! What every reconcile needs.

use std::{collections::HashMap, sync::Arc};

use kube::{
    Client, Resource,
    runtime::reflector::{ObjectRef, Store},
};
use tokio::sync::{OnceCell, mpsc::UnboundedSender};

use super::{crd_deletion::CrdChecks, state_store::StateStore, watch::Guarded, watches::Watches};
use crate::{
    account::Accounts,
    core::{decisions::Decisions, facts::ids::Owner},
    kinds::live_stream::LiveStream,
    ops::metrics::Metrics,
};

/// What every reconcile needs.
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) accounts: Accounts,
    pub(super) stores: Vec<Store<Guarded>>,
    pub(super) decisions: Decisions,
    pub(super) states: StateStore,
    pub(super) crd: CrdChecks,
    pub(super) metrics: Metrics,
    pub(super) watches: Watches,
    /// Takes the objects that vanished despite their finalizer.
    pub(super) on_vanished: UnboundedSender<LiveStream>,
    /// Set when the first claims were assigned.
    pub(super) started: OnceCell<()>,
}

impl Context {
    /// The objects in the caches, by uid.
    pub(super) fn objects(&self) -> HashMap<String, Arc<Guarded>> {
        let objects = self.stores.iter().flat_map(Store::state);
        objects.filter_map(|object| Some((object.meta().uid.clone()?, object))).collect()
    }

    /// Forgets objects that are gone, once they are many.
    pub(super) fn prune(&self) {
        let count = self.stores.iter().map(Store::len).sum();
        if self.states.prune(|| self.objects(), count) {
            let exists = exists(self.stores.clone());
            self.accounts.iter().for_each(|account| account.call_queue.retain(&exists));
        }
    }
}

/// Whether an object exists, by these caches.
pub(super) fn exists(stores: Vec<Store<Guarded>>) -> impl Fn(&Owner) -> bool + Send + Sync {
    move |owner| {
        let key = ObjectRef::new(&owner.key.name).within(&owner.key.namespace);
        let mut objects = stores.iter().filter_map(|store| store.get(&key));
        objects.any(|object| object.meta().uid.as_deref() == Some(&owner.uid))
    }
}
