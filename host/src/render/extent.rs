//! [control] How long recordings are, stream by stream: what workers are told of the end of their input.
use super::program::Program;
use super::renderer::Renderer;
use crate::graph;
use crate::plugin::NO_END;

/// How many frames of a stream stand for the input from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// That many.
    pub frames: u64,
    /// A worker has counted them, here or before: an extractor whose windows go beyond the end, say.
    pub counted: bool,
}

impl Renderer {
    /// The extent of each stream of the plan when the inputs have so many frames, or [`NO_END`]; `None` where it hangs
    /// on no input that ends.
    pub fn extents(&mut self, inputs: &[u64]) -> Vec<Option<Extent>> {
        self.program_mut().extents(inputs).0
    }

    /// Tells every worker where its input ends, once an input of the graph has ended after so many frames; [`NO_END`]
    /// for those that go on. Called before the block that follows the last whole one.
    pub fn end(&mut self, inputs: &[u64]) {
        let program = self.program_mut();
        let ends = program.extents(inputs).1;
        for (step, end) in program.steps.iter_mut().zip(ends) {
            step.end = end;
        }
    }

    /// Goes back to the start after the input was heard `heard` times: memory is silent again, and workers forget the past
    /// but not what they learned of the whole.
    pub fn rewind(&mut self, heard: u32) {
        self.program_mut().rewind(heard);
    }
}

impl Program {
    /// Extents of streams, and ends of the first inputs of steps.
    fn extents(&mut self, inputs: &[u64]) -> (Vec<Option<Extent>>, Vec<u64>) {
        let mut extents: Vec<Option<Extent>> = vec![None; self.streams.len()];
        for (&(stream, _), &frames) in self.sources.iter().zip(inputs) {
            extents[stream] = (frames != NO_END).then_some(Extent { frames, counted: false });
        }
        let plan = self.plan().clone();
        let mut ends = vec![];
        for (at, planned) in plan.steps.iter().enumerate() {
            let first = planned.inputs.first().map(|&edge| &plan.edges[edge]);
            let arriving = first.and_then(|edge| Some(later(extents[edge.stream]?, edge)));
            ends.push(arriving.map_or(NO_END, |extent| extent.frames));
            let (Some(edge), Some(arriving)) = (first, arriving) else { continue };
            for (port, output) in planned.outputs.iter().enumerate() {
                let Some(stream) = output.stream else { continue };
                let own = self.steps[at].instance_mut().and_then(|it| it.extent(port, arriving.frames));
                extents[stream] = Some(match own {
                    Some(frames) => Extent { frames, counted: true },
                    None => Extent { frames: moved(edge, output, arriving.frames), ..arriving },
                });
            }
        }
        (extents, ends)
    }
}

/// What is later on purpose also ends later: its first frame still has the number 0.
fn later(extent: Extent, edge: &graph::Edge) -> Extent {
    Extent { frames: extent.frames.saturating_add(edge.tokens.delay), ..extent }
}

/// As many frames as the rates say, a firing that is not full being one.
fn moved(edge: &graph::Edge, output: &graph::StepOutput, frames: u64) -> u64 {
    match (edge.take, output.give) {
        (0, _) | (_, 0) => frames,
        (take, give) => frames.div_ceil(u64::from(take)).saturating_mul(u64::from(give)),
    }
}
