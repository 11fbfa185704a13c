//! RT — a graph in blocks of its own, within a stream of frames that come and go in any number.
use super::planes::{Planes, Queue};
use crate::graph::{OutputKind, Plan};
use crate::plugin::FramesMut;
use crate::render::Renderer;

/// A graph that plays.
pub struct Deck {
    renderer: Renderer,
    /// Frames that wait for a block, by input.
    inputs: Vec<Queue>,
    /// Frames that a block has given, by output; none where it gives no sound.
    outputs: Vec<Option<Queue>>,
    /// Blocks rendered.
    blocks: u64,
}

impl Deck {
    /// Blocks are asked for `most` frames at once at most. What is heard is one block and `later` frames later than the
    /// graph gives it: then a block is there whenever it is asked for, however many frames are asked for at once.
    pub fn new(renderer: Renderer, plan: &Plan, most: usize, later: usize) -> Self {
        let room = |stream: usize| {
            let format = &plan.streams[stream].format;
            (format.channels as usize, plan.pace(format).after(1) as usize + 1)
        };
        let input = |source: &crate::graph::Source| {
            let (channels, block) = room(source.stream);
            Queue::new(channels, block + most, 0)
        };
        let output = |output: &crate::graph::Output| match output.kind {
            OutputKind::Audio(edge) => {
                let (channels, block) = room(plan.edges[edge].stream);
                Some(Queue::new(channels, block + most, Self::delay(plan, edge) + later))
            }
            OutputKind::Probe(_) | OutputKind::Events(..) => None,
        };
        let inputs = plan.inputs.iter().map(input).collect();
        Self { renderer, inputs, outputs: plan.outputs.iter().map(output).collect(), blocks: 0 }
    }

    /// By how many frames an output is later than the graph gives it: the longest block.
    fn delay(plan: &Plan, edge: usize) -> usize {
        let pace = plan.pace(&plan.streams[plan.edges[edge].stream].format);
        pace.longest() as usize
    }

    /// By how many frames an output lags the inputs, and what the graph alone is late.
    pub fn latency(plan: &Plan, output: usize) -> Option<usize> {
        let OutputKind::Audio(edge) = plan.outputs[output].kind else { return None };
        let format = plan.streams[plan.edges[edge].stream].format;
        let graph = plan.latency(&plan.outputs[output]).in_frames_up(&format) as usize;
        Some(Self::delay(plan, edge) + graph)
    }

    /// What renders it.
    pub fn renderer(&self) -> &Renderer {
        &self.renderer
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
    }
}
