//! What was last seen of each stream of an account, and when.
//!
//! The guarantee: an observation that began before the last answer about a
//! stream came is ignored. So a page that was on its way while a stream was
//! written never undoes, in our eyes, what was written.

use std::collections::{HashMap, HashSet};

use tokio::time::Instant;

use crate::core::{
    model::{Remote, StreamId},
    observed::Sight,
};

/// What is known of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Present(Box<Remote>),
    /// A whole pass did not show it.
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
}

/// The last observation of each stream.
#[derive(Default)]
pub struct Snapshot {
    seen: HashMap<StreamId, Seen>,
    passes: u64,
}

impl Snapshot {
    /// What is known of a stream. One that no pass has shown is missing.
    #[must_use]
    pub fn sight(&self, id: &StreamId) -> Sight {
        match self.seen.get(id).map(|seen| &seen.state) {
            Some(State::Present(remote)) => Sight::Present { remote: remote.clone(), fresh: false },
            Some(State::Gone { .. }) => Sight::Gone,
            Some(State::Missing) => Sight::Missing,
            None if self.passes > 0 => Sight::Missing,
            None => Sight::NotYet,
        }
    }

    /// Takes in the answer of a call about one stream, which came at `at`.
    pub fn answered(&mut self, remote: Remote, at: Instant) {
        let id = remote.id.clone();
        self.seen.insert(id, Seen { state: State::Present(Box::new(remote)), as_of: at });
    }

    /// Takes in that a stream was gone at `at`.
    pub fn gone(&mut self, id: &StreamId, at: Instant) {
        let judged = self.judged(id);
        self.seen.insert(id.clone(), Seen { state: State::Gone { judged }, as_of: at });
    }

    /// Whether a whole pass has missed the stream since it was last seen.
    #[must_use]
    pub fn judged(&self, id: &StreamId) -> bool {
        matches!(self.seen.get(id).map(|s| &s.state), Some(State::Missing | State::Gone { judged: true }))
    }

    /// Takes in a stream of a page that was asked for at `asked`. Gives back
    /// its id if that is news.
    pub fn listed(&mut self, remote: Remote, asked: Instant) -> Option<StreamId> {
        let id = remote.id.clone();
        let state = State::Present(Box::new(remote));
        match self.seen.get_mut(&id) {
            Some(seen) if seen.as_of >= asked => None,
            Some(seen) => {
                let news = seen.state != state;
                *seen = Seen { state, as_of: asked };
                news.then_some(id)
            }
            None => {
                self.seen.insert(id.clone(), Seen { state, as_of: asked });
                Some(id)
            }
        }
    }

    /// Ends a pass that began at `began`: what it did not show, and nothing
    /// newer speaks of, is missing. Gives back the `held` streams that are so
    /// for the first time; of streams that nobody holds nothing is kept.
    pub fn end_pass(&mut self, held: &[StreamId], began: Instant) -> Vec<StreamId> {
        self.passes += 1;
        let mut vanished = Vec::new();
        for id in held {
            match self.seen.get_mut(id) {
                Some(seen) if seen.as_of < began && matches!(seen.state, State::Present(_)) => {
                    seen.state = State::Missing;
                    vanished.push(id.clone());
                }
                Some(seen) if seen.as_of < began && seen.state == (State::Gone { judged: false }) => {
                    seen.state = State::Gone { judged: true };
                    vanished.push(id.clone());
                }
                Some(_) => {}
                None => {
                    self.seen.insert(id.clone(), Seen { state: State::Missing, as_of: began });
                    vanished.push(id.clone());
                }
            }
        }
        let held: HashSet<_> = held.iter().collect();
        self.seen.retain(|id, seen| seen.as_of >= began || held.contains(id));
        vanished
    }

    /// The held streams that a call found gone and no pass has missed yet: they
    /// vanished, too, while the pass that has just ended was under way.
    #[must_use]
    pub fn unjudged(&self, held: &[StreamId]) -> Vec<StreamId> {
        let is_so =
            |id: &&StreamId| self.seen.get(id).is_some_and(|s| s.state == State::Gone { judged: false });
        held.iter().filter(is_so).cloned().collect()
    }

    /// The streams that were seen and are not among the `held`.
    pub fn unheld<'a>(&'a self, held: &[StreamId]) -> impl Iterator<Item = &'a Remote> {
        let held: HashSet<_> = held.iter().cloned().collect();
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
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::fixture::{id, remote};

    fn later(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    fn named(name: &str) -> Remote {
        Remote { name: Some(name.into()), ..remote("li1") }
    }

    fn name_of(snapshot: &Snapshot) -> Option<String> {
        match snapshot.sight(&id("li1")) {
            Sight::Present { remote, .. } => remote.name,
            _ => None,
        }
    }

    #[test]
    fn a_page_that_was_asked_for_before_a_write_ended_is_ignored() {
        let start = Instant::now();
        let mut snapshot = Snapshot::default();
        snapshot.answered(named("written"), later(start, 5));
        assert_eq!(snapshot.listed(named("old"), later(start, 4)), None);
        assert_eq!(name_of(&snapshot).as_deref(), Some("written"));
        assert_eq!(snapshot.listed(named("edited"), later(start, 6)), Some(id("li1")));
    }

    #[test]
    fn only_news_wakes() {
        let start = Instant::now();
        let mut snapshot = Snapshot::default();
        assert!(snapshot.listed(named("a"), start).is_some());
        assert!(snapshot.listed(named("a"), later(start, 1)).is_none());
        assert!(snapshot.listed(named("b"), later(start, 2)).is_some());
    }

    #[test]
    fn what_a_whole_pass_does_not_show_is_missing_unless_something_newer_speaks_of_it() {
        let start = Instant::now();
        let held = [id("li1"), id("li2"), id("li3")];
        let mut snapshot = Snapshot::default();
        assert_eq!(snapshot.sight(&id("li1")), Sight::NotYet);
        snapshot.listed(remote("li1"), start);
        snapshot.answered(remote("li2"), later(start, 2));
        assert_eq!(snapshot.end_pass(&held, later(start, 1)), [id("li1"), id("li3")]);
        assert_eq!(snapshot.sight(&id("li1")), Sight::Missing);
        assert!(matches!(snapshot.sight(&id("li2")), Sight::Present { .. }));
        assert_eq!(snapshot.end_pass(&held, later(start, 2)), [] as [StreamId; 0], "it is news once");
    }

    #[test]
    fn what_a_call_found_gone_is_news_to_the_next_whole_pass() {
        let start = Instant::now();
        let mut snapshot = Snapshot::default();
        snapshot.listed(remote("li1"), start);
        snapshot.gone(&id("li1"), later(start, 2));
        assert!(!snapshot.judged(&id("li1")));
        assert_eq!(snapshot.unjudged(&[id("li1")]), [id("li1")]);
        assert_eq!(snapshot.end_pass(&[id("li1")], later(start, 1)), [] as [StreamId; 0], "it began before");
        assert_eq!(snapshot.end_pass(&[id("li1")], later(start, 3)), [id("li1")]);
        snapshot.gone(&id("li1"), later(start, 4));
        assert!(snapshot.judged(&id("li1")), "the confirmation takes nothing back");
    }

    #[test]
    fn a_gone_stream_that_is_shown_again_is_news() {
        let start = Instant::now();
        let mut snapshot = Snapshot::default();
        snapshot.gone(&id("li1"), later(start, 5));
        assert_eq!(snapshot.listed(remote("li1"), later(start, 4)), None, "the list trails");
        assert_eq!(snapshot.listed(remote("li1"), later(start, 6)), Some(id("li1")));
    }
}
