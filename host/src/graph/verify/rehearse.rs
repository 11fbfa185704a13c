//! The plan played with counters.
use super::super::plan::{Edge, OutputKind, Plan, Step};
use super::{Flaw, ensure};

/// Plays frames as plain queues, two periods long: nothing may overflow its room, and no sink may starve.
pub fn rehearse(plan: &Plan) -> Result<(), Flaw> {
    let mut queues: Vec<u64> = plan.edges.iter().map(Edge::at_start).collect();
    let mut given = vec![0u64; plan.steps.len()];
    let mut fired = vec![0u64; plan.steps.len()];
    for (edge, stream) in plan.edges.iter().map(|edge| (edge, &plan.streams[edge.stream])) {
        ensure(stream.prefill >= edge.at_start(), || {
            format!("stream `{}` holds too little at the start", stream.name)
        })?;
    }
    let mut readers = vec![vec![]; plan.streams.len()];
    plan.edges.iter().enumerate().for_each(|(i, edge)| readers[edge.stream].push(i));
    for block in 0..plan.period.saturating_mul(2) {
        let mut wrote = vec![0u64; plan.streams.len()];
        for input in &plan.inputs {
            wrote[input.stream] += plan.pace(&plan.streams[input.stream].format).of_block(block);
        }
        for (stream, frames) in wrote.clone().iter().enumerate() {
            readers[stream].iter().for_each(|&edge| queues[edge] += frames);
        }
        let mut again = true;
        while again {
            again = false;
            for at in 0..plan.steps.len() {
                if let Some(times) = can_fire(plan, &queues, at, block, given[at]) {
                    let step = &plan.steps[at];
                    let dry = step.outputs.iter().filter_map(|output| output.dry);
                    for edge in step.inputs.iter().copied().chain(dry) {
                        let moved = times * moved(plan.edges[edge].take);
                        ensure(queues[edge] >= moved, || format!("edge `{}` runs dry", plan.edges[edge].to))?;
                        queues[edge] -= moved;
                    }
                    for output in &step.outputs {
                        if let Some(stream) = output.stream {
                            let moved = times * moved(output.give);
                            wrote[stream] += moved;
                            readers[stream].iter().for_each(|&edge| queues[edge] += moved);
                        }
                    }
                    given[at] += times * paced(step);
                    fired[at] += times;
                    again |= plan.loops.iter().any(|range| range.contains(&at));
                }
            }
        }
        for output in &plan.outputs {
            match output.kind {
                OutputKind::Audio(edge) => {
                    let due = plan.pace(&plan.streams[plan.edges[edge].stream].format).of_block(block);
                    ensure(queues[edge] >= due, || format!("output `{}` starves in block {block}", output.name))?;
                    queues[edge] -= due;
                }
                OutputKind::Probe(edge) => queues[edge] = 0,
                OutputKind::Events(..) => {}
            }
        }
        for (edge, queue) in plan.edges.iter().zip(&queues) {
            let stream = &plan.streams[edge.stream];
            ensure(*queue <= stream.left.max(stream.prefill), || {
                format!("more is left in `{}` than it has room for", stream.name)
            })?;
        }
        for (stream, wrote) in plan.streams.iter().zip(&wrote) {
            ensure(*wrote <= stream.written, || {
                format!("a block writes more to `{}` than it has room for", stream.name)
            })?;
        }
    }
    for (step, fired) in plan.steps.iter().zip(&fired) {
        ensure(*fired > 0, || format!("`{}` never fires", step.name))?;
    }
    Ok(())
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
fn can_fire(plan: &Plan, queues: &[u64], at: usize, block: u64, given: u64) -> Option<u64> {
    let step = &plan.steps[at];
    let due = step.pace.map(|pace| (pace.after(block + 1) - given) / paced(step));
    let there = step.inputs.iter().map(|&edge| queues[edge] / moved(plan.edges[edge].take)).min();
    due.into_iter().chain(there).min().filter(|times| *times > 0)
}
