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

use super::{Claim, lock};
use crate::core::{
    diff::made_from,
    intent::Intent,
    model::{Desired, Remote},
};

/// The creates under way.
#[derive(Default)]
pub struct Creates {
    open: Mutex<HashMap<String, (Claim, Intent)>>,
    gates: Mutex<HashMap<String, Arc<RwLock<()>>>>,
}

impl Creates {
    /// Notes whether a LiveStream has an open intent.
    pub fn note(&self, claim: &Claim, intent: Option<&Intent>) {
        let mut open = lock(&self.open);
        match intent {
            Some(intent) => open.insert(claim.uid.clone(), (claim.clone(), intent.clone())),
            None => open.remove(&claim.uid),
        };
    }

    /// How many open intents have this payload; one of a LiveStream that is no
    /// more (by `alive`) counts for nothing.
    #[must_use]
    pub fn open_with(&self, payload: &Desired, alive: impl Fn(&Claim) -> bool) -> usize {
        let open = lock(&self.open);
        open.values().filter(|(claim, intent)| intent.payload == *payload && alive(claim)).count()
    }

    /// Whether a stream may be what an open create has made.
    #[must_use]
    pub fn may_have_made(&self, remote: &Remote) -> bool {
        lock(&self.open).values().any(|(_, intent)| made_from(&intent.payload, remote))
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
