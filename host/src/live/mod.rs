//! A graph on a microphone and a loudspeaker.
//!
//! ```text
//! device → edge → stage: player: decks (a graph each) → edge → device        in the callback of the first device
//!                   ↑ orders, plugs        ↓ meters, events, what took long
//! session: devices that come and go, files that change, knobs, recorder      twenty times a second
//!   ↑ Act                    ↓ Scene
//! screen, --plain, --json, remote
//! ```
//!
//! What changes as it plays is gone over to in the renderer if it can be (`control`), else by a second deck that takes the
//! place of the first, and where devices, inputs or outputs are others, by a session that begins anew beside the one before
//! and takes its place (`session/anew.rs`); so does one whose callback is kept by a worker that hangs.

mod act;
pub mod edge;
mod graph;
mod hearing;
pub mod json;
pub mod levels;
mod lines;
pub mod news;
pub mod plain;
pub mod player;
mod preset;
pub mod record;
pub mod remote;
mod scene;
pub mod screen;
mod session;
mod stage;
mod watch;

pub use act::Act;
pub use graph::{Accounts, Mistakes};
pub use preset::{PresetError, preset_acts, read_preset, write_preset};
pub use scene::{
    Clock, Deck, Happening, Hearing, Latency, Level, Load, Meter, Note, Param, Port, Scene, Score, Spectrum, Unit,
    Where, Whose, Xrun,
};
pub use session::{LiveError, Session, Setup};
pub use watch::Watch;
