//! Which part of a limit is a client's to use.

/// A share of a limit, split evenly among some clients, of which this is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    share: f64,
    clients: u32,
}

impl Share {
    /// `share` is above 0 and at most 1; `clients` is at least 1.
    pub(crate) fn new(share: f64, clients: u32) -> Self {
        Self { share, clients: clients.max(1) }
    }

    /// This client's part of a limit in whole calls: at least one.
    pub(crate) fn of(self, limit: u64) -> u64 {
        (self.together(limit) / u64::from(self.clients)).max(1)
    }

    /// What is for neither this client nor those that it shares with.
    pub(crate) fn of_others(self, limit: u64) -> u64 {
        limit.saturating_sub(self.together(limit))
    }

    /// The share of all these clients: at least one call, at most all.
    fn together(self, limit: u64) -> u64 {
        // The tiny addition makes 0.29 of 100 be 29, which it isn't quite in binary.
        let calls = (limit as f64 * self.share + 1e-9).floor();
        (calls as u64).clamp(1, limit.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_in_whole_calls_and_at_least_one() {
        for (share, clients, limit, own, others) in [
            (0.9, 1, 200, 180, 20),
            (0.9, 3, 200, 60, 20),
            (0.29, 1, 100, 29, 71),
            (1.0, 7, 500, 71, 0),
            (0.001, 1, 200, 1, 199),
            (1.0, 300, 200, 1, 0),
            (0.5, 1, 1, 1, 0),
            (0.9, 1, u64::MAX, 16_602_069_666_338_596_864, 1_844_674_407_370_954_751),
        ] {
            let split = Share::new(share, clients);
            assert_eq!((split.of(limit), split.of_others(limit)), (own, others), "{share} of {limit}");
        }
    }
}
