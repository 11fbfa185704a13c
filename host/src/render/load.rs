//! RT — time accounting of a node: what it takes of each block, as a histogram that needs no memory to grow.
use crate::plugin::Taken;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Buckets an octave.
const FINE: u32 = 8;
/// Octaves, from 1 ns to over 1 s.
const OCTAVES: u32 = 31;

/// How much of each block something takes. One thread writes; others may look while it does.
#[derive(Debug)]
pub struct Load {
    buckets: [AtomicU32; BUCKETS],
    blocks: AtomicU64,
    total: AtomicU64,
    max: AtomicU64,
    /// Time in the block that is being rendered, in ns.
    now: AtomicU64,
    /// Time in the block before it.
    last: AtomicU64,
    /// What it took from the system.
    allocations: AtomicU64,
    faults: AtomicU64,
    sleeps: AtomicU64,
}

const BUCKETS: usize = (FINE * OCTAVES) as usize;

impl Default for Load {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Self {
            buckets: [const { AtomicU32::new(0) }; BUCKETS],
            blocks: zero(),
            total: zero(),
            max: zero(),
            now: zero(),
            last: zero(),
            allocations: zero(),
            faults: zero(),
            sleeps: zero(),
        }
    }
}

impl Clone for Load {
    fn clone(&self) -> Self {
        let (load, none) = (Self::default(), Self::default());
        load.copy(self, &none);
        load
    }
}

/// More, written by the only thread that writes.
fn more(counter: &AtomicU64, count: u64) {
    if count > 0 {
        counter.store(counter.load(Relaxed) + count, Relaxed);
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
    pub fn add(&self, ns: u64) {
        more(&self.now, ns);
    }

    /// Adds what was taken from the system.
    pub fn took(&self, taken: Taken) {
        more(&self.allocations, taken.allocations);
        more(&self.faults, taken.faults);
        more(&self.sleeps, taken.sleeps);
    }

    /// Allocations and frees, those of C and C++ included, where they are seen.
    pub fn allocations(&self) -> u64 {
        self.allocations.load(Relaxed)
    }

    /// What it took from the system, where that is seen.
    pub fn taken(&self) -> Taken {
        Taken { allocations: self.allocations(), faults: self.faults.load(Relaxed), sleeps: self.sleeps.load(Relaxed) }
    }

    /// Ends the block.
    pub fn end_block(&self) {
        let ns = self.now.load(Relaxed);
        self.now.store(0, Relaxed);
        let bucket = &self.buckets[bucket(ns)];
        bucket.store(bucket.load(Relaxed).saturating_add(1), Relaxed);
        more(&self.blocks, 1);
        more(&self.total, ns);
        self.last.store(ns, Relaxed);
        if ns > self.max() {
            self.max.store(ns, Relaxed);
        }
    }

    /// Time that the last whole block took, in ns.
    pub fn last(&self) -> u64 {
        self.last.load(Relaxed)
    }

    /// What came since an earlier look at the same account; the longest is the longest that the histogram tells of, or
    /// exact if it came since.
    pub fn since(&self, before: &Self) -> Self {
        let load = Self::default();
        load.copy(self, before);
        if self.max() == before.max() {
            let longest = load.buckets.iter().rposition(|count| count.load(Relaxed) > 0);
            load.max.store(longest.map_or(0, upper).min(self.max()), Relaxed);
        }
        load
    }

    /// Becomes what `from` has more than `less`.
    fn copy(&self, from: &Self, less: &Self) {
        for ((to, from), less) in self.buckets.iter().zip(&from.buckets).zip(&less.buckets) {
            to.store(from.load(Relaxed).saturating_sub(less.load(Relaxed)), Relaxed);
        }
        let counters = |load: &Self| {
            [&load.blocks, &load.total, &load.allocations, &load.faults, &load.sleeps].map(|count| count.load(Relaxed))
        };
        let [more, less] = [counters(from), counters(less)];
        let to = [&self.blocks, &self.total, &self.allocations, &self.faults, &self.sleeps];
        for (at, to) in to.into_iter().enumerate() {
            to.store(more[at].saturating_sub(less[at]), Relaxed);
        }
        self.max.store(from.max(), Relaxed);
        self.last.store(from.last(), Relaxed);
    }

    /// Blocks seen.
    pub fn blocks(&self) -> u64 {
        self.blocks.load(Relaxed)
    }

    /// Mean time a block, in ns.
    pub fn mean(&self) -> f64 {
        self.total.load(Relaxed) as f64 / self.blocks().max(1) as f64
    }

    /// Longest time of a block, in ns.
    pub fn max(&self) -> u64 {
        self.max.load(Relaxed)
    }

    /// Time that 99 % of all blocks stay below, in ns; exact to an eighth.
    pub fn p99(&self) -> u64 {
        self.quantile(0.99, 0)
    }

    /// Time that a share of the blocks stay below in which there was something to do at all, in ns; exact to an eighth.
    pub fn busy(&self, share: f64) -> u64 {
        self.quantile(share, self.buckets[0].load(Relaxed))
    }

    /// Blocks in which there was something to do.
    pub fn busy_blocks(&self) -> u64 {
        self.blocks().saturating_sub(u64::from(self.buckets[0].load(Relaxed)))
    }

    /// Mean time of those, in ns.
    pub fn busy_mean(&self) -> f64 {
        self.total.load(Relaxed) as f64 / self.busy_blocks().max(1) as f64
    }

    fn quantile(&self, share: f64, idle: u32) -> u64 {
        let wanted = share * self.blocks().saturating_sub(u64::from(idle)) as f64;
        let mut seen = 0;
        for (i, count) in self.buckets.iter().enumerate() {
            let count = count.load(Relaxed);
            seen += u64::from(if i == 0 { count.saturating_sub(idle) } else { count });
            if seen as f64 >= wanted && seen > 0 {
                return upper(i).min(self.max());
            }
        }
        self.max()
    }
}
