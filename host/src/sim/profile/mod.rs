//! Device profiles: what a device is, as a TOML file says.
mod read; //    the tables, key by key
mod shipped; // those that come with aw

pub use read::ProfileError;
pub use shipped::names;

use super::band::Band;
use super::fault::Fault;
use std::path::PathBuf;

/// A device.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name: that of the file, without its ending.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Cycles a second of each core.
    pub clock_hz: u64,
    /// Cores that tasks share.
    pub cores: u32,
    /// The instruction set whose counts apply.
    pub isa: Option<String>,
    /// Whether its costs come from measurements.
    pub calibrated: bool,
    /// Whether its system has memory to give while sound plays.
    pub allocates: bool,
    /// Where what is said of it comes from.
    pub source: String,
    /// What sound comes in and goes out.
    pub audio: Audio,
    /// What the interrupt of a block costs.
    pub interrupt: Interrupt,
    /// Its memories.
    pub heaps: Vec<Heap>,
    /// What runs models on it.
    pub runtimes: Vec<Runtime>,
    /// Cycles an instruction.
    pub cpi: Option<Cost>,
    /// Cycles a multiply-accumulate of a model.
    pub mac: Option<Cost>,
    /// What was measured on it.
    pub measured: Vec<Measured>,
    /// What is always amiss with it.
    pub faults: Vec<Fault>,
    /// Counts beside those that come with aw.
    pub counts: Vec<PathBuf>,
}

/// What sound comes in and goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// Samples a second that it can have.
    pub rates: Vec<u32>,
    /// Samples that a DMA buffer can hold, the usual first.
    pub blocks: Vec<u32>,
    /// Channels that come in at most.
    pub inputs: u32,
    /// Channels that go out at most.
    pub outputs: u32,
    /// How a sample is kept.
    pub format: SampleFormat,
    /// Buffers that DMA goes round.
    pub buffers: u32,
    /// What DMA plays where a block is late.
    pub underrun: Underrun,
}

/// How a sample is kept at the edges of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleFormat {
    /// 16 bits.
    S16,
    /// 24 bits.
    S24,
    /// 32 bits.
    S32,
    /// As the graph has them.
    F32,
}

/// What DMA plays where a block is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Underrun {
    /// What lies in the buffer since it was played last.
    Stale,
    /// Silence, into which sound fades, and out of which it fades in.
    Silence,
}

/// What the interrupt of a block costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interrupt {
    /// Cycles from the interrupt to the first node and back.
    pub cycles: Band,
    /// Cycles to a lane and back.
    pub switch: Band,
}

/// A memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Heap {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Cycles that each access waits.
    pub wait_states: f64,
    /// What may lie in it.
    pub holds: Vec<Holds>,
}

/// What lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Frames between nodes.
    Streams,
    /// What workers allocate when they are made.
    State,
    /// What a model computes with.
    Activations,
    /// What a model has learned.
    Weights,
    /// Instructions.
    Code,
}

/// What runs models.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// The worker that stands for it.
    pub worker: String,
    /// Whose kernels.
    pub kernels: String,
    /// The operators that it knows; all if none is named.
    pub ops: Vec<String>,
    /// Cycles a multiply-accumulate, instead of the device's.
    pub mac: Option<Cost>,
    /// Bytes of its code.
    pub code: Option<u64>,
}

/// A cost and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Cycles.
    pub cycles: Band,
    /// Where that comes from.
    pub source: String,
}

/// What a board measured of a node, cycles a firing.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The node, by its name in the graph.
    pub node: String,
    /// Mean.
    pub mean: f64,
    /// Longest.
    pub max: f64,
}

impl SampleFormat {
    /// Bits of a sample, if it is a whole number.
    pub fn bits(self) -> Option<u32> {
        match self {
            Self::S16 => Some(16),
            Self::S24 => Some(24),
            Self::S32 => Some(32),
            Self::F32 => None,
        }
    }
}

impl Holds {
    /// All of them, those first that want fast memory most.
    pub const ALL: [Self; 5] = [Self::Activations, Self::Streams, Self::State, Self::Weights, Self::Code];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::State => "state",
            Self::Activations => "activations",
            Self::Weights => "weights",
            Self::Code => "code",
        }
    }
}
