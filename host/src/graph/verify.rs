//! An independent check of a plan, written without looking at the passes that make it: it believes only the plan.
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::net::Net;
use super::plan::{OutputKind, Plan};
use std::collections::BTreeSet;
use std::fmt;

mod pace; //     frames in step, and who waits for whom
mod rehearse; // a run with counters

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
    flows(plan)?;
    pace::arrivals(plan)
}

/// As [`verify`], but for a plan that takes over from another: there, old and new paths meet at their own times.
pub(super) fn flows(plan: &Plan) -> Result<(), Flaw> {
    indices(plan)?;
    writers(plan)?;
    nodes(plan)?;
    order(plan)?;
    pace::balanced(plan)?;
    rehearse::rehearse(plan)
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

/// No step reads what no earlier step wrote, unless frames that wait there, in a loop with its writer, cover it.
fn order(plan: &Plan) -> Result<(), Flaw> {
    let mut writer = vec![None; plan.streams.len()];
    for (at, step) in plan.steps.iter().enumerate() {
        step.outputs.iter().filter_map(|output| output.stream).for_each(|stream| writer[stream] = Some(at));
    }
    for (at, step) in plan.steps.iter().enumerate() {
        for &edge in &step.inputs {
            let edge = &plan.edges[edge];
            let Some(writer) = writer[edge.stream].filter(|writer| *writer >= at) else { continue };
            let together = plan.loops.iter().any(|range| range.contains(&at) && range.contains(&writer));
            ensure(together && edge.tokens.feedback > 0, || format!("`{}` reads before anything is written", edge.to))?;
        }
    }
    Ok(())
}
