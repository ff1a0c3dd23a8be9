//! What spreads the probes of many clients: a seeded sequence.

use std::hash::{BuildHasher, RandomState};

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed, the same sequence, so
/// that a run in simulated time can be played again.
#[derive(Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    /// Without a seed, the keys of the standard hasher are random enough.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(seed.unwrap_or_else(|| RandomState::new().hash_one(0_u8)))
    }

    /// From 0 to 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bits = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default();
        f64::from(bits) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(seed: Option<u64>) -> Vec<f64> {
        let mut jitter = Jitter::new(seed);
        (0..100).map(|_| jitter.next()).collect()
    }

    #[test]
    fn a_seed_repeats_its_sequence_which_spreads_over_the_whole_range() {
        let spread = sequence(Some(7));
        assert_eq!(spread, sequence(Some(7)));
        assert_ne!(sequence(None), sequence(None));
        assert!(spread.iter().all(|x| (0.0..=1.0).contains(x)));
        assert!(spread.iter().any(|x| *x < 0.1) && spread.iter().any(|x| *x > 0.9));
    }
}
