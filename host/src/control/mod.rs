//! The control side: starts programs, sends changes, and tells what the render thread reports.
mod engine; //   a graph that plays
mod lanes; //    the threads of lanes
mod memory; //   pages that stay
mod realtime; // rights of threads
mod report; //   what happened, in words

pub use engine::{Birth, ChangeError, Engine, Sent, SetError, Turn, Unchanged};
pub use memory::lock as lock_memory;
#[cfg(target_os = "linux")]
pub use memory::too_little as too_little_memory;
pub use realtime::{Rank, ask as ask_for_realtime, has as has_realtime};
pub use report::Report;
