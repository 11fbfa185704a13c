//! An independent check of a plan, written without looking at the passes that make it: it believes only the plan.
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::net::Net;
use super::plan::{Edge, OutputKind, Plan};
use std::collections::BTreeSet;
use std::fmt;

/// Why a plan cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw(pub String);

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn ensure(holds: bool, flaw: impl FnOnce() -> String) -> Result<(), Flaw> {
    if holds { Ok(()) } else { Err(Flaw(flaw())) }
}

/// Checks a plan.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(plan: &Plan) -> Result<(), Flaw> {
    indices(plan)?;
    writers(plan)?;
    nodes(plan)?;
    order(plan)?;
    rehearse(plan)
}

/// As a diagnostic: a plan that we made and that does not hold is a mistake of ours.
pub(super) fn must_hold(plan: &Plan, net: &Net, diags: &mut Diags) {
    if let Err(Flaw(flaw)) = verify(plan) {
        let at = net.nodes.first().map_or(0..0, |node| node.span.clone());
        let diag = Diag::new(Code::Size, at, format!("the compiler made a plan that does not hold: {flaw}"));
        diags.push(diag.help("this is a mistake in aw, not in your graph; please report it with the graph file"));
    }
}

fn indices(plan: &Plan) -> Result<(), Flaw> {
    let streams = 0..plan.streams.len();
    let edges = 0..plan.edges.len();
    ensure(plan.rate > 0 && plan.block > 0, || "rate and block must not be 0".into())?;
    for edge in &plan.edges {
        ensure(streams.contains(&edge.stream), || format!("`{}` reads a stream that is not there", edge.to))?;
    }
    for input in &plan.inputs {
        ensure(streams.contains(&input.stream), || format!("`{}` writes a stream that is not there", input.name))?;
    }
    for step in &plan.steps {
        let dry = step.outputs.iter().filter_map(|output| output.dry);
        for edge in step.inputs.iter().copied().chain(dry) {
            ensure(edges.contains(&edge), || format!("`{}` reads an edge that is not there", step.name))?;
        }
        for stream in step.outputs.iter().filter_map(|output| output.stream) {
            ensure(streams.contains(&stream), || format!("`{}` writes a stream that is not there", step.name))?;
        }
    }
    for output in &plan.outputs {
        let there = match output.kind {
            OutputKind::Audio(edge) | OutputKind::Probe(edge) => edges.contains(&edge),
            OutputKind::Events(step, port) => {
                let outputs = plan.steps.get(step).map(|step| &step.outputs);
                outputs.and_then(|outputs| outputs.get(port)).is_some_and(|output| output.stream.is_none())
            }
        };
        ensure(there, || format!("output `{}` hears something that is not there", output.name))?;
    }
    for range in &plan.loops {
        ensure(range.start < range.end && range.end <= plan.steps.len(), || "a loop leaves the plan".into())?;
    }
    let apart = plan.loops.windows(2).all(|pair| pair[0].end <= pair[1].start);
    ensure(apart, || "two loops overlap".into())
}

/// One writer a stream, one reader an edge.
fn writers(plan: &Plan) -> Result<(), Flaw> {
    let mut writers = vec![0; plan.streams.len()];
    plan.inputs.iter().for_each(|input| writers[input.stream] += 1);
    plan.steps.iter().flat_map(|step| &step.outputs).filter_map(|output| output.stream).for_each(|s| writers[s] += 1);
    for (stream, writers) in plan.streams.iter().zip(&writers) {
        ensure(*writers == 1, || format!("stream `{}` has {writers} writers", stream.name))?;
    }
    let mut readers = vec![0; plan.edges.len()];
    for step in &plan.steps {
        step.inputs.iter().for_each(|&edge| readers[edge] += 1);
        step.outputs.iter().filter_map(|output| output.dry).for_each(|edge| readers[edge] += 1);
    }
    plan.outputs.iter().filter_map(|output| plan.output_edge(output)).for_each(|edge| readers[edge] += 1);
    for (edge, readers) in plan.edges.iter().zip(&readers) {
        ensure(*readers == 1, || format!("edge `{}` has {readers} readers", edge.to))?;
    }
    Ok(())
}

/// Each node and each instance once.
fn nodes(plan: &Plan) -> Result<(), Flaw> {
    let (mut names, mut instances) = (BTreeSet::new(), BTreeSet::new());
    for step in &plan.steps {
        ensure(names.insert(&step.name), || format!("node `{}` is there twice", step.name))?;
        ensure(instances.insert(step.instance), || format!("node `{}` shares an instance", step.name))?;
        ensure(step.instance < plan.steps.len(), || format!("node `{}` has no instance", step.name))?;
    }
    Ok(())
}

/// No step reads what no earlier step wrote, unless frames that wait there, in a loop, cover it.
fn order(plan: &Plan) -> Result<(), Flaw> {
    let mut written: BTreeSet<usize> = plan.inputs.iter().map(|input| input.stream).collect();
    for (at, step) in plan.steps.iter().enumerate() {
        for &edge in &step.inputs {
            let edge = &plan.edges[edge];
            let in_loop = plan.loops.iter().any(|range| range.contains(&at)) && edge.tokens.feedback > 0;
            ensure(written.contains(&edge.stream) || in_loop, || {
                format!("`{}` reads before anything is written", edge.to)
            })?;
        }
        written.extend(step.outputs.iter().filter_map(|output| output.stream));
    }
    Ok(())
}

/// Plays frames as plain queues, two periods long: nothing may overflow its room, and no sink may starve.
fn rehearse(plan: &Plan) -> Result<(), Flaw> {
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
                while let Some(frames) = can_fire(plan, &queues, at, block, given[at]) {
                    let step = &plan.steps[at];
                    let dry = step.outputs.iter().filter_map(|output| output.dry);
                    for edge in step.inputs.iter().copied().chain(dry) {
                        let moved = moved(plan.edges[edge].take, frames);
                        ensure(queues[edge] >= moved, || format!("edge `{}` runs dry", plan.edges[edge].to))?;
                        queues[edge] -= moved;
                    }
                    for output in &step.outputs {
                        if let Some(stream) = output.stream {
                            let moved = moved(output.give, frames);
                            wrote[stream] += moved;
                            readers[stream].iter().for_each(|&edge| queues[edge] += moved);
                        }
                    }
                    given[at] += frames;
                    fired[at] += 1;
                    again = plan.loops.iter().any(|range| range.contains(&at));
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

fn moved(fixed: u32, frames: u64) -> u64 {
    if fixed == 0 { frames } else { u64::from(fixed) }
}

/// How many frames a step would move now, if it can.
fn can_fire(plan: &Plan, queues: &[u64], at: usize, block: u64, given: u64) -> Option<u64> {
    let step = &plan.steps[at];
    let mut frames = u64::from(plan.block);
    if step.inputs.is_empty() && step.pace.is_none() {
        return None;
    }
    if let Some(pace) = step.pace {
        let due = pace.after(block + 1) - given;
        let give = step.outputs.first().map_or(0, |output| u64::from(output.give));
        frames = if give == 0 { due.min(frames) } else { (due / give).min(1) * give };
    }
    for &edge in &step.inputs {
        match u64::from(plan.edges[edge].take) {
            0 => frames = frames.min(queues[edge]),
            take if queues[edge] < take => return None,
            _ => {}
        }
    }
    (frames > 0).then_some(frames)
}
