//! What a replica does about a Lease. Pure: the time is an argument.
//!
//! No clock is compared with another machine's. A replica judges a lease by how long
//! it has itself observed the same record: a holder that renews changes the record.
//! Two replicas never lead at once. The proof, in which every time is measured by a
//! replica's own monotonic clock:
//!
//! 1. A holder leads for [`RENEW_DEADLINE`] from the *start* of the request that
//!    wrote the record. So it stops at most `RENEW_DEADLINE` after the record was
//!    written.
//! 2. Another replica observes the record after it was written, and takes the lease
//!    at least [`LEASE_DURATION`] after that.
//! 3. Its write is conditional on that very record: if the record was renewed
//!    meanwhile, the write is refused.
//!
//! The difference between the two is for requests that were sent before the end, and
//! for clocks that run at different rates.

use std::time::{Duration, Instant};

use super::lease::{LEASE_DURATION, Record};

/// How long a holder leads from the start of its last successful renewal.
pub(super) const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// A holder may set a longer duration (another release may), up to this one.
const MAX_LEASE_DURATION: Duration = Duration::from_secs(60);

/// What a process has observed of a Lease.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    /// The record, if there is one.
    pub(super) record: Option<Record>,
    /// The Lease was deleted while it was held: its holder may still rely on it.
    deleted_while_held: bool,
    /// When this state was first observed.
    since: Instant,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nobody holds it: take it, by a write that is conditional on what was observed.
    Acquire,
    /// This process holds it.
    Renew,
    /// Another replica holds it, until then at least.
    Wait(Instant),
}

impl Observed {
    /// With this record, which was read before `now`, after what was observed `before`.
    pub(super) fn after(before: Option<Self>, record: Option<Record>, now: Instant) -> Self {
        let version = |record: &Option<Record>| record.as_ref().map(|r| r.version.clone());
        let was_held = match before {
            Some(before) if version(&before.record) == version(&record) => return before,
            Some(before) => before.record.is_some_and(|record| record.holder.is_some()),
            None => false,
        };
        Self { deleted_while_held: record.is_none() && was_held, record, since: now }
    }

    /// Until when at least another replica may rely on it.
    fn held_until(&self) -> Option<Instant> {
        match &self.record {
            Some(record) => {
                let duration = record.duration.clamp(LEASE_DURATION, MAX_LEASE_DURATION);
                record.holder.as_ref().map(|_| self.since + duration)
            }
            None => self.deleted_while_held.then(|| self.since + LEASE_DURATION),
        }
    }
}

/// What the replica with this identity does.
pub(super) fn decide(observed: &Observed, identity: &str, now: Instant) -> Decision {
    if observed.record.as_ref().and_then(|record| record.holder.as_deref()) == Some(identity) {
        return Decision::Renew;
    }
    match observed.held_until() {
        Some(until) if now < until => Decision::Wait(until),
        _ => Decision::Acquire,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn record(version: &str, holder: &str, duration: u64) -> Option<Record> {
        let holder = Some(holder.to_owned()).filter(|holder| !holder.is_empty());
        Some(Record { version: version.to_owned(), holder, duration: seconds(duration) })
    }

    /// What was observed, and when, in seconds.
    type Observations<'a> = &'a [(Option<Record>, u64)];

    #[test]
    fn decisions_by_what_was_observed() {
        let start = Instant::now();
        let at = |s| start + seconds(s);
        // What was observed, the time of the decision, the decision.
        let cases: [(Observations<'_>, u64, Decision); 14] = [
            (&[(None, 0)], 0, Decision::Acquire),
            (&[(record("1", "", 15), 0)], 0, Decision::Acquire),
            (&[(record("1", "me", 15), 0)], 0, Decision::Renew),
            (&[(record("1", "me", 15), 0)], 99, Decision::Renew),
            (&[(record("1", "other", 15), 0)], 0, Decision::Wait(at(15))),
            (&[(record("1", "other", 15), 0)], 14, Decision::Wait(at(15))),
            (&[(record("1", "other", 15), 0)], 15, Decision::Acquire),
            // The same again is no sign of life, another one is.
            (&[(record("1", "other", 15), 0), (record("1", "other", 15), 14)], 15, Decision::Acquire),
            (&[(record("1", "other", 15), 0), (record("2", "other", 15), 14)], 15, Decision::Wait(at(29))),
            // How long it says that it holds is believed within bounds.
            (&[(record("1", "other", 1), 0)], 1, Decision::Wait(at(15))),
            (&[(record("1", "other", 999_999), 0)], 1, Decision::Wait(at(60))),
            // Released.
            (&[(record("1", "other", 15), 0), (record("2", "", 15), 3)], 3, Decision::Acquire),
            // Somebody deleted it while it was held: its holder doesn't know yet.
            (&[(record("1", "other", 15), 0), (None, 3), (None, 9)], 9, Decision::Wait(at(18))),
            (&[(record("1", "", 15), 0), (None, 3)], 3, Decision::Acquire),
        ];
        for (observations, now, expected) in cases {
            let mut observed: Option<Observed> = None;
            for (record, when) in observations {
                observed = Some(Observed::after(observed, record.clone(), at(*when)));
            }
            assert_eq!(decide(&observed.unwrap(), "me", at(now)), expected, "{observations:?} {now}");
        }
    }
}
