//! The control side: starts programs, sends changes, and tells what the render thread reports.
mod engine; // a graph that plays
mod report; // what happened, in words

pub use engine::{ChangeError, Engine, SetError};
pub use report::Report;
