//! The clock of the device: whole picoseconds, and nothing of this machine's.

/// Picoseconds since the device began: 213 days fit.
pub type Ps = u64;

/// Picoseconds in a second.
pub const SECOND: Ps = 1_000_000_000_000;

/// How time passes on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Cycles a second.
    pub hz: u64,
    /// Samples a second.
    pub rate: u32,
    /// Samples a block.
    pub block: u32,
}

impl Clock {
    /// What so many cycles take, rounded up.
    pub fn takes(&self, cycles: u64) -> Ps {
        let ps = (u128::from(cycles) * u128::from(SECOND)).div_ceil(u128::from(self.hz));
        Ps::try_from(ps).unwrap_or(Ps::MAX / 4)
    }

    /// When the first sample of a block comes in.
    pub fn block_begins(&self, block: u64) -> Ps {
        let ps = u128::from(block) * u128::from(self.block) * u128::from(SECOND) / u128::from(self.rate);
        Ps::try_from(ps).unwrap_or(Ps::MAX / 4)
    }

    /// Cycles between two blocks, rounded down.
    pub fn cycles_a_block(&self) -> u64 {
        (u128::from(self.hz) * u128::from(self.block) / u128::from(self.rate)) as u64
    }
}
