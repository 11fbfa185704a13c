//! Sound cards: which there are, and streams of interleaved 32-bit floating-point frames from and to them. The only
//! place that knows cpal.
//!
//! ```text
//! Host::open / Host::simulated      a sound system
//!   .cards() .find() .default()     its cards, anew at each call: they come and go
//!     open_input / open_output      a Stream: callbacks, a heartbeat, what troubles it
//! ```
//!
//! A stream that is in trouble is dropped; its card is looked up again, by its id, and opened again.

mod alsa;
mod asked;
mod card;
mod choose;
mod convert;
mod error;
mod find;
mod heart;
mod host;
mod patience;
pub mod simulated;
mod stream;
mod teller;

pub use asked::{Asked, asked};
pub use card::{Card, Direction, Face, Format, Range};
pub use choose::{Got, Wish};
pub use error::SoundError;
pub use heart::Watch;
pub use host::{Host, HostName, HostState, cards, find, hosts};
pub use stream::{Moment, Stream, open_input, open_output};
pub use teller::Trouble;
