//! What the author of a graph can set: one field for each key.
use crate::choices::*;

/// Everything that decides what the features of a channel are.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    /// `type`: what comes out.
    pub kind: Kind,
    /// Hertz.
    pub sample_rate: u32,
    /// What samples of ±1 are multiplied by. 32768 also rounds to whole numbers of 16 bits and saturates.
    pub input_scale: f64,
    /// `frame.*`.
    pub frame: FrameKeys,
    /// `spectrum.*`.
    pub spectrum: SpectrumKeys,
    /// `mel.*`.
    pub mel: MelKeys,
    /// `log.*`.
    pub log: LogKeys,
    /// `mfcc.*`.
    pub mfcc: MfccKeys,
    /// `energy.*`.
    pub energy: EnergyKeys,
    /// `deltas.*`.
    pub deltas: DeltaKeys,
    /// `cmvn.*`.
    pub cmvn: CmvnKeys,
}

/// How a recording is cut into frames.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameKeys {
    /// Samples of the FFT.
    pub n_fft: usize,
    /// Samples of the window.
    pub win_length: usize,
    /// Samples from frame to frame.
    pub hop: usize,
    /// Shape of the window.
    pub window: Window,
    /// Blackman's first coefficient (0.42) or Kaiser's beta (8.6) where it is another.
    pub window_param: Option<f64>,
    /// The window where `window` is `file`: `win_length` numbers.
    pub window_values: Vec<f32>,
    /// Whether the window leaves out its last point.
    pub window_periodic: bool,
    /// What the values of the window are raised to.
    pub window_exponent: f64,
    /// Where a window shorter than the FFT stands in it.
    pub window_place: WindowPlace,
    /// Where frames lie at the ends.
    pub edges: Edges,
    /// What lies beyond the ends.
    pub pad: Pad,
    /// Samples beyond the start, with `edges = "snip"`.
    pub pad_left: usize,
    /// Samples beyond the end, with `edges = "snip"`.
    pub pad_right: usize,
    /// Frames left out at the end.
    pub drop_last: u64,
    /// Whether the mean of each frame is taken out.
    pub remove_dc: bool,
    /// k in x\[i\] − k x\[i−1\].
    pub preemphasis: f64,
    /// What pre-emphasis runs over.
    pub preemphasis_scope: PreemphasisScope,
    /// Standard deviation of the noise added to scaled samples.
    pub dither: f64,
}

/// From complex bins to power.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectrumKeys {
    /// 2: power; 1: magnitude.
    pub power: f64,
    /// Added to the power, before a root.
    pub eps: f64,
    /// What the spectrum is divided by.
    pub scale: SpectrumScale,
}

/// The mel filterbank.
#[derive(Clone, Debug, PartialEq)]
pub struct MelKeys {
    /// Number of bands.
    pub bands: usize,
    /// Hertz where the first triangle starts.
    pub fmin: f64,
    /// Hertz where the last triangle ends; 0 and below: from half the rate.
    pub fmax: f64,
    /// What a mel is.
    pub scale: MelScale,
    /// Along what the sides are straight.
    pub slope: Slope,
    /// How high triangles are.
    pub norm: MelNorm,
    /// What bins at the edges weigh.
    pub edge_bins: EdgeBins,
    /// Whether bands between two bins, which weigh none of them and are always 0, may be.
    pub empty: bool,
}

/// What decibels are relative to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference {
    /// This power or magnitude.
    Number(f64),
    /// The maximum over `log.range_scope`.
    Max,
}

/// The logarithm and what happens to it.
#[derive(Clone, Debug, PartialEq)]
pub struct LogKeys {
    /// Which logarithm.
    pub kind: LogKind,
    /// What keeps zeros away.
    pub floor: f64,
    /// How it does.
    pub floor_mode: FloorMode,
    /// What decibels are relative to; the maximum that `range_scope = "fixed"` assumes.
    pub reference: Reference,
    /// How far below the maximum values are cut off, in units of the logarithm; 0: not at all.
    pub range: f64,
    /// Whose maximum.
    pub range_scope: RangeScope,
    /// Frames of `range_scope = "window"`.
    pub range_window: usize,
    /// What the result is multiplied by …
    pub post_scale: f64,
    /// … before this is added.
    pub post_offset: f64,
}

/// Cepstra.
#[derive(Clone, Debug, PartialEq)]
pub struct MfccKeys {
    /// How many.
    pub n: usize,
    /// How the DCT is scaled.
    pub norm: CepstrumNorm,
    /// L in 1 + L/2 · sin(π i / L); 0: none.
    pub lifter: f64,
    /// Where i starts.
    pub lifter_index: LifterIndex,
    /// What becomes of c0.
    pub c0: C0,
    /// Where it stands.
    pub c0_position: C0Position,
    /// What it is multiplied by.
    pub c0_scale: C0Scale,
}

/// The natural logarithm of a frame's sum of squares.
#[derive(Clone, Debug, PartialEq)]
pub struct EnergyKeys {
    /// Which energy.
    pub mode: EnergyMode,
    /// The least sum.
    pub floor: f64,
    /// Where it stands, unless `mfcc.c0` is `energy`.
    pub position: Position,
}

/// Slopes over frames.
#[derive(Clone, Debug, PartialEq)]
pub struct DeltaKeys {
    /// 1: slopes; 2: slopes and their slopes; 0: none.
    pub order: usize,
    /// Frames on each side.
    pub window: usize,
    /// What happens at the ends.
    pub style: DeltaStyle,
}

/// Normalisation of mean and variance.
#[derive(Clone, Debug, PartialEq)]
pub struct CmvnKeys {
    /// Over what.
    pub mode: CmvnMode,
    /// Where the sums of `file` are.
    pub file: String,
    /// Frames of `sliding`.
    pub window: usize,
    /// Frames that the start waits for where `sliding` is not centred.
    pub min_window: usize,
    /// Whether `sliding` looks ahead half a window.
    pub center: bool,
    /// Whether the variance becomes 1.
    pub norm_vars: bool,
}

impl Keys {
    /// The defaults, for this output at this rate.
    pub fn new(kind: Kind, sample_rate: u32) -> Self {
        Self {
            kind,
            sample_rate,
            input_scale: 1.0,
            frame: FrameKeys::default(),
            spectrum: SpectrumKeys::default(),
            mel: MelKeys::default(),
            log: LogKeys::default(),
            mfcc: MfccKeys::default(),
            energy: EnergyKeys::default(),
            deltas: DeltaKeys::default(),
            cmvn: CmvnKeys::default(),
        }
    }

    /// Bins of a spectrum: n_fft / 2 + 1.
    pub fn bins(&self) -> usize {
        self.frame.n_fft / 2 + 1
    }

    /// Numbers of a static frame, without deltas.
    pub fn width(&self) -> usize {
        let apart = self.energy.mode != EnergyMode::None && !(self.kind == Kind::Mfcc && self.mfcc.c0 == C0::Energy);
        let energy = usize::from(apart);
        match self.kind {
            Kind::Stft => 2 * self.bins(),
            Kind::Spectrogram => self.bins() + energy,
            Kind::Mel => self.mel.bands + energy,
            Kind::Mfcc => self.mfcc.n + energy,
        }
    }

    /// Hertz where the last triangle ends.
    pub fn fmax(&self) -> f64 {
        if self.mel.fmax > 0.0 { self.mel.fmax } else { f64::from(self.sample_rate) / 2.0 + self.mel.fmax }
    }
}
