//! Keeps creates and searches for lost creates of one name apart.
//!
//! The guarantee: while a LiveStream searches for the stream of a lost create,
//! no create of the same name is under way. So a stream without an owner that the
//! search finds is not the answer to come of another create. Creates among
//! themselves do not wait for each other.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The locks of the names for which a create or a search is under way.
#[derive(Default)]
pub struct CreateLocks(Mutex<HashMap<String, Arc<RwLock<()>>>>);

impl CreateLocks {
    /// Held while a create of this name is under way.
    pub async fn create(&self, name: &str) -> OwnedRwLockReadGuard<()> {
        let lock = self.lock(name);
        lock.read_owned().await
    }

    /// Held while a search for a lost create of this name is under way.
    pub async fn search(&self, name: &str) -> OwnedRwLockWriteGuard<()> {
        let lock = self.lock(name);
        lock.write_owned().await
    }

    fn lock(&self, name: &str) -> Arc<RwLock<()>> {
        let mut locks = self.0.lock();
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(name.to_owned()).or_default())
    }
}
