//! From one plan to another while it plays.
//!
//! A node *survives* when name, worker, fixed parameters and formats are equal: its instance and the frames that wait at
//! it move over. Where a survivor, or an output, hears something else than before, a fade is put in its way: it goes on
//! with the old frames while the new path warms up, then goes over. So nothing is computed twice, nothing that
//! survives forgets, and each path is heard at its own latency. When the fades are over, a second plan leaves the old
//! path out.
//!
//! A new path that comes in bursts is primed at its fade, and all that hear it are so much later. Where it meets others
//! at a survivor, which would then be earlier than it, that survivor and all behind it begin anew.
use super::plan::{Edge, Output, Plan, Step, StepOutput};
use super::verify;
use std::collections::BTreeMap;
use weave::Weave;

mod after; //  what is left when the fades are over
mod settle; // new paths that come up short at first
mod weave; //  both plans in one

/// The way over.
#[derive(Clone, Debug, PartialEq)]
pub struct Splice {
    /// Old and new together, with fades where they meet.
    pub both: Plan,
    /// Where each of its steps comes from.
    pub steps: Vec<Origin>,
    /// For each stream and edge of `both`: its like in the old plan.
    pub from_old: Likes,
    /// The new one alone; fades that are over only pass on.
    pub after: Plan,
    /// For each step of `after`: its like in `both`.
    pub after_steps: Vec<usize>,
    /// For each stream and edge of `after`: its like in `both`.
    pub from_both: Likes,
    /// Blocks after which the fades are over.
    pub blocks: u64,
}

/// What of a plan lives on in another: the index of the like, by stream and by edge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Likes {
    /// By stream.
    pub streams: Vec<Option<usize>>,
    /// By edge.
    pub edges: Vec<Option<usize>>,
}

/// Where a step comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A step of the old plan.
    Old(usize),
    /// A step of the new plan.
    New(usize),
    /// A fade.
    Fade,
}

/// Plans the way over; `survives` may say that a step does not survive although it is as before. `None` if inputs, outputs,
/// rate or block differ: then the graph must be started anew.
pub fn splice(
    old: &Plan,
    new: &Plan,
    live: impl Fn(&Step, usize) -> bool,
    survives: impl Fn(&Step) -> bool,
) -> Option<Splice> {
    let shape = |plan: &Plan| {
        let inputs: Vec<_> =
            plan.inputs.iter().map(|input| (input.name.clone(), plan.streams[input.stream].format)).collect();
        let kind = |output: &Output| std::mem::discriminant(&output.kind);
        let outputs: Vec<_> =
            plan.outputs.iter().map(|output| (output.name.clone(), kind(output), plan.output_format(output))).collect();
        (plan.rate, plan.block, inputs, outputs)
    };
    if shape(old) != shape(new) {
        return None;
    }
    let mut survivors = survivors(old, new, live);
    survivors.retain(|to, _| survives(&new.steps[*to]));
    let fewer = || weave(old, new, &untouched(old, new, survivors.clone()));
    weave(old, new, &survivors).or_else(fewer).or_else(|| weave(old, new, &BTreeMap::new()))
}

/// Steps of the old plan by their likes in the new one; `live` tells which parameters may differ.
pub fn survivors(old: &Plan, new: &Plan, live: impl Fn(&Step, usize) -> bool) -> BTreeMap<usize, usize> {
    let takes = |plan: &Plan, step: &Step| -> Vec<_> {
        step.inputs
            .iter()
            .map(|&edge| {
                (plan.edges[edge].to.clone(), plan.edges[edge].take, plan.streams[plan.edges[edge].stream].format)
            })
            .collect()
    };
    let gives = |plan: &Plan, step: &Step| -> Vec<_> {
        let format = |output: &StepOutput| output.stream.map(|stream| plan.streams[stream].format);
        step.outputs.iter().map(|output| (output.port.clone(), output.give, format(output))).collect()
    };
    let fixed = |step: &Step| -> Vec<_> {
        let values = step.values.iter().enumerate().filter(|(param, _)| !live(step, *param));
        values.map(|(_, value)| value.clone()).collect()
    };
    let same = |a: &Step, b: &Step| {
        a.worker == b.worker
            && a.fade.is_none()
            && b.fade.is_none()
            && a.lane == b.lane
            && a.latency == b.latency
            && fixed(a) == fixed(b)
            && takes(old, a) == takes(new, b)
            && gives(old, a) == gives(new, b)
    };
    let mut pairs = BTreeMap::new();
    for (to, step) in new.steps.iter().enumerate() {
        if let Some(from) = old.steps.iter().position(|other| other.name == step.name && same(other, step)) {
            pairs.insert(to, from);
        }
    }
    pairs
}

/// The survivors that hear the same as before: a path that is put later moves nothing that they do.
fn untouched(old: &Plan, new: &Plan, mut pairs: BTreeMap<usize, usize>) -> BTreeMap<usize, usize> {
    loop {
        let inputs = new.inputs.iter().zip(&old.inputs).map(|(to, from)| (to.stream, from.stream));
        let mut like: BTreeMap<usize, usize> = inputs.collect();
        for (&to, &from) in &pairs {
            let outputs = new.steps[to].outputs.iter().zip(&old.steps[from].outputs);
            like.extend(outputs.filter_map(|(to, from)| to.stream.zip(from.stream)));
        }
        let hears = |(&to, &from): (&usize, &usize)| (&new.edges[to], &old.edges[from]);
        let same = |(to, from): (&Edge, &Edge)| {
            like.get(&to.stream) == Some(&from.stream) && to.tokens.total() == from.tokens.total()
        };
        let before = pairs.len();
        pairs.retain(|to, from| new.steps[*to].inputs.iter().zip(&old.steps[*from].inputs).map(hears).all(same));
        if pairs.len() == before {
            return pairs;
        }
    }
}

fn weave(old: &Plan, new: &Plan, survivors: &BTreeMap<usize, usize>) -> Option<Splice> {
    let mut weave = Weave::new(old, new, survivors)?;
    weave.settle()?;
    weave.shift()?;
    verify::flows(&weave.plan).ok()?;
    weave.finish()
}

/// A feedback edge ties together all steps from its reader to its writer.
fn loops(plan: &Plan) -> Vec<std::ops::Range<usize>> {
    let mut writer = vec![0; plan.streams.len()];
    for (at, step) in plan.steps.iter().enumerate() {
        step.outputs.iter().filter_map(|output| output.stream).for_each(|stream| writer[stream] = at);
    }
    let mut loops = vec![];
    for (at, step) in plan.steps.iter().enumerate() {
        let back = step.inputs.iter().map(|&edge| &plan.edges[edge]).filter(|edge| edge.tokens.feedback > 0);
        loops.extend(back.filter(|edge| at <= writer[edge.stream]).map(|edge| at..writer[edge.stream] + 1));
    }
    super::plan::join(loops)
}
