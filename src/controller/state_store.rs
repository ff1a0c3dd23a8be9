//! The state of each object in this process, and its own last write.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::watch::Guarded;
use crate::{core::state::reconcile_state::ReconcileState, kinds::LiveStream};

/// How many replaced versions of an object are remembered.
const MAX_SUPERSEDED: usize = 8;

/// So many conflicts in a row are due to another writer. Further ones are a refusal,
/// which is reported and retried with backoff.
const QUICK_CONFLICTS: u32 = 3;

/// What is remembered of one object.
#[derive(Default)]
pub(super) struct Entry {
    /// The state of its decisions.
    pub state: ReconcileState,
    /// The generation of the manifest that was seen last, and when it was first seen.
    pub seen: Option<(i64, Instant)>,
    /// How many reconciles in a row could not report.
    pub failures: u32,
    /// How many writes in a row were answered with a conflict.
    pub conflicts: u32,
    /// Kept until the watch has caught up. In a box: most of the time there is
    /// none, and ten thousand entries need no room for it.
    own: Option<Box<LiveStream>>,
    superseded: Vec<String>,
}

impl Entry {
    /// The newest version that is known: the watch may still show one that the operator's
    /// own write has replaced.
    pub(super) fn newest(&mut self, watched: &LiveStream) -> LiveStream {
        let outdated =
            watched.metadata.resource_version.as_ref().is_some_and(|v| self.superseded.contains(v));
        match self.own.as_ref().filter(|_| outdated) {
            Some(own) => LiveStream::clone(own),
            None => {
                self.own = None;
                self.superseded.clear();
                watched.clone()
            }
        }
    }

    /// How many more conflicts in a row there were than another writer explains.
    pub(super) fn lasting_conflicts(&self) -> Option<u32> {
        self.conflicts.checked_sub(QUICK_CONFLICTS)
    }

    /// Notes that the manifest was seen at this generation.
    pub(super) fn saw(&mut self, generation: i64) {
        if self.seen.is_none_or(|(known, _)| known != generation) {
            self.seen = Some((generation, Instant::now()));
        }
    }

    /// Takes in what an own write has made of the object. Managed fields are dropped:
    /// they are half of its size, and nothing reads them.
    pub(super) fn wrote(&mut self, object: &mut LiveStream, mut written: LiveStream) {
        written.metadata.managed_fields = None;
        if object.metadata.resource_version != written.metadata.resource_version {
            self.superseded.extend(object.metadata.resource_version.clone());
            if self.superseded.len() > MAX_SUPERSEDED {
                self.superseded.remove(0);
            }
            self.own = Some(Box::new(written.clone()));
        }
        *object = written;
    }
}

/// What is remembered of all objects, by uid.
#[derive(Default)]
pub(super) struct StateStore {
    by_uid: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Entry>>>>,
}

impl StateStore {
    /// The entry of an object.
    pub(super) fn of(&self, uid: &str) -> Arc<tokio::sync::Mutex<Entry>> {
        Arc::clone(self.by_uid.lock().entry(uid.to_owned()).or_default())
    }

    /// Forgets an object.
    pub(super) fn forget(&self, uid: &str) {
        self.by_uid.lock().remove(uid);
    }

    /// Forgets objects that are gone, once there are many more entries than objects. True if it did.
    pub(super) fn prune(
        &self,
        objects: impl FnOnce() -> HashMap<String, Arc<Guarded>>,
        count: usize,
    ) -> bool {
        let mut entries = self.by_uid.lock();
        let many = entries.len() > 2 * count + 100;
        if many {
            let objects = objects();
            entries.retain(|uid, _| objects.contains_key(uid));
        }
        many
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::LiveStreamSpec;

    fn version(v: &str) -> LiveStream {
        let spec: LiveStreamSpec = serde_json::from_str(r#"{"name":"x"}"#).unwrap();
        let mut object = LiveStream::new("x", spec);
        object.metadata.resource_version = Some(v.into());
        object
    }

    fn wrote(entry: &mut Entry, before: &str, after: &str) {
        let mut object = version(before);
        entry.wrote(&mut object, version(after));
        assert_eq!(object.metadata.resource_version.as_deref(), Some(after));
    }

    fn newest(entry: &mut Entry, v: &str) -> Option<String> {
        entry.newest(&version(v)).metadata.resource_version
    }

    #[test]
    fn a_version_that_an_own_write_replaced_is_not_the_newest() {
        let mut entry = Entry::default();
        wrote(&mut entry, "1", "2");
        wrote(&mut entry, "2", "3");
        assert_eq!(newest(&mut entry, "1").as_deref(), Some("3"));
        assert_eq!(newest(&mut entry, "2").as_deref(), Some("3"));
        assert_eq!(newest(&mut entry, "9").as_deref(), Some("9"), "somebody else wrote");
        assert_eq!(newest(&mut entry, "3").as_deref(), Some("3"));
    }

    #[test]
    fn nothing_of_an_own_write_is_kept_once_the_watch_has_caught_up() {
        let mut entry = Entry::default();
        wrote(&mut entry, "1", "2");
        newest(&mut entry, "1");
        assert!(entry.own.is_some());
        newest(&mut entry, "2");
        assert!(entry.own.is_none() && entry.superseded.is_empty());
    }
}
