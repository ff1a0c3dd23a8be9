//! The search for the stream of a create request whose outcome is unknown.

use std::time::Duration;

use jiff::Timestamp;

use super::backoff::later;
use crate::facts::{
    ids::StreamId,
    intent::{CreateTiming, Intent},
    stream::Remote,
};

/// How many searches must find nothing before a create request is sent again.
pub const REQUIRED_EMPTY_SEARCHES: u8 = 2;

/// What a request that has failed more than once waits for at least before each search: twice
/// this, doubled with each attempt, up to the longest. So a create that fails for ever costs
/// little with any settle time.
const PAUSE: Duration = Duration::from_secs(2);
const MAX_PAUSE: Duration = Duration::from_secs(65);

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
        let pause = match attempts {
            0 | 1 => Duration::ZERO,
            many => PAUSE.saturating_mul(2_u32.saturating_pow(many)).min(MAX_PAUSE),
        };
        match self.searched_at {
            None => later(self.ended_at, settle.max(pause)),
            Some(last) => later(last, pause.max(settle / 2)),
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

/// Judges the streams that match an intent and have no owner, given the `others`: the
/// other open intents of this payload. A stream that two pages listed is one.
///
/// Found is the one that the fewest others can claim, so that what is left can be theirs:
/// their windows overlap only in part. Among equals it is the oldest.
#[must_use]
pub fn judge(mut candidates: Vec<Remote>, others: &[&Intent], timing: CreateTiming) -> SearchResult {
    candidates.sort_by(|a, b| a.id.cmp(&b.id));
    candidates.dedup_by(|a, b| a.id == b.id);
    candidates.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    if candidates.len() > others.len().saturating_add(1) {
        return SearchResult::Ambiguous(candidates.into_iter().map(|c| c.id).collect());
    }
    let claimed_by = |remote: &Remote| others.iter().filter(|other| other.matches(remote, timing)).count();
    candidates
        .into_iter()
        .min_by_key(claimed_by)
        .map_or(SearchResult::Nothing, |found| SearchResult::Found(Box::new(found)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, desired, remote};

    const TIMING: CreateTiming =
        CreateTiming { request_timeout: Duration::from_secs(15), settle: Duration::from_secs(30) };

    fn created(id: &str, second: i64) -> Remote {
        Remote { created_at: Some(at(second)), ..remote(id) }
    }

    fn sent(second: i64) -> Intent {
        Intent::new(&desired(), "other", at(second), false)
    }

    #[test]
    fn the_oldest_is_found_and_more_than_requested_are_ambiguous() {
        let two = vec![created("liB", 102), created("liA", 101)];
        assert_eq!(judge(vec![], &[], TIMING), SearchResult::Nothing);
        let listed_twice = vec![created("liA", 101), created("liB", 102), created("liA", 101)];
        let other = sent(100);
        assert_eq!(
            judge(listed_twice, &[&other], TIMING),
            SearchResult::Found(Box::new(created("liA", 101)))
        );
        let ids = |result| match result {
            SearchResult::Ambiguous(ids) => ids.len(),
            _ => 0,
        };
        assert_eq!(ids(judge(two, &[], TIMING)), 2);
    }

    #[test]
    fn what_another_create_can_claim_is_left_to_it() {
        let two = || vec![created("liA", 101), created("liB", 102)];
        let found = |sent_at| match judge(two(), &[&sent(sent_at)], TIMING) {
            SearchResult::Found(remote) => remote.id.to_string(),
            result => panic!("{result:?}"),
        };
        // The window of the first ends before liB, that of the second has both.
        assert_eq!([found(39), found(100)], ["liB", "liA"]);
        assert_eq!(found(104), "liA", "and liB, the younger, to one that was sent later");
    }

    #[test]
    fn a_request_that_fails_again_and_again_is_searched_for_less_often() {
        let due = |settle, attempts, searched_at: Option<i64>| {
            let progress =
                SearchProgress { searched_at: searched_at.map(at), ..SearchProgress::since(at(100)) };
            progress.next_search(Duration::from_secs(settle), attempts).as_second()
        };
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 40].map(|attempts| due(2, attempts, None)),
            [102, 108, 116, 132, 164, 165, 165]
        );
        assert_eq!([1, 2, 3, 4, 5].map(|attempts| due(30, attempts, Some(130))), [145, 145, 146, 162, 194]);
    }
}
