//! A graph on a microphone and a loudspeaker.

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
