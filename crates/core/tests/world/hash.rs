//! Hashes of states.

use std::hash::{BuildHasher, Hash, Hasher};

use crate::model::World;

/// 128 bits stand for a state: among a few million, two alike are not to be expected.
pub(crate) fn hash(world: &World) -> u128 {
    let half = |seed| {
        let mut hasher = Mix(seed);
        world.hash(&mut hasher);
        hasher.finish()
    };
    u128::from(half(0x243f_6a88_85a3_08d3)) << 64 | u128::from(half(0x1319_8a2e_0370_7344))
}

struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }
    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }
    fn write_u64(&mut self, value: u64) {
        let product = u128::from(self.0 ^ value.wrapping_add(0x9e37_79b9)) * 0xd6e8_feb8_6659_fd93_u128;
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }
    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// The keys are hashes already.
#[derive(Clone, Copy, Default)]
pub(crate) struct Plain;

impl BuildHasher for Plain {
    type Hasher = Taken;
    fn build_hasher(&self) -> Taken {
        Taken(0)
    }
}

pub(crate) struct Taken(u64);

impl Hasher for Taken {
    fn write(&mut self, _: &[u8]) {}
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}
