//! The errors of the watches and of the controller's queue, and what a person can do about them.

use kube::{
    CustomResourceExt,
    runtime::{controller, watcher},
};
use tracing::{debug, error, warn};

use super::object_writes::ClusterError;
use crate::kinds::{INSTALL, LiveStream};

/// Logs an error of the controller, with the command that fixes it where
/// there is one. All of them are retried.
pub(super) fn log(error: &controller::Error<ClusterError, watcher::Error>) {
    use controller::Error::{ObjectNotFound, QueueError};
    use watcher::Error::{InitialListFailed, WatchFailed, WatchStartFailed};
    match error {
        // It was triggered, or waited, and was deleted meanwhile.
        ObjectNotFound(object) => debug!(%object, "deleted before it could be reconciled"),
        QueueError(InitialListFailed(cause) | WatchStartFailed(cause) | WatchFailed(cause)) => {
            match remedy(cause) {
                Some(remedy) => error!("LiveStreams can't be watched: {remedy}"),
                None => warn!(error = %cause, "the watch of LiveStreams failed; restarting it"),
            }
        }
        other => warn!(error = %other, "the controller reported an error; continuing"),
    }
}

/// What fixes an error of the API server, where that is known.
pub fn remedy(error: &kube::Error) -> Option<String> {
    let kube::Error::Api(status) = error else { return None };
    let crd = LiveStream::crd_name();
    match status.code {
        404 => Some(format!("the CRD {crd} is not installed; install it with: {INSTALL}")),
        401 => Some(
            "the cluster does not accept the credentials; check KUBECONFIG or the service account".into(),
        ),
        403 => Some(format!("no right to list and watch {crd}; grant both to the operator's service account")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    fn answered(code: u16) -> kube::Error {
        kube::Error::Api(Box::new(Status { code, ..Status::default() }))
    }

    #[test]
    fn a_missing_crd_or_right_comes_with_its_remedy() {
        assert!(remedy(&answered(404)).is_some_and(|text| text.contains("apivideo-operator crd")));
        assert!(remedy(&answered(403)).is_some_and(|text| text.contains("list and watch")));
        assert_eq!(remedy(&answered(500)), None);
    }
}
