//! The rivals of an installation: replicas of one that has split its work into
//! another number of parts. Beside them nobody may work, for a part of the one
//! split overlaps with parts of the other.
//!
//! Each first has its own lease, then looks for the others': of two that do so
//! at once, at least one sees the other. Both may, and then both wait until
//! one of them is gone.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, api::ListParams};
use tokio::time::sleep;
use tracing::{info, warn};

use super::{
    Seat,
    decide::Seen,
    elect::{tell, within},
    record::{self, SHARDS},
};

/// How often they are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What this process has seen of them, by the name of the Lease.
#[derive(Default)]
struct Rivals(BTreeMap<String, Seen>);

/// Waits until none of them works.
pub(super) async fn gone(api: &Api<Lease>, seat: &Seat) {
    let mut rivals = Rivals::default();
    let (mut told, mut waits) = (String::new(), false);
    loop {
        match within(api.list(&ListParams::default().labels(SHARDS))).await {
            Ok(leases) => {
                rivals.saw(seat, &leases.items, Instant::now());
                let alive = rivals.alive(Instant::now());
                if alive.is_empty() {
                    break;
                }
                if !waits {
                    warn!(
                        leases = alive.join(", "),
                        shards = seat.shards,
                        "another installation works with a different number of shards; \
                         this replica waits until it has ended"
                    );
                    waits = true;
                }
                told.clear();
            }
            Err(error) => tell(&mut told, &error),
        }
        sleep(LOOK_EVERY).await;
    }
    if waits {
        info!("the other installation has ended");
    }
}

impl Rivals {
    /// Takes in what a list has shown; `now` is after it.
    fn saw(&mut self, seat: &Seat, leases: &[Lease], now: Instant) {
        let mut before = std::mem::take(&mut self.0);
        for lease in leases.iter().filter(|lease| is_rival(seat, lease)) {
            let name = lease.metadata.name.clone().unwrap_or_default();
            let record = Some(record::read(lease));
            let seen = match before.remove(&name) {
                None => Seen::first(record, now),
                Some(seen) => seen.then(record, now),
            };
            self.0.insert(name, seen);
        }
        // One that was deleted while it was held: its holder doesn't know yet.
        self.0.extend(before.into_iter().map(|(name, seen)| (name, seen.then(None, now))));
    }

    fn alive(&self, now: Instant) -> Vec<&str> {
        self.0.iter().filter(|(_, seen)| seen.is_alive(now)).map(|(name, _)| name.as_str()).collect()
    }
}

fn is_rival(seat: &Seat, lease: &Lease) -> bool {
    let shards = lease.metadata.labels.as_ref().and_then(|labels| labels.get(SHARDS));
    lease.metadata.name.as_ref() != Some(&seat.name)
        && shards.is_some_and(|shards| *shards != seat.shards.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lease(name: &str, shards: &str, holder: &str, version: &str) -> Lease {
        serde_json::from_value(json!({
            "metadata": { "name": name, "labels": { SHARDS: shards }, "resourceVersion": version },
            "spec": { "holderIdentity": holder, "leaseDurationSeconds": 15 },
        }))
        .unwrap()
    }

    #[test]
    fn who_is_a_rival_and_for_how_long() {
        let (start, seat) = (Instant::now(), Seat::whole());
        let at = |s| start + Duration::from_secs(s);
        let alive = |looks: &[(Lease, u64)], now: u64| {
            let mut rivals = Rivals::default();
            for (lease, when) in looks {
                rivals.saw(&seat, std::slice::from_ref(lease), at(*when));
            }
            !rivals.alive(at(now)).is_empty()
        };
        let held = |version| lease("b", "2", "other", version);
        assert!(alive(&[(held("1"), 0)], 14));
        assert!(!alive(&[(held("1"), 0), (held("1"), 14)], 15), "dead: it never changed");
        assert!(alive(&[(held("1"), 0), (held("2"), 14)], 28));
        assert!(!alive(&[(held("1"), 0), (lease("b", "2", "", "2"), 1)], 1), "let go");
        assert!(!alive(&[(lease("b", "1", "other", "1"), 0)], 0), "of the same split");
        assert!(!alive(&[(lease(super::super::LEASE, "2", "other", "1"), 0)], 0), "its own");
        // Deleted under its holder.
        let mut rivals = Rivals::default();
        rivals.saw(&seat, &[held("1")], at(0));
        rivals.saw(&seat, &[], at(2));
        assert_eq!(rivals.alive(at(16)), ["b"]);
        assert!(rivals.alive(at(17)).is_empty());
    }
}
