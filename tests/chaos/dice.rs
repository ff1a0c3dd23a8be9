//! Chance that can be had again.

use std::time::Duration;

/// SplitMix64: the same seed, the same run of choices.
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of one player; players of one seed throw apart from each other.
    pub(crate) fn new(seed: u64, player: u64) -> Self {
        let mut dice = Self(seed ^ player.wrapping_mul(0xd1b5_4a32_d192_ed03));
        dice.below(2);
        dice
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    pub(crate) fn millis(&mut self, limit: u64) -> Duration {
        Duration::from_millis(self.below(limit))
    }
}
