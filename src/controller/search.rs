//! The search for the stream of a create whose answer was lost.

use apivideo::{Class, ListLiveStreams, Priority, SortOrder};

use super::{
    Context,
    execute::{failed, no_answer, permit},
    subject::Subject,
};
use crate::{
    account::{self, CallKind, lock},
    core::{
        intent::{Finding, Intent, Request, judge},
        memory::{Create, Memory},
        model::Remote,
        outcome::Outcome,
        paging::{Next, Reading, Shown},
        tally::Tally,
    },
    ops::progress::Resolved,
};

/// A page of a search, as calls go.
const LOOK: CallKind = (Class::Read, Priority::DriftCorrection);

/// One complete look for the stream of a lost create. What it finds is claimed
/// before another look can see it.
pub(super) async fn look(
    context: &Context,
    subject: &Subject,
    intent: &Intent,
    ended_at: jiff::Timestamp,
) -> Outcome {
    let account = &subject.account;
    let _looking = account.creates.looking(&intent.payload.name).await;
    let Found { mut candidates, unreadable } = match search(subject, intent, ended_at).await {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    let mut holders = lock(&account.holders);
    candidates
        .retain(|s| holders.other(&s.id, &subject.manifest.uid, |claim| context.is_known(claim)).is_none());
    let finding =
        judge(candidates, account.creates.open_with(&intent.payload, |claim| context.is_known(claim)));
    match &finding {
        Finding::Ours(remote) => {
            holders.hold(&remote.id, subject.claim());
            account.saw(remote);
        }
        // What can't be read may be the very stream: this look was not a clean one.
        Finding::Nothing if unreadable > 0 => {
            let why = format!(
                "{unreadable} streams in the list of those named {:?} can't be read, and the one that is looked for \
                 may be among them",
                intent.payload.name
            );
            return no_answer(why);
        }
        Finding::Nothing | Finding::Ambiguous(_) => {}
    }
    Outcome::Looked(finding)
}

/// Counts how a search ended, once: an ambiguity is looked at again and again.
pub(super) fn count_end(context: &Context, memory: &Memory, looked: &Outcome) {
    let Outcome::Looked(finding) = looked else { return };
    let known = matches!(&memory.create, Some(Create::Open(_, Request::Unknown(search))) if !search.ambiguous.is_empty());
    match finding {
        Finding::Ours(_) => context.metrics.progress().lost_create(Resolved::Found),
        Finding::Ambiguous(_) if !known => context.metrics.progress().lost_create(Resolved::Ambiguous),
        Finding::Ambiguous(_) | Finding::Nothing => {}
    }
}

/// What a search has found.
struct Found {
    candidates: Vec<Remote>,
    unreadable: usize,
}

/// Reads the list by name, newest first, until the streams are older than the
/// intent. A list that makes no sense, or that became shorter while it was
/// read, is no answer: a stream that it hides would be made a second time.
async fn search(subject: &Subject, intent: &Intent, ended_at: jiff::Timestamp) -> Result<Found, Outcome> {
    let account = &subject.account;
    let mut found = Found { candidates: Vec::new(), unreadable: 0 };
    let (mut reading, mut tally) = (Reading::default(), Tally::default());
    loop {
        let query = ListLiveStreams {
            name: Some(intent.search_name().to_owned()),
            sort_order: SortOrder::Desc,
            page: reading.page(),
            ..ListLiveStreams::default()
        };
        let permit = permit(subject, LOOK)?;
        let page = match account.client.send_with(permit, apivideo::list(&query)).await {
            Ok(answer) => answer.value,
            Err(error) => return Err(failed(subject, LOOK, &error)),
        };
        let ids: Vec<_> = page.items.iter().map(|item| item.live_stream_id.clone()).collect();
        let next =
            reading.after(Shown { ids: &ids, unreadable: page.unreadable, pages_total: page.pages_total });
        tally.page((ids.len() + page.unreadable) as u64, page.items_total);
        let streams: Vec<_> = page.items.into_iter().filter_map(account::remote).collect();
        found.unreadable += page.unreadable + (ids.len() - streams.len());
        let past = streams.iter().any(|s| s.created_at.is_some_and(|t| t < intent.window_start()));
        found.candidates.extend(
            streams.into_iter().filter(|s| intent.could_have_made(s, ended_at, account.policy.settle)),
        );
        match next {
            Next::End | Next::Page if tally.shrank() => {
                return Err(no_answer("the list became shorter while it was read".to_owned()));
            }
            _ if past => return Ok(found),
            Next::Page => {}
            Next::End => return Ok(found),
            Next::Broken(why) => return Err(no_answer(why.to_owned())),
        }
    }
}
