//! How fast the pages of a pass follow each other, and who hurries them up.

use std::time::Duration;

use apivideo::{Class, WINDOW};
use futures::FutureExt;
use tokio::time::Instant;

use crate::{
    account::Account,
    core::cadence::{Cadence, Reads},
};

/// The cadence for so many pages, by what the client may read just now.
pub(super) fn cadence(account: &Account, pages: u32) -> Cadence {
    let usable = account.client.usage(Class::Read).map(|usage| usage.usable);
    Cadence::of(account.policy.drift_interval, pages, Reads { usable, window: WINDOW })
}

/// The pace of one pass.
///
/// The guarantee: no request for a pass is lost. One that comes while this pass
/// is under way is either taken here, and told by [`Pace::requested`], or still
/// there for whoever waits next.
pub(super) struct Pace<'a> {
    account: &'a Account,
    /// When the pass began.
    pub began: Instant,
    hurry: bool,
    requested: bool,
}

impl<'a> Pace<'a> {
    /// The pace of a pass that begins now; one in a `hurry` is not spread.
    pub(super) fn new(account: &'a Account, began: Instant, hurry: bool) -> Self {
        Self { account, began, hurry, requested: false }
    }

    /// Waits until a page of so many is to be asked for.
    pub(super) async fn page(&mut self, page: u32, pages: u32) {
        let due = cadence(self.account, pages).page_at(page);
        let wait = due.saturating_sub(self.began.elapsed());
        if !self.hurry && !wait.is_zero() {
            self.pause(wait).await;
        }
    }

    /// Waits for so long, or until somebody asks for a pass: then there is no
    /// more waiting for pages.
    pub(super) async fn pause(&mut self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.account.observe_now.notified() => {
                self.hurry = true;
                self.requested = true;
            }
        }
    }

    /// Whether somebody has asked for a pass since this one began.
    pub(super) fn requested(&mut self) -> bool {
        self.requested |= self.account.observe_now.notified().now_or_never().is_some();
        self.requested
    }
}
