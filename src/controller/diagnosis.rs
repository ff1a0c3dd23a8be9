//! What an error of the watches or of the controller's queue means to a person.

use kube::runtime::{controller, watcher};
use tracing::{debug, error, warn};

use super::reconcile::ReconcileError;
use crate::preflight::hint;

/// Logs an error of the controller, with the command that mends it where
/// there is one. All of them are tried again by themselves.
pub(super) fn log(error: &controller::Error<ReconcileError, watcher::Error>) {
    use controller::Error::{ObjectNotFound, QueueError};
    use watcher::Error::{InitialListFailed, WatchFailed, WatchStartFailed};
    match error {
        // It was woken, or waited for its turn, and went meanwhile.
        ObjectNotFound(object) => debug!(%object, "gone before it could be reconciled"),
        QueueError(InitialListFailed(cause) | WatchStartFailed(cause) | WatchFailed(cause)) => {
            match hint(cause) {
                Some(hint) => error!("LiveStreams can't be watched: {hint}"),
                None => warn!(error = %cause, "the watch of LiveStreams failed; it is started again"),
            }
        }
        other => warn!(error = %other, "the controller failed; it goes on"),
    }
}
