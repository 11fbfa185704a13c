//! A `[node]` table: what a graph would say about a model, ready to paste.
use super::net::Net;
use super::words::{Feed, Word, Words, plain};
use crate::plugin::{Format, Kind};
use serde::Serialize;
use std::path::Path;

/// A `[node]` table.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its worker.
    pub worker: String,
    /// As a graph file has it.
    pub toml: String,
    /// What its inputs take.
    pub takes: Vec<Takes>,
    /// Its output ports.
    pub ports: Vec<String>,
    /// Samples a second that the graph should have.
    pub rate: u32,
    /// The file says so; otherwise it is the usual one.
    pub rate_said: bool,
    /// What the worker's parameters are.
    #[serde(skip)]
    pub params: Vec<(&'static str, Vec<(String, String)>)>,
}

/// What an input takes.
#[derive(Clone, Debug, Serialize)]
pub struct Takes {
    /// The input, by which the graph names the port.
    pub input: String,
    /// audio, spectrum or features.
    pub kind: &'static str,
    /// Values, or complex bins, of a frame.
    pub cells: u64,
    /// New frames a run.
    pub frames: u64,
    /// Such frames.
    #[serde(skip)]
    pub format: Format,
}

/// What a table holds: texts in quotes, or numbers and lists as they are.
enum Item {
    Text(String),
    Number(String),
}

/// A line of the table.
struct Line {
    key: &'static str,
    items: Vec<(String, Item)>,
    remark: String,
}

impl Node {
    /// The table for a model in this file; `shapes` are those of its outputs, in a run.
    pub fn new(net: &Net, words: &Words, path: &Path, shapes: &[(usize, Option<Vec<u64>>)]) -> Self {
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let stem = plain(&stem.replace(['.', '-', ' '], "_"));
        let name = if stem == "out" || stem.starts_with('_') {
            format!("model{}", stem.trim_start_matches("out"))
        } else {
            stem
        };
        let worker = if net.about.format == "ONNX" { "onnx" } else { "tflite" };
        let lines = lines(net, words, shapes);
        let toml = toml(&name, worker, path, &lines);
        let text = |(key, item): &(String, Item)| match item {
            Item::Text(text) | Item::Number(text) => (key.clone(), text.clone()),
        };
        let params = lines.iter().filter(|line| line.key != "in");
        let params = params.map(|line| (line.key, line.items.iter().map(text).collect())).collect();
        Self {
            name,
            worker: worker.into(),
            toml,
            takes: takes(net, words),
            ports: words.ports.iter().map(|(port, _)| port.clone()).collect(),
            rate: words.rate,
            rate_said: words.rate_said,
            params,
        }
    }
}

impl Node {
    /// Names another worker in the table: the words are the same for all.
    pub fn run_by(&mut self, worker: &str) {
        // Its name is the first text in quotes.
        self.toml = self.toml.replacen(&quoted(&self.worker), &quoted(worker), 1);
        self.worker = worker.into();
    }
}

/// What the inputs take, all at one pace.
fn takes(net: &Net, words: &Words) -> Vec<Takes> {
    let new = |feed: &Feed| if feed.word == Word::Stack { 1 } else { feed.frames };
    let audio = words.feeds.iter().find(|feed| feed.kind == Kind::AUDIO);
    // Runs a second.
    let (runs, seconds) = audio.map_or((100, 1), |feed| (u64::from(words.rate), feed.frames.max(1)));
    let one = |feed: &Feed| {
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let frames = new(feed);
        let (num, den) = (runs.saturating_mul(frames).max(1), seconds);
        let common = num_integer::gcd(num, den);
        let audio =
            Format { rate_num: small(num / common), rate_den: small(den / common), ..Format::audio(1, words.rate) };
        let (kind, format) = match feed.kind {
            Kind::AUDIO => ("audio", audio),
            kind => {
                (if kind == Kind::SPECTRUM { "spectrum" } else { "features" }, audio.carrying(kind, small(feed.cells)))
            }
        };
        Takes { input: net.tensors[feed.input].name.clone(), kind, cells: feed.cells, frames, format }
    };
    words.feeds.iter().map(one).collect()
}

fn lines(net: &Net, words: &Words, shapes: &[(usize, Option<Vec<u64>>)]) -> Vec<Line> {
    // A null byte can be in no text of a graph; names that differ in nothing else are one name.
    let name = |at: usize| net.tensors[at].name.replace('\0', "");
    let number = |n: u64| Item::Number(n.to_string());
    let mut lines: Vec<Line> = vec![];
    let mut add = |key, mut items: Vec<(String, Item)>, remark: String| {
        // Two tensors of one name are a mistake of the file, and two keys of one name would be one of ours.
        let mut seen = std::collections::HashSet::new();
        items.retain(|(name, _)| seen.insert(name.clone()));
        if !items.is_empty() {
            lines.push(Line { key, items, remark });
        }
    };
    let sources = words.feeds.iter().map(|feed| (name(feed.input), Item::Text(source(feed).into())));
    let brings = |feed: &Feed| match words.feeds.len() {
        1 => brings(net, feed),
        _ => format!("{}: {}", name(feed.input), brings(net, feed)),
    };
    add("in", sources.collect(), words.feeds.iter().map(brings).collect::<Vec<_>>().join("; "));
    let states = words.states.iter().map(|pair| (name(pair.input), Item::Text(name(pair.output))));
    let guessed = words.states.iter().any(|pair| !pair.named);
    add(
        "state",
        states.collect(),
        if guessed { "by shape and order: see that it is so".into() } else { String::new() },
    );
    let fixed = words.fixed.iter().map(|fixed| (name(fixed.input), Item::Number(fixed.value.to_string())));
    let unknown = words.fixed.iter().any(|fixed| !fixed.known);
    add("const", fixed.collect(), if unknown { "see that it is what the model wants".into() } else { String::new() });
    let frames =
        words.feeds.iter().filter(|feed| feed.word == Word::Frames).map(|feed| (name(feed.input), number(feed.frames)));
    let mut frames: Vec<(String, Item)> = frames.collect();
    let audio = words.feeds.iter().any(|feed| feed.kind == Kind::AUDIO);
    frames.extend(words.ports.iter().filter_map(|(_, at)| {
        let many = several(shapes.iter().find(|(output, _)| output == at)?.1.as_ref()?)?;
        audio.then(|| (name(*at), number(many)))
    }));
    add("frames", frames, String::new());
    let context =
        words.feeds.iter().filter(|feed| feed.context > 0).map(|feed| (name(feed.input), number(feed.context)));
    add("context", context.collect(), String::new());
    let stack =
        words.feeds.iter().filter(|feed| feed.word == Word::Stack).map(|feed| (name(feed.input), number(feed.frames)));
    add("stack", stack.collect(), "slides by one frame; `every` says by how many".into());
    let shape = words.shaped.iter().filter_map(|at| {
        let dims = &words.shapes.iter().find(|(input, _)| input == at)?.1;
        let list = dims.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        Some((name(*at), Item::Number(format!("[{list}]"))))
    });
    add("shape", shape.collect(), String::new());
    add("out", words.ports.iter().map(|(port, at)| (port.clone(), Item::Text(name(*at)))).collect(), String::new());
    lines
}

/// Frames of an output of a model that hears audio: of two extents the first one, unless they are the parts of a bin.
fn several(dims: &[u64]) -> Option<u64> {
    match dims.iter().copied().filter(|n| *n > 1).collect::<Vec<_>>()[..] {
        [frames, cells] if frames > 2 && cells > 2 => Some(frames),
        _ => None,
    }
}

/// A name for what an input is connected to.
fn source(feed: &Feed) -> &'static str {
    match feed.kind {
        Kind::AUDIO => "mic",
        Kind::SPECTRUM => "stft",
        _ if is_fft(feed.cells) => "magnitude",
        _ => "features",
    }
}

fn is_fft(bins: u64) -> bool {
    bins > 64 && bins % 2 == 1
}

/// What an input takes, in words.
fn brings(net: &Net, feed: &Feed) -> String {
    let Feed { cells, frames, context, .. } = *feed;
    let fft = cells.saturating_sub(1).saturating_mul(2);
    let any = net.tensors[feed.input].dims.as_ref().is_none_or(|dims| dims.last() == Some(&None));
    let times = match (feed.word, frames) {
        (Word::Stack, n) => format!(", the newest {n} frames"),
        (_, 1) => String::new(),
        (_, n) => format!(", {n} new frames a run"),
    };
    match feed.kind {
        Kind::AUDIO if context > 0 => format!("{frames} new samples of audio a run, behind {context} old ones"),
        Kind::AUDIO if any => format!("{frames} samples of audio a run, or any other number"),
        Kind::AUDIO => format!("{frames} samples of audio a run"),
        Kind::SPECTRUM => format!("{cells} complex bins a frame, as of an FFT of {fft}{times}"),
        _ if is_fft(cells) => format!("{cells} values a frame, as of an FFT of {fft}{times}"),
        _ if cells == 1 => format!("1 value a frame{times}"),
        _ => format!("{cells} values a frame{times}"),
    }
}

fn toml(name: &str, worker: &str, path: &Path, lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.key.len()).chain([6]).max().unwrap_or(6);
    let mut text = format!("[node.{name}]\n{:width$} = {}\n", "worker", quoted(worker));
    text += &format!("{:width$} = {}\n", "model", quoted(&path.to_string_lossy()));
    for Line { key, items, remark } in lines {
        let item = |(key, item): &(String, Item)| match item {
            Item::Text(text) => format!("{} = {}", bare(key), quoted(text)),
            Item::Number(text) => format!("{} = {text}", bare(key)),
        };
        let items = items.iter().map(item).collect::<Vec<_>>().join(", ");
        let remark =
            if remark.is_empty() { String::new() } else { format!("   # {}", remark.replace(char::is_control, " ")) };
        text += &format!("{key:width$} = {{ {items} }}{remark}\n");
    }
    text
}

/// A key, in quotes where it needs them.
fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if plain { key.into() } else { quoted(key) }
}

/// A text in quotes, as TOML has it.
fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' => "\\\"".into(),
        '\\' => "\\\\".into(),
        '\0' => String::new(),
        c if c.is_control() => format!("\\u{:04X}", c as u32),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}
