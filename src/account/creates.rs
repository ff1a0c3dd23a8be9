//! The creates of an account that are under way.
//!
//! The guarantee: while a LiveStream looks for the stream of a lost create,
//! no create of the same name is on the wire. So a stream that the look finds
//! unheld is nobody's answer that is still to come. Creates among themselves
//! do not wait for each other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::lock;
use crate::core::{intent::Intent, model::Desired};

/// The creates under way.
#[derive(Default)]
pub struct Creates {
    open: Mutex<HashMap<String, Intent>>,
    gates: Mutex<HashMap<String, Arc<RwLock<()>>>>,
}

impl Creates {
    /// Notes whether the LiveStream of this uid has an open intent.
    pub fn note(&self, uid: &str, intent: Option<&Intent>) {
        let mut open = lock(&self.open);
        match intent {
            Some(intent) => open.insert(uid.to_owned(), intent.clone()),
            None => open.remove(uid),
        };
    }

    /// How many open intents have this payload.
    #[must_use]
    pub fn open_with(&self, payload: &Desired) -> usize {
        lock(&self.open).values().filter(|intent| intent.payload == *payload).count()
    }

    /// Held while a create of this name is on the wire.
    pub async fn sending(&self, name: &str) -> OwnedRwLockReadGuard<()> {
        let gate = self.gate(name);
        gate.read_owned().await
    }

    /// Held while the stream of a lost create of this name is looked for.
    pub async fn looking(&self, name: &str) -> OwnedRwLockWriteGuard<()> {
        let gate = self.gate(name);
        gate.write_owned().await
    }

    fn gate(&self, name: &str) -> Arc<RwLock<()>> {
        let mut gates = lock(&self.gates);
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        Arc::clone(gates.entry(name.to_owned()).or_default())
    }
}
