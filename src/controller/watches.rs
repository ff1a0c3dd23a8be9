//! The state of each watch: whether it has listed, and whether it fails.
//!
//! A namespace that can't be listed stops none of the others: they begin once each watch
//! has listed or failed, and one that lists later joins them.

use std::{sync::Arc, time::Duration};

use futures::future::{join_all, select_all};
use kube::runtime::watcher::Error;
use parking_lot::Mutex;
use tokio::{sync::SetOnce, time::Instant};

use super::watch_errors;
use crate::ops::{metrics::Metrics, readiness::Findings};

/// How long a failure counts for a watch that has listed before: it is started again at
/// least this often, and says nothing when it succeeds.
const FAILURE_COUNTS: Duration = Duration::from_secs(60);

/// The watches of a process. Clones share their state.
#[derive(Clone)]
pub struct Watches {
    all: Arc<[Arc<Watch>]>,
    /// Those whose objects' claims were not assigned yet.
    apart: Arc<Mutex<Vec<Arc<Watch>>>>,
}

/// A watch of a namespace, or of all of them.
#[derive(Debug, Default)]
pub(super) struct Watch {
    namespace: Option<String>,
    listed: SetOnce<()>,
    /// Set when it has listed or failed for the first time.
    tried: SetOnce<()>,
    failure: Mutex<Option<(Instant, String)>>,
}

impl Watches {
    /// A watch of each of these namespaces; `None` is all of them.
    #[must_use]
    pub fn of(namespaces: impl IntoIterator<Item = Option<String>>) -> Self {
        let watch = |namespace| Arc::new(Watch { namespace, ..Watch::default() });
        let all: Arc<[_]> = namespaces.into_iter().map(watch).collect();
        Self { apart: Arc::new(Mutex::new(all.to_vec())), all }
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Watch>> {
        self.all.iter()
    }

    /// Waits until each watch has listed or failed, and one of them has listed.
    pub(super) async fn started(&self) {
        join_all(self.iter().map(|watch| watch.tried.wait())).await;
        select_all(self.iter().map(|watch| Box::pin(watch.listed.wait()))).await;
    }

    /// Calls `assign` with the watches that have listed since the last call, one call at a
    /// time: whoever returns from it finds their objects' claims assigned.
    pub(super) fn join(&self, assign: impl FnOnce(&[Arc<Watch>])) {
        let mut apart = self.apart.lock();
        let (new, rest): (Vec<_>, _) = apart.iter().cloned().partition(|watch| watch.has_listed());
        if !new.is_empty() {
            assign(&new);
            *apart = rest;
        }
    }

    /// What is wrong: a warning for each watch that fails, or, if none works, a problem.
    #[must_use]
    pub fn findings(&self) -> Findings {
        let failing: Vec<_> = self.iter().filter_map(|watch| watch.failure()).collect();
        if failing.len() == self.all.len() {
            return Findings { problems: failing, warnings: Vec::new() };
        }
        Findings { problems: Vec::new(), warnings: failing }
    }

    /// Sets the gauge of each watch.
    pub(super) fn collect(&self, metrics: &Metrics) {
        for watch in self.iter() {
            let labels = [("watched_namespace", watch.namespace().unwrap_or("*").to_owned())];
            metrics.watch_failing.get_or_create(&labels).set(watch.failure().is_some().into());
        }
    }
}

impl Watch {
    /// It has listed every object.
    pub(super) fn list_ended(&self) {
        // A later list, after a lost watch, changes nothing here.
        let _ = self.listed.set(());
        self.works();
    }

    /// Something was read from it.
    pub(super) fn works(&self) {
        *self.failure.lock() = None;
        if self.listed.initialized() {
            let _ = self.tried.set(());
        }
    }

    /// It could not list, or not start. (A connection that ends is no failure: each ends
    /// at its time.)
    pub(super) fn failed(&self, error: &Error) {
        let (Error::InitialListFailed(cause) | Error::WatchStartFailed(cause)) = error else { return };
        let text = watch_errors::describe(self.namespace(), cause);
        *self.failure.lock() = Some((Instant::now(), text));
        let _ = self.tried.set(());
    }

    /// The namespace; `None` for all of them.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Whether it has listed.
    pub(super) fn has_listed(&self) -> bool {
        self.listed.initialized()
    }

    /// Why it fails, if it does.
    fn failure(&self) -> Option<String> {
        let failure = self.failure.lock();
        let (at, text) = failure.as_ref()?;
        let lasts = !self.has_listed() || at.elapsed() < FAILURE_COUNTS;
        lasts.then(|| text.clone())
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn forbidden() -> Error {
        let status = Status { code: 403, ..Status::default() };
        Error::InitialListFailed(kube::Error::Api(Box::new(status)))
    }

    fn two() -> (Watches, [Arc<Watch>; 2]) {
        let watches = Watches::of(["a", "b"].map(|name| Some(name.to_owned())));
        let each = watches.all.to_vec().try_into().expect("two watches");
        (watches, each)
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_fails_is_a_warning_and_all_are_a_problem() {
        let (watches, [a, b]) = two();
        a.failed(&forbidden());
        b.failed(&forbidden());
        assert_eq!(watches.findings().problems.len(), 2);
        assert!(tokio::time::timeout(Duration::from_secs(600), watches.started()).await.is_err());
        b.list_ended();
        watches.started().await;
        let found = watches.findings();
        assert!(found.problems.is_empty() && found.warnings.len() == 1, "{found:?}");
        assert!(found.warnings.iter().all(|text| text.contains("namespace a")), "{found:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_after_the_list_ends_with_time_or_with_a_success() {
        let watches = Watches::of([None]);
        let watch = &watches.all[0];
        watch.list_ended();
        watch.failed(&forbidden());
        assert!(!watches.findings().is_empty());
        tokio::time::advance(FAILURE_COUNTS).await;
        assert!(watches.findings().is_empty());
        watch.failed(&forbidden());
        watch.works();
        assert!(watches.findings().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_start_waits_until_each_was_tried() {
        let (watches, [a, _b]) = two();
        a.list_ended();
        assert!(tokio::time::timeout(Duration::from_secs(600), watches.started()).await.is_err());
    }
}
