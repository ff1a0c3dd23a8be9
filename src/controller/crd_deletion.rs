//! Whether the CRD itself is being deleted, and every LiveStream with it: then
//! nobody asked for the streams to be deleted.
//!
//! The guarantee: before a stream is deleted the cluster is asked, because an answer
//! from before the CRD's deletion would delete what must stay. A deletion that
//! only waits loses nothing by an answer that is a little old: it will check again.
//! So all that wait share one check, however many they are.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client, CustomResourceExt};
use tokio::{sync::Mutex, time::Instant};
use tracing::warn;

use super::object_writes::{self, ClusterError};
use crate::{core::facts::observation::CrdDeletion, kinds::LiveStream};

/// The last check of the CRD.
#[derive(Default)]
pub(super) struct CrdChecks {
    /// Locked while a waiting deletion asks: the others wait for its answer.
    last: Mutex<Option<Check>>,
}

#[derive(Clone, Copy, Debug)]
struct Check {
    deleting: bool,
    at: Instant,
}

impl Check {
    /// Whether this is recent enough for a deletion that waits and checks each `interval`.
    fn serves(self, now: Instant, interval: Duration) -> bool {
        now.saturating_duration_since(self.at) < interval / 2
    }
}

impl CrdChecks {
    /// Checks the CRD: `now`, or as recently as a deletion needs that waits and checks each
    /// `interval`.
    pub(super) async fn check(
        &self,
        client: &Client,
        now: bool,
        interval: Duration,
    ) -> Result<CrdDeletion, ClusterError> {
        let (deleting, otherwise) = if now {
            (is_deleting(client).await?, CrdDeletion::NotNow)
        } else {
            (self.shared(interval, || is_deleting(client)).await?, CrdDeletion::NotRecently)
        };
        Ok(if deleting { CrdDeletion::Deleting } else { otherwise })
    }

    async fn shared<E>(
        &self,
        interval: Duration,
        ask: impl AsyncFnOnce() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut last = self.last.lock().await;
        if let Some(check) = last.filter(|check| check.serves(Instant::now(), interval)) {
            return Ok(check.deleting);
        }
        let at = Instant::now();
        let deleting = ask().await?;
        *last = Some(Check { deleting, at });
        Ok(deleting)
    }
}

/// Asks the cluster. Without the right to ask, the CRD counts as not being deleted.
async fn is_deleting(client: &Client) -> Result<bool, ClusterError> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    match object_writes::request(api.get_metadata_opt(LiveStream::crd_name())).await {
        Ok(crd) => Ok(crd.is_none_or(|crd| crd.metadata.deletion_timestamp.is_some())),
        Err(error) if error.is_forbidden() => {
            warn!("no right to get the CRD {}: deleting it would delete the streams", LiveStream::crd_name());
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn an_answer_serves_while_it_is_younger_than_half_the_interval() {
        let at = Instant::now();
        let check = Check { deleting: false, at };
        let serves = |age, interval| check.serves(at + Duration::from_secs(age), interval);
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
    async fn a_thousand_that_wait_share_one_check_an_interval() {
        let (checks, count) = (CrdChecks::default(), AtomicUsize::new(0));
        for (round, asked) in [(0, 1), (20, 1), (40, 2)] {
            tokio::time::advance(Duration::from_secs(if round == 0 { 0 } else { 20 })).await;
            let all = (0..1000).map(|_| checks.shared(MINUTE, || ask(&count)));
            let answers = futures::future::join_all(all).await;
            assert!(answers.iter().all(|answer| *answer == Ok(asked == 2)), "after {round} s");
            assert_eq!(count.load(Ordering::Relaxed), asked, "after {round} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_not_shared() {
        let checks = CrdChecks::default();
        assert_eq!(checks.shared(MINUTE, async || Err("no answer")).await, Err("no answer"));
        assert_eq!(checks.shared(MINUTE, async || Ok::<_, &str>(true)).await, Ok(true));
    }
}
