//! How many LiveStreams report which reason, counted in the caches of the watches.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use kube::{Resource, runtime::reflector::Store};

use super::{status, watch::Guarded};
use crate::{
    core::step::conditions::{READY, Reason},
    ops::metrics::Metrics,
};

/// The reason of a LiveStream without a status.
const UNREPORTED: &str = "Unreported";

/// How many report a reason, and the longest time that one of them has not been ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    objects: u64,
    not_ready: Duration,
}

/// Counts the LiveStreams of these watches.
pub(super) fn collector(stores: Vec<Store<Guarded>>) -> impl Fn(&Metrics) + Send + Sync {
    move |metrics| {
        let objects: Vec<_> = stores.iter().flat_map(Store::state).collect();
        let counts = count(objects.iter().map(AsRef::as_ref), Timestamp::now());
        for reason in Reason::ALL.map(Reason::as_str).into_iter().chain([UNREPORTED]) {
            let Count { objects, not_ready } = counts.get(reason).copied().unwrap_or_default();
            metrics.live_streams.get_or_create(&[("reason", reason)]).set(objects);
            metrics.not_ready_seconds.get_or_create(&[("reason", reason)]).set(not_ready.as_secs_f64());
        }
    }
}

fn count<'a>(objects: impl Iterator<Item = &'a Guarded>, now: Timestamp) -> HashMap<&'static str, Count> {
    let mut counts: HashMap<_, Count> = HashMap::new();
    for object in objects {
        let (reason, since) = reported(object);
        let waited = since.map_or(Duration::ZERO, |since| {
            // A clock that is ahead of this one counts as no time.
            Duration::try_from(now.duration_since(since)).unwrap_or_default()
        });
        let count = counts.entry(reason).or_default();
        count.objects += 1;
        count.not_ready = count.not_ready.max(waited);
    }
    counts
}

/// The reason that an object reports, and since when it has not been ready.
fn reported(object: &Guarded) -> (&'static str, Option<Timestamp>) {
    let created = object.meta().creation_timestamp.as_ref().map(|time| time.0);
    let Ok(live_stream) = &object.0 else { return (Reason::Rejected.as_str(), created) };
    let ready = live_stream.status.as_ref().and_then(|s| status::condition(s, READY));
    let Some(ready) = ready else { return (UNREPORTED, created) };
    let reason = Reason::ALL.into_iter().map(Reason::as_str).find(|reason| *reason == ready.reason);
    let since = (ready.status != "True").then_some(ready.last_transition_time.0);
    (reason.unwrap_or(UNREPORTED), since)
}

#[cfg(test)]
mod tests {
    use kube::core::DeserializeGuard;
    use serde_json::{Value, json};

    use super::*;

    fn object(status: Value) -> Guarded {
        let object = json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream", "status": status,
            "metadata": { "name": "x", "creationTimestamp": "2026-01-01T00:00:00Z" }, "spec": { "name": "x" } });
        DeserializeGuard(Ok(serde_json::from_value(object).unwrap()))
    }

    fn ready(status: &str, reason: &str, since: &str) -> Guarded {
        object(json!({ "conditions": [{ "type": "Ready", "status": status, "reason": reason,
            "message": "", "lastTransitionTime": since }] }))
    }

    #[test]
    fn each_is_counted_by_its_reason_with_the_longest_wait() {
        let all = [
            ready("True", "Synced", "2020-01-01T00:00:00Z"),
            ready("False", "RateLimited", "2026-01-01T00:00:20Z"),
            ready("False", "RateLimited", "2026-01-01T00:00:10Z"),
            ready("False", "Creating", "2030-01-01T00:00:00Z"),
            object(Value::Null),
        ];
        let counts = count(all.iter(), "2026-01-01T00:01:00Z".parse().unwrap());
        let of = |reason| {
            let Count { objects, not_ready } = counts[reason];
            (objects, not_ready.as_secs())
        };
        assert_eq!(of("Synced"), (1, 0));
        assert_eq!(of("RateLimited"), (2, 50));
        assert_eq!(of("Creating"), (1, 0), "the cluster's clock is ahead");
        assert_eq!(of(UNREPORTED), (1, 60), "it waits since it was created");
        assert_eq!(counts.len(), 4);
    }
}
