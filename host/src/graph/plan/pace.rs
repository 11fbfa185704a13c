//! How many frames are due, block by block.
use crate::plugin::Format;
use num_integer::gcd;

/// So many frames a block, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    num: u64,
    den: u64,
}

impl Pace {
    /// Of a format, in blocks of `block` samples at `rate`.
    pub fn new(format: &Format, block: u32, rate: u32) -> Self {
        let num = u128::from(format.rate_num) * u128::from(block);
        let den = u128::from(format.rate_den) * u128::from(rate);
        let common = gcd(num, den).max(1);
        let narrow = |n: u128| u64::try_from(n / common).unwrap_or(u64::MAX);
        Self { num: narrow(num), den: narrow(den).max(1) }
    }
    /// Frames due when `blocks` blocks have passed.
    pub fn after(&self, blocks: u64) -> u64 {
        let frames = u128::from(blocks) * u128::from(self.num) / u128::from(self.den);
        u64::try_from(frames).unwrap_or(u64::MAX)
    }
    /// Frames due in block number `block`, from 0.
    pub fn of_block(&self, block: u64) -> u64 {
        self.after(block + 1) - self.after(block)
    }
    /// The most frames that a block can have.
    pub fn longest(&self) -> u64 {
        self.num.div_ceil(self.den)
    }
    /// Whether every block has as many.
    pub fn is_steady(&self) -> bool {
        self.num.is_multiple_of(self.den)
    }
    /// Blocks after which whole firings of `frames` frames have passed.
    pub fn blocks_of(&self, frames: u32) -> u64 {
        let den = u128::from(self.den) * u128::from(frames.max(1));
        u64::try_from(den / gcd(den, u128::from(self.num)).max(1)).unwrap_or(u64::MAX)
    }
}
