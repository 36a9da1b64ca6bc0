//! Chance that can be repeated: the same seed gives the same throws.

/// A small generator (xorshift64*). Good enough to vary texts and pauses.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice for this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Any number.
    pub fn throw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `bound`; 0 when that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.throw() >> 33).unwrap_or(0) % bound.max(1)
    }

    /// A number from `least` up to, but not including, `most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.throw() % most.saturating_sub(least).max(1)
    }

    /// One of these; `None` when there is none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}
