//! THE FENCE: worker libraries, seen from the safe side. The only `unsafe` of the host is in this folder.
//!
//! Everything a library says about itself is copied and checked once (`describe`); every call into it goes through
//! [`Instance`], which checks the shapes of what it passes.
mod cancel;
mod copies;
mod crash;
mod denormals;
mod describe;
mod instance;
mod library;
mod log;
mod marker;
mod refresh;
mod system;
mod taken;
mod workers;

pub use aw_abi::{ENDLESS, Event, Format, Heap, Kind, MAX_PORTS, NO_END};
pub use cancel::uncancelled;
pub use crash::Crash;
pub use denormals::flushed;
pub use describe::{Descriptor, Fault, Param, ParamType, Port, Preset, Value};
pub use instance::{Agreed, AgreedPort, Failure, Frames, FramesMut, Instance, Moment, OutBuffer, Refusal};
pub use library::{Library, LoadError};
pub use log::{Log, Note};
pub use marker::Mark;
pub use refresh::Refreshed;
pub use system::{glibc, loads, set_variable};
pub use taken::{Taken, allocations, held};
pub use workers::{Found, SearchPath, Workers, WorkersError};
