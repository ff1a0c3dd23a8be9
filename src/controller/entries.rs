//! What this process remembers of each object: the memory of its decisions,
//! and its own last write.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::time::Instant;

use crate::{account::lock, core::memory::Memory, crd::LiveStream};

/// How many versions of an object are remembered as older than our own.
const REMEMBERED: usize = 8;

/// What is remembered of one object.
#[derive(Default)]
pub(super) struct Entry {
    /// The memory of its decisions.
    pub memory: Memory,
    /// The recoveries of the account that its last failure knew of.
    pub recoveries: u64,
    /// The generation of the manifest that was seen last, and when it was first seen.
    pub seen: Option<(i64, Instant)>,
    /// How many reconciles in a row the cluster has failed.
    pub cluster_failures: u32,
    /// Kept until the watch has caught up. In a box: for most of the time there is
    /// none, and ten thousand entries need no room for it.
    own: Option<Box<LiveStream>>,
    superseded: Vec<String>,
}

impl Entry {
    /// The newest version that is known: the watch may still show one that our
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

    /// Notes that the manifest was seen at this generation.
    pub(super) fn saw(&mut self, generation: i64) {
        if self.seen.is_none_or(|(known, _)| known != generation) {
            self.seen = Some((generation, Instant::now()));
        }
    }

    /// Notes what a write of ours has made of the object.
    pub(super) fn wrote(&mut self, before: &LiveStream, after: &LiveStream) {
        if before.metadata.resource_version == after.metadata.resource_version {
            return;
        }
        self.superseded.extend(before.metadata.resource_version.clone());
        if self.superseded.len() > REMEMBERED {
            self.superseded.remove(0);
        }
        self.own = Some(Box::new(after.clone()));
    }
}

/// What is remembered of all objects, by uid.
#[derive(Default)]
pub(super) struct Entries {
    by_uid: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Entry>>>>,
}

impl Entries {
    /// The entry of an object.
    pub(super) fn of(&self, uid: &str) -> Arc<tokio::sync::Mutex<Entry>> {
        Arc::clone(lock(&self.by_uid).entry(uid.to_owned()).or_default())
    }

    /// Forgets an object.
    pub(super) fn forget(&self, uid: &str) {
        lock(&self.by_uid).remove(uid);
    }

    /// Forgets objects that went without our doing, once they are many. True if so.
    pub(super) fn prune(
        &self,
        known: impl FnOnce() -> HashMap<String, Arc<super::Guarded>>,
        count: usize,
    ) -> bool {
        let mut entries = lock(&self.by_uid);
        let many = entries.len() > 2 * count + 100;
        if many {
            let known = known();
            entries.retain(|uid, _| known.contains_key(uid));
        }
        many
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::LiveStreamSpec;

    fn version(v: &str) -> LiveStream {
        let spec: LiveStreamSpec = serde_json::from_str(r#"{"name":"x"}"#).unwrap();
        let mut object = LiveStream::new("x", spec);
        object.metadata.resource_version = Some(v.into());
        object
    }

    fn newest(entry: &mut Entry, v: &str) -> Option<String> {
        entry.newest(&version(v)).metadata.resource_version
    }

    #[test]
    fn a_version_that_our_own_write_replaced_is_not_taken_for_the_newest() {
        let mut entry = Entry::default();
        entry.wrote(&version("1"), &version("2"));
        entry.wrote(&version("2"), &version("3"));
        assert_eq!(newest(&mut entry, "1").as_deref(), Some("3"));
        assert_eq!(newest(&mut entry, "2").as_deref(), Some("3"));
        assert_eq!(newest(&mut entry, "9").as_deref(), Some("9"), "somebody else wrote");
        assert_eq!(newest(&mut entry, "3").as_deref(), Some("3"));
    }

    #[test]
    fn nothing_of_an_own_write_is_kept_once_the_watch_has_caught_up() {
        let mut entry = Entry::default();
        entry.wrote(&version("1"), &version("2"));
        newest(&mut entry, "1");
        assert!(entry.own.is_some());
        newest(&mut entry, "2");
        assert!(entry.own.is_none() && entry.superseded.is_empty());
    }
}
