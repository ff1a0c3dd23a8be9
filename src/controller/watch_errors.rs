//! The errors of the watches and of the controller's queue, and what a person can do about them.

use std::convert::Infallible;

use kube::runtime::{controller, watcher};
use tracing::{debug, error, warn};

use crate::preflight::hint;

/// Logs an error of the controller of a namespace, with the command that fixes it where
/// there is one. All of them are retried.
pub(super) fn log(namespace: Option<&str>, error: &controller::Error<Infallible, watcher::Error>) {
    use controller::Error::{ObjectNotFound, QueueError};
    use watcher::Error::{InitialListFailed, WatchFailed, WatchStartFailed};
    match error {
        // It was triggered, or waited, and was deleted meanwhile.
        ObjectNotFound(object) => debug!(%object, "deleted before it could be reconciled"),
        QueueError(InitialListFailed(cause) | WatchStartFailed(cause) | WatchFailed(cause)) => {
            let text = describe(namespace, cause);
            if hint(cause).is_some() { error!("{text}") } else { warn!("{text}") }
        }
        other => warn!(error = %other, "the controller reported an error; continuing"),
    }
}

/// Why a watch fails, and what to do.
pub(super) fn describe(namespace: Option<&str>, cause: &kube::Error) -> String {
    let place = namespace.map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
    let why = hint(cause).unwrap_or_else(|| format!("{cause}; retrying"));
    format!("LiveStreams{place} can't be watched: {why}")
}
