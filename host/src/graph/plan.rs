//! What is rendered: steps in order, the streams between them, and the edges that read the streams.
use super::align;
use super::compile::Device;
use super::file::{GraphFile, Late};
use super::item::Span;
use super::net::{Input, Net, Node, SinkKind, What, WorkerNode};
use super::time::Time;
use crate::plugin::{ENDLESS, Format, Kind, Value};
use num_integer::gcd;
use std::ops::Range;

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
        let mut of_stream = vec![0; self.streams.len()];
        for step in &self.steps {
            let before = step.inputs.iter().map(|&edge| of_stream[self.edges[edge].stream]).max().unwrap_or(0);
            step.outputs
                .iter()
                .filter_map(|output| output.stream)
                .for_each(|s| of_stream[s] = before + step.rehearsals);
        }
        of_stream.into_iter().max().unwrap_or(0)
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
    /// Frames that are here at the start.
    pub fn at_start(&self) -> u64 {
        self.held.unwrap_or(self.tokens.total())
    }
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

/// So many frames a block, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    num: u64,
    den: u64,
}

impl Pace {
    /// Of a format, in blocks of `block` samples at `rate`.
    pub fn new(format: &Format, block: u32, rate: u32) -> Self {
        let num = u128::from(format.rate_num) * u128::from(block);
        let den = u128::from(format.rate_den) * u128::from(rate);
        let common = gcd(num, den).max(1);
        let narrow = |n: u128| u64::try_from(n / common).unwrap_or(u64::MAX);
        Self { num: narrow(num), den: narrow(den).max(1) }
    }
    /// Frames due when `blocks` blocks have passed.
    pub fn after(&self, blocks: u64) -> u64 {
        let frames = u128::from(blocks) * u128::from(self.num) / u128::from(self.den);
        u64::try_from(frames).unwrap_or(u64::MAX)
    }
    /// Frames due in block number `block`, from 0.
    pub fn of_block(&self, block: u64) -> u64 {
        self.after(block + 1) - self.after(block)
    }
    /// Blocks after which whole firings of `frames` frames have passed.
    pub fn blocks_of(&self, frames: u32) -> u64 {
        let den = u128::from(self.den) * u128::from(frames.max(1));
        u64::try_from(den / gcd(den, u128::from(self.num)).max(1)).unwrap_or(u64::MAX)
    }
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

    /// Lays out steps, streams and edges. Room, priming and firings come from the dry run.
    pub(super) fn lay_out(net: &Net, file: &GraphFile, device: &Device) -> Self {
        let mut plan = Self {
            title: file.graph.title.clone(),
            rate: file.graph.rate,
            block: device.block.unwrap_or(file.graph.block),
            inputs: vec![],
            steps: vec![],
            loops: vec![],
            streams: vec![],
            edges: vec![],
            outputs: vec![],
            period: 1,
            settled: 1,
        };
        let streams = plan.lay_streams(net);
        let mut place = vec![usize::MAX; net.nodes.len()];
        let workers = net.nodes.iter().scan(0, |workers, node| {
            let before = *workers;
            *workers += usize::from(node.worker().is_some());
            Some(before)
        });
        let instances: Vec<usize> = workers.collect();
        for &at in &net.order {
            let node = &net.nodes[at];
            match &node.what {
                What::Source => {
                    plan.inputs.extend(streams[at][0].map(|stream| Source { name: node.name.clone(), stream }))
                }
                What::Worker(_) => {
                    place[at] = plan.steps.len();
                    plan.lay_step(net, at, instances[at], &streams);
                }
                What::Sink(_) => {}
            }
        }
        let tails = tails(net);
        for (at, node) in net.nodes.iter().enumerate() {
            if let What::Sink(kind) = node.what {
                plan.lay_output(net, at, kind, &streams, &place, &tails);
            }
        }
        plan.lay_loops(net, &place);
        plan
    }

    /// One stream an output that carries frames; answers which, by node and output.
    fn lay_streams(&mut self, net: &Net) -> Vec<Vec<Option<usize>>> {
        let mut streams = vec![];
        for node in &net.nodes {
            let mut of_node = vec![];
            for output in &node.outputs {
                let format = output.format.filter(|format| format.kind != Kind::EVENTS);
                of_node.push(format.map(|format| {
                    let name = format!("{}.{}", node.name, output.port);
                    self.streams.push(Stream { name, format, prefill: 0, left: 0, written: 0 });
                    self.streams.len() - 1
                }));
            }
            streams.push(of_node);
        }
        streams
    }

    fn lay_edge(&mut self, net: &Net, at: usize, input: &Input, streams: &[Vec<Option<usize>>]) -> Option<usize> {
        let stream = streams[input.from][input.output]?;
        let tokens = Tokens {
            align: input.align_frames,
            delay: input.delay_frames,
            feedback: input.feedback.as_ref().map_or(0, |frames| u64::from(frames.value)),
            lane: input.lane_frames,
            ..Tokens::default()
        };
        let to = format!("{}.{}", net.nodes[at].name, input.port);
        self.edges.push(Edge { stream, to, take: input.take, tokens, held: None });
        Some(self.edges.len() - 1)
    }

    fn lay_step(&mut self, net: &Net, at: usize, instance: usize, streams: &[Vec<Option<usize>>]) {
        let node = &net.nodes[at];
        let Some(worker) = node.worker() else { return };
        let inputs: Vec<usize> =
            node.inputs.iter().filter_map(|input| self.lay_edge(net, at, input, streams)).collect();
        let mut outputs = vec![];
        for (output, stream) in node.outputs.iter().zip(&streams[at]) {
            let dry = stream.and_then(|stream| self.lay_dry(&inputs, stream, output.give, output.latency));
            outputs.push(StepOutput { port: output.port.clone(), stream: *stream, give: output.give, dry });
        }
        let paced = outputs.iter().find_map(|output| output.stream).filter(|_| inputs.is_empty());
        let lane = worker.lane.as_ref();
        self.steps.push(Step {
            name: node.name.clone(),
            worker: worker.found.worker.id.clone(),
            instance,
            implied: node.implied,
            may_block: worker.found.worker.may_block,
            inputs,
            outputs,
            lane: lane.map(|lane| Lane { name: lane.name.clone(), delay: lane.delay, late: lane.late }),
            pace: paced.map(|stream| self.pace(&self.streams[stream].format)),
            latency: node.outputs.iter().map(|output| output.latency).collect(),
            lag: align::meeting(net, at),
            firings: 0,
            values: worker.values.clone(),
            labels: labels(worker),
            span: node.span.clone(),
            rehearsals: worker.instance.as_ref().map_or(0, |instance| instance.agreed().rehearsals),
            fade: None,
        });
    }

    /// The first input of audio or spectrum that could stand in for an output: same frames, same number of them.
    fn lay_dry(&mut self, inputs: &[usize], stream: usize, give: u32, latency: u32) -> Option<usize> {
        let format = self.streams[stream].format;
        let alike = |&&edge: &&usize| {
            let edge = &self.edges[edge];
            self.streams[edge.stream].format == format && edge.take == give
        };
        let sounds = matches!(format.kind, Kind::AUDIO | Kind::SPECTRUM);
        let mut edge = self.edges[*inputs.iter().find(alike).filter(|_| sounds)?].clone();
        edge.tokens.dry = u64::from(latency);
        edge.to += " (dry)";
        self.edges.push(edge);
        Some(self.edges.len() - 1)
    }

    fn lay_output(
        &mut self,
        net: &Net,
        at: usize,
        kind: SinkKind,
        streams: &[Vec<Option<usize>>],
        place: &[usize],
        tails: &[Option<Time>],
    ) {
        let node = &net.nodes[at];
        let input = &node.inputs[0];
        let edge = self.lay_edge(net, at, input, streams);
        let kind = match (kind, edge) {
            (SinkKind::Audio { .. }, Some(edge)) => OutputKind::Audio(edge),
            (SinkKind::Probe, Some(edge)) => OutputKind::Probe(edge),
            (_, None) => OutputKind::Events(place[input.from], input.output),
            (SinkKind::Events, Some(_)) => return, // the formats pass refused it
        };
        if let Some(edge) = edge {
            self.edges[edge].to.clone_from(&node.name);
        }
        let (lag, parts) = (align::meeting(net, at), align::parts(net, at));
        self.outputs.push(Output {
            name: node.name.clone(),
            kind,
            lag,
            tail: tails[input.from],
            parts,
            span: node.span.clone(),
        });
    }

    /// A feedback edge ties together all steps from its reader to its writer.
    fn lay_loops(&mut self, net: &Net, place: &[usize]) {
        let mut loops: Vec<Range<usize>> = vec![];
        for (at, node) in net.nodes.iter().enumerate() {
            let back = node.inputs.iter().filter(|input| input.feedback.is_some() && place[input.from] != usize::MAX);
            loops.extend(
                back.filter(|input| place[at] <= place[input.from]).map(|input| place[at]..place[input.from] + 1),
            );
        }
        self.loops = join(loops);
    }
}

/// Ranges that overlap become one.
pub(super) fn join(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = vec![];
    for range in ranges {
        match joined.last_mut().filter(|last| range.start < last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => joined.push(range),
        }
    }
    joined
}

/// The texts between the commas of a parameter called `labels`.
fn labels(worker: &WorkerNode) -> Vec<String> {
    let named = worker.found.worker.params.iter().zip(&worker.values).find(|(param, _)| param.name == "labels");
    match named {
        Some((_, Value::Text(text))) if !text.trim().is_empty() => {
            text.split(',').map(|label| label.trim().into()).collect()
        }
        _ => vec![],
    }
}

/// How long each node sounds on after the inputs ended; `None` is for ever.
fn tails(net: &Net) -> Vec<Option<Time>> {
    let mut tails = vec![Some(Time::ZERO); net.nodes.len()];
    for &at in &net.order {
        tails[at] = tail(net, &net.nodes[at], &tails);
    }
    tails
}

fn tail(net: &Net, node: &Node, tails: &[Option<Time>]) -> Option<Time> {
    if matches!(node.what, What::Worker(_)) && node.inputs.is_empty() {
        return None;
    }
    let mut longest = Time::ZERO;
    for input in &node.inputs {
        if input.feedback.is_some() {
            return None;
        }
        let delay = net.arriving(input).filter(|f| f.kind != Kind::EVENTS);
        let delay = delay.map_or(Time::ZERO, |format| Time::of(input.delay_frames, &format));
        longest = longest.max(tails[input.from]?.plus(delay)?);
    }
    let mut own = Time::ZERO;
    for output in node.outputs.iter().filter(|output| output.tail > 0) {
        let format = output.format.filter(|_| output.tail != ENDLESS)?;
        own = own.max(Time::of(u64::from(output.tail), &format));
    }
    longest.plus(own)
}
