//! What a graph can set, and how it is read.
use crate::choices::*;
use crate::keys::{CmvnKeys, DeltaKeys, Keys, Reference};
use crate::microfrontend;
use crate::statics::Statics;
use aw_sdk::{Choices, Format, Inputs, Param, Result, Values, choices};
use std::ffi::CStr;

/// What comes out: `type`.
const TYPES: &Choices = choices![c"stft", c"spectrogram", c"mel", c"mfcc", c"microfrontend"];

/// Whole numbers of samples, frames or bands.
const fn count(name: &'static CStr, default: i32) -> Param {
    Param::int(name, default).range(0.0, 1048576.0)
}

/// One of the names of a choice.
const fn choice(name: &'static CStr, default: &'static CStr, choices: &'static Choices) -> Param {
    Param::text(name, default).choices(choices)
}

pub const fn order(name: &'static CStr, default: i32) -> Param {
    Param::int(name, default).range(0.0, 8.0).doc(c"1: slopes; 2: slopes and their slopes; 0: none")
}
pub const fn delta_window(name: &'static CStr) -> Param {
    Param::int(name, 2).range(1.0, 100.0).unit(c"frames").doc(c"Frames on each side that a slope takes into account")
}
pub const fn style(name: &'static CStr) -> Param {
    choice(name, c"htk", DeltaStyle::CHOICES)
        .doc(c"htk: recursive, edges repeated at every order, as torchaudio too; kaldi: composed, edges repeated once")
}
pub const fn mode(name: &'static CStr, default: &'static CStr) -> Param {
    choice(name, default, CmvnMode::CHOICES).doc(c"Whose mean is taken out; utterance is for replays only")
}
pub const fn file(name: &'static CStr) -> Param {
    Param::path(name).doc(c"Kaldi's sums, [2, D + 1], as text or .npy, where the mode is file")
}
pub const fn cmvn_window(name: &'static CStr) -> Param {
    Param::int(name, 600).range(1.0, 100000.0).unit(c"frames").doc(c"Frames of a sliding window")
}
pub const fn min_window(name: &'static CStr) -> Param {
    Param::int(name, 100)
        .range(1.0, 100000.0)
        .unit(c"frames")
        .doc(c"Frames that the start waits for where a sliding window is not centred; 1 waits for none")
}
pub const fn center(name: &'static CStr) -> Param {
    Param::bool(name, false).doc(c"Whether a sliding window looks ahead by half of it")
}
pub const fn norm_vars(name: &'static CStr) -> Param {
    Param::bool(name, false).doc(c"Whether the variance becomes 1 too")
}

/// The parameters of `features`, group by group: the keys of `Keys`.
pub const PARAMS: &[Param] = &[
    choice(c"type", c"mel", TYPES).doc(c"What comes out"),
    count(c"sample_rate", 0).unit(c"Hz").doc(c"The rate that must arrive; 0 takes any"),
    Param::text(c"channel", c"each").doc(c"each: features of every channel; mix: of their mean; 0, 1 ...: of that one"),
    Param::float(c"input_scale", 1.0)
        .range(1e-6, 1e9)
        .doc(c"What samples of +-1 are multiplied by; 32768 also rounds to 16 bits and saturates"),
    count(c"frame.n_fft", 400).unit(c"samples").doc(c"Samples of the FFT"),
    count(c"frame.win_length", 0).unit(c"samples").doc(c"Samples of the window; 0: as many as frame.n_fft"),
    count(c"frame.hop", 160).unit(c"samples").doc(c"Samples from frame to frame"),
    choice(c"frame.window", c"hann", Window::CHOICES).same_work().doc(c"Shape of the window"),
    Param::float(c"frame.window_param", -1.0)
        .range(-1.0, 50.0)
        .same_work()
        .doc(c"Kaiser's beta, or blackman's first coefficient; -1: 8.6, or 0.42"),
    Param::floats(c"frame.window_values")
        .same_work()
        .doc(c"The window where frame.window is file: frame.win_length numbers"),
    Param::bool(c"frame.window_periodic", true)
        .same_work()
        .doc(c"true: librosa, torch, Whisper, ESPnet; false: Kaldi, HTK, openSMILE, NeMo"),
    Param::float(c"frame.window_exponent", 1.0)
        .range(1e-3, 100.0)
        .same_work()
        .doc(c"What window values are raised to; 0.5: root"),
    choice(c"frame.window_place", c"center", WindowPlace::CHOICES).doc(
        c"Where a window shorter than the FFT stands in it: center for librosa and torch, start for Kaldi and HTK",
    ),
    choice(c"frame.edges", c"center", Edges::CHOICES)
        .doc(c"center: frame t is centred on sample t hop; snip: whole frames only; round: Kaldi's snip_edges=false"),
    choice(c"frame.pad", c"zero", Pad::CHOICES).doc(c"What lies beyond the ends of a recording"),
    count(c"frame.pad_left", 0).unit(c"samples").doc(c"Samples before the start, with edges snip"),
    count(c"frame.pad_right", 0).unit(c"samples").doc(c"Samples behind the end, with edges snip"),
    count(c"frame.drop_last", 0).unit(c"frames").doc(c"Frames left out at the end: 1 for Whisper and NeMo"),
    Param::bool(c"frame.remove_dc", false).doc(c"Whether the mean of each frame is taken out: Kaldi"),
    Param::float(c"frame.preemphasis", 0.0).range(0.0, 1.0).doc(c"k in x[i] - k x[i-1]"),
    choice(c"frame.preemphasis_scope", c"frame", PreemphasisScope::CHOICES)
        .doc(c"frame: each by itself, as Kaldi and HTK; stream: the recording, as NeMo"),
    Param::float(c"frame.dither", 0.0)
        .range(0.0, 1e6)
        .doc(c"Deviation of noise added to scaled samples, always the same noise"),
    Param::float(c"spectrum.power", 2.0).range(1.0, 2.0).doc(c"2: power; 1: magnitude"),
    Param::float(c"spectrum.eps", 0.0).range(0.0, 1e9).doc(c"Added to the power, before a root"),
    choice(c"spectrum.scale", c"none", SpectrumScale::CHOICES).doc(c"What the spectrum is divided by"),
    count(c"mel.bands", 80).doc(c"Bands"),
    Param::float(c"mel.fmin", 0.0).range(0.0, 1e6).unit(c"Hz").doc(c"Where the first triangle starts"),
    Param::float(c"mel.fmax", 0.0)
        .range(-1e6, 1e6)
        .unit(c"Hz")
        .doc(c"Where the last triangle ends; 0 and below count from half the sample rate"),
    choice(c"mel.scale", c"slaney", MelScale::CHOICES).doc(c"What a mel is"),
    choice(c"mel.slope", c"hz", Slope::CHOICES)
        .doc(c"Along what the sides are straight: hz for librosa, mel for Kaldi"),
    choice(c"mel.norm", c"none", MelNorm::CHOICES).doc(c"How high triangles are"),
    choice(c"mel.edge_bins", c"exact", EdgeBins::CHOICES).doc(c"What bins at the edges weigh"),
    Param::bool(c"mel.empty", false)
        .doc(c"Whether bands between two bins may be, always 0: librosa only warns of them"),
    choice(c"log.kind", c"none", LogKind::CHOICES).doc(c"Which logarithm"),
    Param::float(c"log.floor", 1e-10).range(0.0, 1e9).same_work().doc(c"What keeps zeros away"),
    choice(c"log.floor_mode", c"max", FloorMode::CHOICES).doc(c"max(x, floor), or x + floor"),
    Param::text(c"log.ref", c"1").doc(c"What decibels are relative to: a number in quotes, or max"),
    Param::float(c"log.range", 0.0)
        .range(0.0, 1e6)
        .doc(c"How far below the loudest values are cut off, in units of the logarithm; 0: not at all"),
    choice(c"log.range_scope", c"utterance", RangeScope::CHOICES)
        .doc(c"Whose loudest: of the utterance (replays only), the last frames, all up to now, or log.ref"),
    Param::int(c"log.range_window", 3000).range(1.0, 1e6).unit(c"frames").doc(c"Frames of the scope window"),
    Param::float(c"log.post_scale", 1.0).range(-1e6, 1e6).same_work().doc(c"What the result is multiplied by"),
    Param::float(c"log.post_offset", 0.0).range(-1e6, 1e6).same_work().doc(c"Added after that"),
    count(c"mfcc.n", 13).doc(c"Cepstra"),
    choice(c"mfcc.norm", c"ortho", CepstrumNorm::CHOICES).doc(c"How the DCT is scaled"),
    Param::float(c"mfcc.lifter", 0.0).range(0.0, 1e6).doc(c"L in 1 + L/2 sin(pi i / L); 0: none"),
    choice(c"mfcc.lifter_index", c"zero", LifterIndex::CHOICES).doc(c"Where i starts: zero for Kaldi, one for librosa"),
    choice(c"mfcc.c0", c"keep", C0::CHOICES).doc(c"What becomes of c0"),
    choice(c"mfcc.c0_position", c"first", C0Position::CHOICES).doc(c"Where it stands"),
    choice(c"mfcc.c0_scale", c"none", C0Scale::CHOICES).doc(c"What it is multiplied by"),
    choice(c"energy.mode", c"none", EnergyMode::CHOICES)
        .doc(c"Whether the log energy of a frame is among its features"),
    Param::float(c"energy.floor", 1.1920928955078125e-7)
        .range(0.0, 1e12)
        .same_work()
        .doc(c"The least energy, before the logarithm"),
    choice(c"energy.position", c"first", Position::CHOICES).doc(c"Where it stands"),
    order(c"deltas.order", 0),
    delta_window(c"deltas.window"),
    style(c"deltas.style"),
    mode(c"cmvn.mode", c"none"),
    file(c"cmvn.file"),
    cmvn_window(c"cmvn.window"),
    min_window(c"cmvn.min_window"),
    center(c"cmvn.center"),
    norm_vars(c"cmvn.norm_vars"),
    Param::int(c"microfrontend.size_ms", 25).range(1.0, 1000.0).unit(c"ms").doc(c"Length of a window"),
    Param::int(c"microfrontend.step_ms", 10).range(1.0, 1000.0).unit(c"ms").doc(c"From window to window"),
    Param::int(c"microfrontend.channels", 32).range(1.0, 4095.0).doc(c"Values in a frame"),
    Param::float(c"microfrontend.lower", 125.0).range(0.0, 1e6).unit(c"Hz").doc(c"Lower end of the lowest channel"),
    Param::float(c"microfrontend.upper", 7500.0).range(0.0, 1e6).unit(c"Hz").doc(c"Upper end of the highest channel"),
    Param::int(c"microfrontend.smoothing_bits", 10).range(0.0, 31.0).doc(c"Fraction bits of the noise estimate"),
    Param::float(c"microfrontend.even_smoothing", 0.025)
        .range(0.0, 1.0)
        .same_work()
        .doc(c"How fast channels 0, 2 .. learn the noise"),
    Param::float(c"microfrontend.odd_smoothing", 0.06).range(0.0, 1.0).same_work().doc(c"How fast channels 1, 3 .. do"),
    Param::float(c"microfrontend.min_signal_remaining", 0.05)
        .range(0.0, 1.0)
        .same_work()
        .doc(c"What noise reduction never takes"),
    Param::bool(c"microfrontend.enable_pcan", false)
        .doc(c"Whether levels are divided by a power of the noise estimate"),
    Param::float(c"microfrontend.strength", 0.95).range(0.0, 10.0).same_work().doc(c"That power"),
    Param::float(c"microfrontend.offset", 80.0).range(0.0, 1e9).same_work().doc(c"Added to the estimate before"),
    Param::int(c"microfrontend.gain_bits", 21).range(0.0, 31.0).doc(c"Fraction bits of the gain"),
    Param::bool(c"microfrontend.enable_log", true).doc(c"Whether the output is a logarithm"),
    Param::int(c"microfrontend.scale_shift", 6).range(0.0, 31.0).doc(c"The logarithm is multiplied by 2 to this power"),
    Param::float(c"microfrontend.post_scale", 1.0).range(0.0, 1e6).same_work().doc(
        c"What the integers are multiplied by; models of micro_speech and micro wake words take 0.0390625, 10 / 256",
    ),
];

/// Which channels are heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Channel {
    /// Each by itself.
    Each,
    /// Their mean.
    Mix,
    /// This one.
    One(u32),
}

/// The keys as a graph gives them, before the sample rate is known.
pub struct Parsed {
    keys: Keys,
    /// Of a microfrontend, and what its integers are multiplied by.
    micro: Option<(microfrontend::Keys, f32)>,
    /// Which channels are heard.
    pub channel: Channel,
}

impl Parsed {
    /// Reads and checks all that does not hang on what arrives.
    pub fn read(values: &Values) -> Result<Self> {
        let kind = values.text("type");
        let post_scale = values.float("microfrontend.post_scale") as f32;
        let micro = (kind == "microfrontend").then(|| (micro(values), post_scale));
        let kind = Kind::named(kind).unwrap_or(Kind::Spectrogram);
        let mut keys = Keys::new(kind, values.int("sample_rate") as u32);
        keys.input_scale = values.float("input_scale");
        frame(values, &mut keys);
        mel(values, &mut keys);
        log(values, &mut keys)?;
        cepstra(values, &mut keys);
        (keys.deltas, keys.cmvn) = (deltas(values, "deltas.")?, cmvn(values, "cmvn.")?);
        if kind == Kind::Stft && (keys.deltas.order > 0 || keys.cmvn.mode != CmvnMode::None) {
            return Err("`deltas.order` and `cmvn.mode` are for features, and `type` stft gives a spectrum; choose spectrogram, mel or mfcc".into());
        }
        let channel = match values.text("channel") {
            "each" => Channel::Each,
            "mix" => Channel::Mix,
            number => Channel::One(number.parse().map_err(|_| {
                format!("`channel` is \"{number}\"; write \"each\", \"mix\" or the number of a channel, such as \"0\"")
            })?),
        };
        Ok(Self { keys, micro, channel })
    }

    /// The keys at the rate that arrives.
    pub fn at_rate(&self, audio: &Format) -> Result<Keys> {
        let rate = if audio.rate_den == 1 { audio.rate_num } else { 0 };
        let wanted = self.keys.sample_rate;
        if wanted != 0 && wanted != rate {
            return Err(format!(
                "`sample_rate` is {wanted}, and {} samples a second arrive at `in`; write `rate = {wanted}` in [graph], \
                 or put a `resample` node with `rate = {wanted}` before it",
                audio.rate()
            )
            .into());
        }
        Ok(Keys { sample_rate: rate, ..self.keys.clone() })
    }

    /// What makes static frames of one channel.
    pub fn statics(&self, keys: &Keys) -> Result<Statics> {
        Ok(match &self.micro {
            Some((micro, post_scale)) => Statics::micro(micro, keys.sample_rate, *post_scale)?,
            None => Statics::float(keys)?,
        })
    }

    /// Whether complex bins come out.
    pub fn gives_bins(&self) -> bool {
        self.micro.is_none() && self.keys.kind == Kind::Stft
    }
}

impl Channel {
    /// How many channels come out when so many arrive.
    pub fn planes(self, arriving: u32) -> Result<u32> {
        match self {
            Self::Each => Ok(arriving),
            Self::Mix => Ok(1),
            Self::One(channel) if channel < arriving => Ok(1),
            Self::One(channel) => Err(format!(
                "`channel` is \"{channel}\", and {arriving} arrive at `in`; they count from 0 to {}",
                arriving - 1
            )
            .into()),
        }
    }
}

/// The mean of all channels.
pub fn mix<'m>(inputs: &Inputs, mix: &'m mut [f32]) -> &'m [f32] {
    mix.copy_from_slice(inputs.plane(0, 0));
    for channel in 1..inputs.channels(0) {
        mix.iter_mut().zip(inputs.plane(0, channel)).for_each(|(sum, x)| *sum += x);
    }
    let share = 1.0 / inputs.channels(0) as f32;
    mix.iter_mut().for_each(|x| *x *= share);
    mix
}

/// Why the whole recording must be heard before, and the way out.
pub fn why_whole(range: bool, mean: bool) -> Option<&'static str> {
    match (range, mean) {
        (true, _) => Some(
            "`log.range_scope` is \"utterance\", whose loudest value is known at its end; \
             write `log.range_scope = \"window\"` or `\"running\"`",
        ),
        (_, true) => Some(
            "`cmvn.mode` is \"utterance\", whose mean is known at its end; write `cmvn.mode = \"sliding\"` or `\"file\"`",
        ),
        _ => None,
    }
}

/// A choice of which the host has checked the name.
macro_rules! named {
    ($values:expr, $key:expr, $choice:ident) => {
        $choice::named($values.text($key)).ok_or_else(|| format!("`{}` cannot be `{}`", $key, $values.text($key)))?
    };
}

fn frame(values: &Values, keys: &mut Keys) {
    let (frame, spectrum) = (&mut keys.frame, &mut keys.spectrum);
    (frame.n_fft, frame.hop) = (values.size("frame.n_fft"), values.size("frame.hop"));
    frame.win_length = match values.size("frame.win_length") {
        0 => frame.n_fft,
        samples => samples,
    };
    frame.window = Window::named(values.text("frame.window")).unwrap_or(frame.window);
    frame.window_param = Some(values.float("frame.window_param")).filter(|param| *param >= 0.0);
    frame.window_values = values.floats("frame.window_values").iter().map(|x| *x as f32).collect();
    frame.window_periodic = values.bool("frame.window_periodic");
    frame.window_exponent = values.float("frame.window_exponent");
    frame.window_place = WindowPlace::named(values.text("frame.window_place")).unwrap_or(frame.window_place);
    frame.edges = Edges::named(values.text("frame.edges")).unwrap_or(frame.edges);
    frame.pad = Pad::named(values.text("frame.pad")).unwrap_or(frame.pad);
    (frame.pad_left, frame.pad_right) = (values.size("frame.pad_left"), values.size("frame.pad_right"));
    frame.drop_last = values.size("frame.drop_last") as u64;
    frame.remove_dc = values.bool("frame.remove_dc");
    frame.preemphasis = values.float("frame.preemphasis");
    frame.preemphasis_scope =
        PreemphasisScope::named(values.text("frame.preemphasis_scope")).unwrap_or(frame.preemphasis_scope);
    frame.dither = values.float("frame.dither");
    (spectrum.power, spectrum.eps) = (values.float("spectrum.power"), values.float("spectrum.eps"));
    spectrum.scale = SpectrumScale::named(values.text("spectrum.scale")).unwrap_or(spectrum.scale);
}

fn mel(values: &Values, keys: &mut Keys) {
    let mel = &mut keys.mel;
    mel.bands = values.size("mel.bands");
    (mel.fmin, mel.fmax) = (values.float("mel.fmin"), values.float("mel.fmax"));
    mel.scale = MelScale::named(values.text("mel.scale")).unwrap_or(mel.scale);
    mel.slope = Slope::named(values.text("mel.slope")).unwrap_or(mel.slope);
    mel.norm = MelNorm::named(values.text("mel.norm")).unwrap_or(mel.norm);
    mel.edge_bins = EdgeBins::named(values.text("mel.edge_bins")).unwrap_or(mel.edge_bins);
    mel.empty = values.bool("mel.empty");
}

fn log(values: &Values, keys: &mut Keys) -> Result {
    let log = &mut keys.log;
    log.kind = named!(values, "log.kind", LogKind);
    log.floor = values.float("log.floor");
    log.floor_mode = named!(values, "log.floor_mode", FloorMode);
    log.reference = match values.text("log.ref") {
        "max" => Reference::Max,
        number => {
            let positive = number.parse().ok().filter(|x: &f64| x.is_finite() && *x > 0.0);
            Reference::Number(positive.ok_or_else(|| {
                format!("`log.ref` is \"{number}\"; write \"max\", or a number over 0 in quotes, such as \"1\"")
            })?)
        }
    };
    (log.range, log.range_window) = (values.float("log.range"), values.size("log.range_window"));
    log.range_scope = named!(values, "log.range_scope", RangeScope);
    (log.post_scale, log.post_offset) = (values.float("log.post_scale"), values.float("log.post_offset"));
    Ok(())
}

fn cepstra(values: &Values, keys: &mut Keys) {
    let (mfcc, energy) = (&mut keys.mfcc, &mut keys.energy);
    (mfcc.n, mfcc.lifter) = (values.size("mfcc.n"), values.float("mfcc.lifter"));
    mfcc.norm = CepstrumNorm::named(values.text("mfcc.norm")).unwrap_or(mfcc.norm);
    mfcc.lifter_index = LifterIndex::named(values.text("mfcc.lifter_index")).unwrap_or(mfcc.lifter_index);
    mfcc.c0 = C0::named(values.text("mfcc.c0")).unwrap_or(mfcc.c0);
    mfcc.c0_position = C0Position::named(values.text("mfcc.c0_position")).unwrap_or(mfcc.c0_position);
    mfcc.c0_scale = C0Scale::named(values.text("mfcc.c0_scale")).unwrap_or(mfcc.c0_scale);
    energy.mode = EnergyMode::named(values.text("energy.mode")).unwrap_or(energy.mode);
    energy.floor = values.float("energy.floor");
    energy.position = Position::named(values.text("energy.position")).unwrap_or(energy.position);
}

/// The keys of slopes, whose names begin with `group`.
pub fn deltas(values: &Values, group: &str) -> Result<DeltaKeys> {
    let key = |key: &str| format!("{group}{key}");
    let style = named!(values, &key("style"), DeltaStyle);
    Ok(DeltaKeys { order: values.size(&key("order")), window: values.size(&key("window")), style })
}

/// The keys of normalisation, whose names begin with `group`.
pub fn cmvn(values: &Values, group: &str) -> Result<CmvnKeys> {
    let key = |key: &str| format!("{group}{key}");
    Ok(CmvnKeys {
        mode: named!(values, &key("mode"), CmvnMode),
        file: values.text(&key("file")).into(),
        window: values.size(&key("window")),
        min_window: values.size(&key("min_window")),
        center: values.bool(&key("center")),
        norm_vars: values.bool(&key("norm_vars")),
    })
}

fn micro(values: &Values) -> microfrontend::Keys {
    let key = |key: &str| format!("microfrontend.{key}");
    let (int, float) = (|name: &str| values.int(&key(name)) as u32, |name: &str| values.float(&key(name)) as f32);
    microfrontend::Keys {
        size_ms: int("size_ms"),
        step_ms: int("step_ms"),
        channels: int("channels"),
        lower: float("lower"),
        upper: float("upper"),
        smoothing_bits: int("smoothing_bits"),
        even_smoothing: float("even_smoothing"),
        odd_smoothing: float("odd_smoothing"),
        min_signal_remaining: float("min_signal_remaining"),
        enable_pcan: values.bool(&key("enable_pcan")),
        strength: float("strength"),
        offset: float("offset"),
        gain_bits: int("gain_bits"),
        enable_log: values.bool(&key("enable_log")),
        scale_shift: int("scale_shift"),
    }
}
