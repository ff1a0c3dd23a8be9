//! What a rate limit allows, and so the theoretical best of a run.

use std::time::Duration;

/// So many calls in each window. The windows are fixed: one begins with the
/// first call after the last one ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limit {
    /// Calls to a window, at least 1.
    pub(crate) calls: u64,
    /// How long a window lasts.
    pub(crate) window: Duration,
}

impl Limit {
    /// A share of it, in whole calls.
    pub(crate) fn share(self, share: f64) -> Self {
        // The tiny addition makes 0.29 of 100 be 29, which it isn't quite in binary.
        let calls = (self.calls as f64 * share + 1e-9).floor() as u64;
        Self { calls: calls.clamp(1, self.calls.max(1)), ..self }
    }

    /// The time for so many calls at the limit's own rate, in seconds: calls /
    /// (limit / window).
    pub(crate) fn steady(self, calls: u64) -> f64 {
        calls as f64 / self.calls as f64 * self.window.as_secs_f64()
    }

    /// The least time, in seconds, for a caller that uses up each window the
    /// moment that it begins, so that the last window takes no time at all.
    pub(crate) fn least(self, calls: u64) -> f64 {
        calls.div_ceil(self.calls).saturating_sub(1) as f64 * self.window.as_secs_f64()
    }

    /// Whether so many calls ask for more than one window.
    pub(crate) fn binds(self, calls: u64) -> bool {
        calls > self.calls
    }
}
