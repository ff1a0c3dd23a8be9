use super::*;

pub(super) fn heard(limit: u64, remaining: u64, secs: u64) -> Option<RateLimit> {
    Some(RateLimit { limit, remaining, retry_after: Duration::from_secs(secs) })
}

/// A budget that one answer has described like this.
fn heard_once(share: f64, limit: u64, remaining: u64, secs: u64, now: Instant) -> Budget {
    let mut budget = Budget::new(Share(share));
    budget.take();
    budget.settle(Charge::Answered { sent_at: now, limits: heard(limit, remaining, secs) }, now);
    budget
}

/// How many calls go at once.
fn admitted(budget: &mut Budget, priority: Priority, now: Instant) -> u64 {
    let mut count = 0;
    while budget.allowance(priority, now) == Allowance::Now {
        budget.take();
        count += 1;
        assert!(count < 10_000);
    }
    count
}

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn only_the_share_is_used_and_the_rest_waits_for_the_reset() {
    let now = Instant::now();
    for (share, limit, remaining, goes) in [
        (0.9, 200, 200, 179),
        (0.9, 200, 120, 100),
        (0.9, 200, 20, 0),
        (0.9, 200, 0, 0),
        (1.0, 200, 200, 199),
        (1.0, 200, 1, 1),
        (0.29, 100, 100, 28),
        (0.001, 200, 199, 0),
        (1.0, 5, 4, 4),
        (0.9, 2, 1, 0),
        (0.9, 3, 2, 1),
    ] {
        let mut budget = heard_once(share, limit, remaining, 42, now);
        assert_eq!(
            admitted(&mut budget, Priority::UserChange, now),
            goes,
            "{share} of {limit}, {remaining} left"
        );
        assert_eq!(budget.allowance(Priority::UserChange, now), Allowance::After(seconds(42)));
    }
}

#[test]
fn a_limit_beyond_reason_is_no_accident() {
    let now = Instant::now();
    for (share, remaining) in [(1.0, u64::MAX), (0.5, u64::MAX), (1.0, 1)] {
        let mut budget = heard_once(share, u64::MAX, remaining, 42, now);
        assert_eq!(budget.allowance(Priority::UserChange, now), Allowance::Now);
        budget.take();
    }
}

#[test]
fn before_the_first_answer_four_calls_go_and_the_others_wait() {
    let now = Instant::now();
    let mut budget = Budget::new(Share(0.9));
    assert_eq!(admitted(&mut budget, Priority::Background, now), MAX_BEFORE_LIMIT_KNOWN);
    assert_eq!(budget.allowance(Priority::UserChange, now), Allowance::Unknown);
    budget.settle(Charge::None, now);
    assert_eq!(budget.allowance(Priority::UserChange, now), Allowance::Now);
}

#[test]
fn answers_without_headers_mean_no_limit_until_a_429() {
    let now = Instant::now();
    let mut budget = Budget::new(Share(0.9));
    budget.take();
    budget.settle(Charge::Answered { sent_at: now, limits: None }, now);
    for _ in 0..1000 {
        assert_eq!(budget.allowance(Priority::Background, now), Allowance::Now);
        budget.take();
    }
    budget.block(seconds(7), now);
    assert_eq!(budget.allowance(Priority::UserChange, now), Allowance::After(seconds(7)));
    assert_eq!(budget.allowance(Priority::UserChange, now + seconds(7)), Allowance::Now);
}

#[test]
fn a_429_holds_all_back_until_its_reset_whatever_other_answers_say() {
    let now = Instant::now();
    let mut budget = heard_once(0.9, 200, 150, 60, now);
    budget.block(seconds(30), now);
    budget.block(seconds(5), now);
    budget.take();
    budget.settle(Charge::Answered { sent_at: now, limits: heard(200, 149, 60) }, now);
    assert_eq!(budget.allowance(Priority::UserChange, now), Allowance::After(seconds(30)));
    assert_eq!(budget.allowance(Priority::UserChange, now + seconds(30)), Allowance::Now);
}

#[test]
fn after_the_reset_a_fresh_window_is_assumed_less_what_is_under_way() {
    let now = Instant::now();
    let mut budget = heard_once(0.9, 200, 60, 10, now);
    assert_eq!(admitted(&mut budget, Priority::UserChange, now), 40);
    assert_eq!(admitted(&mut budget, Priority::UserChange, now + seconds(10)), 140);
}

#[test]
fn a_lost_call_counts_as_used_and_one_not_sent_does_not() {
    let now = Instant::now();
    let mut budget = heard_once(1.0, 10, 5, 60, now);
    budget.take();
    budget.settle(Charge::Unknown, now);
    budget.take();
    budget.settle(Charge::None, now);
    assert_eq!(admitted(&mut budget, Priority::UserChange, now), 4);
}

#[test]
fn an_answer_that_was_overtaken_gives_nothing_back() {
    let now = Instant::now();
    let mut budget = Budget::new(Share(1.0));
    budget.take();
    budget.take();
    budget.settle(Charge::Answered { sent_at: now, limits: heard(10, 3, 60) }, now);
    budget.settle(Charge::Answered { sent_at: now, limits: heard(10, 4, 60) }, now);
    assert_eq!(admitted(&mut budget, Priority::UserChange, now), 3);
}

#[test]
fn a_late_answer_of_a_window_that_is_over_is_passed_over() {
    let start = Instant::now();
    let mut budget = heard_once(1.0, 10, 9, 2, start);
    budget.take();
    let new = start + seconds(5);
    budget.take();
    budget.settle(Charge::Answered { sent_at: new, limits: heard(10, 1, 60) }, new);
    budget.settle(Charge::Answered { sent_at: start, limits: heard(10, 8, 2) }, new);
    assert_eq!(admitted(&mut budget, Priority::UserChange, new), 1);
}

#[test]
fn one_nonsense_reset_is_put_right_by_the_next_answer() {
    let start = Instant::now();
    let mut budget = heard_once(1.0, 10, 0, 3600, start);
    budget.take();
    let later = start + seconds(1);
    budget.settle(Charge::Answered { sent_at: later, limits: heard(10, 7, 30) }, later);
    assert_eq!(admitted(&mut budget, Priority::UserChange, later), 7);
}

#[test]
fn the_last_calls_of_a_window_are_for_what_a_person_waits_for_until_it_is_nearly_over() {
    let now = Instant::now();
    let waits = [Priority::Creation, Priority::DriftCorrection, Priority::Background];
    for (left, goes) in [(7, true), (6, false), (1, false)] {
        let mut budget = heard_once(0.5, 400, 200 + left, 60, now);
        assert_eq!(budget.allowance(Priority::UserChange, now), Allowance::Now);
        for priority in waits {
            let expected = if goes { Allowance::Now } else { Allowance::After(seconds(55)) };
            assert_eq!(budget.allowance(priority, now), expected, "{left} left");
            assert_eq!(
                budget.allowance(priority, now + seconds(55)),
                Allowance::Now,
                "{left} left, at the end"
            );
        }
    }
    let mut none = heard_once(0.5, 400, 200, 60, now);
    assert_eq!(none.allowance(Priority::UserChange, now), Allowance::After(seconds(60)));
    let mut tiny = heard_once(1.0, 2, 1, 60, now);
    assert_eq!(tiny.allowance(Priority::Background, now), Allowance::Now, "a tiny limit is for all");
}

#[test]
fn what_others_have_used_leaves_this_client_its_share() {
    let now = Instant::now();
    for (remaining, goes) in [(199, 179), (79, 59), (30, 10), (20, 0)] {
        let mut budget = heard_once(0.9, 200, remaining, 60, now);
        assert_eq!(admitted(&mut budget, Priority::UserChange, now), goes, "{remaining} left");
        assert_eq!(budget.usage(now).map(|usage| usage.used), Some(goes + 1));
    }
}

#[test]
fn a_wait_is_expected_to_last_as_many_windows_as_the_calls_before_it_fill() {
    let now = Instant::now();
    let mut budget = heard_once(0.9, 200, 120, 60, now);
    for (ahead, secs) in [(0, 0), (99, 0), (100, 60), (279, 60), (280, 120), (5000, 60 + 27 * 60)] {
        assert_eq!(budget.expected(ahead, now), seconds(secs), "{ahead} ahead");
    }
    assert_eq!(budget.expected(100, now + seconds(20)), seconds(40));
    budget.block(seconds(50), now);
    assert_eq!(budget.expected(0, now), seconds(50));
    assert_eq!(Budget::new(Share(0.9)).expected(7, now), Duration::ZERO, "nothing is known");
    let mut vast = heard_once(1.0, u64::MAX, u64::MAX, 60, now);
    assert_eq!(vast.expected(u64::MAX, now), seconds(60));
}

#[test]
fn a_window_that_became_shorter_is_believed_with_the_second_of_its_kind() {
    let start = Instant::now();
    let mut budget = heard_once(1.0, 10, 9, 60, start);
    for (after, length, expected) in [(61, 20, 60), (82, 20, 20), (103, 7, 20), (124, 20, 20)] {
        let now = start + seconds(after);
        budget.take();
        budget.settle(Charge::Answered { sent_at: now, limits: heard(10, 0, length) }, now);
        let two_windows = budget.expected(10, now);
        assert_eq!(two_windows, seconds(length + expected), "after {after} s");
    }
}

#[test]
fn a_change_of_the_limit_is_followed_with_the_first_answer() {
    let start = Instant::now();
    for (limit, left) in [(20, 9), (1, 0), (400, 199), (1_000_000_000, 499_999_999)] {
        let mut budget = heard_once(0.5, 200, 199, 60, start);
        let next = start + seconds(61);
        budget.take();
        budget.settle(Charge::Answered { sent_at: next, limits: heard(limit, limit - 1, 60) }, next);
        let window = budget.window.as_ref().unwrap();
        assert_eq!(budget.left(window), left, "{limit}");
    }
}

#[test]
fn a_limit_that_has_reset_since_counts_as_whole() {
    let now = Instant::now();
    let budget = heard_once(0.9, 100, 7, 30, now);
    let left = |after| budget.last_heard(now + seconds(after)).map(|said| said.remaining);
    assert_eq!((left(29), left(30)), (Some(7), Some(100)));
}
