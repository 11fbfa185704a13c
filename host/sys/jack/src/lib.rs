//! What the crate `jack` calls of libjack, looked for when a program runs: a program that is built on a machine without
//! JACK's headers plays on every one that has JACK, or PipeWire in its place. Names and signatures are those of the C
//! headers.
#![allow(non_camel_case_types, non_upper_case_globals, missing_docs, clippy::missing_safety_doc)] // as in C

#[path = "../../loaded.rs"]
mod loaded;

mod functions;
mod types;

pub use functions::*;
pub use loaded::library;
pub use types::*;

pub(crate) const FILE_NAME: &str = if cfg!(windows) {
    if cfg!(target_pointer_width = "64") { "libjack64.dll" } else { "libjack.dll" }
} else if cfg!(target_vendor = "apple") {
    "libjack.0.dylib"
} else {
    "libjack.so.0"
};
