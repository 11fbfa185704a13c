//! RT — a graph in blocks of its own, within a stream of frames that come and go in any number.
use super::super::levels::Weigher;
use super::planes::{Planes, Queue};
use crate::graph::{OutputKind, Pace, Plan};
use crate::plugin::FramesMut;
use crate::render::Renderer;
use num_integer::gcd;
use serde::{Deserialize, Serialize};

/// How many frames a player plays at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Always so many.
    Always(usize),
    /// Up to so many.
    UpTo(usize),
}

impl Piece {
    /// The most.
    pub fn most(self) -> usize {
        match self {
            Self::Always(frames) | Self::UpTo(frames) => frames,
        }
    }

    /// By how many frames a graph of this pace must be later so that a block is there whenever it is asked for: one block,
    /// and less by what is common to all pieces and blocks, if those are always the same.
    fn delay(self, pace: Pace) -> usize {
        let block = pace.longest() as usize;
        match self {
            Self::Always(piece) if pace.is_steady() => block - gcd(block, piece),
            _ => block,
        }
    }
}

/// A graph that plays.
pub struct Deck {
    renderer: Renderer,
    /// Frames that wait for a block, by input.
    inputs: Vec<Queue>,
    /// Frames that a block has given, by output; none where it gives no sound.
    outputs: Vec<Option<Queue>>,
    /// Blocks rendered.
    blocks: u64,
    /// How loud the first output is, if that is to be known.
    weigher: Option<Weigher>,
}

impl Deck {
    /// A graph on a player that plays pieces of `piece`. What is heard is `later` frames later than it has to be.
    /// `weigher`: how loud its first output is, if that is to be known.
    pub fn new(renderer: Renderer, plan: &Plan, piece: Piece, later: usize, weigher: Option<Weigher>) -> Self {
        let queue = |stream: usize, silent: usize| {
            let format = &plan.streams[stream].format;
            let longest = plan.pace(format).longest() as usize;
            Queue::new(format.channels as usize, longest + piece.most(), silent)
        };
        let output = |output: &crate::graph::Output| match output.kind {
            OutputKind::Audio(edge) => {
                let stream = plan.edges[edge].stream;
                Some(queue(stream, piece.delay(plan.pace(&plan.streams[stream].format)) + later))
            }
            OutputKind::Probe(_) | OutputKind::Events(..) => None,
        };
        let inputs = plan.inputs.iter().map(|input| queue(input.stream, 0)).collect();
        Self { renderer, inputs, outputs: plan.outputs.iter().map(output).collect(), blocks: 0, weigher }
    }

    /// By how many frames an output lags the inputs: what the graph is late, and what pieces add that do not fall together
    /// with its blocks.
    pub fn latency(plan: &Plan, piece: Piece, output: usize) -> Option<usize> {
        let OutputKind::Audio(edge) = plan.outputs.get(output)?.kind else { return None };
        let format = plan.streams[plan.edges[edge].stream].format;
        let graph = plan.latency(&plan.outputs[output]).in_frames_up(&format) as usize;
        Some(piece.delay(plan.pace(&format)) + graph)
    }

    /// What renders it.
    pub fn renderer(&self) -> &Renderer {
        &self.renderer
    }

    /// What renders it, once it is not to play any more.
    pub fn renderer_mut(&mut self) -> &mut Renderer {
        &mut self.renderer
    }

    /// Blocks rendered.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Takes frames of an input; [`Deck::render`] plays them.
    pub fn feed(&mut self, input: usize, from: &Planes, frames: usize) {
        let queue = &mut self.inputs[input];
        (0..queue.channels().min(from.channels())).for_each(|at| queue.push(at, from.plane(at, frames)));
    }

    /// Renders as many blocks as there are frames for. A graph without inputs goes by what its outputs are asked for.
    /// `probed` is given the frames of outputs that are not sound.
    pub fn render(&mut self, asked: usize) {
        while self.is_due(asked) {
            let (inputs, outputs) = (&mut self.inputs, &mut self.outputs);
            let fill = |input: usize, room: FramesMut<'_>| {
                for (channel, plane) in room.data.chunks_mut(room.stride.max(1)).enumerate() {
                    if channel < inputs[input].channels() {
                        inputs[input].pop(channel, &mut plane[..room.frames]);
                    }
                }
            };
            let hear = |output: usize, frames: crate::plugin::Frames<'_>| {
                let Some(queue) = &mut outputs[output] else { return };
                for (channel, plane) in frames.data.chunks(frames.stride.max(1)).enumerate() {
                    if channel < queue.channels() {
                        queue.push(channel, &plane[..frames.frames]);
                    }
                }
            };
            self.renderer.render(fill, hear);
            self.blocks += 1;
        }
    }

    fn is_due(&self, asked: usize) -> bool {
        if self.inputs.is_empty() {
            return self.outputs.iter().flatten().any(|queue| queue.waits() < asked);
        }
        self.inputs.iter().enumerate().all(|(input, queue)| queue.waits() >= self.renderer.due(input))
    }

    /// Takes the next frames of an output.
    pub fn take(&mut self, output: usize, to: &mut Planes, frames: usize) {
        let Some(queue) = &mut self.outputs[output] else { return to.silence(frames) };
        (0..queue.channels().min(to.channels())).for_each(|at| queue.pop(at, to.plane_mut(at, frames)));
        if let Some(weigher) = self.weigher.as_mut().filter(|_| self.outputs[..output].iter().all(Option::is_none)) {
            weigher.planar(&to.frames(frames));
        }
    }
}
