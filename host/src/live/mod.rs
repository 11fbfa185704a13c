//! A graph on a microphone and a loudspeaker.

mod act;
mod preset;
pub mod remote;
mod scene;
mod watch;

pub use act::Act;
pub use preset::{PresetError, preset_acts, read_preset, write_preset};
pub use scene::{
    Clock, Deck, Happening, Hearing, Latency, Level, Load, Meter, Note, Param, Port, Scene, Score, Spectrum, Unit,
    Where, Whose, Xrun,
};
pub use watch::Watch;
