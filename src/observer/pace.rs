//! How fast the pages of a scan follow each other, and what removes the pauses.

use std::time::Duration;

use apivideo::{Class, WINDOW};
use futures::FutureExt;
use tokio::time::Instant;

use crate::{
    account::Account,
    core::schedule::{Reads, Schedule},
};

/// The schedule for so many pages, by what the client may read just now.
pub(super) fn schedule(account: &Account, pages: u32) -> Schedule {
    let usable = account.client.usage(Class::Read).map(|usage| usage.usable);
    Schedule::of(account.policy.drift_interval, pages, Reads { usable, window: WINDOW })
}

/// The pace of one scan.
///
/// The guarantee: no request for a scan is lost. One that is made while this scan
/// is under way is either taken here, and reported by [`Pace::requested`], or left
/// for whoever waits next.
pub(super) struct Pace<'a> {
    account: &'a Account,
    /// When the scan began.
    pub began: Instant,
    hurry: bool,
    requested: bool,
}

impl<'a> Pace<'a> {
    /// The pace of a scan that begins now; one in a `hurry` is not spread.
    pub(super) fn new(account: &'a Account, began: Instant, hurry: bool) -> Self {
        Self { account, began, hurry, requested: false }
    }

    /// Waits until a page of so many is due.
    pub(super) async fn page(&mut self, page: u32, pages: u32) {
        let due = schedule(self.account, pages).page_at(page);
        let wait = due.saturating_sub(self.began.elapsed());
        if !self.hurry && !wait.is_zero() {
            self.pause(wait).await;
        }
    }

    /// Waits for so long, or until a scan is requested: then no page waits any more.
    pub(super) async fn pause(&mut self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.account.scan_now.notified() => {
                self.hurry = true;
                self.requested = true;
            }
        }
    }

    /// Whether a scan was requested since this one began.
    pub(super) fn requested(&mut self) -> bool {
        self.requested |= self.account.scan_now.notified().now_or_never().is_some();
        self.requested
    }
}
