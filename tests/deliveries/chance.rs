//! What happens by chance and follows from a seed, so that it can be had again.

use std::time::Duration;

/// The generator `SplitMix64`.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 on; `count` is not one of them.
    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(count).unwrap()).unwrap()
    }

    pub fn happens(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least
            + most
                .saturating_sub(least)
                .mul_f64(f64::from(u32::try_from(self.below(1_000)).unwrap()) / 1_000.0)
    }

    /// One of several, where there are any.
    pub fn one_of<T: Clone>(&mut self, choices: &[T]) -> Option<T> {
        if choices.is_empty() {
            return None;
        }
        Some(choices[self.below(choices.len())].clone())
    }
}
