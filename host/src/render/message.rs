//! Everything that crosses between the control side and the render thread. All messages are `Copy`; programs travel as
//! boxes, one at a time, and come home to be freed.
use super::lanes::Lanes;
use super::part::Apart;
use super::program::Program;
use crate::plugin::{Event, Failure};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// From control to render.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ToRender {
    /// A live parameter changes, before the next firing of its step.
    Set {
        /// The key of the instance.
        key: u64,
        /// The parameter, by its place in the descriptor.
        param: u32,
        /// Its new value, in range.
        value: f64,
    },
}

/// From render to control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FromRender {
    /// A worker failed and is left out from now on: its outputs are silent or bypassed.
    Failed {
        /// The key of the instance.
        key: u64,
        /// What it did.
        why: Trouble,
    },
    /// Something happened.
    Event {
        /// The key of the instance that says so.
        key: u64,
        /// Which of its outputs.
        port: usize,
        /// What happened.
        event: Event,
    },
    /// Answers of a lane were not there when due; its late policy is heard instead.
    Late {
        /// The key of the instance.
        key: u64,
        /// The block in which they were due.
        block: u64,
        /// How many firings of it.
        firings: u64,
    },
}

/// Why a worker is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A call failed.
    Call(Failure),
    /// An output held NaN or infinity.
    NotFinite {
        /// Which output.
        port: usize,
    },
    /// It did not come back when it was called last, and is not called again.
    Hung,
}

/// No step is at work.
const NOBODY: u64 = u64::MAX;

/// Reports that may wait for the control side.
const REPORTS: usize = 1024;
/// Room beside it for failures and what is late: however much happens, those are told.
const TROUBLE: usize = 256;

/// The end of a ring that reports go into.
pub struct Reports {
    ring: HeapProd<FromRender>,
    /// Reports that found no room.
    lost: Arc<AtomicU64>,
    /// The key of the instance that is at work, for whoever asks why nothing is heard of it.
    at_work: Arc<AtomicU64>,
}

impl Reports {
    /// A way from the render thread to the control side.
    pub fn new() -> (Self, HeapCons<FromRender>) {
        Self::counting(Arc::default())
    }

    /// One from a lane, which counts what is lost together with others.
    pub fn beside(lost: &Arc<AtomicU64>) -> (Self, HeapCons<FromRender>) {
        Self::counting(lost.clone())
    }

    /// Who is at work, as the control side sees it.
    pub fn at_work(&self) -> Arc<AtomicU64> {
        self.at_work.clone()
    }

    /// RT — an instance is called: it is known who does not come back.
    pub fn calls(&self, key: u64) {
        self.at_work.store(key, Relaxed);
    }

    /// RT — it came back.
    pub fn came_back(&self) {
        self.at_work.store(NOBODY, Relaxed);
    }

    /// What counts reports that found no room.
    pub fn counter(&self) -> Arc<AtomicU64> {
        self.lost.clone()
    }

    fn counting(lost: Arc<AtomicU64>) -> (Self, HeapCons<FromRender>) {
        let (ring, from) = HeapRb::new(REPORTS + TROUBLE).split();
        (Self { ring, lost, at_work: Arc::new(AtomicU64::new(NOBODY)) }, from)
    }

    /// RT — tells the control side; answers whether there was room. What is late is told again with what is late next.
    pub fn tell(&mut self, report: FromRender) -> bool {
        let kept = match report {
            FromRender::Event { .. } => TROUBLE,
            FromRender::Late { .. } => TROUBLE / 2,
            FromRender::Failed { .. } => 0,
        };
        let told = self.ring.vacant_len() > kept && self.ring.try_push(report).is_ok();
        if !told && !matches!(report, FromRender::Late { .. }) {
            self.lost.fetch_add(1, Relaxed);
        }
        told
    }

    /// RT — one more that found no way.
    pub fn lose(&self) {
        self.lost.fetch_add(1, Relaxed);
    }

    /// Reports that found no room, here and in all that count together with it.
    pub fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }
}

/// The control side's ends.
pub struct Remote {
    pub(super) messages: HeapProd<ToRender>,
    pub(super) reports: HeapCons<FromRender>,
    /// Reports that found no room, those of lanes included.
    pub(super) lost: Arc<AtomicU64>,
    /// The key of the instance that the render thread calls.
    pub(super) at_work: Arc<AtomicU64>,
    pub(super) next: HeapProd<Box<Program>>,
    pub(super) home: HeapCons<Box<Program>>,
    /// A program is under way and has not come home.
    pub(super) in_flight: bool,
}

impl Remote {
    /// Sends a message; gives it back if 256 are waiting.
    ///
    /// # Errors
    /// The message.
    pub fn send(&mut self, message: ToRender) -> Result<(), ToRender> {
        self.messages.try_push(message)
    }

    /// The oldest unread report.
    pub fn report(&mut self) -> Option<FromRender> {
        self.reports.try_pop()
    }

    /// Reports that found no room, those of lanes included.
    pub fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// The key of the instance that the render thread is calling, if it is calling one.
    pub fn at_work(&self) -> Option<u64> {
        Some(self.at_work.load(Relaxed)).filter(|key| *key != NOBODY)
    }

    /// Takes the steps that are on lanes out of a program that has not been rendered, for threads of their own to run.
    pub fn part(&self, program: &mut Program, metered: bool) -> Vec<Apart> {
        Lanes::part(program, &self.lost, metered)
    }

    /// Sends a program to play next; gives it back while another is under way.
    ///
    /// # Errors
    /// The program.
    pub fn play(&mut self, program: Box<Program>) -> Result<(), Box<Program>> {
        if self.in_flight {
            return Err(program);
        }
        self.next.try_push(program)?;
        self.in_flight = true;
        Ok(())
    }

    /// The program that was replaced, once it came home.
    pub fn retired(&mut self) -> Option<Box<Program>> {
        let program = self.home.try_pop();
        self.in_flight &= program.is_none();
        program
    }
}
