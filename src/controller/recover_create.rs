//! The search for the stream of a create request whose answer was lost.

use apivideo::{ListLiveStreams, Priority};

use super::{calls, context::Context, gather::Gathered};
use crate::{
    account::{CallKind, listing::ListReader},
    core::{
        facts::{intent::Intent, stream::Remote},
        listing::Next,
        state::{
            outcome::{CallFailure, Outcome},
            search::SearchResult,
        },
    },
};

/// A page of a search.
const SEARCH: CallKind = CallKind::read(Priority::DriftCorrection);

/// One complete search. The stream that it finds is claimed before another search can.
/// Its result is counted once: an ambiguity, which may be `known`, is searched again and again.
pub(super) async fn search(
    context: &Context,
    gathered: &Gathered,
    intent: &Intent,
    known: bool,
) -> Result<Outcome, CallFailure> {
    let account = &gathered.account;
    let _searching = account.create_locks.search(&intent.payload.name).await;
    let (streams, unreadable) = read_list(gathered, intent).await?;
    let (owner, timing) = (&gathered.facts.manifest.owner, gathered.facts.account.timing());
    let result = account.claims.claim_found(owner, intent, timing, streams);
    let count = |resolved| {
        context.metrics.lost_creates.get_or_create(&[("resolved", resolved)]).inc();
    };
    match &result {
        SearchResult::Found(remote) => {
            account.answered(remote);
            count("found");
        }
        // What can't be read may be the very stream: this search is not complete.
        SearchResult::Nothing if unreadable > 0 => {
            let name = &intent.payload.name;
            return Err(calls::unusable(format!(
                "{unreadable} streams in the list of those named {name:?} can't be read, and the one that is searched \
                 for may be among them"
            )));
        }
        SearchResult::Ambiguous(_) if !known => count("ambiguous"),
        SearchResult::Nothing | SearchResult::Ambiguous(_) => {}
    }
    Ok(Outcome::Searched(result))
}

/// The streams that match an intent, and how many items of the list could not be read.
///
/// Reads the list by name, newest first, until the streams are older than the
/// intent. A list that makes no sense, or that became shorter while it was
/// read, is no answer: a stream that it hides would be created a second time.
async fn read_list(gathered: &Gathered, intent: &Intent) -> Result<(Vec<Remote>, usize), CallFailure> {
    let account = &gathered.account;
    let (mut matches, mut unreadable) = (Vec::new(), 0);
    let mut reader = ListReader::new(ListLiveStreams {
        name: Some(intent.search_name().to_owned()),
        newest_first: true,
        ..ListLiveStreams::default()
    });
    loop {
        let permit = account.call_queue.permit(&gathered.facts.manifest.owner, SEARCH)?;
        let answer = account.client.send_with(permit, apivideo::list(&reader.query())).await;
        let page = reader.take_in(answer.map_err(|error| calls::failed(gathered, SEARCH, &error))?);
        unreadable += page.unreadable;
        let past = page.streams.iter().any(|s| s.created_at.is_some_and(|t| t < intent.window_start()));
        let timing = gathered.facts.account.timing();
        matches.extend(page.streams.into_iter().filter(|s| intent.matches(s, timing)));
        match page.next {
            Next::End | Next::Page if !reader.listing().is_complete() => {
                return Err(calls::unusable(
                    "the list makes no sense: a page is empty although more pages are announced".to_owned(),
                ));
            }
            Next::End | Next::Page if reader.listing().shrank() => {
                return Err(calls::unusable("the list became shorter while it was read".to_owned()));
            }
            _ if past => return Ok((matches, unreadable)),
            Next::Page => {}
            Next::End => return Ok((matches, unreadable)),
            Next::Broken(why) => return Err(calls::unusable(format!("the list makes no sense: {why}"))),
        }
    }
}
