//! The values of keys that name a choice.
use aw_sdk::{Choices, choices};
use std::ffi::CStr;

/// A literal that ends in a null byte, as C has it.
const fn c_text(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("a null byte within a name"),
    }
}

/// An enum whose values have names in graph files.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$value_doc])* $value,)+
        }

        impl $name {
            /// The names in graph files, in the order of the values.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// The same, for the declaration of a parameter.
            #[allow(dead_code)] // `type` has more than `Kind`
            pub(crate) const CHOICES: &'static Choices = choices![$(c_text(concat!($text, "\0"))),+];

            /// The value with this name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$value),)+
                    _ => None,
                }
            }

            /// Its name in graph files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }
        }
    };
}

choice! {
    /// What comes out: `type`.
    Kind {
        /// Complex bins, re and im interleaved.
        Stft = "stft",
        /// Power or magnitude of each bin.
        Spectrogram = "spectrogram",
        /// Bands of a mel filterbank.
        Mel = "mel",
        /// Mel-frequency cepstral coefficients.
        Mfcc = "mfcc",
    }
}
choice! {
    /// Shape of the window: `frame.window`.
    Window {
        /// All ones.
        Rect = "rect",
        /// Raised cosine.
        Hann = "hann",
        /// Raised cosine on a pedestal, .54/.46.
        Hamming = "hamming",
        /// Two cosines; `frame.window_param` is its first coefficient (0.42).
        Blackman = "blackman",
        /// Symmetric hann to the power 0.85, as Kaldi has it.
        Povey = "povey",
        /// Kaiser; `frame.window_param` is beta (8.6).
        Kaiser = "kaiser",
        /// Half a sine, half a sample off the grid. (Kaldi's `sine` is `hann` with an exponent of 0.5, not periodic.)
        Sine = "sine",
        /// The power-complementary window of Vorbis.
        Vorbis = "vorbis",
        /// The numbers of `frame.window_values`.
        File = "file",
    }
}
choice! {
    /// Where a window shorter than the FFT stands in it: `frame.window_place`.
    WindowPlace {
        /// In the middle, zeros on both sides: librosa, torch.
        Center = "center",
        /// At the start, zeros after it: Kaldi, HTK.
        Start = "start",
    }
}
choice! {
    /// Where frames lie at the ends of a recording: `frame.edges`.
    Edges {
        /// Frame t is centred on sample t · hop.
        Center = "center",
        /// Only frames that lie within the recording (and `frame.pad_left`, `frame.pad_right`).
        Snip = "snip",
        /// Frame t is centred on (t + ½) · hop: Kaldi's `snip_edges = false`.
        Round = "round",
    }
}
choice! {
    /// What lies beyond the ends of a recording: `frame.pad`.
    Pad {
        /// Zeros.
        Zero = "zero",
        /// Mirrored on the last sample: x\[-1\] is x\[1\].
        Reflect = "reflect",
        /// Mirrored behind the last sample: x\[-1\] is x\[0\].
        Symmetric = "symmetric",
        /// The last sample again and again.
        Edge = "edge",
    }
}
choice! {
    /// What pre-emphasis runs over: `frame.preemphasis_scope`.
    PreemphasisScope {
        /// Each frame by itself, its first sample times 1 − k: Kaldi, HTK.
        Frame = "frame",
        /// The recording before it is padded, its first sample as it is: NeMo.
        Stream = "stream",
    }
}
choice! {
    /// What the spectrum is divided by: `spectrum.scale`.
    SpectrumScale {
        /// Nothing.
        None = "none",
        /// √n_fft: `normalized=True` of `torch.stft`.
        FrameLength = "frame_length",
        /// √Σw²: `normalized=True` of torchaudio.
        WindowRms = "window_rms",
    }
}
choice! {
    /// What a mel is: `mel.scale`.
    MelScale {
        /// Linear below 1 kHz: Slaney's Auditory Toolbox, librosa.
        Slaney = "slaney",
        /// 1127 ln(1 + f / 700).
        Htk = "htk",
    }
}
choice! {
    /// Along what the sides of a triangle are straight: `mel.slope`.
    Slope {
        /// Hertz: librosa, torchaudio.
        Hz = "hz",
        /// Mel: Kaldi, HTK.
        Mel = "mel",
    }
}
choice! {
    /// How high triangles are: `mel.norm`.
    MelNorm {
        /// 1.
        None = "none",
        /// 2 / width in hertz, so that the area is 1.
        Slaney = "slaney",
    }
}
choice! {
    /// What bins at the edges weigh: `mel.edge_bins`.
    EdgeBins {
        /// What the triangle says.
        Exact = "exact",
        /// As `exact`, without the bin at half the rate.
        Kaldi = "kaldi",
        /// As `kaldi`, without the first bin of band 0 where `mel.fmin` is over 0: Kaldi's `htk_mode`.
        KaldiHtk = "kaldi_htk",
        /// Without bins up to round(fmin / df) and from round(fmax / df).
        Htk = "htk",
        /// Corners on whole bins, floor((n_fft + 1) f / rate): python_speech_features.
        Floor = "floor",
    }
}
choice! {
    /// Which logarithm: `log.kind`.
    LogKind {
        /// None.
        None = "none",
        /// To base e.
        Ln = "ln",
        /// To base 10.
        Log10 = "log10",
        /// Decibel re `log.ref`: 10 log10 of powers, 20 log10 of magnitudes.
        Db = "db",
        /// To base 2.
        Log2 = "log2",
    }
}
choice! {
    /// How `log.floor` keeps zeros away: `log.floor_mode`.
    FloorMode {
        /// ln(max(x, floor)).
        Max = "max",
        /// ln(x + floor).
        Add = "add",
    }
}
choice! {
    /// Whose maximum `log.range` and `log.ref = "max"` mean: `log.range_scope`.
    RangeScope {
        /// The whole recording's, learned in a first pass.
        Utterance = "utterance",
        /// That of the last `log.range_window` frames.
        Window = "window",
        /// That of all frames up to now.
        Running = "running",
        /// `log.ref`.
        Fixed = "fixed",
    }
}
choice! {
    /// How a DCT is scaled: `mfcc.norm`.
    CepstrumNorm {
        /// Orthonormal.
        Ortho = "ortho",
        /// √(2/N), c0 too.
        Htk = "htk",
        /// 2.
        None = "none",
    }
}
choice! {
    /// Where a lifter counts from: `mfcc.lifter_index`.
    LifterIndex {
        /// c0 has index 0: Kaldi, HTK.
        Zero = "zero",
        /// c0 has index 1: librosa.
        One = "one",
    }
}
choice! {
    /// What becomes of c0: `mfcc.c0`.
    C0 {
        /// It is one of the `mfcc.n`.
        Keep = "keep",
        /// It is left out, and the `mfcc.n` start with c1.
        Drop = "drop",
        /// The energy is there instead.
        Energy = "energy",
    }
}
choice! {
    /// Where c0 stands: `mfcc.c0_position`.
    C0Position {
        /// Before c1.
        First = "first",
        /// After the last: HTK.
        Last = "last",
    }
}
choice! {
    /// What c0 is multiplied by: `mfcc.c0_scale`.
    C0Scale {
        /// 1.
        None = "none",
        /// √2: Kaldi's `htk_compat`.
        Sqrt2 = "sqrt2",
    }
}
choice! {
    /// Which energy: `energy.mode`.
    EnergyMode {
        /// None.
        None = "none",
        /// Before pre-emphasis and window, after the mean is taken out.
        Raw = "raw",
        /// After pre-emphasis and window.
        Windowed = "windowed",
    }
}
choice! {
    /// Where the energy stands: `energy.position`.
    Position {
        /// Before the others.
        First = "first",
        /// After them.
        Last = "last",
    }
}
choice! {
    /// What slopes do at the ends: `deltas.style`.
    DeltaStyle {
        /// Each order is computed from the one below, whose ends are repeated: HTK, torchaudio.
        Htk = "htk",
        /// Each order is one filter over the features, whose ends are repeated: Kaldi.
        Kaldi = "kaldi",
    }
}
choice! {
    /// Over what mean and variance are taken: `cmvn.mode`.
    CmvnMode {
        /// Nothing is taken out.
        None = "none",
        /// The sums of `cmvn.file`.
        File = "file",
        /// The frames around each: Kaldi's `apply-cmvn-sliding`.
        Sliding = "sliding",
        /// The whole recording, learned in a first pass.
        Utterance = "utterance",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_that_of_its_value() {
        for name in Window::NAMES {
            assert_eq!(Window::named(name).map(Window::name), Some(*name));
        }
        assert_eq!(Kind::named("MFCC"), None);
    }
}
