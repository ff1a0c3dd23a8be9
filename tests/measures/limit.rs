use std::time::Duration;

use crate::pure::limit::Limit;

const LIMIT: Limit = Limit { calls: 100, window: Duration::from_secs(20) };

#[test]
fn the_ideal_is_the_calls_at_the_limits_rate() {
    assert_eq!(LIMIT.steady(1_000), 200.0);
    assert_eq!(LIMIT.share(0.5).steady(1_000), 400.0);
}

#[test]
fn the_last_window_takes_no_time_at_the_least() {
    assert_eq!(LIMIT.least(0), 0.0);
    assert_eq!(LIMIT.least(100), 0.0);
    assert_eq!(LIMIT.least(101), 20.0);
    assert_eq!(LIMIT.least(1_000), 180.0);
}

#[test]
fn a_share_is_in_whole_calls_and_never_none() {
    assert_eq!(LIMIT.share(0.29).calls, 29);
    assert_eq!(LIMIT.share(0.001).calls, 1);
    assert_eq!(Limit { calls: 75, ..LIMIT }.share(0.9).calls, 67);
}

#[test]
fn a_limit_that_one_window_suffices_for_does_not_bind() {
    assert!(!LIMIT.binds(100));
    assert!(LIMIT.binds(101));
}
