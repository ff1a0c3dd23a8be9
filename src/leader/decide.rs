//! What a replica does about a Lease. Pure: the time is an argument.
//!
//! Nobody's clock is compared with another's. A replica judges a lease by how
//! long it has itself seen the very same record: what its holder still renews,
//! changes. The proof that two never lead at once, with the replica's own
//! monotonic clock for all times:
//!
//! 1. A holder leads for [`LEADS_FOR`] from the *start* of the request that
//!    made the record. So it stops at the latest `LEADS_FOR` after the record
//!    came to be.
//! 2. Another one sees the record after it came to be, and takes the lease no
//!    sooner than [`LASTS`] after that.
//! 3. Its write is conditional on that very record: were it renewed meanwhile,
//!    the write would be refused.
//!
//! What is between the two is for requests that were sent before the end, and
//! for clocks that don't run at quite the same rate.

use std::time::{Duration, Instant};

use super::lease::{LASTS, Record};

/// How long a holder leads from the start of its last renewal that worked.
pub(super) const LEADS_FOR: Duration = Duration::from_secs(10);
/// A holder that says that its lease holds longer (another release may) is
/// believed up to here.
const LONGEST: Duration = Duration::from_secs(60);

/// What a process has seen of a Lease.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// It, if it was there.
    pub(super) record: Option<Record>,
    /// It was held when it was last there: somebody may still rely on it.
    missed: bool,
    /// When this very state was first seen.
    since: Instant,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nobody has it: take it, by a write that is conditional on what was seen.
    Acquire,
    /// This process has it.
    Renew,
    /// Another has it, until then at the least.
    Wait(Instant),
}

impl Seen {
    /// What the first look showed; `now` is after it.
    pub(super) fn first(record: Option<Record>, now: Instant) -> Self {
        Self { record, missed: false, since: now }
    }

    /// With what a later look showed; `now` is after it.
    pub(super) fn then(self, record: Option<Record>, now: Instant) -> Self {
        let version = |record: &Option<Record>| record.as_ref().map(|r| r.version.clone());
        if version(&self.record) == version(&record) {
            return self;
        }
        let was_held = self.record.is_some_and(|before| before.holder.is_some());
        Self { missed: record.is_none() && was_held, record, since: now }
    }

    /// Until when at the least somebody else may rely on it.
    fn holds_until(&self) -> Option<Instant> {
        match &self.record {
            Some(record) => record.holder.as_ref().map(|_| self.since + record.lasts.clamp(LASTS, LONGEST)),
            None => self.missed.then(|| self.since + LASTS),
        }
    }
}

/// What the process of the identity `me` does.
pub(super) fn decide(seen: &Seen, me: &str, now: Instant) -> Decision {
    if seen.record.as_ref().and_then(|record| record.holder.as_deref()) == Some(me) {
        return Decision::Renew;
    }
    match seen.holds_until() {
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

    fn record(version: &str, holder: &str, lasts: u64) -> Option<Record> {
        let holder = Some(holder.to_owned()).filter(|holder| !holder.is_empty());
        Some(Record { version: version.to_owned(), holder, lasts: seconds(lasts) })
    }

    /// What was seen when, in seconds.
    type Looks<'a> = &'a [(Option<Record>, u64)];

    #[test]
    fn a_table_of_what_is_seen_and_done() {
        let start = Instant::now();
        let at = |s| start + seconds(s);
        // What was seen, the time of the decision, the decision.
        let cases: [(Looks<'_>, u64, Decision); 14] = [
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
        for (looks, now, expected) in cases {
            let mut seen: Option<Seen> = None;
            for (record, when) in looks {
                seen = Some(match seen {
                    None => Seen::first(record.clone(), at(*when)),
                    Some(before) => before.then(record.clone(), at(*when)),
                });
            }
            assert_eq!(decide(&seen.unwrap(), "me", at(now)), expected, "{looks:?} {now}");
        }
    }
}
