//! How good a signal is against its clean reference.
use super::{SiSdr, log_spectral, pesq, segmental, stoi};

/// A measure of a signal against its clean reference, of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quality {
    /// Scale-invariant signal-to-distortion ratio.
    SiSdr,
    /// Segmental signal-to-noise ratio.
    SegmentalSnr,
    /// Perceptual evaluation of speech quality, wide band.
    PesqWb,
    /// Perceptual evaluation of speech quality, narrow band.
    PesqNb,
    /// Short-time objective intelligibility.
    Stoi,
    /// Extended short-time objective intelligibility.
    Estoi,
    /// Log-spectral distance.
    LogSpectralDistance,
}

/// Why a signal has no such figure, and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QualityError {
    /// Sample stands against sample, so both must have as many.
    #[error(
        "the reference has {reference} samples and the signal {signal}; take the latency off, or cut both to one length"
    )]
    Lengths {
        /// Samples of the reference.
        reference: usize,
        /// Samples of the signal.
        signal: usize,
    },
    /// Too few samples.
    #[error("{metric} needs {needed} samples at this rate, and there are {found}; play more")]
    TooShort {
        /// The metric's key.
        metric: &'static str,
        /// The fewest samples that will do.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// Nothing to measure against.
    #[error("the reference is silent, and {metric} measures against it; name the clean sound that was played")]
    Silent {
        /// The metric's key.
        metric: &'static str,
    },
    /// A NaN or an infinity.
    #[error("sample {frame} of the {of} is {value}: {}", where_from(of))]
    NotFinite {
        /// "reference" or "signal".
        of: &'static str,
        /// Which sample, from 0.
        frame: usize,
        /// What it is.
        value: f32,
    },
    /// The metric is not defined at this rate.
    #[error("{metric} is defined at {wanted}, not at {rate} Hz; {way_out}")]
    Rate {
        /// The metric's key.
        metric: &'static str,
        /// The rate, in Hz.
        rate: u32,
        /// Where it is defined.
        wanted: &'static str,
        /// What helps.
        way_out: &'static str,
    },
    /// PESQ finds nothing that is spoken.
    #[error(
        "{metric} finds no utterance, 300 ms of speech that are in both; play speech, and see that the signal is not silent"
    )]
    NoUtterance {
        /// The metric's key.
        metric: &'static str,
    },
    /// STOI leaves out silence, and too little is left.
    #[error(
        "{metric} needs 30 frames of speech, 0.4 s without the pauses, and the reference has {found}; play a longer sentence"
    )]
    LittleSpeech {
        /// The metric's key.
        metric: &'static str,
        /// Frames that are left.
        found: usize,
    },
    /// The implementation gave up: PESQ's loses its way in time in 3 of 1000 mutilated pairs.
    #[error(
        "{metric} has no figure for this pair, it cannot align the two in time; play a longer piece, or use another metric"
    )]
    NoFigure {
        /// The metric's key.
        metric: &'static str,
    },
}

/// Who is to blame for what is no number.
fn where_from(of: &str) -> &'static str {
    match of {
        "reference" => "the file is damaged, or was written so; name another",
        _ => "`aw replay --probe NODE=FILE.npy` shows which node gives it first",
    }
}

impl Quality {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SiSdr,
        Self::SegmentalSnr,
        Self::PesqWb,
        Self::PesqNb,
        Self::Stoi,
        Self::Estoi,
        Self::LogSpectralDistance,
    ];

    /// Its name in files and reports.
    pub fn key(self) -> &'static str {
        match self {
            Self::SiSdr => "si_sdr",
            Self::SegmentalSnr => "seg_snr",
            Self::PesqWb => "pesq_wb",
            Self::PesqNb => "pesq_nb",
            Self::Stoi => "stoi",
            Self::Estoi => "estoi",
            Self::LogSpectralDistance => "lsd",
        }
    }

    /// The one with this key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quality| quality.key() == key)
    }

    /// What exactly is computed, in one line: where it is defined, its settings, whose figures it agrees with. It changes
    /// when the figures do.
    pub fn definition(self) -> &'static str {
        match self {
            Self::SiSdr => {
                "SI-SDR 1: Le Roux et al., ICASSP 2019, eq. 2; means are not removed; as fast_bss_eval 0.1.4"
            }
            Self::SegmentalSnr => {
                "segmental SNR 1: Hansen & Pellom, ICSLP 1998; Hann frames of 30 ms, 75 % overlap, each held to -10..35 dB, \
                 pauses included; as pysepm 0.1"
            }
            Self::PesqWb => "PESQ 1, wide band: MOS-LQO by ITU-T P.862.2, 16 kHz; crate pesq 0.2.0; as PyPI pesq 0.0.4",
            Self::PesqNb => {
                "PESQ 1, narrow band: MOS-LQO by ITU-T P.862 and P.862.1, 8 kHz; crate pesq 0.2.0; as PyPI pesq 0.0.4"
            }
            Self::Stoi => "STOI 1: Taal et al., IEEE TASLP 2011; 10 kHz, pauses 40 dB down left out; as pystoi 0.4.1",
            Self::Estoi => {
                "ESTOI 1: Jensen & Taal, IEEE TASLP 2016; 10 kHz, pauses 40 dB down left out; as pystoi 0.4.1"
            }
            Self::LogSpectralDistance => {
                "LSD 1: mean over frames of the RMS over bins of the log power ratio, in dB; Hann frames of 32 ms every 16 ms, \
                 gain matched, floor 1e-8; as the URGENT challenge 2024-2026, whose figure is this one times ln(10)/10"
            }
        }
    }

    /// What follows the figure in a text: " dB", " MOS", or nothing.
    pub fn unit(self) -> &'static str {
        match self {
            Self::SiSdr | Self::SegmentalSnr | Self::LogSpectralDistance => " dB",
            Self::PesqWb | Self::PesqNb => " MOS",
            Self::Stoi | Self::Estoi => "",
        }
    }

    /// Whether more is better. Less is, of a distance.
    pub fn higher_is_better(self) -> bool {
        self != Self::LogSpectralDistance
    }

    /// The figure of one channel: samples of ±1 at `rate` Hz, sample against sample. It may be infinite, of a signal that is
    /// its reference, or is silent; it is never NaN.
    ///
    /// # Errors
    /// What the metric is not defined for: see [`QualityError`].
    pub fn of(self, reference: &[f32], signal: &[f32], rate: u32) -> Result<f64, QualityError> {
        let metric = self.key();
        self.check_rate(rate)?;
        if reference.len() != signal.len() {
            return Err(QualityError::Lengths { reference: reference.len(), signal: signal.len() });
        }
        for (of, samples) in [("reference", reference), ("signal", signal)] {
            if let Some(frame) = samples.iter().position(|sample| !sample.is_finite()) {
                return Err(QualityError::NotFinite { of, frame, value: samples[frame] });
            }
        }
        let (needed, found) = (self.shortest(rate), reference.len());
        if found < needed {
            return Err(QualityError::TooShort { metric, needed, found });
        }
        if reference.iter().all(|sample| *sample == 0.0) {
            return Err(QualityError::Silent { metric });
        }
        let figure = match self {
            Self::SiSdr => {
                let mut sums = SiSdr::default();
                sums.add(reference, signal);
                sums.db()
            }
            Self::SegmentalSnr => segmental::snr(reference, signal, rate),
            Self::PesqWb | Self::PesqNb => pesq::mos(metric, reference, signal, rate)?,
            Self::Stoi | Self::Estoi => stoi::stoi(reference, signal, rate, self == Self::Estoi)
                .map_err(|found| QualityError::LittleSpeech { metric, found })?,
            Self::LogSpectralDistance => log_spectral::distance(reference, signal, rate),
        };
        if figure.is_nan() { Err(QualityError::NoFigure { metric }) } else { Ok(figure) }
    }

    /// The fewest samples it is defined for.
    fn shortest(self, rate: u32) -> usize {
        match self {
            Self::SiSdr => 1,
            Self::SegmentalSnr => segmental::shortest(rate),
            Self::PesqWb | Self::PesqNb => rate as usize / 4,
            Self::Stoi | Self::Estoi => stoi::shortest(rate),
            Self::LogSpectralDistance => log_spectral::frame(rate),
        }
    }

    fn check_rate(self, rate: u32) -> Result<(), QualityError> {
        let (fits, wanted, way_out) = match self {
            Self::PesqWb => (
                rate == 16000,
                "16 kHz",
                "put a `resample` to 16000 before the output, or set the graph's `rate` to it",
            ),
            Self::PesqNb => (
                rate == 8000,
                "8 kHz",
                "put a `resample` to 8000 before the output, or set the graph's `rate` to it; at 16 kHz there is `pesq_wb`",
            ),
            Self::Stoi | Self::Estoi => (
                stoi::RATES.contains(&rate),
                "8 to 192 kHz",
                "put a `resample` to 16000 before the output, or set the graph's `rate` to it",
            ),
            Self::SiSdr => (rate > 0, "any rate", "give one"),
            Self::SegmentalSnr | Self::LogSpectralDistance => (
                rate >= 1000,
                "1 kHz and above",
                "put a `resample` to 16000 before the output, or set the graph's `rate` to it",
            ),
        };
        let metric = self.key();
        if fits { Ok(()) } else { Err(QualityError::Rate { metric, rate, wanted, way_out }) }
    }
}
