//! A graph on a microphone and a loudspeaker.

mod act;
mod graph;
pub mod json;
pub mod news;
pub mod plain;
pub mod player;
mod preset;
mod scene;
pub mod screen;
mod watch;

pub use act::Act;
pub use preset::{PresetError, preset_acts, read_preset, write_preset};
pub use scene::{
    Clock, Deck, Happening, Hearing, Latency, Level, Load, Meter, Note, Param, Port, Scene, Score, Spectrum, Unit,
    Where, Whose, Xrun,
};
pub use watch::Watch;
