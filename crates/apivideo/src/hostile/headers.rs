//! Headers: limits, waits and the clock, and what is decided by them.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use proptest::prelude::*;
use tokio::time::Instant;

use crate::budget::{Budget, Charge};
use crate::clock::{ServerClock, date_of};
use crate::priority::Priority;
use crate::rate_limit::{RateLimit, wait_of_429};

const NAMES: [&str; 5] =
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-retry-after", "retry-after", "date"];

const HOUR: Duration = Duration::from_secs(3600);

/// Numbers at the edges, numbers of no kind, and anything a header can carry.
fn value() -> impl Strategy<Value = HeaderValue> {
    let edges = vec![
        "0",
        "1",
        "-1",
        "200",
        "3600",
        "3601",
        "4294967295",
        "4294967296",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "1e3",
        "1.5",
        "+5",
        "0x10",
        " 7 ",
        "",
        "NaN",
        "infinity",
        "Wed, 21 Oct 2026 07:28:00 GMT",
        "Thu, 30 Dec 9999 22:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT",
        "Sat, 30 Feb 2026 00:00:00 GMT",
        "Wed, 21 Oct 2026 07:28:61 +9999",
    ];
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        prop::sample::select(edges).prop_map(HeaderValue::from_static),
        any::<i128>().prop_map(|number| HeaderValue::try_from(number.to_string()).unwrap()),
        bytes.prop_filter_map("no header", |bytes| HeaderValue::from_bytes(&bytes).ok()),
    ]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    prop::collection::vec((prop::sample::select(NAMES.to_vec()), value()), 0..8).prop_map(|pairs| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    })
}

proptest! {
    #[test]
    fn any_headers_are_read_as_something_sane_or_passed_over(headers in headers()) {
        if let Some(limits) = RateLimit::of(&headers) {
            prop_assert!(limits.limit >= 1 && limits.remaining <= limits.limit);
            prop_assert!(limits.retry_after >= Duration::from_secs(1) && limits.retry_after <= HOUR);
        }
        let wait = wait_of_429(&headers);
        prop_assert!(wait >= Duration::from_secs(1) && wait <= HOUR, "{wait:?}");
        if let Some(date) = date_of(&headers) {
            prop_assert!(date >= Timestamp::UNIX_EPOCH);
        }
    }

    #[test]
    fn a_budget_led_by_any_headers_neither_panics_nor_waits_beyond_the_hour(
        answers in prop::collection::vec((headers(), 0_u64..10_000_000), 1..12), share in 0.000_001_f64..=1.0
    ) {
        let mut now = Instant::now();
        let mut budget = Budget::new(crate::share::Share(share));
        for (headers, milliseconds) in answers {
            let sent_at = now;
            budget.take();
            now += Duration::from_millis(milliseconds);
            budget.settle(Charge::Answered { sent_at, limits: RateLimit::of(&headers) }, now);
            budget.block(wait_of_429(&headers), now);
            for priority in [Priority::UserChange, Priority::DriftCorrection, Priority::Background] {
                let verdict = budget.allowance(priority, now + HOUR);
                let held_for = match verdict {
                    crate::budget::Allowance::After(wait) => wait,
                    crate::budget::Allowance::Now | crate::budget::Allowance::Unknown => Duration::ZERO,
                };
                prop_assert!(held_for <= HOUR, "{verdict:?}");
            }
        }
    }

    #[test]
    fn a_clock_that_reads_any_dates_never_panics(
        dates in prop::collection::vec((any::<i64>(), 0_u64..u64::from(u32::MAX)), 0..8)
    ) {
        let start = Instant::now();
        let mut clock = ServerClock::default();
        for (second, later) in dates {
            let edge = Timestamp::MAX.as_second();
            let date = Timestamp::from_second(second.clamp(0, edge)).unwrap();
            clock.hear(date, start + Duration::from_secs(later));
            clock.read(start + Duration::from_secs(later + 1));
        }
        // One honest answer sets right whatever was heard before.
        let honest = Timestamp::from_second(1_800_000_000).unwrap();
        let now = start + Duration::from_secs(u64::from(u32::MAX));
        clock.hear(honest, now);
        let off = clock.read(now).unwrap().duration_since(honest);
        prop_assert!(off.as_secs() <= 5 && !off.is_negative(), "{off:?}");
    }
}
