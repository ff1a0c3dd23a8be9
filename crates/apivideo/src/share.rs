//! Which part of a limit is a client's to use.

/// A share of a limit, above 0 and at most 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share(pub(crate) f64);

impl Share {
    /// This client's part of a limit in whole calls: at least one.
    pub(crate) fn of(self, limit: u64) -> u64 {
        // The tiny addition makes 0.29 of 100 be 29, which it isn't quite in binary.
        let calls = (limit as f64 * self.0 + 1e-9).floor();
        (calls as u64).clamp(1, limit.max(1))
    }

    /// What is left to other clients of the account.
    pub(crate) fn of_others(self, limit: u64) -> u64 {
        limit.saturating_sub(self.of(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_in_whole_calls_and_at_least_one() {
        for (share, limit, own, others) in [
            (0.9, 200, 180, 20),
            (0.29, 100, 29, 71),
            (1.0, 500, 500, 0),
            (0.001, 200, 1, 199),
            (0.5, 1, 1, 0),
            (0.9, u64::MAX, 16_602_069_666_338_596_864, 1_844_674_407_370_954_751),
        ] {
            let split = Share(share);
            assert_eq!((split.of(limit), split.of_others(limit)), (own, others), "{share} of {limit}");
        }
    }
}
