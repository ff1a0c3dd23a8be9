//! The seeded source of ids, keys and chances.

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// SplitMix64 (Steele, Lea, Flood 2014). The same seed gives the same sequence.
/// Not cryptographic: what it makes can be guessed, which is fine for a
/// sandbox whose streams nobody can watch.
#[derive(Debug, Clone)]
pub(crate) struct Generator(u64);

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in [0, 1).
    pub(crate) fn fraction(&mut self) -> f64 {
        const RESOLUTION: u64 = 1 << 53;
        (self.next() % RESOLUTION) as f64 / RESOLUTION as f64
    }

    pub(crate) fn alphanumeric(&mut self, length: usize) -> String {
        (0..length)
            .filter_map(|_| {
                let index = self.next() % ALPHANUMERIC.len() as u64;
                ALPHANUMERIC.get(index as usize).map(|byte| char::from(*byte))
            })
            .collect()
    }

    /// Shaped like a UUID, as stream keys are.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        // Reference values of SplitMix64 for the seed 1234567.
        let mut generator = Generator::new(1_234_567);
        assert_eq!(generator.next(), 6_457_827_717_110_365_317);
        assert_eq!(generator.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn ids_have_the_asked_length_and_differ() {
        let mut generator = Generator::new(7);
        let (first, second) = (generator.alphanumeric(22), generator.alphanumeric(22));
        assert_eq!(first.len(), 22);
        assert!(first.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(first, second);
    }

    #[test]
    fn fractions_stay_below_one() {
        let mut generator = Generator::new(3);
        assert!((0..10_000).map(|_| generator.fraction()).all(|chance| (0.0..1.0).contains(&chance)));
    }
}
