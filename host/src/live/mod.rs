//! A graph on a microphone and a loudspeaker.

mod act;
pub mod json;
pub mod news;
pub mod plain;
mod scene;
pub mod screen;

pub use act::Act;
pub use scene::{
    Clock, Deck, Happening, Hearing, Latency, Level, Load, Meter, Note, Param, Port, Scene, Score, Spectrum, Unit,
    Where, Whose, Xrun,
};
