//! What is to be seen of a graph that plays: one snapshot, from which the screen, the lines of `--plain`, the stream of
//! `--json` and the answers of the control socket are made.

use serde::Serialize;
use std::borrow::Cow;

/// A snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scene {
    /// The graph's title, or its file name.
    pub title: String,
    /// Seconds played, by the clock of the device.
    pub time: f64,
    /// Samples a second within the graph.
    pub rate: u32,
    /// Samples a block.
    pub block: u32,
    /// What is heard.
    pub hearing: Hearing,
    /// Sound that comes in, in the order of the graph file.
    pub inputs: Vec<Port>,
    /// Sound that goes out.
    pub outputs: Vec<Port>,
    /// Nodes, in the order in which they play.
    pub loads: Vec<Load>,
    /// What a whole block costs the render thread.
    pub whole: Load,
    /// What the sound waits for, in the order of its way.
    pub latency: Vec<Latency>,
    /// From the loudspeaker back to the microphone, once measured, in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Gaps in the sound so far.
    pub xruns: u64,
    /// The latest of them, oldest first.
    pub gaps: Vec<Xrun>,
    /// Clocks that differ from the one that drives the graph.
    pub clocks: Vec<Clock>,
    /// The latest events, oldest first.
    pub events: Vec<Happening>,
    /// What the user should know, oldest first.
    pub notes: Vec<Note>,
    /// What is wrong with the file that was saved last, as `aw check` prints it; the graph before it plays on.
    pub wrong: Option<String>,
    /// Live parameters.
    pub params: Vec<Param>,
    /// The newest columns of a spectrogram, of the first output, or of the first input if there is none.
    #[serde(skip)]
    pub spectrum: Spectrum,
}

impl Scene {
    /// Without what would tell to the eye which of two graphs is heard, while a blind test is under way.
    pub fn blindfolded(&self) -> Cow<'_, Scene> {
        if self.hearing.blind.is_none() {
            return Cow::Borrowed(self);
        }
        let mut scene = Scene { spectrum: Spectrum::default(), loads: vec![], whole: Load::default(), ..self.clone() };
        scene.outputs.iter_mut().flat_map(|port| &mut port.meters).for_each(|meter| *meter = Meter::default());
        scene.gaps.iter_mut().for_each(|gap| *gap = gap.blindfolded());
        Cow::Owned(scene)
    }
}

impl Xrun {
    /// Without the name of a node: it may be of one graph only.
    pub fn blindfolded(&self) -> Self {
        match &self.whose {
            Whose::Node(_) => Self { whose: Whose::Node("?".into()), ..self.clone() },
            Whose::Machine | Whose::System => self.clone(),
        }
    }
}

/// What is heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hearing {
    /// Which graph; `A` if there is one only.
    pub deck: Deck,
    /// There are two graphs: their files.
    pub decks: Option<[String; 2]>,
    /// Decibels by which the second graph is made louder to be as loud as the first.
    pub matched_db: f64,
    /// The input is heard as it is.
    pub bypassed: bool,
    /// Nothing is heard.
    pub muted: bool,
    /// A blind test is under way.
    pub blind: Option<Score>,
}

/// One of two graphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Deck {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
    /// One of them, and which is not told.
    X,
}

/// How a blind test stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Guesses that were right.
    pub right: u32,
    /// All guesses.
    pub of: u32,
    /// How likely so many or more are right by chance: the tail of a binomial distribution with p = 1/2.
    pub p: f64,
}

/// Sound that comes in or goes out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Port {
    /// Its name in the graph file.
    pub name: String,
    /// The device.
    pub device: String,
    /// Samples a second of the device.
    pub rate: u32,
    /// Why it is silent, if the device is not there: what is waited for.
    pub waits: Option<String>,
    /// By channel.
    pub meters: Vec<Meter>,
}

/// The levels of a channel, in decibels relative to full scale (a full-scale sine has a peak of 0 dB and an RMS of −3.01 dB).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Meter {
    /// The power of the last 300 ms.
    pub rms: Level,
    /// The largest sample, falling back by 20 dB a second (IEC 60268-18).
    pub peak: Level,
    /// The largest sample of the last two seconds.
    pub hold: Level,
    /// Samples at or beyond full scale since they were last cleared.
    pub clipped: u64,
}

/// Decibels relative to full scale; −∞ for silence.
pub type Level = f64;

impl Default for Meter {
    fn default() -> Self {
        Self { rms: f64::NEG_INFINITY, peak: f64::NEG_INFINITY, hold: f64::NEG_INFINITY, clipped: 0 }
    }
}

/// What a node costs, and what it did that it should not.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Load {
    /// The node.
    pub node: String,
    /// Its worker.
    pub worker: String,
    /// The lane it runs on.
    pub lane: Option<String>,
    /// Microseconds a block: the mean, the 99th percentile, the longest.
    pub mean_us: f64,
    /// The 99th percentile.
    pub p99_us: f64,
    /// The longest.
    pub max_us: f64,
    /// Microseconds that there are.
    pub deadline_us: f64,
    /// Answers that were not there when due.
    pub missed: u64,
    /// Times it asked for memory while playing.
    pub allocations: u64,
    /// Page faults while playing.
    pub faults: u64,
    /// Times it slept or waited while playing.
    pub sleeps: u64,
    /// Why it is left out.
    pub failed: Option<String>,
    /// What its worker said of itself when it was made, such as the engine it runs on.
    pub notes: Vec<String>,
    /// The nodes it hears.
    pub hears: Vec<String>,
}

/// A part of the latency.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// What waits.
    pub what: String,
    /// Milliseconds.
    pub ms: f64,
}

/// A gap in the sound.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Xrun {
    /// Seconds played.
    pub time: f64,
    /// Who was late.
    pub whose: Whose,
}

/// Who was late when the sound had a gap.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// A node took longer than there was time.
    Node(String),
    /// The thread was not run in time: the machine had other work.
    #[default]
    Machine,
    /// The sound system lost samples.
    System,
}

/// A clock that differs from the one that drives the graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Clock {
    /// The device.
    pub device: String,
    /// By how many parts in a million it is fast.
    pub ppm: f64,
    /// Whether that is known well enough to be shown.
    pub settled: bool,
}

/// An event of the graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Happening {
    /// Seconds played.
    pub time: f64,
    /// The output of the graph, and what it is called.
    pub output: String,
    /// Its label.
    pub label: String,
    /// Its value, as a rule a probability or a level.
    pub value: f64,
}

/// What the user should know.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Note {
    /// Seconds played.
    pub time: f64,
    /// In one sentence, with the way out.
    pub text: String,
    /// It is not as it should be.
    pub warns: bool,
}

/// A live parameter.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Param {
    /// Where it is.
    pub at: Where,
    /// Its value now: a number, or the place of its name in `choices`.
    pub value: f64,
    /// Its value in the graph file.
    pub start: f64,
    /// Its range, if it has ends.
    pub range: Option<[f64; 2]>,
    /// Only whole numbers are values.
    pub whole: bool,
    /// What it is measured in.
    pub unit: Unit,
    /// Its values by name, if it is a choice; `false` and `true` if it is a switch.
    pub choices: Vec<String>,
}

/// A parameter's place.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Where {
    /// The node.
    pub node: String,
    /// The parameter.
    pub param: String,
}

/// A unit, as the worker says it: "dB", "Hz", …
pub type Unit = String;

/// The newest columns of a spectrogram.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spectrum {
    /// Columns made since the start; the last of `columns` has the number `made` − 1.
    pub made: u64,
    /// Decibels relative to full scale, from 0 Hz to half the rate, oldest column first; all of one length.
    pub columns: Vec<Vec<f32>>,
    /// Seconds from one column to the next.
    pub hop: f64,
    /// Hz at the top.
    pub top: f64,
}
