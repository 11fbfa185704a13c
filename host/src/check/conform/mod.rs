//! The conformance suite: whether the workers of a library keep their side of the ABI.
//!
//! Every check runs in a process of its own, so a crash or an endless loop is a finding like any other. Parent and
//! child are the same program: [`Suite`] starts children and reads their diaries, [`child`] does one [`Task`] and
//! writes one.
mod bench; //   a prepared instance, and sound played through it
mod cases; //   plausible formats for the ports of a worker
mod checks; //  the checks, in order
mod child; //   does one task, keeps a diary
mod claims; //  checks: rate, latency, tail, time
mod guard; //   frames between guards
mod made; //    checks: create, prepare, range, preset, again
mod memory; //  checks: heap, leak, state, quiet
mod recording; // checks: rewind, extent
mod report; //  what is found
mod signal; //  test signals
mod sound; //   checks: finite, written, cut, reset, twin, live, events
mod subject; // a worker, values it accepts, formats it accepts
mod suite; //   starts the children
mod values; //  values to try

pub use child::{Task, child};
pub use report::{Finding, Report, Verdict};
pub use suite::{Suite, SuiteError};
