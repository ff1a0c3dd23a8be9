//! The observer of an account: reads its list page by page, keeps what it
//! saw, and wakes the LiveStreams whose stream has changed.
//!
//! A pass over N streams costs ceil(N/100) reads, whatever the number of
//! LiveStreams. A page that fails is read again, not the pass.

pub mod guard;
pub mod snapshot;

use std::time::Duration;

use apivideo::{ListLiveStreams, Page, Priority};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{
    account::{Account, lock, remote, trouble},
    core::{
        backoff::backoff,
        model::{Remote, StreamId},
        paging::{Next, Reading, Shown},
    },
};

/// What a pass found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassReport {
    /// Pages read.
    pub pages: u32,
    /// Streams seen.
    pub streams: u64,
    /// Items that could not be read.
    pub unreadable: u64,
    /// Streams that were there before and were not shown.
    pub vanished: usize,
    /// Streams of creates that were given up, found for the first time.
    pub late: usize,
    /// How long it took.
    pub duration: Duration,
}

/// Observes the account until `shutdown`. `report` is told of each pass.
pub async fn observe(account: &Account, shutdown: CancellationToken, report: impl Fn(&PassReport) + Send) {
    loop {
        let began = Instant::now();
        let pass = tokio::select! {
            pass = one_pass(account) => pass,
            () = shutdown.cancelled() => return,
        };
        debug!(
            pages = pass.pages,
            streams = pass.streams,
            vanished = pass.vanished,
            "a pass over the account ended"
        );
        report(&pass);
        // Not until a moment: there is none so far ahead as the longest interval that can be set.
        let rest = account.policy.drift_interval.saturating_sub(began.elapsed());
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = account.observe_now.notified() => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// One pass over all pages, oldest stream first: what is created meanwhile
/// comes last and shifts nothing. A list that makes no sense ends the pass, too:
/// what it did not show is looked for one by one, as any that a pass misses.
async fn one_pass(account: &Account) -> PassReport {
    let began = Instant::now();
    let mut report = PassReport::default();
    let mut reading = Reading::default();
    loop {
        let asked = Instant::now();
        let page = page(account, reading.page()).await;
        let ids: Vec<_> = page.items.iter().map(|item| item.live_stream_id.clone()).collect();
        let shown = Shown { ids: &ids, unreadable: page.unreadable, pages_total: page.pages_total };
        take_in(account, page.items, asked, &mut report);
        report.unreadable += page.unreadable as u64;
        report.pages += 1;
        match reading.after(shown) {
            Next::Page => {}
            Next::End => break,
            Next::Broken(why) => {
                warn!(page = report.pages, why, "the account's list makes no sense: a pass ends early");
                break;
            }
        }
    }
    report.vanished = end(account, began);
    report.late = look_for_late(account);
    report.duration = began.elapsed();
    if report.unreadable > 0 {
        warn!(
            items = report.unreadable,
            "some streams of the account could not be read and are not watched for drift"
        );
    }
    report
}

/// One page, read again until it comes. The client spaces the tries of an
/// account in trouble; every LiveStream with work says meanwhile what the matter is.
async fn page(account: &Account, number: u32) -> Page<apivideo::LiveStream> {
    let mut attempts = 0;
    loop {
        let query = ListLiveStreams { page: number, ..ListLiveStreams::default() };
        let error = match account.client.send(apivideo::list(&query), Priority::Background).await {
            Ok(answer) => {
                account.note_trouble(None);
                return answer.value;
            }
            Err(error) => error,
        };
        attempts += 1;
        let wait = error.retry_in().unwrap_or_else(|| backoff(attempts, "observer"));
        let found = trouble(&error);
        if attempts == 1 {
            warn!(page = number, %error, "the account's list can't be read; trying again");
        }
        if found.is_some() {
            account.note_trouble(found);
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = account.observe_now.notified() => {}
        }
    }
}

/// Wakes those whose stream a page shows otherwise than it was known.
fn take_in(account: &Account, items: Vec<apivideo::LiveStream>, asked: Instant, report: &mut PassReport) {
    report.streams += items.len() as u64;
    let mut changed = Vec::new();
    {
        let mut snapshot = account.snapshot();
        for item in items {
            match remote(item) {
                Some(remote) => changed.extend(snapshot.listed(remote, asked)),
                None => report.unreadable += 1,
            }
        }
    }
    wake(account, &changed);
}

/// Ends a pass: what it should have shown and did not is missing, and a guard
/// looks at how much of it there is before anyone is woken.
fn end(account: &Account, began: Instant) -> usize {
    let held: Vec<StreamId> = lock(&account.holders).held().cloned().collect();
    let (vanished, all_vanished, first) = {
        let mut snapshot = account.snapshot();
        let vanished = snapshot.end_pass(&held, began);
        let all = [vanished.clone(), snapshot.unjudged(&held)].concat();
        (vanished, all, snapshot.passes() == 1)
    };
    let tripped = account.guard().judge(&all_vanished, &held, |id| account.snapshot().is_missing(id));
    if tripped {
        warn!(
            vanished = all_vanished.len(),
            bound = held.len(),
            "many streams vanished at once: nothing is re-created; check that the API key belongs to the right project"
        );
    }
    if first {
        info!(streams = account.snapshot().len(), "the first pass over the account is done");
        account.wakes.all();
    } else {
        wake(account, &vanished);
        lock(&account.holders).all_waiting().iter().for_each(|place| account.wakes.one(place));
    }
    vanished.len()
}

/// Tells of streams that nobody holds and that a create which was given up seems
/// to have made. While a create of the same payload is open, they may be its.
fn look_for_late(account: &Account) -> usize {
    if account.late.is_empty() {
        return 0;
    }
    let held: Vec<StreamId> = lock(&account.holders).held().cloned().collect();
    let awaited = |remote: &Remote| account.creates.may_have_made(remote);
    let late = account.late.look(account.snapshot().unheld(&held), awaited, account.now());
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

fn wake(account: &Account, ids: &[StreamId]) {
    let holders = lock(&account.holders);
    ids.iter().flat_map(|id| holders.concerned(id)).for_each(|place| account.wakes.one(&place));
}
