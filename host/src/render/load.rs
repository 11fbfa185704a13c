//! RT — time accounting of a node: what it takes of each block, as a histogram that needs no memory to grow.

/// Buckets an octave.
const FINE: u32 = 8;
/// Octaves, from 1 ns to over 1 s.
const OCTAVES: u32 = 31;

/// How much of each block something takes.
#[derive(Clone, Debug)]
pub struct Load {
    buckets: [u32; (FINE * OCTAVES) as usize],
    blocks: u64,
    total: u64,
    max: u64,
    /// Time in the block that is being rendered, in ns.
    now: u64,
    /// Allocations and frees.
    allocations: u64,
}

impl Default for Load {
    fn default() -> Self {
        Self { buckets: [0; (FINE * OCTAVES) as usize], blocks: 0, total: 0, max: 0, now: 0, allocations: 0 }
    }
}

/// Where a time falls: octaves, and eighths of an octave by mantissa.
fn bucket(ns: u64) -> usize {
    let ns = ns.max(1);
    let octave = ns.ilog2();
    let eighth = if octave >= 3 { (ns >> (octave - 3)) & 7 } else { (ns << (3 - octave)) & 7 };
    ((octave * FINE + eighth as u32) as usize).min((FINE * OCTAVES) as usize - 1)
}

/// The largest time of a bucket.
fn upper(bucket: usize) -> u64 {
    let (octave, eighth) = (bucket as u32 / FINE, bucket as u64 % u64::from(FINE));
    ((9 + eighth) << octave) >> 3
}

impl Load {
    /// Adds time to the block that is being rendered.
    pub fn add(&mut self, ns: u64) {
        self.now += ns;
    }

    /// Adds allocations and frees.
    pub fn allocated(&mut self, count: u64) {
        self.allocations += count;
    }

    /// Allocations and frees, those of C and C++ included, where they are seen.
    pub fn allocations(&self) -> u64 {
        self.allocations
    }

    /// Ends the block.
    pub fn end_block(&mut self) {
        let ns = std::mem::take(&mut self.now);
        self.buckets[bucket(ns)] = self.buckets[bucket(ns)].saturating_add(1);
        self.blocks += 1;
        self.total += ns;
        self.max = self.max.max(ns);
    }

    /// Blocks seen.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Mean time a block, in ns.
    pub fn mean(&self) -> f64 {
        self.total as f64 / self.blocks.max(1) as f64
    }

    /// Longest time of a block, in ns.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Time that 99 % of all blocks stay below, in ns; exact to an eighth.
    pub fn p99(&self) -> u64 {
        self.quantile(0.99, 0)
    }

    /// Time that a share of the blocks stay below in which there was something to do at all, in ns; exact to an eighth.
    pub fn busy(&self, share: f64) -> u64 {
        self.quantile(share, self.buckets[0])
    }

    /// Blocks in which there was something to do.
    pub fn busy_blocks(&self) -> u64 {
        self.blocks - u64::from(self.buckets[0])
    }

    /// Mean time of those, in ns.
    pub fn busy_mean(&self) -> f64 {
        self.total as f64 / self.busy_blocks().max(1) as f64
    }

    fn quantile(&self, share: f64, idle: u32) -> u64 {
        let wanted = share * (self.blocks - u64::from(idle)) as f64;
        let mut seen = 0;
        for (i, count) in self.buckets.iter().enumerate() {
            seen += u64::from(if i == 0 { count - idle } else { *count });
            if seen as f64 >= wanted && seen > 0 {
                return upper(i).min(self.max);
            }
        }
        self.max
    }
}
