//! The search for the stream of a create request whose answer was lost.

use apivideo::{ListLiveStreams, Priority, SortOrder};

use super::{calls, context::Context, gather::Gathered};
use crate::{
    account::{
        CallKind,
        listing::{ListReader, ReadPage},
    },
    core::{
        facts::{intent::Intent, stream::Remote},
        listing::Next,
        state::{outcome::Outcome, search::SearchResult},
    },
    ops::progress::Resolved,
};

/// A page of a search.
const SEARCH: CallKind = CallKind::read(Priority::DriftCorrection);

/// One complete search. The stream that it finds is claimed before another search can.
pub(super) async fn search(gathered: &Gathered, intent: &Intent) -> Outcome {
    let account = &gathered.account;
    let _searching = account.create_locks.search(&intent.payload.name).await;
    let Matches { streams, unreadable } = match read_list(gathered, intent).await {
        Ok(matches) => matches,
        Err(outcome) => return outcome,
    };
    let (owner, timing) = (&gathered.facts.manifest.owner, gathered.facts.account.timing());
    let result = account.claims.claim_found(owner, intent, timing, streams);
    match &result {
        SearchResult::Found(remote) => account.answered(remote),
        // What can't be read may be the very stream: this search is not complete.
        SearchResult::Nothing if unreadable > 0 => {
            let name = &intent.payload.name;
            return calls::unusable(format!(
                "{unreadable} streams in the list of those named {name:?} can't be read, and the one that is searched \
                 for may be among them"
            ));
        }
        SearchResult::Nothing | SearchResult::Ambiguous(_) => {}
    }
    Outcome::Searched(result)
}

/// Counts the result of a search, once: an ambiguity, which may be `known`, is searched again and again.
pub(super) fn count_result(context: &Context, known: bool, outcome: &Outcome) {
    let Outcome::Searched(result) = outcome else { return };
    match result {
        SearchResult::Found(_) => context.metrics.progress().lost_create(Resolved::Found),
        SearchResult::Ambiguous(_) if !known => context.metrics.progress().lost_create(Resolved::Ambiguous),
        SearchResult::Ambiguous(_) | SearchResult::Nothing => {}
    }
}

/// The streams that match an intent.
struct Matches {
    streams: Vec<Remote>,
    unreadable: usize,
}

/// Reads the list by name, newest first, until the streams are older than the
/// intent. A list that makes no sense, or that became shorter while it was
/// read, is no answer: a stream that it hides would be created a second time.
async fn read_list(gathered: &Gathered, intent: &Intent) -> Result<Matches, Outcome> {
    let account = &gathered.account;
    let mut matches = Matches { streams: Vec::new(), unreadable: 0 };
    let mut reader = ListReader::new(ListLiveStreams {
        name: Some(intent.search_name().to_owned()),
        sort_order: SortOrder::Desc,
        ..ListLiveStreams::default()
    });
    loop {
        let permit = calls::permit(gathered, SEARCH)?;
        let page = match account.client.send_with(permit, apivideo::list(&reader.query())).await {
            Ok(answer) => answer.value,
            Err(error) => return Err(calls::failed(gathered, SEARCH, &error)),
        };
        let ReadPage { streams, unreadable, next, .. } = reader.take_in(page);
        matches.unreadable += unreadable;
        let past = streams.iter().any(|s| s.created_at.is_some_and(|t| t < intent.window_start()));
        let timing = gathered.facts.account.timing();
        matches.streams.extend(streams.into_iter().filter(|s| intent.matches(s, timing)));
        match next {
            Next::End | Next::Page if reader.listing().shrank() => {
                return Err(calls::unusable("the list became shorter while it was read".to_owned()));
            }
            _ if past => return Ok(matches),
            Next::Page => {}
            Next::End => return Ok(matches),
            Next::Broken(why) => return Err(calls::unusable(format!("the list makes no sense: {why}"))),
        }
    }
}
