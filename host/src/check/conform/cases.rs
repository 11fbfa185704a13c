//! Plausible formats for the ports of a worker.
use crate::graph::kind_name;
use crate::plugin::{Descriptor, Format, Kind, Param, Port, Value};
use std::fmt;

/// Samples that one frame of a spectrum, of features or of a tensor stands for.
const HOP: u32 = 128;
/// Most shapes tried at one rate and number of channels.
const MOST: usize = 64;

/// What a worker is connected to.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Sample rate of the graph.
    pub rate: u32,
    /// Connected inputs.
    pub inputs: Vec<(String, Format)>,
    /// Connected outputs.
    pub outputs: Vec<String>,
}

/// A format in a few words: "2 × audio at 16000 Hz".
pub fn words(format: &Format) -> String {
    let dims: Vec<String> = format.dims.iter().map(ToString::to_string).collect();
    let (channels, kind) = (format.channels, kind_name(format.kind));
    let shape = match format.kind {
        Kind::AUDIO => return format!("{channels} × {kind} at {} Hz", format.rate()),
        Kind::TENSOR => dims.join("×"),
        _ => dims[0].clone(),
    };
    format!("{channels} × {kind} of {shape}, {} a second", format.rate())
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inputs: Vec<String> =
            self.inputs.iter().map(|(name, format)| format!("`{name}` = {}", words(format))).collect();
        match inputs.is_empty() {
            true => write!(f, "no input, graph at {} Hz", self.rate),
            false => write!(f, "{}", inputs.join("; ")),
        }
    }
}

/// Frames that a port of a kind may well meet, one channel, in a graph at `rate`.
fn shapes(kind: Kind, rate: u32) -> Vec<Format> {
    let audio = Format::audio(1, rate);
    let frames = Format { rate_den: 1, ..audio }.paced(1, HOP).unwrap_or(audio);
    let of = |kind: Kind, sizes: &[u32]| sizes.iter().map(|size| frames.carrying(kind, *size)).collect::<Vec<_>>();
    match kind {
        Kind::AUDIO => vec![audio],
        Kind::SPECTRUM => of(kind, &[257, 129]),
        Kind::FEATURES => of(kind, &[257, 40, 1, 512]),
        Kind::TENSOR => {
            let mut all = of(kind, &[257, 40, 512]);
            all.push(Format { kind, dims: [2, 16, 1, 1], ..frames });
            all
        }
        _ => [vec![audio], of(Kind::SPECTRUM, &[257]), of(Kind::FEATURES, &[257, 512, 1])].concat(),
    }
}

/// The ports connected: MANY ports `many` times, optional ones if `optional`.
fn connected<'a>(ports: impl Iterator<Item = &'a Port>, many: &[String], optional: bool) -> Vec<(String, Kind)> {
    let names = |port: &Port| match (port.many, port.optional) {
        (_, true) if !optional => vec![],
        (true, _) => many.to_vec(),
        (false, _) => vec![port.name.clone()],
    };
    ports.flat_map(|port| names(port).into_iter().map(|name| (name, port.kind))).collect()
}

/// Names for the ports that a MANY output stands for: the keys of the table that names them, if there is one.
fn output_names(worker: &Descriptor, values: &[Value], count: usize) -> Vec<String> {
    let names_outputs = |(param, value): (&Param, &Value)| match value {
        Value::Table(pairs) if param.names_outputs => Some(pairs.iter().map(|(key, _)| key.clone()).collect()),
        _ => None,
    };
    worker.params.iter().zip(values).find_map(names_outputs).unwrap_or_else(|| some_names(count))
}

fn some_names(count: usize) -> Vec<String> {
    ["one", "two"][..count].iter().map(ToString::to_string).collect()
}

/// All ways to choose one of each.
fn product(choices: &[Vec<Format>]) -> Vec<Vec<Format>> {
    choices.iter().fold(vec![vec![]], |done, next| {
        let longer = |chosen: &Vec<Format>| {
            next.iter().map(|format| [chosen.as_slice(), &[*format]].concat()).collect::<Vec<_>>()
        };
        done.iter().flat_map(longer).take(MOST).collect()
    })
}

/// What a worker with these values may well be connected to, most usual first at each rate.
pub fn plausible(worker: &Descriptor, values: &[Value]) -> Vec<Case> {
    let has = |what: fn(&Port) -> bool| worker.ports.iter().any(what);
    let counts: &[usize] = if has(|port| port.many) { &[2, 1] } else { &[1] };
    let optional: &[bool] = if has(|port| port.optional) { &[true, false] } else { &[true] };
    let mut cases = Vec::new();
    for rate in [16000, 48000, 8000] {
        for (count, optional) in counts.iter().flat_map(|count| optional.iter().map(move |o| (*count, *o))) {
            let inputs = connected(worker.ports.iter().filter(|p| !p.is_output), &some_names(count), optional);
            let many = output_names(worker, values, count);
            let outputs = connected(worker.ports.iter().filter(|p| p.is_output), &many, optional);
            let choices: Vec<Vec<Format>> = inputs.iter().map(|(_, kind)| shapes(*kind, rate)).collect();
            for (first, rest) in [(1, 1), (2, 2), (2, 1)] {
                if (first != rest && inputs.len() < 2) || (first > 1 && inputs.is_empty()) {
                    continue;
                }
                for formats in product(&choices) {
                    let channels = (0..).map(|i| if i == 0 { first } else { rest });
                    let formats = formats.iter().zip(channels).map(|(f, channels)| Format { channels, ..*f });
                    let inputs = inputs.iter().map(|(name, _)| name.clone()).zip(formats).collect();
                    let outputs = outputs.iter().map(|(name, _)| name.clone()).collect();
                    cases.push(Case { rate, inputs, outputs });
                }
            }
        }
    }
    cases
}
