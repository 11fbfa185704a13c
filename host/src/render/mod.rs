//! RT — the render thread's half. The rules here: no allocation, no free, no lock, no wait, no I/O, no formatting, no
//! panic, no unsafe. Everything is made beforehand, by [`Program::new`], and freed elsewhere.
//!
//! Frames in flight lie in `stream`s. A `step` fires when every stream it reads holds what it takes. The
//! [`Renderer`] walks the steps once a block. What crosses to other threads is in `message`.
mod extent; //   how long recordings are, for the control side
mod fade; //     from one path to another
mod load; //     time accounting of a node
mod message; //  everything that crosses, both ways
mod program; //  a plan with its instances and memory
mod renderer; // one block: messages, steps, sinks              ← third page to read
mod step; //     ready, fire
mod stream; //   frames between ports

pub use crate::plugin::{Frames, FramesMut};
pub use extent::Extent;
pub use load::Load;
pub use message::{FromRender, Remote, ToRender, Trouble};
pub use program::Program;
pub use renderer::Renderer;
