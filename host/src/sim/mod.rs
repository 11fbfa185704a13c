//! Graphs on a device that is not there: its clock, its memory, its deadlines and its faults. Nothing here looks at the
//! machine's own clock.
pub mod calibrate; // what a board measured → cycles an instruction, and how sure that is
pub mod count; //     instructions of a node on the instruction set of a device
