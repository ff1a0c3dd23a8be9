//! The search for the stream of a create request whose outcome is unknown.

use std::time::Duration;

use jiff::Timestamp;

use super::backoff::later;
use crate::facts::{ids::StreamId, stream::Remote};

/// How many searches must find nothing before a create request is sent again.
pub const REQUIRED_EMPTY_SEARCHES: u8 = 2;

/// After more failed attempts than this searches are spaced by [`MIN_PAUSE`] at least.
const MANY_ATTEMPTS: u32 = 6;
const MIN_PAUSE: Duration = Duration::from_secs(65);

/// How far the search for the stream of one request has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchProgress {
    /// When the request had ended at the latest: when the answer was given
    /// up, or, after a restart, when the intent was first seen.
    pub ended_at: Timestamp,
    /// How many complete searches found nothing.
    pub empty_searches: u8,
    /// When the last search ended.
    pub searched_at: Option<Timestamp>,
    /// What the last search found, if it was more than the open requests can have created.
    pub ambiguous: Vec<StreamId>,
    /// Whether the manifest was seen without a wish since that was found: a wish that is made
    /// from then on is a person's answer to it.
    pub asked: bool,
}

impl SearchProgress {
    /// A search that has not begun yet.
    #[must_use]
    pub fn since(ended_at: Timestamp) -> Self {
        Self { ended_at, empty_searches: 0, searched_at: None, ambiguous: Vec::new(), asked: false }
    }

    /// Whether a wish for a stream is a person's answer: it was made after the search had
    /// found too many.
    #[must_use]
    pub fn is_answered_by_wish(&self) -> bool {
        !self.ambiguous.is_empty() && self.asked
    }

    /// When the next search is due: once the settle time has passed since the
    /// request ended, and then again after half of it; rarer for a request that has
    /// failed again and again.
    #[must_use]
    pub fn next_search(&self, settle: Duration, attempts: u32) -> Timestamp {
        let rarely = if attempts > MANY_ATTEMPTS { MIN_PAUSE } else { Duration::ZERO };
        match self.searched_at {
            None => later(self.ended_at, settle),
            Some(last) => later(last, rarely.max(settle / 2)),
        }
    }
}

/// The result of one complete search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchResult {
    /// This stream is the request's: the oldest, if several requests wait for one each.
    Found(Box<Remote>),
    /// There is none.
    Nothing,
    /// There are more than the open requests can have created.
    Ambiguous(Vec<StreamId>),
}

/// Judges the streams that match an intent and have no owner, given how many
/// open intents have this payload. A stream that two pages listed is one.
#[must_use]
pub fn judge(mut candidates: Vec<Remote>, open_intents: usize) -> SearchResult {
    candidates.sort_by(|a, b| a.id.cmp(&b.id));
    candidates.dedup_by(|a, b| a.id == b.id);
    candidates.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    if candidates.len() > open_intents.max(1) {
        return SearchResult::Ambiguous(candidates.into_iter().map(|c| c.id).collect());
    }
    candidates
        .into_iter()
        .next()
        .map_or(SearchResult::Nothing, |oldest| SearchResult::Found(Box::new(oldest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, remote};

    fn created(id: &str, second: i64) -> Remote {
        Remote { created_at: Some(at(second)), ..remote(id) }
    }

    #[test]
    fn the_oldest_is_found_and_more_than_requested_are_ambiguous() {
        let two = vec![created("liB", 102), created("liA", 101)];
        assert_eq!(judge(vec![], 1), SearchResult::Nothing);
        let listed_twice = vec![created("liA", 101), created("liB", 102), created("liA", 101)];
        assert_eq!(judge(listed_twice, 2), SearchResult::Found(Box::new(created("liA", 101))));
        assert_eq!(judge(two.clone(), 2), SearchResult::Found(Box::new(created("liA", 101))));
        let ids = |result| match result {
            SearchResult::Ambiguous(ids) => ids.len(),
            _ => 0,
        };
        assert_eq!(ids(judge(two, 1)), 2);
    }
}
