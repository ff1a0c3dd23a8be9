//! When the pages of a pass are asked for, and how often passes are made.
//!
//! A pass that nobody waits for is no burst: its pages come evenly over the
//! interval, so that the calls of people find room between them at any time. And
//! it is no hog: where the account has more pages than fit, the interval stretches.
//!
//! The guarantee: a pass asks for its pages no faster than [`PART`] of the reads
//! of a window allows that this process may make, and ends within its interval.
//! (A pass that somebody waits for is not spread; the budget alone holds it back.)

use std::time::Duration;

use super::paging::MOST_PAGES;

/// The part of an interval over which the pages of a pass are spread.
pub const SPREAD: f64 = 0.8;

/// The part of the reads of this process that passes may use.
pub const PART: f64 = 0.5;

/// What a process may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// Reads of a window that this process may make; `None` while nobody has said.
    pub usable: Option<u64>,
    /// The window.
    pub window: Duration,
}

/// The cadence of passes over an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// From the start of one pass to the start of the next.
    pub interval: Duration,
    /// From one page of a pass to the next.
    gap: Duration,
}

impl Cadence {
    /// The cadence for an account of so many `pages`. `configured` is the interval
    /// that is set: it becomes no shorter.
    #[must_use]
    pub fn of(configured: Duration, pages: u32, reads: Reads) -> Self {
        let pages = pages.clamp(1, MOST_PAGES);
        let fair = fair_gap(reads);
        let interval = configured.max(fair.saturating_mul(pages));
        // The share of a page in an interval is the fair gap at the least: a gap is
        // never longer than that share, so the last page comes within the interval.
        let gap = interval.div_f64(f64::from(pages)).mul_f64(SPREAD).max(fair);
        Self { interval, gap }
    }

    /// When a page is asked for, after the begin of its pass; the first is 1.
    #[must_use]
    pub fn page_at(&self, page: u32) -> Duration {
        self.gap.saturating_mul(page.saturating_sub(1)).min(self.interval)
    }
}

/// The time between two pages that uses up just [`PART`] of the reads. Where no
/// limit is known, nothing has to be spared.
fn fair_gap(Reads { usable, window }: Reads) -> Duration {
    // A limit of none at all can't be meant, and would mean never.
    usable.map_or(Duration::ZERO, |usable| window.div_f64(usable.max(1) as f64 * PART))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn reads(usable: Option<u64>) -> Reads {
        Reads { usable, window: MINUTE }
    }

    fn cadence(pages: u32, usable: Option<u64>) -> Cadence {
        Cadence::of(MINUTE, pages, reads(usable))
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
            let interval = cadence(pages, usable).interval;
            assert_eq!(interval.as_secs_f64().round() as u64, seconds, "{pages} pages of {usable:?}");
        }
    }

    #[test]
    fn the_pages_come_evenly_over_four_fifths_of_the_interval() {
        let at = |page| cadence(4, Some(1000)).page_at(page).as_secs();
        assert_eq!([1, 2, 3, 4].map(at), [0, 12, 24, 36]);
        assert_eq!(cadence(1, None).page_at(1), Duration::ZERO, "a single page is asked for at once");
        let stretched = cadence(90, Some(90));
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
            let cadence = Cadence::of(configured, pages, reads);
            prop_assert!(cadence.interval >= configured);
            let last = pages.clamp(1, MOST_PAGES);
            prop_assert!(cadence.page_at(1) == Duration::ZERO);
            prop_assert!(cadence.page_at(last) < cadence.interval.max(Duration::from_nanos(1)));
            for page in [1, last / 2, last - 1] {
                prop_assert!(cadence.page_at(page) <= cadence.page_at(page + 1));
            }
            if let Some(usable) = usable {
                let half = (usable.max(1) as f64 / 2.0).ceil() as u32;
                let in_a_window = 1 + half.min(last - 1);
                prop_assert!(last < in_a_window + 1 || cadence.page_at(in_a_window + 1) >= reads.window.mul_f64(1.0 - 1e-6));
            }
        }
    }
}
