//! What was last seen of each stream of an account, and when.
//!
//! The guarantee: an observation that began before the last answer about a
//! stream came is ignored. So a page that was on its way while a stream was
//! written never undoes, in our eyes, what was written.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::core::{
    lag::lag,
    model::{Remote, StreamId},
    observed::Sight,
};

/// What is known of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Present(Arc<Remote>),
    /// A whole pass did not show it, or two that may have passed over it.
    Missing,
    /// The API answered 404 for it, or deleted it. `judged` is whether a whole
    /// pass has missed it, too, so that the guard has had its say.
    Gone {
        judged: bool,
    },
}

#[derive(Clone, Debug)]
struct Seen {
    state: State,
    /// No older observation counts.
    as_of: Instant,
    /// A pass has missed it, and may only have passed over it.
    doubted: bool,
}

impl Seen {
    fn new(state: State, as_of: Instant) -> Self {
        Self { state, as_of, doubted: false }
    }
}

/// The last observation of each stream.
#[derive(Default)]
pub struct Snapshot {
    seen: HashMap<StreamId, Seen>,
    passes: u64,
}

/// A page shows a stream otherwise than it was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The stream.
    pub id: StreamId,
    was: Option<Was>,
    updated_at: Option<Timestamp>,
}

/// What was known of a stream that was there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Was {
    updated_at: Option<Timestamp>,
    since_seen: Duration,
}

impl News {
    /// How long ago the stream changed, at the most; `now` is by the API's clock.
    /// `None` where it was not known to be there.
    #[must_use]
    pub fn lag(&self, now: Timestamp) -> Option<Duration> {
        self.was.as_ref().map(|was| lag(was.since_seen, was.updated_at, self.updated_at, now))
    }
}

/// The held streams that a pass should have shown and did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// Those that are missing from now on.
    pub missing: Vec<StreamId>,
    /// Those that it may have passed over: the next pass decides.
    pub doubted: Vec<StreamId>,
    /// Those that a call found gone while the pass was under way.
    pub unjudged: Vec<StreamId>,
}

impl Missed {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &StreamId> {
        self.missing.iter().chain(&self.doubted).chain(&self.unjudged)
    }
}

impl Snapshot {
    /// What is known of a stream. One that no pass has shown is missing.
    #[must_use]
    pub fn sight(&self, id: &StreamId) -> Sight {
        match self.seen.get(id).map(|seen| &seen.state) {
            Some(State::Present(remote)) => Sight::Present { remote: Arc::clone(remote), fresh: false },
            Some(State::Gone { .. }) => Sight::Gone,
            Some(State::Missing) => Sight::Missing,
            None if self.passes > 0 => Sight::Missing,
            None => Sight::NotYet,
        }
    }

    /// Takes in the answer of a call about one stream, which came at `at`.
    pub fn answered(&mut self, remote: Remote, at: Instant) {
        let id = remote.id.clone();
        self.seen.insert(id, Seen::new(State::Present(Arc::new(remote)), at));
    }

    /// Takes in that a stream was gone at `at`.
    pub fn gone(&mut self, id: &StreamId, at: Instant) {
        let judged = self.judged(id);
        self.seen.insert(id.clone(), Seen::new(State::Gone { judged }, at));
    }

    /// Whether a whole pass has missed the stream since it was last seen.
    #[must_use]
    pub fn judged(&self, id: &StreamId) -> bool {
        matches!(self.seen.get(id).map(|s| &s.state), Some(State::Missing | State::Gone { judged: true }))
    }

    /// Takes in a stream of a page that was asked for at `asked`. Gives back
    /// what of it is news.
    pub fn listed(&mut self, remote: Remote, asked: Instant) -> Option<News> {
        let Some(seen) = self.seen.get_mut(&remote.id) else {
            let (id, updated_at) = (remote.id.clone(), remote.updated_at);
            self.seen.insert(id.clone(), Seen::new(State::Present(Arc::new(remote)), asked));
            return Some(News { id, was: None, updated_at });
        };
        if seen.as_of >= asked {
            return None;
        }
        let since_seen = asked.saturating_duration_since(seen.as_of);
        (seen.as_of, seen.doubted) = (asked, false);
        let was = match &seen.state {
            State::Present(known) if **known == remote => return None,
            State::Present(known) => Some(Was { updated_at: known.updated_at, since_seen }),
            State::Missing | State::Gone { .. } => None,
        };
        let news = News { id: remote.id.clone(), was, updated_at: remote.updated_at };
        seen.state = State::Present(Arc::new(remote));
        Some(news)
    }

    /// Ends a pass that began at `began`: what it did not show, and nothing newer
    /// speaks of, is missing, unless so many (by `doubts`) are missed for the
    /// first time that they are in doubt. Gives back the `held` streams of which
    /// that is news; of streams that nobody holds nothing is kept.
    pub fn end_pass(
        &mut self,
        held: &HashSet<&StreamId>,
        began: Instant,
        doubts: impl FnOnce(usize) -> bool,
    ) -> Missed {
        self.passes += 1;
        let (mut first, mut missed) = (Vec::new(), Missed::default());
        for id in held.iter().copied().cloned() {
            match self.seen.get_mut(&id) {
                None => first.push(id),
                Some(seen) => match seen.state {
                    State::Present(_) if seen.as_of >= began => {}
                    State::Present(_) if !seen.doubted => first.push(id),
                    State::Present(_) => {
                        seen.state = State::Missing;
                        missed.missing.push(id);
                    }
                    State::Gone { judged: false } if seen.as_of >= began => missed.unjudged.push(id),
                    State::Gone { judged: false } => {
                        seen.state = State::Gone { judged: true };
                        missed.missing.push(id);
                    }
                    State::Missing | State::Gone { judged: true } => {}
                },
            }
        }
        self.miss(first, began, doubts, &mut missed);
        self.seen.retain(|id, seen| seen.as_of >= began || held.contains(id));
        missed
    }

    /// These are missed for the first time.
    fn miss(
        &mut self,
        first: Vec<StreamId>,
        began: Instant,
        doubts: impl FnOnce(usize) -> bool,
        missed: &mut Missed,
    ) {
        if doubts(first.len()) {
            // One that was never seen stays so: a call about it tells, and a pass after that.
            for id in &first {
                self.seen.entry(id.clone()).and_modify(|seen| seen.doubted = true);
            }
            missed.doubted = first;
            return;
        }
        for id in &first {
            let seen = self.seen.entry(id.clone()).or_insert_with(|| Seen::new(State::Missing, began));
            seen.state = State::Missing;
        }
        missed.missing.extend(first);
    }

    /// The streams that were seen and are not among the `held`.
    pub fn unheld<'a>(&'a self, held: &'a HashSet<&StreamId>) -> impl Iterator<Item = &'a Remote> {
        self.seen.values().filter_map(move |seen| match &seen.state {
            State::Present(remote) if !held.contains(&remote.id) => Some(remote.as_ref()),
            _ => None,
        })
    }

    /// How many whole passes have ended.
    #[must_use]
    pub fn passes(&self) -> u64 {
        self.passes
    }

    /// Whether a stream is missing or gone.
    #[must_use]
    pub fn is_missing(&self, id: &StreamId) -> bool {
        self.seen.get(id).is_some_and(|seen| matches!(seen.state, State::Missing | State::Gone { .. }))
    }

    /// How many streams are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
