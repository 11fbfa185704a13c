//! RT — a node at work: when it may fire, and one firing.
use super::automation::Automation;
use super::fade::Fade;
use super::load::Load;
use super::message::Trouble;
use super::stream::{self, Stream};
use crate::graph;
use crate::plugin::{Event, Failure, Format, Frames, Instance, MAX_PORTS, Moment, NO_END, OutBuffer};
use arrayvec::ArrayVec;
use pulp::Arch;
use std::sync::Arc;

/// Events that one firing may give.
const EVENTS: usize = 64;

/// A node at work.
pub struct Step {
    /// Names the instance for as long as it lives, whichever program it is in.
    pub(super) key: u64,
    pub(super) node: Node,
    pub(super) inputs: Vec<In>,
    pub(super) outputs: Vec<Out>,
    /// For a worker without inputs.
    pub(super) pace: Option<graph::Pace>,
    /// Why it is left out, if it is.
    pub(super) failed: Option<Trouble>,
    /// What it costs; the control side looks at it while it plays.
    pub(super) load: Arc<Load>,
    /// Live parameters that change at moments that are known before.
    pub(super) automation: Automation,
    clock: Clock,
    /// Frames given by a worker without inputs; frames taken from the first input otherwise.
    pub(super) moved: u64,
    /// Frames of the first input, or of a worker without inputs, that come before the moment 0.
    lead: u64,
    /// How many frames the first input has in all.
    pub(super) end: u64,
    max_frames: usize,
}

/// What a step drives.
#[allow(clippy::large_enum_variant)] // one a step, made once: a box would only be one more place to look
pub enum Node {
    /// A worker.
    Worker(Instance),
    /// A fade between two paths.
    Fade(Fade),
    /// Nothing yet: what belongs here comes from the program before.
    Vacant,
    /// A worker that a lane runs. Its frames are counted here, and their place holds the dry sound if there is one, until
    /// they come.
    Away,
}

/// A port that is read.
pub struct In {
    pub(super) edge: usize,
    pub(super) stream: usize,
    pub(super) take: usize,
    /// How many frames later the answers that it reads are due, where a lane makes them.
    lane: u64,
    planes: usize,
    width: usize,
    /// Room for the frames of an input that hears the node itself: its stream is moved out while it is written.
    own: Option<Vec<f32>>,
}

/// A port that is written.
pub struct Out {
    pub(super) to: OutTo,
    pub(super) give: usize,
    /// The edge, and its stream, that stands in when the worker has failed.
    pub(super) dry: Option<(usize, usize)>,
}

/// Where an output goes.
pub enum OutTo {
    /// To a stream.
    Stream {
        /// Which.
        stream: usize,
        /// Floats in one plane of a frame.
        width: usize,
        /// Planes.
        planes: usize,
    },
    /// To whoever hears events.
    Events {
        /// What the last firing gave.
        events: Vec<Event>,
        /// How many they are.
        count: usize,
        /// Whether an output of the graph hears them.
        heard: bool,
    },
}

/// The moment that the next frame stands for: `frame * num / den - lag` samples.
#[derive(Clone, Copy)]
struct Clock {
    num: u64,
    den: u64,
    lag: u64,
    /// When the step began, in samples.
    base: u64,
}

impl Clock {
    /// Counts from a later moment.
    fn later(&mut self, samples: u64) {
        self.base += samples;
    }

    /// The moment, and by how much it lies before the first moment of the graph's input, which is told instead.
    fn at(&self, frame: u64) -> (u64, u64) {
        let samples = match self.den {
            1 => frame.saturating_mul(self.num),
            den => (u128::from(frame) * u128::from(self.num) / u128::from(den)) as u64,
        };
        let samples = self.base + samples;
        (samples.saturating_sub(self.lag), self.lag.saturating_sub(samples))
    }

    /// Frames from this one to the first that stands for a later moment.
    fn frames_until(&self, moment: u64, frame: u64) -> usize {
        let samples = moment.saturating_add(self.lag).saturating_sub(self.base);
        let first = (u128::from(samples) * u128::from(self.den)).div_ceil(u128::from(self.num.max(1)));
        let frames = u64::try_from(first).unwrap_or(u64::MAX).saturating_sub(frame).max(1);
        usize::try_from(frames).unwrap_or(usize::MAX)
    }
}

impl Step {
    /// A step with all the memory it needs; a fade makes itself.
    pub fn new(plan: &graph::Plan, at: usize, node: Node, key: u64) -> Self {
        let step = &plan.steps[at];
        let writes = |stream: usize| step.outputs.iter().any(|output| output.stream == Some(stream));
        let input = |&edge: &usize| {
            let (stream, take) = (plan.edges[edge].stream, plan.edges[edge].take as usize);
            let format = &plan.streams[stream].format;
            let (planes, width) = (format.channels as usize, format.width());
            let frames = if take == 0 { plan.block as usize } else { take };
            let own = writes(stream).then(|| vec![0.0; frames * planes * width]);
            In { edge, stream, take, lane: plan.edges[edge].tokens.lane, planes, width, own }
        };
        let output = |(port, output): (usize, &graph::StepOutput)| {
            let to = match output.stream {
                Some(stream) => {
                    let format = &plan.streams[stream].format;
                    OutTo::Stream { stream, width: format.width(), planes: format.channels as usize }
                }
                None => {
                    let heard = plan.outputs.iter().any(|output| output.kind == graph::OutputKind::Events(at, port));
                    OutTo::Events { events: vec![Event { time: 0, label: 0, value: 0.0 }; EVENTS], count: 0, heard }
                }
            };
            let dry = output.dry.map(|edge| (edge, plan.edges[edge].stream));
            Out { to, give: output.give as usize, dry }
        };
        let inputs: Vec<In> = step.inputs.iter().map(input).collect();
        let outputs: Vec<Out> = step.outputs.iter().enumerate().map(output).collect();
        let clock = clock(plan, step);
        let lead = pacing_format(plan, step).map_or(0, |format| step.lag.in_frames_up(&format));
        let max_frames = plan.block as usize;
        let (failed, load) = (None, Arc::<Load>::default());
        let node = match (step.fade, outputs.first().map(|output| &output.to)) {
            (Some(fade), Some(&OutTo::Stream { width, planes, .. })) => Node::Fade(Fade::new(fade, width, planes)),
            _ => node,
        };
        let (moved, end, automation) = (0, NO_END, Automation::default());
        let pace = step.pace;
        Self { key, node, inputs, outputs, pace, failed, load, automation, clock, moved, lead, end, max_frames }
    }

    /// How many frames the ports that take as many as there are would move now; `None` if it cannot fire.
    pub fn ready(&self, streams: &[Stream], positions: &[u64], block: u64) -> Option<usize> {
        let mut free = match self.pace {
            None if self.inputs.is_empty() => return None,
            None => self.max_frames,
            Some(pace) => {
                let due = (pace.after(block + 1) - self.moved) as usize;
                let frames = |output: &&Out| matches!(output.to, OutTo::Stream { .. });
                match self.outputs.iter().find(frames).map_or(0, |output| output.give) {
                    0 => due.min(self.max_frames),
                    give if due >= give => give,
                    _ => 0,
                }
            }
        };
        for input in &self.inputs {
            let stream = &streams[input.stream];
            let there = stream.readable(positions[input.edge], input.lane) as usize;
            match input.take {
                0 => free = free.min(there),
                take if there < take => return None,
                _ => {}
            }
        }
        if !self.automation.is_over()
            && let Some(at) = self.automation.after(self.clock.at(self.moved).0)
        {
            free = free.min(self.clock.frames_until(at, self.moved));
        }
        (free > 0).then_some(free)
    }

    /// One firing. Answers what went wrong, once.
    pub fn fire(&mut self, streams: &mut [Stream], positions: &mut [u64], free: usize) -> Option<Trouble> {
        self.keep_own(streams, positions, free);
        let mut memory = ArrayVec::<Vec<f32>, MAX_PORTS>::new();
        for output in &self.outputs {
            memory.push(match output.to {
                OutTo::Stream { stream, .. } => streams[stream].take(),
                OutTo::Events { .. } => Vec::new(),
            });
        }
        if !self.automation.is_over() {
            self.turn();
        }
        let before = self.failed;
        let away = self.is_away();
        if self.failed.is_none() && !away {
            self.failed = self.process(streams, positions, &mut memory, free).err();
        }
        if self.failed.is_some() || away {
            self.stand_in(streams, positions, &mut memory, free);
        }
        for (output, memory) in self.outputs.iter().zip(memory) {
            if let OutTo::Stream { stream, .. } = output.to {
                streams[stream].put(memory, frames(output.give, free));
            }
        }
        for input in &self.inputs {
            positions[input.edge] += frames(input.take, free) as u64;
        }
        for (output, (edge, _)) in self.outputs.iter().filter_map(|output| output.dry.map(|dry| (output, dry))) {
            positions[edge] += frames(output.give, free) as u64;
        }
        self.moved += self.inputs.first().map_or(free, |input| frames(input.take, free)) as u64;
        if before.is_none() { self.failed } else { None }
    }

    /// Changes the live parameters whose moment it is.
    fn turn(&mut self) {
        let now = self.clock.at(self.moved).0;
        while let Some((param, value)) = self.automation.take(now) {
            self.set_param(param, value);
        }
    }

    /// Copies what the node hears of itself, before its stream is moved out.
    fn keep_own(&mut self, streams: &[Stream], positions: &[u64], free: usize) {
        for input in &mut self.inputs {
            let Some(own) = &mut input.own else { continue };
            let count = frames(input.take, free);
            let from = streams[input.stream].read(positions[input.edge], count);
            let stride = own.len() / input.planes.max(1);
            for plane in 0..input.planes {
                let from = stream::plane(&from, plane, input.width);
                if let Some(to) = own.get_mut(plane * stride..plane * stride + from.len()) {
                    to.copy_from_slice(from);
                }
            }
        }
    }

    fn process(
        &mut self,
        streams: &[Stream],
        positions: &[u64],
        memory: &mut [Vec<f32>],
        free: usize,
    ) -> Result<(), Trouble> {
        let mut ins = ArrayVec::<Frames, MAX_PORTS>::new();
        for input in &self.inputs {
            let count = frames(input.take, free);
            ins.push(match &input.own {
                Some(own) => Frames { data: own, stride: own.len() / input.planes.max(1), frames: count },
                None => streams[input.stream].read(positions[input.edge], count),
            });
        }
        let mut outs = ArrayVec::<OutBuffer, MAX_PORTS>::new();
        for (output, memory) in self.outputs.iter_mut().zip(memory.iter_mut()) {
            let count = frames(output.give, free);
            outs.push(match &mut output.to {
                OutTo::Stream { stream, .. } => OutBuffer::Frames(streams[*stream].room(memory, count)),
                OutTo::Events { events, count, .. } => OutBuffer::Events(events, count),
            });
        }
        let (time, early) = self.clock.at(self.moved);
        match &mut self.node {
            Node::Worker(instance) => {
                let moment = Moment { time, position: self.moved as i64 - self.lead as i64, end: self.end };
                instance.process(moment, &ins, &mut outs).map_err(Trouble::Call)?;
            }
            Node::Fade(fade) => {
                if let Some(OutBuffer::Frames(out)) = outs.first_mut() {
                    fade.process(&ins, out);
                }
                return Ok(());
            }
            Node::Vacant | Node::Away => return Err(Trouble::Call(Failure::Shape)),
        }
        drop((ins, outs)); // they borrow the outputs
        if early > 0 {
            self.set_back(early);
        }
        let simd = Arch::new();
        for (port, (output, memory)) in self.outputs.iter().zip(memory).enumerate() {
            let OutTo::Stream { stream, width, planes } = output.to else { continue };
            let mut written = streams[stream].room(memory, frames(output.give, free));
            if !(0..planes).all(|plane| all_finite(simd, stream::plane_mut(&mut written, plane, width))) {
                return Err(Trouble::NotFinite { port });
            }
        }
        Ok(())
    }

    /// Events of a firing that began before time did, and was told that it began with it.
    fn set_back(&mut self, early: u64) {
        for output in &mut self.outputs {
            if let OutTo::Events { events, count, .. } = &mut output.to {
                events[..*count].iter_mut().for_each(|event| event.time = event.time.saturating_sub(early));
            }
        }
    }

    /// Silence or the dry input, in the place of a worker that has failed or is away.
    fn stand_in(&mut self, streams: &[Stream], positions: &[u64], memory: &mut [Vec<f32>], free: usize) {
        for (output, memory) in self.outputs.iter_mut().zip(memory) {
            let count = frames(output.give, free);
            match &mut output.to {
                OutTo::Events { count, .. } => *count = 0,
                OutTo::Stream { stream, width, planes } => {
                    let mut to = streams[*stream].room(memory, count);
                    let own =
                        |stream: usize| self.inputs.iter().any(|input| input.stream == stream && input.own.is_some());
                    let dry = output.dry.filter(|(_, stream)| !own(*stream));
                    let from = dry.map(|(edge, stream)| streams[stream].read(positions[edge], count));
                    for plane in 0..*planes {
                        let to = stream::plane_mut(&mut to, plane, *width);
                        match from.map(|from| stream::plane(&from, plane, *width)) {
                            Some(from) if from.len() == to.len() => to.copy_from_slice(from),
                            _ => to.fill(0.0),
                        }
                    }
                }
            }
        }
    }

    /// Sets when the step begins, in samples.
    pub fn begin_at(&mut self, samples: u64) {
        self.clock.later(samples);
    }

    /// Takes the place of its like in the program before, at `samples`: the node itself, what it has done, its clock.
    pub fn succeed(&mut self, before: &mut Self, samples: u64) {
        std::mem::swap(&mut self.node, &mut before.node);
        std::mem::swap(&mut self.load, &mut before.load);
        (self.key, self.failed) = (before.key, before.failed);
        match self.pace {
            // The new program counts blocks from 0, and frames that are due with them.
            Some(_) => self.begin_at(samples),
            None => (self.moved, self.lead, self.clock.base) = (before.moved, before.lead, before.clock.base),
        }
    }

    /// Tells the step on a lane, which is new, how far it is.
    pub fn stands_for(&self, other: &mut Self) {
        (other.key, other.moved, other.lead, other.clock) = (self.key, self.moved, self.lead, self.clock);
    }

    /// Changes places with a step that stands for this one while it is on a lane: what is driven, and how far it is.
    pub fn change_places(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.node, &mut other.node);
        std::mem::swap(&mut self.load, &mut other.load);
        std::mem::swap(&mut self.failed, &mut other.failed);
        self.stands_for(other);
    }

    /// Its instance, if it is a worker.
    pub fn instance(&self) -> Option<&Instance> {
        match &self.node {
            Node::Worker(instance) => Some(instance),
            _ => None,
        }
    }

    /// [control] Its instance, for another step; it is not to be fired again.
    pub(super) fn take_instance(&mut self) -> Option<Instance> {
        if self.failed.is_some() || !matches!(self.node, Node::Worker(_)) {
            return None;
        }
        match std::mem::replace(&mut self.node, Node::Vacant) {
            Node::Worker(instance) => Some(instance),
            _ => None,
        }
    }

    /// Its instance, to be asked on the control side.
    pub(super) fn instance_mut(&mut self) -> Option<&mut Instance> {
        match &mut self.node {
            Node::Worker(instance) => Some(instance),
            _ => None,
        }
    }

    /// Whether a lane runs it.
    pub fn is_away(&self) -> bool {
        matches!(self.node, Node::Away)
    }

    /// Its worker forgets the past.
    pub fn forget(&mut self) {
        if let (Node::Worker(instance), None) = (&mut self.node, self.failed) {
            instance.reset();
        }
    }

    /// [control] Its node, for another step to drive.
    pub(super) fn into_node(self) -> Node {
        self.node
    }

    /// Changes a live parameter.
    pub fn set_param(&mut self, param: u32, value: f64) {
        if let (Node::Worker(instance), None) = (&mut self.node, self.failed) {
            instance.set_param(param, value);
        }
    }

    /// Events that the last firing gave and somebody hears.
    pub fn events(&self) -> impl Iterator<Item = (usize, Event)> {
        self.outputs.iter().enumerate().flat_map(|(port, output)| {
            match &output.to {
                OutTo::Events { events, count, heard: true } => &events[..*count],
                _ => &[],
            }
            .iter()
            .map(move |event| (port, *event))
        })
    }
}

/// Frames that a port moves.
pub(super) fn frames(fixed: usize, free: usize) -> usize {
    if fixed == 0 { free } else { fixed }
}

/// Whether no value is NaN or infinite: none has an exponent of all ones, to which one more carries into the sign bit.
fn all_finite(simd: Arch, values: &[f32]) -> bool {
    const SIGN: u32 = 0x8000_0000;
    const ONE_MORE: u32 = 0x0080_0000;
    let carried = |value: &f32| (value.to_bits() & !SIGN) + ONE_MORE;
    simd.dispatch(|| values.iter().fold(0, |any, value| any | carried(value)) & SIGN == 0)
}

/// The format of the frames by which a step counts: of its first input, or of what it gives.
fn pacing_format(plan: &graph::Plan, step: &graph::Step) -> Option<Format> {
    let stream = step.inputs.first().map(|&edge| plan.edges[edge].stream);
    let stream = stream.or_else(|| step.outputs.iter().find_map(|output| output.stream));
    stream.map(|stream| plan.streams[stream].format)
}

fn clock(plan: &graph::Plan, step: &graph::Step) -> Clock {
    let lag = step.lag.in_samples(plan.rate);
    let Some(format) = pacing_format(plan, step) else {
        return Clock { num: 0, den: 1, lag, base: 0 };
    };
    let (num, den) = (u64::from(plan.rate) * u64::from(format.rate_den), u64::from(format.rate_num));
    let common = num_integer::gcd(num, den).max(1);
    Clock { num: num / common, den: den / common, lag, base: 0 }
}
