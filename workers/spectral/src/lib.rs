//! Audio workers between time and frequency.
//!
//! In all of them frame k of hop H and size W covers the samples [(k+1)H − W, (k+1)H): it ends with hop k.

mod fourier; //     real FFTs with their scratch
mod framing; //     a stream cut into overlapping frames
mod overlap; //     frames added up into a stream
mod resynthesis; // the weights that undo an analysis window
mod sliding; //     the samples that overlapping frames share
mod window; //      window functions

mod apply_mask;
mod bins;
mod frame;
mod ifft;
mod istft;
mod overlap_add;
mod polar;
mod stft;
mod wiener;

#[cfg(test)]
mod bench; //       what the tests play, and how
#[cfg(test)]
mod round_trip; //  tests of whole chains

aw_sdk::export_workers!(
    stft::Stft,
    istft::Istft,
    frame::Frame,
    overlap_add::OverlapAdd,
    ifft::Ifft,
    bins::Bins<bins::Magnitude>,
    bins::Bins<bins::Power>,
    bins::Bins<bins::Phase>,
    polar::Polar,
    polar::FromPolar,
    apply_mask::ApplyMask,
    wiener::Wiener,
);
