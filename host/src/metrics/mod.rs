//! Numbers for what was heard: how good a signal is, how it differs from another, how loud it is, which events came.
//!
//! All of it looks at slices: no graph, no worker, no clock. The same samples give the same bits.
mod quality; // which metrics there are of a signal against its clean reference, and what each refuses

mod log_spectral; // one of them each
mod pesq;
mod segmental;
mod si_sdr;
mod stoi;

mod resample; // to the rate of STOI

mod band; //     the level of a band of frequencies
mod compare; //  two signals, or two arrays of frames, value by value
mod level; //    peak, RMS, DC, silence, clipping, clicks
mod loudness; // LUFS

mod events; //     what was heard against what was expected
mod label; //      an event, and what can be wrong with a file of them
mod label_file; // the files that events are written in

pub use band::band_db;
pub use compare::{Difference, Spot, Sums, error_over_time};
pub use events::{Confusion, Count, Score, score};
pub use label::{Label, LabelError};
pub use label_file::{LabelFormat, parse_labels, read_labels};
pub use level::{Click, Level, Span, click, db, is_silent, level, longest_silence};
pub use loudness::{Weighting, WeightingState, gated, loudness, lufs};
pub use quality::{Quality, QualityError};
pub use si_sdr::SiSdr;

#[cfg(test)]
mod tests;
