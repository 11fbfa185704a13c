//! Graphs on a device that is not there: its clock, its memories, its deadlines and its faults. Nothing here looks at this
//! machine's own clock, and nothing hangs from chance but what a seed decides.
//!
//! ```text
//! profile ─┬─▶ stage: the graph at the device's rate and block ──▶ plan
//!          ├─▶ cost: what each node takes, and how sure that is ◀── counts, calibrate
//!          └─▶ memory: what lies where
//!                    │
//!                    ▼
//! fault ──▶ machine: interrupts, tasks, cores, DMA, on paper ──▶ run: the same with sound ──▶ report, verdict
//!                    └─▶ fit: the same without, for ever
//! ```
mod band; //      a number that is not known exactly
pub mod calibrate; // what a board measured → cycles an instruction, and how sure that is
mod chance; //    the same on every machine
mod clock; //     whole picoseconds
mod cost; //      what each node costs, and how sure that is
pub mod count; //     instructions of a node on the instruction set of a device
mod counts; //    tables of them
mod edge; //      between the sound and the graph
mod fault; //     what goes wrong, block by block
mod fit; //       whether a graph fits, before anything runs
mod machine; //   tasks on cores                              ← read this first
mod memory; //    what lies where
mod overhead; //  what the engine itself takes
mod profile; //   what a device is
pub mod report; //    what it did
mod run; //       a graph on a device, with sound
mod signature; // what a node is, as far as its work goes
mod stage; //     a graph made to fit a device
mod tally; //     what was seen of a run
mod trace; //     what happened, in order
mod twin; //      the same graph in floating point
mod verdict; //   fits, does not fit, cannot be told

pub use band::{Band, Case};
pub use cost::Tier;
pub use counts::{Count, Counts, CountsError};
pub use fault::Faults;
pub use fit::{Fit, fit};
pub use profile::{Profile, ProfileError, names as profiles};
pub use run::{Job, SimError, Simulated, on_paper, simulate};
pub use signature::{SignatureError, signature};
pub use stage::{Stage, StageError};
pub use verdict::{Answer, Verdict};
