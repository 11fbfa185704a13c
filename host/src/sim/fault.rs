//! What goes wrong, block by block.
use super::chance::{bits, draw};
use super::clock::{Clock, Ps};
pub use crate::graph::{Fault, FaultKind};

/// All that goes wrong, and when.
#[derive(Clone, Debug)]
pub struct Faults {
    faults: Vec<Fault>,
    seed: u64,
}

/// What becomes of the interrupt of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It comes so much later than it should; the samples are there.
    Comes(Ps),
    /// It comes so much later, and the buffer holds what it held before.
    Empty(Ps),
    /// It does not come.
    Lost,
    /// The device is not there.
    Gone,
}

/// Something else that keeps a core busy.
#[derive(Clone, Copy, Debug)]
pub struct Burner {
    /// From its beginning to its next, and how long it takes.
    pub every: Ps,
    /// How long it takes.
    pub takes: Ps,
    /// From when on, and until when.
    pub from: Ps,
    /// Until when.
    pub to: Ps,
}

fn ps(seconds: f64) -> Ps {
    // Beyond what a clock counts is for ever.
    (seconds * 1e12).round().clamp(0.0, 1.8e19) as Ps
}

impl Faults {
    /// `seed` says which of all things that may go wrong by chance do.
    pub fn new(faults: Vec<Fault>, seed: u64) -> Self {
        Self { faults, seed }
    }

    /// None at all.
    pub fn none() -> Self {
        Self::new(vec![], 0)
    }

    /// Which of all things that may go wrong by chance do.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// As they were given.
    pub fn all(&self) -> &[Fault] {
        &self.faults
    }

    fn active(&self, at: Ps) -> impl Iterator<Item = (u64, &FaultKind)> {
        let is = move |fault: &Fault| ps(fault.from_s) <= at && at < ps(fault.to_s);
        self.faults.iter().enumerate().filter(move |(_, fault)| is(fault)).map(|(n, fault)| (n as u64, &fault.kind))
    }

    /// What becomes of the interrupt of a block.
    pub fn arrival(&self, block: u64, clock: &Clock) -> Arrival {
        let (mut late, mut empty, mut lost) = (0, false, false);
        for (stream, kind) in self.active(clock.block_begins(block)) {
            let draw = || draw(self.seed, stream, block);
            match *kind {
                FaultKind::Unplug => return Arrival::Gone,
                FaultKind::Jitter { us } => late += ps(draw() * us * 1e-6),
                FaultKind::Late { share, ms } if draw() < share => late += ps(ms * 1e-3),
                FaultKind::Lost { share } => lost |= draw() < share,
                FaultKind::Drop { share } => empty |= draw() < share,
                _ => {}
            }
        }
        match (lost, empty) {
            (true, _) => Arrival::Lost,
            (_, true) => Arrival::Empty(late),
            _ => Arrival::Comes(late),
        }
    }

    /// The latest that an interrupt ever comes, where it comes.
    pub fn latest(&self) -> Ps {
        let late = |fault: &Fault| match fault.kind {
            FaultKind::Jitter { us } => ps(us * 1e-6),
            FaultKind::Late { share, ms } if share > 0.0 => ps(ms * 1e-3),
            _ => 0,
        };
        self.faults.iter().map(late).sum()
    }

    /// What else keeps cores busy.
    pub fn burners(&self) -> impl Iterator<Item = Burner> {
        self.faults.iter().filter_map(|fault| match fault.kind {
            FaultKind::Burner { percent, every_ms } => {
                let every = ps(every_ms * 1e-3).max(1);
                let takes = (every as f64 * percent / 100.0) as Ps;
                Some(Burner { every, takes, from: ps(fault.from_s), to: ps(fault.to_s) })
            }
            _ => None,
        })
    }

    /// Bytes of a heap that something else holds; of the first if a fault names none.
    pub fn held(&self, heap: &str, is_first: bool) -> u64 {
        let held = |fault: &Fault| match &fault.kind {
            FaultKind::Hog { heap: Some(of), kib } if of == heap => Some((kib * 1024.0) as u64),
            FaultKind::Hog { heap: None, kib } if is_first => Some((kib * 1024.0) as u64),
            _ => None,
        };
        self.faults.iter().filter_map(held).sum()
    }

    /// Heaps that are named.
    pub fn heaps(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().filter_map(|fault| match &fault.kind {
            FaultKind::Hog { heap, .. } => heap.as_deref(),
            _ => None,
        })
    }

    /// By how many blocks the clock of what comes out is ahead when so many blocks have come in.
    pub fn ahead(&self, blocks: u64) -> i64 {
        let ppm = |fault: &Fault| if let FaultKind::Drift { ppm } = fault.kind { ppm } else { 0.0 };
        let ppm: f64 = self.faults.iter().map(ppm).sum();
        (blocks as f64 * ppm * 1e-6).floor() as i64
    }

    /// Bits of a sample of an input that are wrong: a mask of the lowest `width` bits.
    pub fn wrong_bits(&self, block: u64, input: usize, sample: usize, width: u32, clock: &Clock) -> u32 {
        let mut mask = 0;
        for (stream, kind) in self.active(clock.block_begins(block)) {
            let FaultKind::Bits { share } = *kind else { continue };
            let stream = bits(stream, input as u64, sample as u64);
            // The chance that any of them is wrong is small: only then each is asked.
            let any = 1.0 - (1.0 - share).powi(width as i32);
            if draw(self.seed, stream, block) < any {
                let wrong = |bit: &u32| draw(self.seed, stream.wrapping_add(1 + u64::from(*bit)), block) < share / any;
                mask |= (0..width).filter(wrong).fold(0, |mask, bit| mask | 1 << bit);
            }
        }
        mask
    }
}
