//! The control side: starts programs, sends changes, and tells what the render thread reports.
mod engine;

pub use engine::{Engine, Report, SetError};
