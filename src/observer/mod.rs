//! The observer of an account: reads its list page by page, keeps what it
//! saw, and wakes the LiveStreams whose stream has changed.
//!
//! A pass over N streams costs ceil(N/100) reads, whatever the number of
//! LiveStreams. Its pages come spread over the interval, and the interval
//! stretches by itself in an account with more pages than the budget has room for
//! ([`crate::core::cadence`]). Nobody who waits is held up by that: the first pass
//! is not spread, nor is one that was asked for.

pub mod guard;
mod pace;
#[cfg(test)]
mod paced_stage;
#[cfg(test)]
mod paced_tests;
mod pass;
pub mod snapshot;

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::account::Account;
use pace::{Pace, cadence};

/// What a pass found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassReport {
    /// Pages read.
    pub pages: u32,
    /// Streams seen.
    pub streams: u64,
    /// Items that could not be read.
    pub unreadable: u64,
    /// Streams that were there before and are missing now.
    pub vanished: usize,
    /// Streams that were not shown and may only have been passed over.
    pub doubted: usize,
    /// Streams of creates that were given up, found for the first time.
    pub late: usize,
    /// How old each change of a held stream was, at the most, when it was seen.
    pub lags: Vec<Duration>,
    /// How long it took.
    pub duration: Duration,
    /// The time from its start to the start of the next, if nobody asks for one.
    pub interval: Duration,
    /// Whether somebody has asked for a pass while it was under way.
    pub requested: bool,
}

/// Observes the account until `shutdown`. `report` is told of each pass.
///
/// Whoever asks for a pass (`observe_now`) gets one that began after that, at
/// once: what is left of a pass that is under way is hurried up, and another
/// one follows it without a rest.
pub async fn observe(account: &Account, shutdown: CancellationToken, report: impl Fn(&PassReport) + Send) {
    // Everybody waits for the first one.
    let mut hurry = true;
    loop {
        let began = Instant::now();
        let mut pass = tokio::select! {
            pass = pass::pass(account, Pace::new(account, began, hurry)) => pass,
            () = shutdown.cancelled() => return,
        };
        pass.interval = cadence(account, pass.pages).interval;
        debug!(
            pages = pass.pages,
            streams = pass.streams,
            vanished = pass.vanished,
            doubted = pass.doubted,
            interval = ?pass.interval,
            "a pass over the account ended"
        );
        report(&pass);
        // Not until a moment: there is none so far ahead as the longest interval that can be set.
        let rest = pass.interval.saturating_sub(began.elapsed());
        hurry = pass.requested
            || tokio::select! {
                () = tokio::time::sleep(rest) => false,
                () = account.observe_now.notified() => true,
                () = shutdown.cancelled() => return,
            };
    }
}
