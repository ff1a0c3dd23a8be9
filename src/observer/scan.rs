//! One scan: page after page into the snapshot, and what follows from its end.
//!
//! A page that fails is read again, not the scan. One that fails again and again while
//! the first page can be read is skipped: everything else goes on.

use std::collections::HashSet;

use apivideo::ListLiveStreams;
use tokio::time::Instant;
use tracing::{info, warn};

use super::{pace::Pace, page, report::ScanReport};
use crate::{
    account::{
        Account,
        listing::{ListReader, ReadPage},
        snapshot::{Change, Missed},
    },
    core::{
        facts::{ids::StreamId, stream::Remote},
        listing::Next,
    },
};

/// One scan over all pages, oldest stream first: what is created meanwhile
/// is listed last and shifts nothing. A list that makes no sense ends the scan, too:
/// what it did not show is confirmed like any absence.
pub(super) async fn scan(account: &Account, mut pace: Pace<'_>) -> ScanReport {
    let mut report = ScanReport::default();
    let (mut reader, mut pages) = (ListReader::new(ListLiveStreams::default()), 1);
    loop {
        let next = match page::read(account, &reader.query(), &mut pace).await {
            Some((page, requested)) => {
                let ReadPage { streams, unreadable, pages_total, next } = reader.take_in(page);
                report.unreadable += unreadable as u64;
                pages = pages_total;
                take_in(account, streams, requested, &mut report);
                next
            }
            None => {
                report.skipped_pages += 1;
                reader.skip()
            }
        };
        match next {
            Next::Page => pace.page(reader.query().page, pages).await,
            Next::End => break,
            Next::Broken(why) => {
                let page = reader.listing().pages_read();
                warn!(page, why, "the account's list makes no sense; the scan ends early");
                break;
            }
        }
    }
    report.pages = reader.listing().pages_read();
    report.requested = pace.requested();
    end(account, &reader, pace.began, &mut report);
    report.orphans = find_orphans(account);
    report.duration = pace.began.elapsed();
    if report.unreadable > 0 {
        warn!(
            items = report.unreadable,
            "some streams of the account can't be read and are not checked for drift"
        );
    }
    report
}

/// Triggers those whose stream a page shows other than it was known.
fn take_in(account: &Account, streams: Vec<Remote>, requested: Instant, report: &mut ScanReport) {
    report.streams += streams.len() as u64;
    let changes: Vec<Change> = {
        let mut snapshot = account.snapshot();
        streams.into_iter().filter_map(|remote| snapshot.listed(remote, requested)).collect()
    };
    let now = account.now();
    for change in &changes {
        // A stream without an owner has no desired state.
        if account.claims.trigger(&change.id) {
            report.latencies.extend(change.detection_latency(now));
        }
    }
}

/// Ends a scan: what it should have shown and did not is absent, or unconfirmed,
/// and the guard judges how much of it there is before anyone is triggered.
///
/// A scan follows at once when one was requested. Until then all that
/// was missed is unconfirmed: the request may be due to another API key, and
/// then the pages are of two projects. What the second of them lacks could be
/// too little for the guard, and would be created there.
fn end(account: &Account, reader: &ListReader, began: Instant, report: &mut ScanReport) {
    let guarded = account.guard.lock().is_active();
    let opened = account.opened_project();
    let (missed, first) = account.claims.read_bound(opened.as_ref(), |owned, bound| {
        let missed = take_in_end(account, owned, reader, began, report.requested);
        judge(account, &missed, bound, opened.is_some());
        (missed, account.snapshot().scans() == 1)
    });
    if guarded && !account.guard.lock().is_active() {
        info!("the streams that had vanished are back");
        account.triggers.all();
    }
    if first {
        info!(streams = report.streams, "completed the first scan of the account");
        account.triggers.all();
    } else {
        missed.absent.iter().for_each(|id| {
            account.claims.trigger(id);
        });
        account.claims.trigger_waiting();
    }
    (report.absent, report.unconfirmed) = (missed.absent.len(), missed.unconfirmed.len());
}

/// What was missed.
fn take_in_end(
    account: &Account,
    owned: &HashSet<&StreamId>,
    reader: &ListReader,
    began: Instant,
    requested: bool,
) -> Missed {
    let leaves_unconfirmed = |missed| requested || reader.listing().leaves_unconfirmed(missed);
    if reader.listing().is_complete() {
        account.snapshot().end_scan(owned, began, leaves_unconfirmed)
    } else {
        account.snapshot().end_incomplete_scan(owned, began)
    }
}

/// The guard's judgement of what was missed. Only streams that are bound in the opened
/// project can vanish from it: one that is only asked for was never there.
fn judge(account: &Account, missed: &Missed, bound: &HashSet<&StreamId>, project_known: bool) {
    let snapshot = account.snapshot();
    let vanished: HashSet<&StreamId> = missed.all().filter(|id| bound.contains(id)).collect();
    let missing = |id: &StreamId| bound.contains(id) && snapshot.is_missing(id);
    let missing_before = bound.iter().filter(|id| missing(id) && !vanished.contains(*id)).count();
    let present = bound.len() - missing_before;
    let vanished: Vec<_> = vanished.into_iter().collect();
    if account.guard.lock().judge(&vanished, bound.len(), present, project_known, missing) {
        warn!(
            vanished = vanished.len(),
            bound = bound.len(),
            "many streams vanished at once; nothing is re-created: check that the API key belongs to the right project"
        );
    }
}

/// Reports streams without an owner that an abandoned create seems to
/// have created. While a create of the same payload is open, they may be its.
fn find_orphans(account: &Account) -> usize {
    if account.orphans.is_empty() {
        return 0;
    }
    let now = account.now();
    let unowned: Vec<_> =
        account.claims.read_owned(|owned| account.snapshot().unowned(owned).cloned().collect());
    let pending = |remote: &Remote| account.claims.may_be_pending(remote);
    let found = account.orphans.find(unowned.iter(), pending, now);
    for (key, id) in &found {
        warn!(
            live_stream = %key,
            stream = %id,
            "an abandoned create request seems to have created a stream after all; no LiveStream owns it"
        );
        account.triggers.one(key);
    }
    found.len()
}
