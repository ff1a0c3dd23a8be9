//! One pass: page after page into the snapshot, and what follows from its end.
//!
//! A page that fails is read again, not the pass.

use std::collections::HashSet;

use apivideo::{Class, ListLiveStreams, Page, Priority};
use tokio::time::Instant;
use tracing::{info, warn};

use super::{
    PassReport,
    pace::Pace,
    snapshot::{Missed, News},
};
use crate::{
    account::{Account, lock, remote, trouble},
    core::{
        backoff::backoff,
        memory::Trouble,
        model::{Remote, StreamId},
        paging::{Next, Reading, Shown},
        tally::Tally,
    },
};

/// One pass over all pages, oldest stream first: what is created meanwhile
/// comes last and shifts nothing. A list that makes no sense ends the pass, too:
/// what it did not show is looked for as any that a pass misses.
pub(super) async fn pass(account: &Account, mut pace: Pace<'_>) -> PassReport {
    let mut report = PassReport::default();
    let (mut reading, mut tally) = (Reading::default(), Tally::default());
    loop {
        let (page, asked) = page(account, reading.page(), &mut pace).await;
        let pages = page.pages_total;
        let ids: Vec<_> = page.items.iter().map(|item| item.live_stream_id.clone()).collect();
        let next = reading.after(Shown { ids: &ids, unreadable: page.unreadable, pages_total: pages });
        tally.page((ids.len() + page.unreadable) as u64, page.items_total);
        report.pages += 1;
        take_in(account, page, asked, &mut report);
        match next {
            Next::Page => pace.page(reading.page(), pages).await,
            Next::End => break,
            Next::Broken(why) => {
                warn!(page = report.pages, why, "the account's list makes no sense: a pass ends early");
                break;
            }
        }
    }
    report.requested = pace.requested();
    let missed = end(account, &tally, &pace, report.requested);
    (report.vanished, report.doubted) = (missed.missing.len(), missed.doubted.len());
    report.late = look_for_late(account);
    report.duration = pace.began.elapsed();
    if report.unreadable > 0 {
        warn!(
            items = report.unreadable,
            "some streams of the account could not be read and are not watched for drift"
        );
    }
    report
}

/// One page, read again until it comes, and when it was asked for. Where no call
/// is left it waits in the queue like everyone else. The client spaces the tries
/// of an account in trouble; every LiveStream with work says meanwhile what the matter is.
async fn page(account: &Account, number: u32, pace: &mut Pace<'_>) -> (Page<apivideo::LiveStream>, Instant) {
    let (mut attempts, mut permit) = (0, None);
    loop {
        let query = ListLiveStreams { page: number, ..ListLiveStreams::default() };
        let asked = Instant::now();
        let answer = match permit.take() {
            Some(permit) => account.client.send_with(permit, apivideo::list(&query)).await,
            None => account.client.send(apivideo::list(&query), Priority::Background).await,
        };
        let error = match answer {
            Ok(answer) => {
                account.note_trouble(None);
                return (answer.value, asked);
            }
            Err(error) => error,
        };
        attempts += 1;
        let wait = error.retry_in().unwrap_or_else(|| backoff(attempts, "observer"));
        let found = trouble(&error);
        if attempts == 1 {
            warn!(page = number, %error, "the account's list can't be read; trying again");
        }
        let limited = found == Some(Trouble::RateLimited);
        if found.is_some() {
            account.note_trouble(found);
        }
        if limited {
            permit = Some(account.client.permit(Class::Read, Priority::Background).await);
        } else {
            pace.pause(wait).await;
        }
    }
}

/// Wakes those whose stream a page shows otherwise than it was known.
fn take_in(account: &Account, page: Page<apivideo::LiveStream>, asked: Instant, report: &mut PassReport) {
    report.streams += page.items.len() as u64;
    report.unreadable += page.unreadable as u64;
    let mut news: Vec<News> = Vec::new();
    {
        let mut snapshot = account.snapshot();
        for item in page.items {
            match remote(item) {
                Some(remote) => news.extend(snapshot.listed(remote, asked)),
                None => report.unreadable += 1,
            }
        }
    }
    let now = account.now();
    for news in &news {
        // A stream that is nobody's can't drift.
        if wake(account, &news.id) {
            report.lags.extend(news.lag(now));
        }
    }
}

/// Ends a pass: what it should have shown and did not is missing, or in doubt,
/// and a guard looks at how much of it there is before anyone is woken.
///
/// A pass is made at once when somebody has `requested` one. Until then all that
/// was missed is in doubt: the request may have come with another API key, and
/// then the pages are of two projects. What the second of them lacks could be
/// too little for the guard, and would be created there.
fn end(account: &Account, tally: &Tally, pace: &Pace<'_>, requested: bool) -> Missed {
    let (missed, first) = judge(account, tally, pace, requested);
    if first {
        info!(streams = account.snapshot().len(), "the first pass over the account is done");
        account.wakes.all();
    } else {
        missed.missing.iter().for_each(|id| {
            wake(account, id);
        });
        lock(&account.holders).all_waiting().iter().for_each(|place| account.wakes.one(place));
    }
    missed
}

/// What was missed, with the guard's judgement of it, and whether that was the
/// first pass. The holders are locked all the while, so that nothing is copied of them.
fn judge(account: &Account, tally: &Tally, pace: &Pace<'_>, requested: bool) -> (Missed, bool) {
    let holders = lock(&account.holders);
    let held: HashSet<&StreamId> = holders.held().collect();
    let mut snapshot = account.snapshot();
    let missed = snapshot.end_pass(&held, pace.began, |missed| requested || tally.doubts(missed));
    let vanished: Vec<&StreamId> = missed.all().collect();
    let missing = |id: &StreamId| held.contains(id) && snapshot.is_missing(id);
    if account.guard().judge(&vanished, held.len(), missing) {
        warn!(
            vanished = vanished.len(),
            bound = held.len(),
            "many streams vanished at once: nothing is re-created; check that the API key belongs to the right project"
        );
    }
    let first = snapshot.passes() == 1;
    (missed, first)
}

/// Tells of streams that nobody holds and that a create which was given up seems
/// to have made. While a create of the same payload is open, they may be its.
fn look_for_late(account: &Account) -> usize {
    if account.late.is_empty() {
        return 0;
    }
    let awaited = |remote: &Remote| account.creates.may_have_made(remote);
    let now = account.now();
    let late = {
        let holders = lock(&account.holders);
        let held: HashSet<&StreamId> = holders.held().collect();
        let snapshot = account.snapshot();
        account.late.look(snapshot.unheld(&held), awaited, now)
    };
    for (place, id) in &late {
        warn!(
            live_stream = %place,
            stream = %id,
            "a create request that was given up seems to have made a stream after all; nobody holds it"
        );
        account.wakes.one(place);
    }
    late.len()
}

/// Wakes whoever holds a stream or waits for it. True if there is someone.
fn wake(account: &Account, id: &StreamId) -> bool {
    let places = lock(&account.holders).concerned(id);
    places.iter().for_each(|place| account.wakes.one(place));
    !places.is_empty()
}
