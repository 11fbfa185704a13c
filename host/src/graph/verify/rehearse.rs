//! The plan played with counters.
use super::super::plan::{Edge, OutputKind, Plan, Step};
use super::{Flaw, ensure};
use std::ops::Range;

/// How far everything is.
struct Count {
    /// Frames that wait, by edge.
    queues: Vec<u64>,
    /// Frames of a lane that wait for the next block, by edge.
    asked: Vec<u64>,
    /// Frames that steps without inputs have given, and firings, by step.
    given: Vec<u64>,
    fired: Vec<u64>,
    /// Frames written in this block, by stream.
    wrote: Vec<u64>,
    /// Edges, by stream.
    readers: Vec<Vec<usize>>,
}

impl Count {
    /// Frames at an edge that may be taken: a lane answers in a later block, and so many frames later.
    fn due(&self, plan: &Plan, edge: usize) -> u64 {
        let behind = plan.edges[edge].tokens.lane.saturating_sub(self.asked[edge]);
        self.queues[edge].saturating_sub(behind)
    }

    fn write(&mut self, plan: &Plan, stream: usize, frames: u64) {
        self.wrote[stream] += frames;
        for &edge in &self.readers[stream] {
            let to = if plan.edges[edge].tokens.lane > 0 { &mut self.asked } else { &mut self.queues };
            to[edge] += frames;
        }
    }
}

fn readers(plan: &Plan) -> Vec<Vec<usize>> {
    let mut readers = vec![vec![]; plan.streams.len()];
    plan.edges.iter().enumerate().for_each(|(i, edge)| readers[edge.stream].push(i));
    readers
}

/// Plays frames as plain queues, two periods long: nothing may overflow its room, and no sink may starve.
pub fn rehearse(plan: &Plan) -> Result<(), Flaw> {
    let steps = vec![0u64; plan.steps.len()];
    let (queues, asked) = (plan.edges.iter().map(Edge::at_start).collect(), vec![0; plan.edges.len()]);
    let mut count = Count { queues, asked, given: steps.clone(), fired: steps, wrote: vec![], readers: readers(plan) };
    for (edge, stream) in plan.edges.iter().map(|edge| (edge, &plan.streams[edge.stream])) {
        ensure(stream.prefill >= edge.at_start(), || {
            format!("stream `{}` holds too little at the start", stream.name)
        })?;
    }
    for block in 0..plan.period.saturating_mul(2) {
        count.wrote = vec![0; plan.streams.len()];
        for (queue, asked) in count.queues.iter_mut().zip(&mut count.asked) {
            *queue += std::mem::take(asked);
        }
        for input in &plan.inputs {
            count.write(plan, input.stream, plan.pace(&plan.streams[input.stream].format).of_block(block));
        }
        // All in order, those of a loop until none of them can fire.
        let mut at = 0;
        for range in &plan.loops {
            pass(plan, at..range.start, block, &mut count)?;
            while pass(plan, range.clone(), block, &mut count)? {}
            at = range.end;
        }
        pass(plan, at..plan.steps.len(), block, &mut count)?;
        for output in &plan.outputs {
            match output.kind {
                OutputKind::Audio(edge) => {
                    let due = plan.pace(&plan.streams[plan.edges[edge].stream].format).of_block(block);
                    ensure(count.due(plan, edge) >= due, || {
                        format!("output `{}` starves in block {block}", output.name)
                    })?;
                    count.queues[edge] -= due;
                }
                OutputKind::Probe(edge) => count.queues[edge] -= count.due(plan, edge),
                OutputKind::Events(..) => {}
            }
        }
        for (edge, (queue, asked)) in plan.edges.iter().zip(count.queues.iter().zip(&count.asked)) {
            let stream = &plan.streams[edge.stream];
            ensure(queue + asked <= stream.left.max(stream.prefill), || {
                format!("more is left in `{}` than it has room for", stream.name)
            })?;
        }
        for (stream, wrote) in plan.streams.iter().zip(&count.wrote) {
            ensure(*wrote <= stream.written, || {
                format!("a block writes more to `{}` than it has room for", stream.name)
            })?;
        }
    }
    for (step, fired) in plan.steps.iter().zip(&count.fired) {
        ensure(*fired > 0, || format!("`{}` never fires", step.name))?;
    }
    Ok(())
}

/// Fires each of `steps` as often as it can; whether any could.
fn pass(plan: &Plan, steps: Range<usize>, block: u64, count: &mut Count) -> Result<bool, Flaw> {
    let mut any = false;
    for at in steps {
        let Some(times) = can_fire(plan, count, at, block) else { continue };
        let step = &plan.steps[at];
        let dry = step.outputs.iter().filter_map(|output| output.dry);
        for edge in step.inputs.iter().copied().chain(dry) {
            let moved = times * moved(plan.edges[edge].take);
            ensure(count.queues[edge] >= moved, || format!("edge `{}` runs dry", plan.edges[edge].to))?;
            count.queues[edge] -= moved;
        }
        for output in &step.outputs {
            if let Some(stream) = output.stream {
                count.write(plan, stream, times * moved(output.give));
            }
        }
        count.given[at] += times * paced(step);
        count.fired[at] += times;
        any = true;
    }
    Ok(any)
}

/// Frames that a port moves at least.
fn moved(fixed: u32) -> u64 {
    u64::from(fixed).max(1)
}

/// Frames that a step without inputs gives at least.
fn paced(step: &Step) -> u64 {
    step.outputs.iter().find(|output| output.stream.is_some()).map_or(1, |output| moved(output.give))
}

/// How often a step can fire now or, if it takes as many frames as there are, on how many.
fn can_fire(plan: &Plan, count: &Count, at: usize, block: u64) -> Option<u64> {
    let step = &plan.steps[at];
    let due = step.pace.map(|pace| (pace.after(block + 1) - count.given[at]) / paced(step));
    let there = step.inputs.iter().map(|&edge| count.due(plan, edge) / moved(plan.edges[edge].take)).min();
    due.into_iter().chain(there).min().filter(|times| *times > 0)
}
