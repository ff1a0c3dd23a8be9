//! The budget against a model of the server's windows.

use proptest::prelude::*;

use super::tests::{heard, seconds};
use super::*;

/// A server with fixed windows that counts when it handles a call, some time after it was sent.
struct Server {
    began: Instant,
    window: Duration,
    limit: u64,
    /// Which window, and how many calls of it were counted.
    current: (u128, u64),
    worst: u64,
}

impl Server {
    fn handle(&mut self, now: Instant) -> Option<RateLimit> {
        let into = now - self.began;
        let index = into.as_nanos() / self.window.as_nanos();
        if self.current.0 != index {
            self.current = (index, 0);
        }
        self.current.1 += 1;
        self.worst = self.worst.max(self.current.1);
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
        let mut server = Server { began: start, window: seconds(window), limit, current: (0, 0), worst: 0 };
        let mut budget = Budget::new(Share(share));
        let usable = Share(share).of(limit);
        // Until the first answer four may go; that is the price of not knowing.
        let first = server.handle(now);
        budget.take();
        budget.settle(Charge::Answered { sent_at: now, limits: first }, now);
        let mut flights: Vec<Flight> = Vec::new();
        for (action, wait, which) in steps {
            if action >= 6 {
                now += Duration::from_millis(wait);
            }
            if action < 4 {
                if budget.allowance(Priority::UserChange, now) == Allowance::Now {
                    budget.take();
                    flights.push(Flight { sent_at: now, answer: None });
                }
            } else if !flights.is_empty() {
                let index = which.index(flights.len());
                let lost = action == 7 && wait % 5 == 0;
                match flights[index].answer {
                    None if lost => {
                        server.handle(now);
                        flights.swap_remove(index);
                        budget.settle(Charge::Unknown, now);
                    }
                    None => flights[index].answer = Some(server.handle(now)),
                    Some(limits) => {
                        let flight = flights.swap_remove(index);
                        budget.settle(Charge::Answered { sent_at: flight.sent_at, limits }, now);
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
        let mut server = Server { began: start, window: seconds(60), limit, current: (0, 0), worst: 0 };
        let mut budget = Budget::new(Share(share));
        for _ in 0..200 {
            if budget.allowance(Priority::UserChange, start) == Allowance::Now {
                budget.take();
                let limits = server.handle(start);
                budget.settle(Charge::Answered { sent_at: start, limits }, start);
            }
        }
        prop_assert_eq!(server.worst, Share(share).of(limit));
    }
}
