//! When a call that failed is made again.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    backoff::{backoff, later, spread},
    outcome::Cause,
    reconcile_state::{Failure, ReconcileState},
};
use crate::facts::observation::AccountError;

/// A shorter wait for the rate limit is not reported, which saves the status write.
const MIN_REPORTED_WAIT: Duration = Duration::from_secs(2);

/// How much later than expected the queue may call before a new time is
/// reported: a window's calls are not all made in its first second.
const REPORT_SLACK: Duration = Duration::from_secs(30);

/// How soon a LiveStream that waits for the account to recover checks it again
/// without being called.
const RECHECK: Duration = Duration::from_secs(300);

impl ReconcileState {
    /// An attempt failed: the next one waits, longer each time. The text of a cause that may
    /// differ each time, such as the page of a proxy, stays the first one.
    pub(super) fn back_off(&mut self, cause: Cause, uid: &str, now: Timestamp) {
        self.attempts = self.attempts.saturating_add(1);
        let retry_at = later(now, backoff(self.attempts, uid));
        let known = self.failure.take().map(|failure| failure.cause);
        let cause = known.filter(|known| known.is_like(&cause)).unwrap_or(cause);
        self.failure = Some(Failure { cause, retry_at, expected_at: Some(retry_at) });
    }

    /// The call waits in the account's queue, which is expected to call after `wait`.
    /// Should that be wrong, the LiveStream is planned again a while after that, and
    /// reports a new time: so the status is written once for each reported time. This is no
    /// attempt: the whole account waits.
    pub(super) fn wait_for_call(&mut self, cause: Cause, wait: Duration, uid: &str, now: Timestamp) {
        let waits_already = self.failure.as_ref().is_some_and(|failure| failure.cause == cause);
        let limited = cause == Cause::Account(AccountError::RateLimited);
        let replan = if limited { wait.saturating_add(REPORT_SLACK.max(wait / 10)) } else { RECHECK };
        // Those that were throttled together are planned again apart.
        let retry_at = later(now, replan.mul_f64(1.0 + 0.1 * spread(uid, 0)));
        let brief = limited && wait < MIN_REPORTED_WAIT && !waits_already;
        let expected_at = (!brief).then(|| later(now, wait));
        self.failure = Some(Failure { cause, retry_at, expected_at });
    }
}
