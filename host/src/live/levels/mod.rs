//! What the sound of a graph that plays is like: levels, loudness, spectrum. Each is two halves: one is RT and looks at
//! frames as they pass, the other makes of that what is to be seen.
mod loudness; // how loud it is to an ear, over seconds
mod meter; //    RMS, peak, clipping
mod spectrum; // columns of a spectrogram

pub use loudness::{Loudness, Weigher, loudness};
pub use meter::{Levels, Meters, meters};
pub use spectrum::{Analyser, Tap, spectrum};

#[cfg(test)]
mod tests;
