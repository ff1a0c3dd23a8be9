//! The result of a scan, for logs and metrics.

use std::time::Duration;

/// The result of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// Pages read.
    pub pages: u32,
    /// Pages that failed again and again and were skipped.
    pub skipped_pages: u32,
    /// Streams listed.
    pub streams: u64,
    /// Items that could not be read.
    pub unreadable: u64,
    /// Owned streams that are absent from now on.
    pub absent: usize,
    /// Owned streams that were not shown and may only have been skipped.
    pub unconfirmed: usize,
    /// Streams of abandoned creates that were found for the first time.
    pub orphans: usize,
    /// The delay of each change of an owned stream until it was detected, at most.
    pub latencies: Vec<Duration>,
    /// How long it took.
    pub duration: Duration,
    /// The time from its start to the start of the next, unless one is requested.
    pub interval: Duration,
    /// Whether a scan was requested while it was under way.
    pub requested: bool,
}
