//! Nodes and edges: what the passes work on.
use super::file::{Delay, Lane};
use super::item::{Span, Spanned};
use super::time::Time;
use crate::plugin::{Format, Found, Instance, Kind, Value};

/// A graph whose names are resolved.
#[derive(Default)]
pub struct Net {
    /// Sources, workers and sinks.
    pub nodes: Vec<Node>,
    /// Every node after those that it hears.
    pub order: Vec<usize>,
}

/// A source, a worker or a sink.
pub struct Node {
    /// Its name in the file; implied nodes are named after what they serve.
    pub name: String,
    /// Where the name is.
    pub span: Span,
    /// What it is.
    pub what: What,
    /// Connected inputs.
    pub inputs: Vec<Input>,
    /// Connected outputs.
    pub outputs: Vec<Output>,
    /// Why it is there although no author wrote it.
    pub implied: Option<&'static str>,
    /// A mistake was found in it; what hangs on it is not judged.
    pub broken: bool,
}

/// What a node is.
pub enum What {
    /// Frames come in here.
    Source,
    /// A worker makes them.
    Worker(Box<WorkerNode>),
    /// They leave here.
    Sink(SinkKind),
}

/// Where frames go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// To a device or file, as audio at this rate.
    Audio {
        /// Samples a second.
        rate: u32,
    },
    /// To standard output.
    Events,
    /// To whoever asked for a port's frames.
    Probe,
}

/// A node that is a worker.
pub struct WorkerNode {
    /// The worker.
    pub found: Found,
    /// Its parameters, in the order of the descriptor.
    pub values: Vec<Value>,
    /// The keys that the author wrote, those of tables in it after them, and where; last those that a preset stands for,
    /// at its place.
    pub keys: Vec<Spanned<String>>,
    /// Where the worker is named.
    pub worker_span: Span,
    /// The lane it runs on, if any.
    pub lane: Option<Lane>,
    /// Made by the formats pass.
    pub instance: Option<Instance>,
}

/// A connected input port.
#[derive(Clone, Debug)]
pub struct Input {
    /// The port.
    pub port: String,
    /// The kind that the worker takes there.
    pub kind: Kind,
    /// The node it hears.
    pub from: usize,
    /// Which of that node's outputs.
    pub output: usize,
    /// Where the author wrote it.
    pub span: Span,
    /// Later on purpose.
    pub delay: Option<Spanned<Delay>>,
    /// Frames of the past that close a loop.
    pub feedback: Option<Spanned<u32>>,
    /// Frames one firing takes; 0 is as many as there are.
    pub take: u32,
    /// `delay` in frames.
    pub delay_frames: u64,
    /// Frames that it waits for a slower path.
    pub align_frames: u64,
    /// Frames that come later because their maker is on a lane.
    pub lane_frames: u64,
}

/// A connected output port.
#[derive(Clone, Debug)]
pub struct Output {
    /// The port.
    pub port: String,
    /// What leaves; known once the node agreed.
    pub format: Option<Format>,
    /// Frames one firing gives; 0 is as many as are taken.
    pub give: u32,
    /// Frames by which it lags its inputs.
    pub latency: u32,
    /// Frames for which it sounds on.
    pub tail: u32,
    /// By how much it lags the graph's inputs.
    pub lag: Time,
}

impl Node {
    /// Its worker, if it is one.
    pub fn worker(&self) -> Option<&WorkerNode> {
        match &self.what {
            What::Worker(worker) => Some(worker),
            _ => None,
        }
    }
    /// The lane it runs on.
    pub fn lane(&self) -> Option<&Lane> {
        self.worker().and_then(|worker| worker.lane.as_ref())
    }
}

impl Net {
    /// The format that arrives at an input, if its maker has agreed.
    pub fn arriving(&self, input: &Input) -> Option<Format> {
        self.nodes[input.from].outputs[input.output].format
    }
}

/// The word for a kind, as the language has it.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::AUDIO => "audio",
        Kind::SPECTRUM => "spectrum",
        Kind::FEATURES => "features",
        Kind::TENSOR => "tensor",
        Kind::EVENTS => "events",
        _ => "any kind of frames",
    }
}
