//! Whether the CRD itself is being deleted, and every LiveStream with it: then
//! nobody asked for the streams to go.
//!
//! The guarantee: whoever is about to delete a stream asks afresh, for an answer
//! from before the CRD's deletion would delete what must stay. A deletion that
//! only waits loses nothing by an answer that is a little old: it will look again.
//! So all that wait share one look, however many they are.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client, CustomResourceExt};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use tracing::warn;

use super::{CLUSTER_TIMEOUT, cluster::ClusterError};
use crate::crd::LiveStream;

/// The last look at the CRD.
#[derive(Default)]
pub(super) struct CrdLook {
    /// Locked while one that waits asks: the others wait for its answer.
    last: Mutex<Option<Looked>>,
}

#[derive(Clone, Copy, Debug)]
struct Looked {
    terminating: bool,
    asked: Instant,
}

impl Looked {
    /// Whether this is answer enough for a deletion that waits and looks each `interval`.
    fn serves(self, now: Instant, interval: Duration) -> bool {
        now.saturating_duration_since(self.asked) < interval / 2
    }
}

impl CrdLook {
    /// For one that is about to delete its stream.
    ///
    /// # Errors
    /// If the cluster does not tell: then nothing is decided.
    pub(super) async fn afresh(&self, client: &Client) -> Result<bool, ClusterError> {
        is_terminating(client).await
    }

    /// For one that waits, and looks each `interval`.
    ///
    /// # Errors
    /// If the cluster does not tell: then nothing is decided.
    pub(super) async fn while_waiting(
        &self,
        client: &Client,
        interval: Duration,
    ) -> Result<bool, ClusterError> {
        self.shared(interval, || is_terminating(client)).await
    }

    async fn shared<E>(
        &self,
        interval: Duration,
        ask: impl AsyncFnOnce() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut last = self.last.lock().await;
        if let Some(looked) = last.filter(|looked| looked.serves(Instant::now(), interval)) {
            return Ok(looked.terminating);
        }
        let asked = Instant::now();
        let terminating = ask().await?;
        *last = Some(Looked { terminating, asked });
        Ok(terminating)
    }
}

/// Asks the cluster. Without the right to ask, the CRD counts as not being deleted.
async fn is_terminating(client: &Client) -> Result<bool, ClusterError> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let asked = timeout(CLUSTER_TIMEOUT, api.get_metadata(LiveStream::crd_name()));
    match asked.await.map_err(|_| ClusterError::Timeout)? {
        Ok(crd) => Ok(crd.metadata.deletion_timestamp.is_some()),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(true),
        Err(kube::Error::Api(status)) if status.is_forbidden() => {
            warn!(
                "no right to get the CRD {}: its deletion would delete the streams",
                LiveStream::crd_name()
            );
            Ok(false)
        }
        Err(error) => Err(Box::new(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn an_answer_serves_while_it_is_younger_than_half_the_interval() {
        let asked = Instant::now();
        let looked = Looked { terminating: false, asked };
        let serves = |age, interval| looked.serves(asked + Duration::from_secs(age), interval);
        assert_eq!([0, 29, 30, 60].map(|age| serves(age, MINUTE)), [true, true, false, false]);
        assert!(!serves(0, Duration::ZERO));
        assert!(serves(1_000_000, Duration::MAX));
    }

    /// Answers `false` the first time, then `true`, and counts.
    async fn ask(count: &AtomicUsize) -> Result<bool, ()> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(count.fetch_add(1, Ordering::Relaxed) > 0)
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_that_wait_share_one_look_an_interval() {
        let (look, count) = (CrdLook::default(), AtomicUsize::new(0));
        for (round, asked) in [(0, 1), (20, 1), (40, 2)] {
            tokio::time::advance(Duration::from_secs(if round == 0 { 0 } else { 20 })).await;
            let all = (0..1000).map(|_| look.shared(MINUTE, || ask(&count)));
            let answers = futures::future::join_all(all).await;
            assert!(answers.iter().all(|answer| *answer == Ok(asked == 2)), "after {round} s");
            assert_eq!(count.load(Ordering::Relaxed), asked, "after {round} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_answer_is_kept_for_nobody() {
        let look = CrdLook::default();
        assert_eq!(look.shared(MINUTE, async || Err("no answer")).await, Err("no answer"));
        assert_eq!(look.shared(MINUTE, async || Ok::<_, &str>(true)).await, Ok(true));
    }
}
