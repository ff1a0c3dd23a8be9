//! The observer of an account: reads its list page by page, keeps what it
//! showed, and triggers the LiveStreams whose stream has changed.
//!
//! A scan over N streams costs ceil(N/100) reads, whatever the number of
//! LiveStreams. Its pages are spread over the interval, and the interval
//! stretches in an account with more pages than the rate limit has room for
//! ([`crate::core::schedule`]). Nobody who waits is delayed by that: the first scan
//! is not spread, nor is one that was requested.

mod pace;
#[cfg(test)]
mod paced_stage;
#[cfg(test)]
mod paced_tests;
mod page;
mod report;
mod scan;

use tokio::time::{Instant, timeout};
use tracing::debug;

use crate::account::Account;
use pace::{Pace, schedule};
pub use report::ScanReport;

/// Scans the account for ever. `report` is called after each scan.
///
/// Whoever requests a scan (`scan_now`) gets one that began after that, at
/// once: the rest of a scan that is under way is not spread any more, and another
/// one follows without a pause.
pub async fn observe(account: &Account, report: impl Fn(&ScanReport) + Send) {
    tokio::join!(
        scan_repeatedly(account, report),
        page::check_on_request(account),
        page::renew_while_in_another_project(account)
    );
}

async fn scan_repeatedly(account: &Account, report: impl Fn(&ScanReport) + Send) {
    // Everybody waits for the first one.
    let mut hurry = true;
    loop {
        let began = Instant::now();
        let mut scan = scan::scan(account, Pace::new(account, began, hurry)).await;
        scan.interval = schedule(account, scan.pages).interval;
        debug!(
            pages = scan.pages,
            streams = scan.streams,
            absent = scan.absent,
            unconfirmed = scan.unconfirmed,
            interval = ?scan.interval,
            "scanned the account"
        );
        report(&scan);
        // A duration rather than a point in time: the longest interval that can be set has none.
        let pause = scan.interval.saturating_sub(began.elapsed());
        hurry = scan.requested || timeout(pause, account.scan_now.notified()).await.is_ok();
    }
}
