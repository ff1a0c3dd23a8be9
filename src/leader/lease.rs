//! The Lease as an object of the API server: how it is read, and what is written to
//! it. Every write is conditional on the version that was read.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use serde_json::{Value, json};

/// The name of the Lease.
pub const LEASE: &str = "apivideo-operator";

/// How long a lease is valid without a renewal.
pub(super) const LEASE_DURATION: Duration = Duration::from_secs(15);

/// What was read of a Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Its resource version: every write changes it.
    pub(super) version: String,
    /// Who holds it.
    pub(super) holder: Option<String>,
    /// How long it is valid without a renewal, according to its holder.
    pub(super) duration: Duration,
}

/// Reads what the decisions need.
pub(super) fn read(lease: &Lease) -> Record {
    let spec = lease.spec.as_ref();
    let seconds = spec.and_then(|spec| spec.lease_duration_seconds).unwrap_or_default();
    Record {
        version: lease.metadata.resource_version.clone().unwrap_or_default(),
        holder: spec.and_then(|spec| spec.holder_identity.clone()).filter(|holder| !holder.is_empty()),
        duration: Duration::from_secs(u64::try_from(seconds).unwrap_or_default()),
    }
}

/// A new Lease that `identity` holds.
pub(super) fn new(identity: &str, now: Timestamp) -> Lease {
    Lease {
        metadata: ObjectMeta { name: Some(LEASE.to_owned()), ..ObjectMeta::default() },
        spec: Some(LeaseSpec {
            holder_identity: Some(identity.to_owned()),
            lease_duration_seconds: i32::try_from(LEASE_DURATION.as_secs()).ok(),
            acquire_time: Some(MicroTime(now)),
            renew_time: Some(MicroTime(now)),
            lease_transitions: Some(0),
            ..LeaseSpec::default()
        }),
    }
}

/// The patch with which `identity` takes the Lease over from another replica, or from nobody.
pub(super) fn taken(lease: &Lease, identity: &str, now: Timestamp) -> Value {
    let transitions = lease.spec.as_ref().and_then(|spec| spec.lease_transitions).unwrap_or_default();
    patch(
        lease,
        json!({
            "holderIdentity": identity,
            "leaseDurationSeconds": LEASE_DURATION.as_secs(),
            "acquireTime": MicroTime(now),
            "renewTime": MicroTime(now),
            "leaseTransitions": transitions.saturating_add(1),
        }),
    )
}

/// The patch with which the holder renews it. The time in it always increases, even
/// if the clock was set back: a write that changes nothing creates no new version,
/// and the others would not see that the holder is alive.
pub(super) fn renewed(lease: &Lease, now: Timestamp) -> Value {
    let last = lease.spec.as_ref().and_then(|spec| spec.renew_time.as_ref()).map(|time| time.0);
    let after = last.and_then(|last| last.checked_add(SignedDuration::from_micros(1)).ok());
    let time = after.map_or(now, |after| after.max(now));
    patch(lease, json!({ "renewTime": MicroTime(time) }))
}

/// The patch with which the holder releases it.
pub(super) fn released(lease: &Lease) -> Value {
    patch(lease, json!({ "holderIdentity": null }))
}

fn patch(lease: &Lease, spec: Value) -> Value {
    let version = &lease.metadata.resource_version;
    json!({ "metadata": { "resourceVersion": version }, "spec": spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(renewed: &str) -> Lease {
        serde_json::from_value(json!({
            "metadata": { "name": "x", "resourceVersion": "7" },
            "spec": { "holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 3, "renewTime": renewed },
        }))
        .unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let made = new("me", Timestamp::UNIX_EPOCH);
        let expected = Record { version: String::new(), holder: Some("me".into()), duration: LEASE_DURATION };
        assert_eq!(read(&made), expected);
        assert_eq!(made.metadata.name.as_deref(), Some("apivideo-operator"));
        assert_eq!(read(&Lease::default()).holder, None);
        let emptied = json!({ "spec": { "holderIdentity": "", "leaseDurationSeconds": -1 } });
        let emptied = read(&serde_json::from_value(emptied).unwrap());
        assert_eq!((emptied.holder, emptied.duration), (None, Duration::ZERO));
    }

    #[test]
    fn a_write_is_conditional_and_a_transition_is_counted() {
        let lease = lease("2026-01-01T00:00:00.000000Z");
        let now = "2026-01-01T00:00:02Z".parse().unwrap();
        let taken = taken(&lease, "me", now);
        assert_eq!(taken["spec"]["leaseTransitions"], 4);
        for patch in [taken, renewed(&lease, now), released(&lease)] {
            assert_eq!(patch["metadata"]["resourceVersion"], "7");
        }
    }

    #[test]
    fn a_renewal_always_changes_the_record() {
        let last: Timestamp = "2026-01-01T00:00:00.000000Z".parse().unwrap();
        let lease = lease(&last.to_string());
        for (passed, grown) in [(2_000_000, 2_000_000), (0, 1), (-3_600_000_000_i64, 1)] {
            let patch = renewed(&lease, last + SignedDuration::from_micros(passed));
            let time: Timestamp = patch["spec"]["renewTime"].as_str().unwrap().parse().unwrap();
            assert_eq!(time, last + SignedDuration::from_micros(grown));
        }
    }
}
