//! How often the account is scanned, and how the pages of a scan are spaced.
//!
//! A scan that nobody waits for is no burst: its pages are spread evenly over the
//! interval, so that the calls of people fit in between at any time. It is bounded,
//! too: where the account has more pages than fit, the interval stretches.
//!
//! The guarantee: a scan reads its pages no faster than [`SCAN_FRACTION`] of the reads
//! of a window allows that this process may make, and ends within its interval.
//! (A scan that somebody waits for is not spread; only the rate limit slows it down.)

use std::time::Duration;

use crate::listing::MAX_PAGES;

/// The fraction of an interval over which the pages of a scan are spread.
pub const SPREAD: f64 = 0.8;

/// The fraction of the reads of this process that scans may use.
pub const SCAN_FRACTION: f64 = 0.5;

/// What a process may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// Reads of a window that this process may make; `None` until an answer named the limit.
    pub usable: Option<u64>,
    /// The window.
    pub window: Duration,
}

/// The schedule of scans over an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From the start of one scan to the start of the next.
    pub interval: Duration,
    /// From one page of a scan to the next.
    gap: Duration,
}

impl Schedule {
    /// The schedule for an account of so many `pages`. `configured` is the interval
    /// that is set: it becomes no shorter.
    #[must_use]
    pub fn of(configured: Duration, pages: u32, reads: Reads) -> Self {
        let pages = pages.clamp(1, MAX_PAGES);
        let fair = fair_gap(reads);
        let interval = configured.max(fair.saturating_mul(pages));
        // The share of a page in an interval is the fair gap at the least: a gap is
        // never longer than that share, so the last page is read within the interval.
        let gap = interval.div_f64(f64::from(pages)).mul_f64(SPREAD).max(fair);
        Self { interval, gap }
    }

    /// When a page is due after the start of its scan; the first is 1.
    #[must_use]
    pub fn page_at(&self, page: u32) -> Duration {
        self.gap.saturating_mul(page.saturating_sub(1)).min(self.interval)
    }
}

/// The time between two pages that uses exactly [`SCAN_FRACTION`] of the reads. Where no
/// limit is known, there is nothing to divide.
fn fair_gap(Reads { usable, window }: Reads) -> Duration {
    // A limit of none at all can't be meant, and would mean never.
    usable.map_or(Duration::ZERO, |usable| window.div_f64(usable.max(1) as f64 * SCAN_FRACTION))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn reads(usable: Option<u64>) -> Reads {
        Reads { usable, window: MINUTE }
    }

    fn schedule(pages: u32, usable: Option<u64>) -> Schedule {
        Schedule::of(MINUTE, pages, reads(usable))
    }

    #[test]
    fn the_interval_stretches_where_a_pass_needs_more_than_half_of_the_reads() {
        for (pages, usable, seconds) in [
            (0, Some(90), 60),
            (1, Some(90), 60),
            (45, Some(90), 60),
            (90, Some(90), 120),
            (100, Some(200), 60),
            (100, Some(100), 120),
            (100, Some(1), 12_000),
            (100, Some(0), 12_000),
            (100, Some(1_000_000_000), 60),
            (100, Some(u64::MAX), 60),
            (100, None, 60),
            (u32::MAX, None, 60),
            (u32::MAX, Some(20_000), 60),
            (u32::MAX, Some(200), 6_000),
        ] {
            let interval = schedule(pages, usable).interval;
            assert_eq!(interval.as_secs_f64().round() as u64, seconds, "{pages} pages of {usable:?}");
        }
    }

    #[test]
    fn pages_are_spread_over_four_fifths_of_the_interval() {
        let at = |page| schedule(4, Some(1000)).page_at(page).as_secs();
        assert_eq!([1, 2, 3, 4].map(at), [0, 12, 24, 36]);
        assert_eq!(schedule(1, None).page_at(1), Duration::ZERO, "a single page is asked for at once");
        let stretched = schedule(90, Some(90));
        let gap = stretched.page_at(2).as_secs_f64();
        assert!((gap - 60.0 / 45.0).abs() < 1e-6, "half of the reads and no more: {gap}");
    }

    proptest! {
        #[test]
        fn a_pass_is_fair_and_ends_within_its_interval(
            configured in prop_oneof![0_u64..1_000_000, any::<u64>()],
            pages in any::<u32>(),
            usable in prop::option::of(prop_oneof![0_u64..1000, any::<u64>()]),
            window in 1_u64..3600,
        ) {
            let configured = Duration::from_secs(configured);
            let reads = Reads { usable, window: Duration::from_secs(window) };
            let schedule = Schedule::of(configured, pages, reads);
            prop_assert!(schedule.interval >= configured);
            let last = pages.clamp(1, MAX_PAGES);
            prop_assert!(schedule.page_at(1) == Duration::ZERO);
            prop_assert!(schedule.page_at(last) < schedule.interval.max(Duration::from_nanos(1)));
            for page in [1, last / 2, last - 1] {
                prop_assert!(schedule.page_at(page) <= schedule.page_at(page + 1));
            }
            if let Some(usable) = usable {
                let half = (usable.max(1) as f64 / 2.0).ceil() as u32;
                let in_a_window = 1 + half.min(last - 1);
                prop_assert!(last < in_a_window + 1 || schedule.page_at(in_a_window + 1) >= reads.window.mul_f64(1.0 - 1e-6));
            }
        }
    }
}
