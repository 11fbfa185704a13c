//! What a graph would say about a model: a guess, which its author corrects where it is wrong.
//!
//! The words are those of the workers that run models: `in`, `state`, `const`, `frames`, `context`, `stack`, `shape`,
//! `out`. Which frames go in is guessed from shape, type and name of each input, and from what the model does with it
//! first.
mod view;

use super::net::{Attr, Extents, Net, Tensor};
use super::states::{self, Pair};
use crate::plugin::Kind;
use std::collections::HashMap;
use view::View;

/// Samples a second, where nothing tells.
const USUAL_RATE: u32 = 16000;

/// What a graph would say.
#[derive(Debug)]
pub struct Words {
    /// Inputs that frames go into.
    pub feeds: Vec<Feed>,
    /// Inputs that get an output back.
    pub states: Vec<Pair>,
    /// Inputs that always have the same value.
    pub fixed: Vec<Fixed>,
    /// Our ports and the outputs they stand for.
    pub ports: Vec<(String, usize)>,
    /// Extents of every input in a run.
    pub shapes: Vec<(usize, Vec<u64>)>,
    /// Inputs whose extents must be written down.
    pub shaped: Vec<usize>,
    /// Samples a second of the graph.
    pub rate: u32,
    /// The file says so.
    pub rate_said: bool,
}

/// Frames that go into an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// The input.
    pub input: usize,
    /// What a frame is.
    pub kind: Kind,
    /// Values, or complex bins, of a frame.
    pub cells: u64,
    /// Frames of the last run in front.
    pub context: u64,
    /// New frames in a run; of a sliding window, all that it holds.
    pub frames: u64,
    /// How the graph says it.
    pub word: Word,
}

/// How a graph says how many frames go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The model says it.
    None,
    /// So many new ones in a run.
    Frames,
    /// The newest ones, sliding.
    Stack,
}

/// An input that always has the same value.
#[derive(Clone, Debug, PartialEq)]
pub struct Fixed {
    /// The input.
    pub input: usize,
    /// The value.
    pub value: f64,
    /// Whether the value is more than a likely one.
    pub known: bool,
}

impl Words {
    /// Guesses. `given` are extents that the user knows.
    pub fn guess(net: &Net, given: &[(usize, Vec<u64>)]) -> Self {
        let said = rate(net);
        let rate = said.unwrap_or(USUAL_RATE);
        let inputs = &net.main().inputs;
        let fixed: Vec<Fixed> = inputs.iter().filter_map(|at| fixed(net, *at, rate)).collect();
        let all = fixed.len() == inputs.len();
        let fixed = if all { fixed.into_iter().skip(1).collect() } else { fixed };
        let fixed_inputs: Vec<usize> = fixed.iter().map(|fixed| fixed.input).collect();
        let states = states::pairs(net, &fixed_inputs);
        let remembers = !states.is_empty() || keeps(net);
        let (mut feeds, mut shapes, mut shaped) = (vec![], vec![], vec![]);
        for at in inputs {
            let tensor = &net.tensors[*at];
            let own = given.iter().find(|(input, _)| input == at).map(|(_, dims)| dims.clone());
            let open = || tensor.dims.clone().unwrap_or_default();
            let (shape, must) = if let Some(pair) = states.iter().find(|pair| pair.input == *at) {
                let back = net.tensors[pair.output].dims.clone().unwrap_or_default();
                let shape: Vec<u64> =
                    open().iter().enumerate().map(|(i, n)| n.or(back.get(i).copied().flatten()).unwrap_or(1)).collect();
                let must = open().iter().zip(&shape).any(|(open, n)| open.is_none() && *n != 1);
                (shape, must)
            } else if fixed_inputs.contains(at) {
                (open().iter().map(|n| n.unwrap_or(1)).collect(), false)
            } else {
                let hears = fixed.iter().any(|fixed| fixed.value == f64::from(rate));
                let view = View { net, tensor: *at, remembers, hears, silero: is_silero(net, &states) };
                let (feed, shape) = view.feed(own.as_deref());
                let must = as_the_worker_closes(tensor, &feed) != Some(shape.clone());
                feeds.push(feed);
                (shape, must)
            };
            if must || own.is_some() {
                shaped.push(*at);
            }
            shapes.push((*at, own.unwrap_or(shape)));
        }
        let ports = ports(net, &states);
        Self { feeds, states, fixed, ports, shapes, shaped, rate, rate_said: said.is_some() }
    }
}

/// Samples a second, if the file says it.
fn rate(net: &Net) -> Option<u32> {
    let says = |(key, text): &(String, String)| {
        let key = key.to_lowercase().replace(['-', ' '], "_");
        ["sample_rate", "samplerate", "sampling_rate", "sr", "fs"]
            .contains(&key.as_str())
            .then(|| text.parse::<f64>().ok())?
    };
    let found = net.about.metadata.iter().find_map(says).filter(|rate| (1000.0..=384_000.0).contains(rate));
    found.map(|rate| rate as u32)
}

/// Whether the model remembers by itself.
fn keeps(net: &Net) -> bool {
    net.tensors.iter().any(|tensor| tensor.variable)
        || net.graphs.iter().flat_map(|graph| &graph.nodes).any(|node| node.op == "VAR_HANDLE")
}

/// A single value that is no signal: a sample rate, a length, a limit.
fn fixed(net: &Net, at: usize, rate: u32) -> Option<Fixed> {
    let tensor = &net.tensors[at];
    let dims = tensor.dims.as_ref()?;
    let single = dims.iter().all(|n| *n == Some(1));
    let name = tensor.name.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name == *word || name.ends_with(&format!("_{word}")));
    let (value, known) = if says(&["sr", "fs", "sample_rate", "samplerate", "sampling_rate", "rate"]) {
        (f64::from(rate), true)
    } else if says(&["fmin", "f_min", "min_freq"]) {
        (50.0, false)
    } else if says(&["fmax", "f_max", "max_freq"]) {
        (2000.0, false)
    } else if says(&["temperature", "scale", "gain", "speed", "alpha"]) {
        (1.0, false)
    } else {
        (0.0, false)
    };
    (dims.is_empty() || (single && value != 0.0)).then_some(Fixed { input: at, value, known })
}

/// Extents as a worker closes them: of several open ones the first is the batch, 1, and the last is what remains.
fn as_the_worker_closes(tensor: &Tensor, feed: &Feed) -> Option<Vec<u64>> {
    let mut dims = tensor.dims.clone().unwrap_or_default();
    let parts = if feed.kind == Kind::SPECTRUM { 2 } else { 1 };
    let values = feed.cells.checked_mul(parts)?.checked_mul(feed.context.checked_add(feed.frames)?)?;
    let open = |dims: &Extents| dims.iter().filter(|n| n.is_none()).count();
    if open(&dims) > 1 {
        dims.iter_mut().find(|n| n.is_none()).into_iter().for_each(|n| *n = Some(1));
    }
    let known = dims.iter().flatten().try_fold(1u64, |all, n| all.checked_mul(*n))?;
    if open(&dims) > 1 || known == 0 {
        return None;
    }
    Some(dims.iter().map(|n| n.unwrap_or(values / known)).collect())
}

/// silero-vad takes 64 old samples with 512 new ones (32 and 256 at 8 kHz), which its file does not tell.
fn is_silero(net: &Net, states: &[Pair]) -> bool {
    let state = |pair: &Pair| {
        net.tensors[pair.input].dims.as_ref().is_some_and(|dims| dims.last() == Some(&Some(128)) && dims.len() == 3)
    };
    net.main().inputs.iter().any(|at| net.tensors[*at].name == "input")
        && !states.is_empty()
        && states.iter().all(state)
}

/// Ports for all outputs that are no state.
fn ports(net: &Net, states: &[Pair]) -> Vec<(String, usize)> {
    let free: Vec<usize> =
        net.main().outputs.iter().copied().filter(|at| states.iter().all(|pair| pair.output != *at)).collect();
    if let [only] = free[..] {
        return vec![("out".into(), only)];
    }
    let mut ports: Vec<(String, usize)> = vec![];
    for at in free {
        let tensor = &net.tensors[at];
        let plain = plain(&tensor.name);
        let taken = |ports: &[(String, usize)], name: &str| ports.iter().any(|(known, _)| known == name);
        let name = if taken(&ports, &plain) { format!("{plain}_{}", ports.len()) } else { plain };
        if !taken(&ports, &name) {
            ports.push((name, at));
        }
    }
    ports
}

/// A name of letters, digits and `_`, as ports and nodes have it.
pub fn plain(name: &str) -> String {
    let kept: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let kept: String = kept.trim_matches('_').chars().take(48).collect();
    match kept.chars().next() {
        None => "out".into(),
        Some(c) if c.is_ascii_digit() => format!("_{kept}"),
        _ => kept,
    }
}

/// Variables inside a TFLite model: name and tensor.
pub fn internal(net: &Net) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = vec![];
    let variables = net.tensors.iter().enumerate().filter(|(_, tensor)| tensor.variable);
    found.extend(variables.map(|(at, tensor)| (tensor.name.clone(), at)));
    let nodes = &net.main().nodes;
    let reads = nodes.iter().filter(|node| node.op == "READ_VARIABLE");
    let reads: HashMap<_, _> = reads.filter_map(|node| Some((node.input(0)?, node.output(0)?))).collect();
    for handle in nodes.iter().filter(|node| node.op == "VAR_HANDLE") {
        let Some(value) = handle.output(0).and_then(|at| reads.get(&at)).copied() else { continue };
        let named = handle
            .attrs
            .iter()
            .find_map(|(_, attr)| if let Attr::Text(text) = attr { Some(text.clone()) } else { None });
        found.push((named.filter(|name| !name.is_empty()).unwrap_or_else(|| net.tensors[value].name.clone()), value));
    }
    found
}
