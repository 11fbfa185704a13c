//! A graph on a microphone and a loudspeaker.

mod act;
pub mod edge;
pub mod levels;
mod scene;

pub use act::Act;
pub use scene::{
    Clock, Deck, Happening, Hearing, Latency, Level, Load, Meter, Note, Param, Port, Scene, Score, Spectrum, Unit,
    Where, Whose, Xrun,
};
