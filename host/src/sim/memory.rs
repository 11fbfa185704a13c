//! What a graph holds in the memories of a device.
use super::cost::Prices;
use super::fault::Faults;
use super::profile::{Holds, Profile};
use crate::graph::{Plan, Stream};
use std::collections::BTreeMap;

/// Something that lies in memory.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Item {
    /// Whose: a node, an input of the graph, or "DMA".
    pub of: String,
    /// The step that it is of.
    #[serde(skip)]
    pub step: Option<usize>,
    /// What it is.
    pub what: Holds,
    /// Bytes; `None` if that is not known.
    pub bytes: Option<u64>,
    /// How that is known, or why not.
    pub source: &'static str,
}

/// How a `source` begins that tells of an estimate: what is one and finds no room may find it yet.
const ESTIMATE: &str = "estimate: ";

/// A memory, and what lies in it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Heap {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// What is taken.
    pub used: u64,
    /// Of that, by something else.
    pub held: u64,
    /// What lies in it.
    pub items: Vec<Item>,
}

/// What a graph holds.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Account {
    /// The memories.
    pub heaps: Vec<Heap>,
    /// What finds no room.
    pub homeless: Vec<Item>,
    /// What may or may not find room, as nobody knows how large it is.
    pub unknown: Vec<Item>,
}

impl Account {
    /// Places all that a plan holds: each thing in the first memory that holds its kind and has room.
    /// `held`: bytes that the worker of each step allocated when it was made, where that is seen.
    pub fn new(plan: &Plan, profile: &Profile, prices: &Prices, held: &[Option<u64>], faults: &Faults) -> Self {
        let heap = |(at, heap): (usize, &super::profile::Heap)| {
            let held = faults.held(&heap.name, at == 0);
            Heap { name: heap.name.clone(), bytes: heap.bytes, used: held, held, items: vec![] }
        };
        let heaps = profile.heaps.iter().enumerate().map(heap).collect();
        let mut account = Self { heaps, homeless: vec![], unknown: vec![] };
        let mut items = items(plan, profile, prices, held);
        items.sort_by_key(|item| Holds::ALL.iter().position(|holds| *holds == item.what));
        for item in items {
            account.place(item, profile);
        }
        account
    }

    fn place(&mut self, item: Item, profile: &Profile) {
        let mut holders =
            profile.heaps.iter().enumerate().filter(|(_, heap)| heap.holds.contains(&item.what)).peekable();
        if holders.peek().is_none() || item.bytes == Some(0) {
            return; // the profile keeps no account of it
        }
        let Some(bytes) = item.bytes else { return self.unknown.push(item) };
        match holders.find(|(at, heap)| self.heaps[*at].used.saturating_add(bytes) <= heap.bytes) {
            Some((at, _)) => {
                self.heaps[at].used += bytes;
                self.heaps[at].items.push(item);
            }
            None if item.source.starts_with(ESTIMATE) => self.unknown.push(item),
            None => self.homeless.push(item),
        }
    }

    /// Cycles that each access to the memory of a step waits longer than in the first memory that holds state, by step:
    /// what that one waits is in every cycle that was measured.
    pub fn waits(&self, plan: &Plan, profile: &Profile) -> Vec<f64> {
        let first = profile.heaps.iter().find(|heap| heap.holds.contains(&Holds::State));
        let usual = first.map_or(0.0, |heap| heap.wait_states);
        let of = |step: usize| {
            let is = |item: &Item| item.step == Some(step) && matches!(item.what, Holds::State | Holds::Activations);
            let lies = |(_, heap): &(&super::profile::Heap, &Heap)| heap.items.iter().any(is);
            let slowest = profile.heaps.iter().zip(&self.heaps).filter(lies).map(|(heap, _)| heap.wait_states);
            (slowest.fold(usual, f64::max) - usual).max(0.0)
        };
        (0..plan.steps.len()).map(of).collect()
    }
}

fn items(plan: &Plan, profile: &Profile, prices: &Prices, held: &[Option<u64>]) -> Vec<Item> {
    let mut items = vec![dma(plan, profile)];
    let stream = |of: &str, step, stream: &Stream| Item {
        of: of.into(),
        step,
        what: Holds::Streams,
        bytes: Some(stream.bytes()),
        source: "from the plan",
    };
    items.extend(plan.inputs.iter().map(|input| stream(&input.name, None, &plan.streams[input.stream])));
    for (at, (step, price)) in plan.steps.iter().zip(&prices.steps).enumerate() {
        let held_here = held.get(at).copied().flatten();
        let of_step = |what, bytes, source| Item { of: step.name.clone(), step: Some(at), what, bytes, source };
        let streams = step.outputs.iter().filter_map(|output| output.stream);
        items.extend(streams.map(|number| stream(&step.name, Some(at), &plan.streams[number])));
        let Some(model) = &price.model else {
            let source = if held_here.is_some() {
                "allocated when it was made, on this machine"
            } else {
                "not seen on this system"
            };
            items.push(of_step(Holds::State, held_here, source));
            let source = if price.code.is_some() { "executed when it was counted" } else { "its code was not counted" };
            items.push(of_step(Holds::Code, price.code, source));
            continue;
        };
        // TFLite Micro holds nothing but its arena and the file.
        let held = held_here.filter(|_| step.worker == "tflm").map(|held| held.saturating_sub(model.bytes));
        // Where memory is given while sound plays, there is so much that an estimate tells.
        let most = model.tensors.filter(|_| profile.allocates).map(|tensors| tensors.saturating_add(model.bytes));
        let (bytes, source) = match (model.arena, held, most) {
            (Some(arena), ..) => (Some(arena), "its arena"),
            (_, Some(held), _) => (Some(held), "allocated when it was made, on this machine"),
            (.., Some(most)) => {
                // Begins as every [`ESTIMATE`].
                (Some(most), "estimate: all its tensors at once, and its weights once more, as engines pack them")
            }
            _ => (None, "nobody knows what its engine would hold there"),
        };
        items.push(of_step(Holds::Activations, bytes, source));
        items.push(of_step(Holds::Weights, Some(model.bytes), "its file"));
        let source =
            if model.code.is_some() { "the profile" } else { "the profile does not say: code_kib in [[runtime]]" };
        items.push(of_step(Holds::Code, model.code, source));
    }
    once_a_worker(plan, &mut items);
    items
}

/// The code of a worker is there once, however many nodes run it: the first of them has the most that any executed.
fn once_a_worker(plan: &Plan, items: &mut [Item]) {
    let mut firsts: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for at in 0..items.len() {
        let (Holds::Code, Some(step), Some(bytes)) = (items[at].what, items[at].step, items[at].bytes) else {
            continue;
        };
        let (first, most) = firsts.entry(&plan.steps[step].worker).or_insert((at, 0));
        *most = bytes.max(*most);
        items[at].bytes = Some(0);
        items[*first].bytes = Some(*most);
    }
}

/// The buffers that DMA goes round.
fn dma(plan: &Plan, profile: &Profile) -> Item {
    let audio = &profile.audio;
    let bytes = audio.format.bits().unwrap_or(32).next_power_of_two().div_ceil(8);
    let outputs = plan.outputs.iter().filter(|output| matches!(output.kind, crate::graph::OutputKind::Audio(_)));
    let outputs: u32 = outputs.filter_map(|output| plan.output_format(output)).map(|format| format.channels).sum();
    let inputs: u32 = plan.inputs.iter().map(|input| plan.streams[input.stream].format.channels).sum();
    let samples = u64::from(audio.buffers) * u64::from(plan.block) * u64::from(inputs + outputs);
    let bytes = Some(samples * u64::from(bytes));
    Item { of: "DMA".into(), step: None, what: Holds::Streams, bytes, source: "its buffers" }
}
