//! Features of speech and sound as librosa, torchaudio, Kaldi, HTK, Whisper and ESPnet compute them.
//!
//! ```text
//! samples → History → Extractor (one channel) → Rows → Deltas → Rows → Cmvn → features
//! ```
//!
//! Each stage computes frame t as a function of what came before it by absolute position, so results do not depend on
//! how the samples arrived. Nothing allocates after construction.

mod check; //     what makes no sense among the keys
mod choices; //   the values of keys that name a choice
mod defaults; //  what keys are that nobody set
mod keys; //      what the author of a graph can set

mod geometry; //  which samples a frame reads, and how many frames there are
mod history; //   the newest samples
mod rows; //      the newest frames of features

mod cepstrum; //  from logarithms of bands to cepstra
mod energy; //    the energy of a frame
mod extractor; // all from samples to one frame of features
mod lanes; //     sums over slices
mod log; //       logarithms, floors and ranges
mod mel; //       from power to bands
mod spectrum; //  from samples to power
mod waveform; //  a frame of samples before its window
mod window; //    window functions

mod cmvn; //      mean and variance taken out
mod deltas; //    slopes over frames
mod stats; //     sums over frames

mod after; //     the workers deltas and cmvn
mod features; //  the worker: sound to features
mod params; //    what a graph can set
mod post; //      what follows static frames
mod presets; //   calls of libraries by name
mod statics; //   static frames of one channel, in floats or integers

aw_sdk::export_workers!(features::Features, after::DeltasWorker, after::CmvnWorker);

pub mod microfrontend; // the integers of TensorFlow Lite Micro

pub use after::{CmvnWorker, DeltasWorker};
pub use choices::{
    C0, C0Position, C0Scale, CepstrumNorm, CmvnMode, DeltaStyle, EdgeBins, Edges, EnergyMode, FloorMode, Kind,
    LifterIndex, LogKind, MelNorm, MelScale, Pad, Position, PreemphasisScope, RangeScope, Slope, SpectrumScale, Window,
    WindowPlace,
};
pub use cmvn::Cmvn;
pub use deltas::Deltas;
pub use extractor::Extractor;
pub use features::Features;
pub use geometry::Frames;
pub use history::History;
pub use keys::{CmvnKeys, DeltaKeys, EnergyKeys, FrameKeys, Keys, LogKeys, MelKeys, MfccKeys, Reference, SpectrumKeys};
pub use rows::Rows;
pub use stats::Stats;
