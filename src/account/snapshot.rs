//! What was last observed of each stream of an account, and when.
//!
//! The guarantee: an observation that began before the last answer about a
//! stream arrived is ignored. So a page that was under way while a stream was
//! written never undoes, in this snapshot, what was written.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::core::{
    detection_latency::detection_latency,
    facts::{ids::StreamId, observation::Observation, project::Project, stream::Remote},
};

/// What is known of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// `unconfirmed`: a scan did not show it, and may have skipped it.
    Present { remote: Arc<Remote>, unconfirmed: bool },
    /// A whole scan did not show it, or two that may have skipped it.
    Absent,
    /// The API answered 404 for it, or deleted it. `confirmed`: a whole scan did
    /// not show it either, so the guard has judged it.
    Gone { confirmed: bool },
}

#[derive(Clone, Debug)]
struct Entry {
    state: State,
    /// No older observation counts.
    as_of: Instant,
    /// When the first answer about it arrived.
    since: Instant,
}

/// The last observation of each stream.
#[derive(Default)]
pub struct Snapshot {
    entries: HashMap<StreamId, Entry>,
    scans: u64,
    /// When the last scan began, if it skipped a page.
    skipped: Option<Instant>,
    project: Option<Project>,
}

/// A page shows a stream other than it was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The stream.
    pub id: StreamId,
    before: Option<Before>,
    updated_at: Option<Timestamp>,
}

/// What was known of a stream that existed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Before {
    updated_at: Option<Timestamp>,
    since_observed: Duration,
}

impl Change {
    /// The delay until it was detected, at most; `now` is by the API's clock.
    /// `None` where the stream was not known to exist.
    #[must_use]
    pub fn detection_latency(&self, now: Timestamp) -> Option<Duration> {
        let Before { updated_at, since_observed } = self.before.as_ref()?;
        Some(detection_latency(*since_observed, *updated_at, self.updated_at, now))
    }
}

/// The owned streams that a scan should have shown and did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// Those that count as absent from now on.
    pub absent: Vec<StreamId>,
    /// Those that it may have skipped: the next scan decides.
    pub unconfirmed: Vec<StreamId>,
    /// Those that a call found gone while the scan was under way.
    pub gone_meanwhile: Vec<StreamId>,
}

impl Missed {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &StreamId> {
        self.absent.iter().chain(&self.unconfirmed).chain(&self.gone_meanwhile)
    }
}

impl Snapshot {
    /// What is known of a stream. One that no scan has shown is absent.
    #[must_use]
    pub fn observation(&self, id: &StreamId) -> Observation {
        match self.state(id) {
            Some(State::Present { remote, .. }) => {
                Observation::Present { remote: Arc::clone(remote), fresh: false }
            }
            Some(State::Gone { .. }) => Observation::Gone,
            Some(State::Absent) => Observation::Absent,
            None if self.scans > 0 => Observation::Absent,
            None => Observation::Unknown,
        }
    }

    /// Forgets everything if it was observed in another project than the `opened` one, and
    /// gives back whether it was. A token that names no project changes nothing.
    pub fn turn_to(&mut self, opened: Option<Project>) -> bool {
        let other = opened.is_some() && self.project.is_some() && opened != self.project;
        if other {
            *self = Self::default();
        }
        self.project = opened.or(self.project.take());
        other
    }

    /// The project that it was observed in, as far as tokens name it.
    #[must_use]
    pub fn project(&self) -> Option<&Project> {
        self.project.as_ref()
    }

    /// Takes in the answer of a call about one stream, which arrived at `at`.
    pub fn answered(&mut self, remote: Remote, at: Instant) {
        let id = remote.id.clone();
        self.put(id, State::Present { remote: Arc::new(remote), unconfirmed: false }, at);
    }

    /// Takes in that a stream was gone at `at`.
    pub fn gone(&mut self, id: &StreamId, at: Instant) {
        let confirmed = self.confirmed(id);
        self.put(id.clone(), State::Gone { confirmed }, at);
    }

    /// Takes in that the operator deleted a stream at `at`: no scan has to confirm it.
    pub fn deleted(&mut self, id: &StreamId, at: Instant) {
        self.put(id.clone(), State::Gone { confirmed: true }, at);
    }

    fn put(&mut self, id: StreamId, state: State, as_of: Instant) {
        let since = self.entries.get(&id).map_or_else(Instant::now, |entry| entry.since);
        self.entries.insert(id, Entry { state, as_of, since });
    }

    /// Whether a whole scan did not show the stream since it was last observed.
    #[must_use]
    pub fn confirmed(&self, id: &StreamId) -> bool {
        matches!(self.state(id), Some(State::Absent | State::Gone { confirmed: true }))
    }

    /// Takes in a stream of a page that was requested at `requested`. Gives back
    /// what changed.
    pub fn listed(&mut self, remote: Remote, requested: Instant) -> Option<Change> {
        let (id, updated_at) = (remote.id.clone(), remote.updated_at);
        let known = self.entries.get(&id);
        if known.is_some_and(|entry| entry.as_of >= requested) {
            return None;
        }
        let (before, same) = match known {
            Some(Entry { state: State::Present { remote: known, .. }, as_of, .. }) => {
                let since_observed = requested.saturating_duration_since(*as_of);
                let before = Before { updated_at: known.updated_at, since_observed };
                (Some(before), (**known == remote).then(|| Arc::clone(known)))
            }
            _ => (None, None),
        };
        let changed = same.is_none();
        let remote = same.unwrap_or_else(|| Arc::new(remote));
        self.put(id.clone(), State::Present { remote, unconfirmed: false }, requested);
        changed.then_some(Change { id, before, updated_at })
    }

    /// Ends a scan that skipped pages, and that began at `began`: no absence follows from
    /// it. What calls found gone before is as confirmed as it can be.
    pub fn end_incomplete_scan(&mut self, owned: &HashSet<&StreamId>, began: Instant) -> Missed {
        (self.scans, self.skipped) = (self.scans + 1, Some(began));
        let mut missed = Missed::default();
        for id in owned.iter().copied() {
            let entry = self.entries.get_mut(id).filter(|entry| entry.as_of < began);
            if let Some(Entry { state: State::Gone { confirmed: confirmed @ false }, .. }) = entry {
                *confirmed = true;
                missed.absent.push(id.clone());
            }
        }
        missed
    }

    /// Ends a scan that began at `began`: a stream that it did not show, and of which
    /// nothing newer is known, is absent, unless so many (by `leaves_unconfirmed`) are
    /// missed for the first time that the next scan has to confirm them. Gives back
    /// the `owned` streams for which that is new; of others nothing is kept.
    pub fn end_scan(
        &mut self,
        owned: &HashSet<&StreamId>,
        began: Instant,
        leaves_unconfirmed: impl FnOnce(usize) -> bool,
    ) -> Missed {
        (self.scans, self.skipped) = (self.scans + 1, None);
        let (mut first, mut missed) = (Vec::new(), Missed::default());
        for id in owned.iter().copied().cloned() {
            match self.entries.get_mut(&id).map(|entry| (entry.as_of >= began, &mut entry.state)) {
                None | Some((false, State::Present { unconfirmed: false, .. })) => first.push(id),
                Some((false, state @ State::Present { unconfirmed: true, .. })) => {
                    *state = State::Absent;
                    missed.absent.push(id);
                }
                Some((false, State::Gone { confirmed: confirmed @ false })) => {
                    *confirmed = true;
                    missed.absent.push(id);
                }
                Some((true, State::Gone { confirmed: false })) => missed.gone_meanwhile.push(id),
                // It was shown, or that it is missing is not new.
                Some(
                    (true, State::Present { .. }) | (_, State::Absent | State::Gone { confirmed: true }),
                ) => {}
            }
        }
        if leaves_unconfirmed(first.len()) {
            first.iter().for_each(|id| self.set_unconfirmed(id));
            missed.unconfirmed = first;
        } else {
            first.iter().for_each(|id| self.put(id.clone(), State::Absent, began));
            missed.absent.extend(first);
        }
        self.entries.retain(|id, entry| entry.as_of >= began || owned.contains(id));
        missed
    }

    /// One that was never observed stays unknown: a call about it decides, and a scan after that.
    fn set_unconfirmed(&mut self, id: &StreamId) {
        if let Some(Entry { state: State::Present { unconfirmed, .. }, .. }) = self.entries.get_mut(id) {
            *unconfirmed = true;
        }
    }

    /// The streams that were observed and are not among the `owned`.
    pub fn unowned<'a>(&'a self, owned: &'a HashSet<&StreamId>) -> impl Iterator<Item = &'a Remote> {
        self.entries.values().filter_map(move |entry| match &entry.state {
            State::Present { remote, .. } if !owned.contains(&remote.id) => Some(remote.as_ref()),
            _ => None,
        })
    }

    /// How many scans have ended.
    #[must_use]
    pub fn scans(&self) -> u64 {
        self.scans
    }

    /// Whether a stream is absent or gone.
    #[must_use]
    pub fn is_missing(&self, id: &StreamId) -> bool {
        matches!(self.state(id), Some(State::Absent | State::Gone { .. }))
    }

    /// Whether the last scan skipped a page, and nothing has shown the stream since it began.
    #[must_use]
    pub fn is_unlisted(&self, id: &StreamId) -> bool {
        let seen = self.entries.get(id).map(|entry| entry.as_of);
        self.skipped.is_some_and(|began| seen.is_none_or(|seen| seen < began))
    }

    /// Whether an answer about a stream arrived before a request that began at `began`.
    #[must_use]
    pub fn knew(&self, id: &StreamId, began: Instant) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.since < began)
    }

    fn state(&self, id: &StreamId) -> Option<&State> {
        self.entries.get(id).map(|entry| &entry.state)
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
