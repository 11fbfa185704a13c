//! Graphs on a device that is not there: its clock, its memory, its deadlines and its faults. Nothing here looks at the
//! machine's own clock.
pub mod calibrate; // what a board measured → cycles an instruction, and how sure that is
pub mod count; //     instructions of a node on the instruction set of a device
pub mod counts; //    tables of what was counted
pub mod signature; // what a node is, as far as its work goes

pub use counts::{Count, Counts, CountsError};
pub use signature::{SignatureError, signature, takes_what_comes};
