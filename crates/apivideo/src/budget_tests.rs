use proptest::prelude::*;

use super::*;

fn heard(limit: u64, remaining: u64, secs: u64) -> Option<RateLimit> {
    Some(RateLimit { limit, remaining, retry_after: Duration::from_secs(secs) })
}

/// A budget that one answer has just told so much.
fn told(share: f64, limit: u64, remaining: u64, secs: u64, now: Instant) -> Budget {
    let mut budget = Budget::new(share);
    budget.take();
    budget.settle(Spent::Answered { sent_at: now, limits: heard(limit, remaining, secs) }, now);
    budget
}

/// How many calls go at once.
fn admitted(budget: &mut Budget, priority: Priority, now: Instant) -> u64 {
    let mut count = 0;
    while budget.look(priority, now) == Verdict::Admit {
        budget.take();
        count += 1;
        assert!(count < 10_000);
    }
    count
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn only_the_share_is_used_and_the_rest_waits_for_the_reset() {
    let now = Instant::now();
    for (share, limit, remaining, goes) in [
        (0.9, 200, 200, 180),
        (0.9, 200, 120, 100),
        (0.9, 200, 20, 0),
        (0.9, 200, 0, 0),
        (1.0, 200, 200, 200),
        (1.0, 200, 1, 1),
        (0.29, 100, 100, 29),
        (0.001, 200, 200, 1),
        (0.5, 1, 1, 1),
        (0.9, 2, 2, 1),
    ] {
        let mut budget = told(share, limit, remaining, 42, now);
        assert_eq!(
            admitted(&mut budget, Priority::UserChange, now),
            goes,
            "{share} of {limit}, {remaining} left"
        );
        assert_eq!(budget.look(Priority::UserChange, now), Verdict::Defer(seconds(42)));
    }
}

#[test]
fn a_limit_beyond_reason_is_no_accident() {
    let now = Instant::now();
    for (share, remaining) in [(1.0, u64::MAX), (0.5, u64::MAX), (1.0, 1)] {
        let mut budget = told(share, u64::MAX, remaining, 42, now);
        assert_eq!(budget.look(Priority::UserChange, now), Verdict::Admit);
        budget.take();
        assert_eq!(budget.exhausted_until(now), None);
    }
}

#[test]
fn before_the_first_answer_four_calls_go_and_the_others_wait() {
    let now = Instant::now();
    let mut budget = Budget::new(0.9);
    assert_eq!(admitted(&mut budget, Priority::Background, now), UNKNOWN_LIMIT);
    assert_eq!(budget.look(Priority::UserChange, now), Verdict::Wait);
    budget.settle(Spent::No, now);
    assert_eq!(budget.look(Priority::UserChange, now), Verdict::Admit);
}

#[test]
fn answers_without_headers_mean_no_limit_until_a_429() {
    let now = Instant::now();
    let mut budget = Budget::new(0.9);
    budget.take();
    budget.settle(Spent::Answered { sent_at: now, limits: None }, now);
    for _ in 0..1000 {
        assert_eq!(budget.look(Priority::Background, now), Verdict::Admit);
        budget.take();
    }
    budget.block(seconds(7), now);
    assert_eq!(budget.look(Priority::UserChange, now), Verdict::Defer(seconds(7)));
    assert_eq!(budget.look(Priority::UserChange, now + seconds(7)), Verdict::Admit);
}

#[test]
fn a_429_holds_all_back_until_its_reset_whatever_other_answers_say() {
    let now = Instant::now();
    let mut budget = told(0.9, 200, 150, 60, now);
    budget.block(seconds(30), now);
    budget.block(seconds(5), now);
    budget.take();
    budget.settle(Spent::Answered { sent_at: now, limits: heard(200, 149, 60) }, now);
    assert_eq!(budget.look(Priority::UserChange, now), Verdict::Defer(seconds(30)));
    assert_eq!(budget.exhausted_until(now), Some(now + seconds(30)));
    assert_eq!(budget.look(Priority::UserChange, now + seconds(30)), Verdict::Admit);
    assert_eq!(budget.exhausted_until(now + seconds(30)), None);
}

#[test]
fn after_the_reset_a_fresh_window_is_assumed_less_what_is_under_way() {
    let now = Instant::now();
    let mut budget = told(0.9, 200, 60, 10, now);
    assert_eq!(admitted(&mut budget, Priority::UserChange, now), 40);
    assert_eq!(budget.exhausted_until(now), None);
    assert_eq!(admitted(&mut budget, Priority::UserChange, now + seconds(10)), 140);
}

#[test]
fn a_lost_call_counts_as_used_and_one_not_sent_does_not() {
    let now = Instant::now();
    let mut budget = told(1.0, 10, 5, 60, now);
    budget.take();
    budget.settle(Spent::Unknown, now);
    budget.take();
    budget.settle(Spent::No, now);
    assert_eq!(admitted(&mut budget, Priority::UserChange, now), 4);
}

#[test]
fn an_answer_that_was_overtaken_gives_nothing_back() {
    let now = Instant::now();
    let mut budget = Budget::new(1.0);
    budget.take();
    budget.take();
    budget.settle(Spent::Answered { sent_at: now, limits: heard(10, 3, 60) }, now);
    budget.settle(Spent::Answered { sent_at: now, limits: heard(10, 4, 60) }, now);
    assert_eq!(admitted(&mut budget, Priority::UserChange, now), 3);
}

#[test]
fn a_late_answer_of_a_window_that_is_over_is_passed_over() {
    let start = Instant::now();
    let mut budget = told(1.0, 10, 9, 2, start);
    budget.take();
    let new = start + seconds(5);
    budget.take();
    budget.settle(Spent::Answered { sent_at: new, limits: heard(10, 1, 60) }, new);
    budget.settle(Spent::Answered { sent_at: start, limits: heard(10, 8, 2) }, new);
    assert_eq!(admitted(&mut budget, Priority::UserChange, new), 1);
}

#[test]
fn one_nonsense_reset_is_put_right_by_the_next_answer() {
    let start = Instant::now();
    let mut budget = told(1.0, 10, 0, 3600, start);
    budget.take();
    let later = start + seconds(1);
    budget.settle(Spent::Answered { sent_at: later, limits: heard(10, 7, 30) }, later);
    assert_eq!(admitted(&mut budget, Priority::UserChange, later), 7);
}

#[test]
fn when_little_is_left_background_waits_first_and_then_drift() {
    let now = Instant::now();
    for (left, goes) in
        [(21, [true, true, true]), (20, [true, true, false]), (10, [true, false, false]), (0, [false; 3])]
    {
        let mut budget = told(0.5, 400, 200 + left, 60, now);
        let admits = [Priority::UserChange, Priority::DriftCorrection, Priority::Background]
            .map(|priority| budget.look(priority, now) == Verdict::Admit);
        assert_eq!(admits, goes, "{left} left");
    }
    let mut tiny = told(1.0, 2, 1, 60, now);
    assert_eq!(tiny.look(Priority::Background, now), Verdict::Admit, "a tiny limit is for all");
}

#[test]
fn the_first_in_order_is_what_a_person_waits_for() {
    assert!(
        Priority::UserChange < Priority::DriftCorrection && Priority::DriftCorrection < Priority::Background
    );
}

/// A server with fixed windows that counts when it handles a call, some time after it was sent.
struct Server {
    began: Instant,
    window: Duration,
    limit: u64,
    /// Which window, and how many calls of it were counted and were lost.
    current: (u128, u64, u64),
    worst: u64,
}

impl Server {
    fn handle(&mut self, now: Instant, lost: bool) -> Option<RateLimit> {
        let into = now - self.began;
        let index = into.as_nanos() / self.window.as_nanos();
        if self.current.0 != index {
            self.current = (index, 0, 0);
        }
        self.current.1 += 1;
        self.current.2 += u64::from(lost);
        // A lost call of which the window is not known may be charged to the wrong one.
        self.worst = self.worst.max(self.current.1 - self.current.2);
        let left =
            Duration::from_nanos((self.window.as_nanos() - into.as_nanos() % self.window.as_nanos()) as u64);
        let secs = left.as_nanos().div_ceil(1_000_000_000) as u64;
        heard(self.limit, self.limit.saturating_sub(self.current.1), secs)
    }
}

/// A call: under way to the server, or its answer under way back.
struct Flight {
    sent_at: Instant,
    answer: Option<Option<RateLimit>>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the delays, the losses and the order of the answers, no window of
    /// the server ever counts more of our calls than our share.
    #[test]
    fn no_window_ever_counts_more_than_the_share(
        share in 0.01_f64..=1.0,
        limit in 1_u64..30,
        window in 2_u64..20,
        offset in 0_u64..20_000,
        steps in prop::collection::vec((0_u8..8, 0_u64..900, any::<prop::sample::Index>()), 1..400),
    ) {
        let start = Instant::now();
        let mut now = start + Duration::from_millis(offset);
        let mut server = Server { began: start, window: seconds(window), limit, current: (0, 0, 0), worst: 0 };
        let mut budget = Budget::new(share);
        let usable = budget.usable(limit);
        // Until the first answer four may go; that is the price of not knowing.
        let first = server.handle(now, true);
        budget.take();
        budget.settle(Spent::Answered { sent_at: now, limits: first }, now);
        server.current.2 = 0;
        let mut flights: Vec<Flight> = Vec::new();
        for (action, wait, which) in steps {
            if action >= 6 {
                now += Duration::from_millis(wait);
            }
            if action < 4 {
                if budget.look(Priority::UserChange, now) == Verdict::Admit {
                    budget.take();
                    flights.push(Flight { sent_at: now, answer: None });
                }
            } else if !flights.is_empty() {
                let index = which.index(flights.len());
                let lost = action == 7 && wait % 5 == 0;
                match flights[index].answer {
                    None if lost => {
                        server.handle(now, true);
                        flights.swap_remove(index);
                        budget.settle(Spent::Unknown, now);
                    }
                    None => flights[index].answer = Some(server.handle(now, false)),
                    Some(limits) => {
                        let flight = flights.swap_remove(index);
                        budget.settle(Spent::Answered { sent_at: flight.sent_at, limits }, now);
                    }
                }
            }
            prop_assert!(server.worst <= usable, "{} of {usable}", server.worst);
        }
    }

    /// With answers that come at once, the share is not only kept but used.
    #[test]
    fn all_of_the_share_is_used(share in 0.01_f64..=1.0, limit in 1_u64..60) {
        let start = Instant::now();
        let mut server = Server { began: start, window: seconds(60), limit, current: (0, 0, 0), worst: 0 };
        let mut budget = Budget::new(share);
        for _ in 0..200 {
            if budget.look(Priority::UserChange, start) == Verdict::Admit {
                budget.take();
                let limits = server.handle(start, false);
                budget.settle(Spent::Answered { sent_at: start, limits }, start);
            }
        }
        prop_assert_eq!(server.worst, budget.usable(limit));
    }
}

#[test]
fn a_limit_that_has_reset_since_it_was_told_is_told_as_whole() {
    let now = Instant::now();
    let budget = told(0.9, 100, 7, 30, now);
    let left = |after| budget.last_heard(now + seconds(after)).map(|said| said.remaining);
    assert_eq!((left(29), left(30)), (Some(7), Some(100)));
}
