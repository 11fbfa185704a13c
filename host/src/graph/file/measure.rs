//! What tests can measure, and the keys that say of what.

/// What can be measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Measure {
    /// The key in `expect`.
    pub key: &'static str,
    /// Of what.
    pub of: Of,
    /// What a number alone means.
    pub side: Side,
    /// Its unit, with a space before it if there is one.
    pub unit: &'static str,
    /// What it is, for the schema and the help.
    pub about: &'static str,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The whole run.
    Run,
    /// An audio output.
    Sound,
    /// A band of an audio output.
    Band,
    /// An audio output or a port, and how it was when all was well.
    Golden,
    /// An audio output, and a clean version of what is played.
    Quality,
    /// An audio output, and a model that judges it.
    Opinion,
    /// The simulated device of the test.
    Device,
    /// An audio output, and how it is on the device of the test where nothing goes wrong.
    Undisturbed,
    /// An output of events.
    Events,
    /// An output of events, and what is to be heard.
    Labels,
}

/// What a number alone means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// No more than it.
    AtMost,
    /// No less than it.
    AtLeast,
    /// It, exactly.
    Exactly,
    /// Nothing: an upper and a lower end are possible, and `{ min = .., max = .. }` must say which is meant.
    Both,
}

impl Of {
    /// The key that must be there for it.
    pub fn needs(self) -> Option<&'static str> {
        match self {
            Self::Band => Some("band_hz"),
            Self::Golden => Some("like"),
            Self::Quality => Some("reference"),
            Self::Opinion => Some("model"),
            Self::Labels => Some("labels"),
            Self::Run | Self::Sound | Self::Device | Self::Undisturbed | Self::Events => None,
        }
    }
}

const fn measure(key: &'static str, of: Of, side: Side, unit: &'static str, about: &'static str) -> Measure {
    Measure { key, of, side, unit, about }
}

/// Everything that can be expected.
pub static MEASURES: &[Measure] = &[
    measure("latency_ms", Of::Run, Side::AtMost, " ms", "Latency of the graph, by its plan"),
    measure(
        "late",
        Of::Run,
        Side::AtMost,
        "",
        "Answers of lanes that were not there when due; on a `device`, also blocks that were not",
    ),
    measure(
        "allocations",
        Of::Run,
        Side::AtMost,
        "",
        "Allocations and frees in `process` of workers that may not block",
    ),
    measure("load_percent", Of::Run, Side::AtMost, " %", "Time that 99 of 100 blocks stay below, of a block's time"),
    measure("fits", Of::Device, Side::Exactly, "", "Whether the graph fits the `device` of the test"),
    measure("memory_mib", Of::Run, Side::AtMost, " MiB", "Memory that the streams of the graph and its workers hold"),
    measure("peak_db", Of::Sound, Side::AtMost, " dBFS", "Largest magnitude"),
    measure("rms_db", Of::Sound, Side::Both, " dBFS", "Root of the mean square; 0 dB is a square wave at full scale"),
    measure("lufs", Of::Sound, Side::Both, " LUFS", "Integrated loudness, ITU-R BS.1770-4"),
    measure("dc", Of::Sound, Side::AtMost, "", "Magnitude of the mean"),
    measure("clipped", Of::Sound, Side::AtMost, "", "Samples at or over full scale"),
    measure("click", Of::Sound, Side::AtMost, "", "Largest second difference"),
    measure("silence_s", Of::Sound, Side::Both, " s", "Longest time below `silence_db`, -60 dBFS by default"),
    measure("length_s", Of::Sound, Side::Exactly, " s", "Length, to half a sample"),
    measure("frames", Of::Sound, Side::Exactly, "", "Length in frames"),
    measure(
        "click_db",
        Of::Undisturbed,
        Side::AtMost,
        " dB",
        "Largest second difference, to that of the same run on the `device` without `faults`",
    ),
    measure(
        "recovery_ms",
        Of::Undisturbed,
        Side::AtMost,
        " ms",
        "Longest time for which the sound is off by more than -60 dBFS from the same run without `faults`",
    ),
    measure("band_db", Of::Band, Side::Both, " dBFS", "Level of the band `band_hz`"),
    measure("within_db", Of::Golden, Side::AtMost, " dBFS", "Largest difference to `like`"),
    measure("within", Of::Golden, Side::AtMost, "", "Largest difference to `like`, as a number"),
    measure("snr_db", Of::Golden, Side::AtLeast, " dB", "Power of `like` to that of the difference"),
    measure("bit_equal", Of::Golden, Side::Exactly, "", "Whether it is `like`, bit for bit"),
    measure("si_sdr", Of::Quality, Side::AtLeast, " dB", "Scale-invariant signal-to-distortion ratio to `reference`"),
    measure("seg_snr", Of::Quality, Side::AtLeast, " dB", "Segmental signal-to-noise ratio to `reference`"),
    measure("pesq_wb", Of::Quality, Side::AtLeast, " MOS", "PESQ, wide band, at 16 kHz"),
    measure("pesq_nb", Of::Quality, Side::AtLeast, " MOS", "PESQ, narrow band, at 8 kHz"),
    measure("stoi", Of::Quality, Side::AtLeast, "", "Short-time objective intelligibility"),
    measure("estoi", Of::Quality, Side::AtLeast, "", "Extended short-time objective intelligibility"),
    measure("lsd", Of::Quality, Side::AtMost, " dB", "Log-spectral distance to `reference`"),
    measure("si_sdr_gain", Of::Quality, Side::AtLeast, " dB", "What the graph adds to the SI-SDR of its input"),
    measure("pesq_wb_gain", Of::Quality, Side::AtLeast, " MOS", "What the graph adds to the PESQ of its input"),
    measure("pesq_nb_gain", Of::Quality, Side::AtLeast, " MOS", "What the graph adds to the PESQ of its input"),
    measure("stoi_gain", Of::Quality, Side::AtLeast, "", "What the graph adds to the STOI of its input"),
    measure("estoi_gain", Of::Quality, Side::AtLeast, "", "What the graph adds to the ESTOI of its input"),
    measure("mos", Of::Opinion, Side::AtLeast, " MOS", "What `model` says of the sound"),
    measure("events", Of::Events, Side::Exactly, "", "How many there are"),
    measure("f1", Of::Labels, Side::AtLeast, "", "F1 of events against `labels`"),
    measure("precision", Of::Labels, Side::AtLeast, "", "Part of the events that are right"),
    measure("recall", Of::Labels, Side::AtLeast, "", "Part of `labels` that are heard"),
];

/// Keys that say what is looked at, and how.
pub static SETTINGS: &[&str] = &[
    "output",
    "port",
    "channel",
    "from_s",
    "to_s",
    "like",
    "reference",
    "labels",
    "model",
    "model_hz",
    "score",
    "polynomial",
    "band_hz",
    "tolerance_ms",
    "silence_db",
];
