//! The errors of the watches and of the controller's queue, and what a person can do about them.

use kube::runtime::{controller, watcher};
use tracing::{debug, error, warn};

use super::object_writes::ClusterError;
use crate::preflight::hint;

/// Logs an error of the controller, with the command that fixes it where
/// there is one. All of them are retried.
pub(super) fn log(error: &controller::Error<ClusterError, watcher::Error>) {
    use controller::Error::{ObjectNotFound, QueueError};
    use watcher::Error::{InitialListFailed, WatchFailed, WatchStartFailed};
    match error {
        // It was triggered, or waited, and was deleted meanwhile.
        ObjectNotFound(object) => debug!(%object, "deleted before it could be reconciled"),
        QueueError(InitialListFailed(cause) | WatchStartFailed(cause) | WatchFailed(cause)) => {
            match hint(cause) {
                Some(hint) => error!("LiveStreams can't be watched: {hint}"),
                None => warn!(error = %cause, "the watch of LiveStreams failed; it is started again"),
            }
        }
        other => warn!(error = %other, "the controller reported an error; continuing"),
    }
}
