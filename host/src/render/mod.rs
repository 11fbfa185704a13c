//! RT — the render thread's half. The rules here: no allocation, no free, no lock, no wait, no I/O, no formatting, no
//! panic, no unsafe. Everything is made beforehand, by [`Program::new`], and freed elsewhere.
//!
//! Frames in flight lie in `stream`s. A `step` fires when every stream it reads holds what it takes. The
//! [`Renderer`] walks the steps once a block. What crosses to the control side is in `message`.
//!
//! Steps on a lane run inline, or on a thread of their own ([`Renderer::part`]): a [`Lane`] has them then, and the render
//! thread counts their firings, sends what they take and places what they answer.
mod answers; //  what a lane has answered on a stream, and what is heard where it is late
mod automation; // parameters that change at moments known before
mod chance; //   what the clock decides: told, or done again as it was
mod extent; //   how long recordings are, for the control side
mod fade; //     from one path to another
mod home; //     lanes that come home when the graph changes
mod lane; //     the lane's thread: the same steps
mod lanes; //    the lanes, seen from the render thread
mod load; //     time accounting of a node
mod message; //  everything that crosses to the control side, both ways
mod part; //     takes the steps that are on lanes out of a program
mod pipe; //     frames on their way to a lane or back
mod program; //  a plan with its instances and memory
mod renderer; // one block: messages, steps, sinks              ← third page to read
mod step; //     ready, fire
mod stream; //   frames between ports
mod walk; //     all steps, as often as they can

pub use crate::plugin::{Frames, FramesMut};
pub use chance::{Fact, Facts, Script, Stand, What};
pub use extent::Extent;
pub use lane::{Lane, Seat};
pub use load::Load;
pub use message::{FromRender, Remote, ToRender, Trouble};
pub use part::Apart;
pub use program::Program;
pub use renderer::Renderer;
