//! What is rendered: steps in order, the streams between them, and the edges that read the streams.
use super::file::Late;
use super::item::Span;
use super::time::Time;
use crate::plugin::{Format, Value};
use std::ops::Range;

mod layout; // nodes and edges → steps, streams, edges
mod pace; //   how many frames are due

pub(super) use layout::join;
pub use pace::Pace;

/// Seconds of frames that may wait for a lane, beside those that are not due yet, before it has to begin anew.
const PATIENCE: f64 = 1.0;
/// Blocks that may wait at least.
const PATIENT_BLOCKS: u64 = 8;

/// A graph that can be rendered, as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What the graph is.
    pub title: Option<String>,
    /// Sample rate inside, in Hz.
    pub rate: u32,
    /// Samples a block.
    pub block: u32,
    /// Where frames come in.
    pub inputs: Vec<Source>,
    /// Who works, in order.
    pub steps: Vec<Step>,
    /// Steps that feedback ties together: each range is walked until none of its steps can fire.
    pub loops: Vec<Range<usize>>,
    /// What lies between.
    pub streams: Vec<Stream>,
    /// Who reads which stream.
    pub edges: Vec<Edge>,
    /// Where frames leave.
    pub outputs: Vec<Output>,
    /// Blocks until everything repeats.
    pub period: u64,
    /// Blocks after which what happened at the start has died away.
    pub settled: u64,
}

impl Plan {
    /// By how much each output of a step lags the graph's inputs.
    pub fn lags<'p>(&'p self, step: &'p Step) -> impl Iterator<Item = Time> + 'p {
        let own =
            step.outputs.iter().zip(&step.latency).filter_map(|(output, &latency)| Some((output.stream?, latency)));
        own.filter_map(|(stream, latency)| step.lag.plus(Time::of(u64::from(latency), &self.streams[stream].format)))
    }

    /// How often the whole input must be heard before what the graph gives is right: workers that learn of the whole
    /// learn one after the other.
    pub fn rehearsals(&self) -> u32 {
        let learned = self.steps.iter().zip(self.rehearsals_before()).map(|(step, before)| before + step.rehearsals);
        learned.max().unwrap_or(0) // a worker may give nothing but events
    }

    /// How often the whole input must be heard before what arrives at each step is right.
    pub fn rehearsals_before(&self) -> Vec<u32> {
        let mut of_stream = vec![0; self.streams.len()];
        let learned = |step: &Step| {
            let before = step.inputs.iter().map(|&edge| of_stream[self.edges[edge].stream]).max().unwrap_or(0);
            let streams = step.outputs.iter().filter_map(|output| output.stream);
            streams.for_each(|stream| of_stream[stream] = before + step.rehearsals);
            before
        };
        self.steps.iter().map(learned).collect()
    }
}

/// An input of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// The stream it writes.
    pub stream: usize,
}

/// A node that works.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The node's name.
    pub name: String,
    /// The id of its worker.
    pub worker: String,
    /// Which of the instances it drives, in the order of the nodes.
    pub instance: usize,
    /// Why it is there although no author wrote it.
    pub implied: Option<&'static str>,
    /// It may allocate or wait.
    pub may_block: bool,
    /// The edges it takes frames from.
    pub inputs: Vec<usize>,
    /// What it gives.
    pub outputs: Vec<StepOutput>,
    /// The lane it is on.
    pub lane: Option<Lane>,
    /// For a worker without inputs: frames it is to have given, so many a block.
    pub pace: Option<Pace>,
    /// Frames of latency of each output, for people.
    pub latency: Vec<u32>,
    /// By how much its inputs lag the graph's inputs.
    pub lag: Time,
    /// Firings in a period, if it moves a fixed number of frames.
    pub firings: u64,
    /// Its parameters, in the order of the descriptor.
    pub values: Vec<Value>,
    /// What its events are called, by number.
    pub labels: Vec<String>,
    /// Where it stands in the file.
    pub span: Span,
    /// How often it must hear the whole input before what it gives is right.
    pub rehearsals: u32,
    /// What its worker said of itself when it was made, such as the engine that it runs on.
    pub notes: Vec<String>,
    /// It is no worker, but goes over from its first input to its last.
    pub fade: Option<Fade>,
}

/// How a step goes over from one input to another, in frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fade {
    /// Frames for which only the old input is heard, while the new one warms up.
    pub wait: u64,
    /// Frames that the fade takes.
    pub length: u64,
}

/// An output port of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepOutput {
    /// The port.
    pub port: String,
    /// Where its frames go, or that it gives events.
    pub stream: Option<usize>,
    /// Frames a firing; 0 is as many as are taken.
    pub give: u32,
    /// The edge that stands in for it when the worker fails, delayed by its latency.
    pub dry: Option<usize>,
}

/// Where a step runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Name of the background thread.
    pub name: String,
    /// After how many firings an answer is due.
    pub delay: u32,
    /// What is heard when it is not there.
    pub late: Late,
}

/// Frames in flight: one writer, any number of readers.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// "NODE.PORT".
    pub name: String,
    /// What a frame is.
    pub format: Format,
    /// Zero frames that are there at the start: the most that any edge wants.
    pub prefill: u64,
    /// Most frames that are left behind after a block.
    pub left: u64,
    /// Most frames that a block writes.
    pub written: u64,
}

impl Stream {
    /// Bytes of the frames that it may hold.
    pub fn bytes(&self) -> u64 {
        let frames = self.prefill.max(self.left) + self.written;
        frames * u64::from(self.format.channels) * self.format.width() as u64 * 4
    }
}

/// A reader of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The stream.
    pub stream: usize,
    /// "NODE.PORT" that reads.
    pub to: String,
    /// Frames a firing; 0 is as many as there are.
    pub take: u32,
    /// Zero frames that wait here at the start.
    pub tokens: Tokens,
    /// Frames that are here at the start of a plan that takes over from another.
    pub held: Option<u64>,
}

impl Edge {
    /// Whether it leads out of a lane.
    pub fn leaves_lane(&self) -> bool {
        self.tokens.lane > 0
    }

    /// Frames that are here at the start.
    pub fn at_start(&self) -> u64 {
        self.held.unwrap_or(self.tokens.total())
    }
}

/// Frames that can be read where so many wait, and so many waited before this block. Out of a lane, whose answers are due
/// `lane` frames later, none is read before it is due: as many stay behind, or a reader that takes all it gets would use
/// the delay up at the start. Nor is one read in the block in which it was asked for, however blocks and firings fall.
pub fn readable(waits: u64, waited: u64, lane: u64) -> u64 {
    if lane == 0 { waits } else { waits.saturating_sub(lane).min(waited) }
}

/// Zero frames that wait at an edge at the start, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Waiting for a slower path.
    pub align: u64,
    /// Later on purpose.
    pub delay: u64,
    /// The past that closes a loop.
    pub feedback: u64,
    /// The maker is on a lane.
    pub lane: u64,
    /// So that a sink never starves.
    pub priming: u64,
    /// So that a dry path is as late as the worker.
    pub dry: u64,
}

impl Tokens {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.align + self.delay + self.feedback + self.lane + self.priming + self.dry
    }
}

/// An output of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// What leaves.
    pub kind: OutputKind,
    /// By how much it lags the graph's inputs, priming aside.
    pub lag: Time,
    /// How long it sounds on after the inputs ended, its lag not counted; `None` is for ever.
    pub tail: Option<Time>,
    /// What the lag is made of, for people.
    pub parts: Vec<(String, Cause, Time)>,
    /// Where it stands in the file.
    pub span: Span,
}

/// Why time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The worker needs to hear more before it can answer.
    Worker,
    /// The answer of a lane is due later.
    Lane,
    /// It waits for a slower path.
    Align,
}

impl Cause {
    /// As the second half of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Worker => "needs to hear more before it can answer",
            Self::Lane => "is on a lane, and its answers are due later",
            Self::Align => "waits for a slower path",
        }
    }
}

/// What leaves at an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// Audio, as much each block as the device plays: the edge that is read.
    Audio(usize),
    /// Frames of any kind, whenever there are some: the edge that is read.
    Probe(usize),
    /// Events: the step and its output that give them.
    Events(usize, usize),
}

impl Plan {
    /// The pace of a format in this plan.
    pub fn pace(&self, format: &Format) -> Pace {
        Pace::new(format, self.block, self.rate)
    }

    /// The edge that an output reads, if it reads frames.
    pub fn output_edge(&self, output: &Output) -> Option<usize> {
        match output.kind {
            OutputKind::Audio(edge) | OutputKind::Probe(edge) => Some(edge),
            OutputKind::Events(..) => None,
        }
    }

    /// The format that leaves at an output, if it is frames.
    pub fn output_format(&self, output: &Output) -> Option<Format> {
        self.output_edge(output).map(|edge| self.streams[self.edges[edge].stream].format)
    }

    /// From sound in to sound out: lag and priming.
    pub fn latency(&self, output: &Output) -> Time {
        let priming = self.output_edge(output).map(|edge| &self.edges[edge]);
        let priming = priming.map(|edge| Time::of(edge.tokens.priming, &self.streams[edge.stream].format));
        output.lag.plus(priming.unwrap_or(Time::ZERO)).unwrap_or(output.lag)
    }

    /// The lanes, each once, in the order in which the first of its steps comes.
    pub fn lanes(&self) -> Vec<&str> {
        let mut names: Vec<&str> = vec![];
        for lane in self.steps.iter().filter_map(|step| step.lane.as_ref()) {
            if !names.contains(&lane.name.as_str()) {
                names.push(&lane.name);
            }
        }
        names
    }

    /// Blocks whose frames may wait for a lane before it has to begin anew: those of a while, and those whose answers are
    /// not due yet.
    pub fn patience(&self, lane: &str) -> u64 {
        let block = f64::from(self.block) / f64::from(self.rate);
        let on_lane = |step: &&Step| step.lane.as_ref().is_some_and(|own| own.name == lane);
        let streams = self.steps.iter().filter(on_lane).flat_map(|step| &step.outputs).filter_map(|out| out.stream);
        let streams: Vec<usize> = streams.collect();
        let seconds = |edge: &Edge| edge.tokens.lane as f64 / self.streams[edge.stream].format.rate();
        let due = self.edges.iter().filter(|edge| streams.contains(&edge.stream)).map(seconds).fold(0.0, f64::max);
        (((PATIENCE + due) / block).ceil() as u64).max(PATIENT_BLOCKS)
    }

    /// Steps that neither an input nor a pace drives, directly or through others: they hear nothing but each other.
    pub(super) fn undriven(&self) -> Vec<usize> {
        let mut driven = vec![false; self.streams.len()];
        self.inputs.iter().for_each(|input| driven[input.stream] = true);
        let mut left: Vec<usize> = (0..self.steps.len()).collect();
        loop {
            let before = left.len();
            // In order, so that one walk is enough but for loops.
            left.retain(|&at| {
                let step = &self.steps[at];
                let waits = step.pace.is_none() && !step.inputs.iter().any(|&edge| driven[self.edges[edge].stream]);
                if !waits {
                    step.outputs.iter().filter_map(|output| output.stream).for_each(|stream| driven[stream] = true);
                }
                waits
            });
            if left.len() == before {
                return left;
            }
        }
    }
}
