//! How long to wait before the next attempt.

use std::time::Duration;

use jiff::Timestamp;

/// The wait after the first failure.
const INITIAL: Duration = Duration::from_secs(1);
/// The longest wait, before it is lengthened.
const MAX: Duration = Duration::from_secs(300);

/// The wait before the next attempt after `attempts` failures: 1 s, doubling to
/// 5 minutes, lengthened by up to a fifth so that objects which failed together are
/// not retried together. Never shortened: so an object that can never succeed is
/// tried six times in its first minute, and less than once a minute from the tenth on.
///
/// The length comes from the object's uid rather than from chance: the same
/// failure of the same object always waits the same time, so a schedule of
/// faults can be replayed.
#[must_use]
pub fn backoff(attempts: u32, uid: &str) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let wait = INITIAL.saturating_mul(1 << doublings).min(MAX);
    wait.mul_f64(1.0 + 0.2 * spread(uid, attempts))
}

/// A number in [0, 1) that depends on the object and the attempt alone: a hash
/// that is the same in every process and release, FNV-1a
/// (<http://www.isthe.com/chongo/tech/comp/fnv/>).
#[must_use]
pub fn spread(uid: &str, attempts: u32) -> f64 {
    let hash = uid.bytes().chain(attempts.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    f64::from((hash >> 40) as u32) / f64::from(1_u32 << 24)
}

/// The time `wait` after `time`.
#[must_use]
pub fn later(time: Timestamp, wait: Duration) -> Timestamp {
    time.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_from_a_second_to_five_minutes_and_is_never_shortened() {
        for (attempts, least) in [(0, 1.0), (1, 1.0), (2, 2.0), (5, 16.0), (9, 256.0), (u32::MAX, 300.0)] {
            let wait = backoff(attempts, "uid").as_secs_f64();
            assert!(wait >= least && wait < 1.2 * least, "{attempts}: {wait}");
        }
    }

    #[test]
    fn what_never_succeeds_is_tried_six_times_in_the_first_minute() {
        for uid in ["a", "b", "c", "d"] {
            let mut at = 0.0;
            let tries: Vec<f64> = (1..20)
                .map(|attempt| {
                    let now = at;
                    at += backoff(attempt, uid).as_secs_f64();
                    now
                })
                .collect();
            assert!(tries.iter().filter(|at| **at < 60.0).count() <= 6, "{tries:?}");
            assert!(tries.iter().filter(|at| (540.0..600.0).contains(*at)).count() <= 1, "{tries:?}");
        }
    }

    #[test]
    fn objects_that_failed_together_are_retried_apart() {
        let waits: std::collections::BTreeSet<_> =
            (0..100).map(|n| backoff(3, &format!("uid-{n}"))).collect();
        assert!(waits.len() > 90, "{}", waits.len());
    }
}
