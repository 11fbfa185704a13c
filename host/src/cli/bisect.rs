//! `aw bisect`.
use super::graph::Graph;
use super::many::{self, ENDED, INTERRUPTED};
use super::{FAILED, USAGE, fail, json, print};
use aw_host::bisect::{BisectError, Found, Parting, Side, Value, Verdict, Version, bisect};
use aw_host::graph::{Diags, GraphFile, text_to_toml};
use aw_host::plugin::{SearchPath, Workers};
use aw_host::replay::{Progress, ReplayError};
use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {
    /// A graph file; or, with --graph, a model file or a folder of worker libraries
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Another of the same sort
    #[arg(value_name = "B")]
    b: PathBuf,
    /// The graph that is played with both models, or both folders of workers
    #[arg(long, value_name = "GRAPH")]
    graph: Option<PathBuf>,
    /// The node that has the model, if there are several
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
    /// The WAV or FLAC file to play: FILE where the graph has one input, INPUT=FILE otherwise
    #[arg(long = "in", value_name = "[INPUT=]FILE", num_args = 1..)]
    inputs: Vec<String>,
    /// What a value may be off by; without it, bit for bit
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    within: f64,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Folder of worker libraries; may be given several times. $AW_WORKERS names more
    #[arg(long = "workers", value_name = "DIR")]
    folders: Vec<PathBuf>,
}

/// What is compared.
enum Sort {
    Graphs,
    Models,
    Folders,
}

fn usage(why: impl std::fmt::Display) -> ExitCode {
    say!("error: {why}");
    ExitCode::from(USAGE)
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        if !(self.within >= 0.0 && self.within.is_finite()) {
            return Err(usage("--within takes a number that is not negative"));
        }
        let sort = self.sort()?;
        let paths = match (&sort, &self.graph) {
            (Sort::Graphs, None) => [&self.a, &self.b],
            (Sort::Graphs, Some(_)) => return Err(usage("two graphs are compared: leave --graph out")),
            (_, Some(graph)) => [graph, graph],
            (_, None) => return Err(usage("name the graph that is played with both: --graph GRAPH")),
        };
        let [graph_a, graph_b] = [Graph::read(paths[0])?, Graph::read(paths[1])?];
        let [file_a, file_b] = match sort {
            Sort::Models => self.with_models(&graph_a.file)?,
            _ => [graph_a.file.clone(), graph_b.file.clone()],
        };
        let (workers_a, workers_b) = match sort {
            Sort::Folders => (self.workers(Some(&self.a))?, self.workers(Some(&self.b))?),
            _ => (self.workers(None)?, self.workers(None)?),
        };
        let inputs = self.inputs_of(&file_a)?;
        let stop = many::on_ctrl_c()?;
        let progress = Progress { stop, played: &|_| () };
        let a = Version { side: Side::A, file: file_a, workers: &workers_a };
        let b = Version { side: Side::B, file: file_b, workers: &workers_b };
        let (mut said_a, mut said_b) = (graph_a.diags(), graph_b.diags());
        let found = match said_a.errors() + said_b.errors() {
            0 => bisect((&a, &b), &inputs, self.within, &progress, (&mut said_a, &mut said_b)),
            _ => Err(BisectError::Replay { side: Side::A, why: ReplayError::Graph }),
        };
        say_mistakes(&graph_a, &graph_b, said_a, said_b);
        let verdict = found.map_err(|why| match why {
            BisectError::Replay { why: ReplayError::Graph, .. } => ExitCode::from(FAILED),
            BisectError::Replay { why: ReplayError::Interrupted, .. } => {
                say!("{ENDED}");
                ExitCode::from(INTERRUPTED)
            }
            other => fail(other),
        })?;
        print(&if self.json { json(&to_json(&verdict)) } else { told(&verdict, self.within) })?;
        let same = verdict.found.is_none() && verdict.heard.is_empty();
        Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    fn sort(&self) -> Result<Sort, ExitCode> {
        let is_graph = |path: &Path| path.extension().is_some_and(|ending| ending == "toml");
        for path in [&self.a, &self.b] {
            let installed = path.to_str().is_some_and(|path| path.starts_with('@'));
            if !path.exists() && !installed {
                return Err(fail(format!("there is no {}", path.display())));
            }
        }
        match (self.a.is_dir(), self.b.is_dir(), is_graph(&self.a), is_graph(&self.b)) {
            (true, true, ..) => Ok(Sort::Folders),
            (false, false, true, true) => Ok(Sort::Graphs),
            (false, false, false, false) => Ok(Sort::Models),
            _ => Err(usage("A and B must be of one sort: two graphs, two model files, or two folders of workers")),
        }
    }

    /// The workers of a folder before all others.
    fn workers(&self, folder: Option<&PathBuf>) -> Result<Workers, ExitCode> {
        let path = SearchPath::new(&self.folders);
        let (workers, errors) = match folder {
            Some(folder) => Workers::of_folder(folder, &path),
            None => Workers::find(&path),
        };
        errors.iter().for_each(|error| say!("error: {error}"));
        if errors.is_empty() { Ok(workers) } else { Err(ExitCode::from(FAILED)) }
    }

    /// The graph with each of the models.
    fn with_models(&self, file: &GraphFile) -> Result<[GraphFile; 2], ExitCode> {
        let has_model = |node: &&aw_host::graph::NodeTable| node.params.iter().any(|entry| entry.key.value == "model");
        let nodes: Vec<&str> = file.nodes.iter().filter(has_model).map(|node| node.name.value.as_str()).collect();
        let node = match (&self.node, nodes.as_slice()) {
            (Some(node), all) if all.contains(&node.as_str()) => node.as_str(),
            (Some(node), _) => return Err(usage(format!("no node `{node}` has a model; {} have", nodes.join(", ")))),
            (None, [node]) => node,
            (None, []) => return Err(usage("no node of this graph has a model")),
            (None, _) => return Err(usage(format!("say which node has the model: --node {}", nodes.join(" or ")))),
        };
        let with = |path: &Path| -> Result<GraphFile, ExitCode> {
            let path = match path.to_str().is_some_and(|text| text.starts_with('@')) {
                true => path.to_path_buf(),
                false => std::path::absolute(path).map_err(fail)?,
            };
            Ok(file.with(node, "model", &text_to_toml(&path.display().to_string())))
        };
        Ok([with(&self.a)?, with(&self.b)?])
    }

    fn inputs_of(&self, file: &GraphFile) -> Result<BTreeMap<String, PathBuf>, ExitCode> {
        let names: Vec<&str> = file.inputs.iter().map(|input| input.name.value.as_str()).collect();
        let mut inputs = BTreeMap::new();
        for text in &self.inputs {
            let (name, path) = match (text.split_once('='), names.as_slice()) {
                (Some((name, path)), names) if names.contains(&name) => (name, path),
                (_, [name]) => (*name, text.as_str()),
                _ => {
                    return Err(usage(format!(
                        "say which input plays {text}: INPUT={text}, with {}",
                        names.join(", ")
                    )));
                }
            };
            if inputs.insert(name.to_string(), PathBuf::from(path)).is_some() {
                return Err(usage(format!("input `{name}` is given two files")));
            }
        }
        Ok(inputs)
    }
}

fn say_mistakes(a: &Graph, b: &Graph, mut said_a: Diags, mut said_b: Diags) {
    said_a.sort();
    said_b.sort();
    a.say(&said_a, true);
    // Of one graph with two models, what is wrong with the second only.
    let news: Diags = said_b.iter().filter(|diag| !said_a.iter().any(|other| other == *diag)).cloned().collect();
    if news.errors() > 0 {
        say!("in B:");
        b.say(&news, true);
    }
}

/// For people.
fn told(verdict: &Verdict, within: f64) -> String {
    let how = if within > 0.0 { format!("within {within}") } else { "bit for bit".into() };
    let mut text = String::new();
    let Some(found) = &verdict.found else {
        let ports = verdict.same.len();
        if verdict.heard.is_empty() {
            return format!("no difference: {ports} ports and all outputs are the same, {how}\n");
        }
        verdict.changes.iter().for_each(|change| text += &format!("`{}`: {}\n", change.node, change.what));
        return format!("{}\nall {ports} ports are the same, {how}\n{text}", verdict.heard.join("\n"));
    };
    let Found { node, worker, port, parting, inputs, unknown, libraries } = found;
    match &parting.first {
        Some(Value { frame, seconds, index, values: (a, b) }) => {
            let index = if index.is_empty() { String::new() } else { format!(", index {index:?}") };
            text += &format!(
                "`{port}` is the first that differs: frame {frame} ({seconds:.4} s){index}: {a} in A, {b} in B\n"
            );
        }
        None => text += &format!("`{port}` is the first that differs\n"),
    }
    parted(&mut text, parting);
    text += &format!("`{node}` is a `{worker}`");
    if libraries.0 != libraries.1 {
        text += &format!(" of {} in A and of {} in B", libraries.0.display(), libraries.1.display());
    }
    text += &match (inputs.as_slice(), unknown) {
        ([], false) => "; it has no inputs\n".to_string(),
        (same, false) => format!("; what it hears is the same: {}\n", same.join(", ")),
        ([], true) => "; what it hears is not in both, or in a loop with it\n".to_string(),
        (same, true) => format!(
            "; of what it hears, {} is the same, and the rest not in both, or in a loop with it\n",
            same.join(", ")
        ),
    };
    let (own, other): (Vec<_>, Vec<_>) = verdict.changes.iter().partition(|change| change.node == *node);
    own.iter().for_each(|change| text += &format!("`{node}`: {}\n", change.what));
    if !other.is_empty() {
        text += "elsewhere the graphs are written differently, too:\n";
        other.iter().for_each(|change| text += &format!("  `{}`: {}\n", change.node, change.what));
    }
    text + &match verdict.same.as_slice() {
        [] => "nothing comes before it\n".to_string(),
        same => format!("the same before it, {how}: {}\n", same.join(", ")),
    }
}

fn parted(text: &mut String, parting: &Parting) {
    let Parting { largest, changed: (changed, all), snr_db, frames, shapes, shift, swapped, .. } = parting;
    if shapes.0 != shapes.1 {
        *text += &format!("a frame has the shape {:?} in A and {:?} in B\n", shapes.0, shapes.1);
    }
    if frames.0 != frames.1 {
        *text += &format!("there are {} frames in A and {} in B\n", frames.0, frames.1);
    }
    if *changed > 0 {
        *text += &format!("{changed} of {all} values differ; {snr_db:.1} dB from A to the difference");
        if let Some(Value { frame, seconds, values: (a, b), .. }) = largest.as_ref().filter(|_| *changed > 1) {
            *text += &format!("; most in frame {frame} ({seconds:.4} s): {a} and {b}");
        }
        *text += "\n";
    }
    if let Some(shift) = shift {
        let word = if *shift > 0 { "later" } else { "earlier" };
        *text += &format!("B is A, {} frames {word}\n", shift.abs());
    }
    if let Some((one, other)) = swapped {
        *text += &format!("channels {one} and {other} have changed places\n");
    }
}

/// For scripts.
fn to_json(verdict: &Verdict) -> serde_json::Value {
    let value = |value: &Option<Value>| {
        value.as_ref().map(|value| {
            json!({ "frame": value.frame, "seconds": value.seconds, "index": value.index, "a": value.values.0, "b": value.values.1 })
        })
    };
    let found = verdict.found.as_ref().map(|found| {
        let parting = &found.parting;
        json!({
            "node": found.node, "worker": found.worker, "port": found.port, "inputs": found.inputs,
            "library": { "a": found.libraries.0, "b": found.libraries.1 },
            "first": value(&parting.first), "largest": value(&parting.largest),
            "changed": parting.changed.0, "values": parting.changed.1, "snr_db": parting.snr_db,
            "frames": { "a": parting.frames.0, "b": parting.frames.1 },
            "shapes": { "a": parting.shapes.0, "b": parting.shapes.1 },
            "shift": parting.shift, "swapped": parting.swapped,
        })
    });
    let changes = verdict.changes.iter().map(|change| json!({ "node": change.node, "what": change.what }));
    json!({
        "same": found.is_none() && verdict.heard.is_empty(),
        "first": found, "heard": verdict.heard, "before": verdict.same,
        "changes": changes.collect::<Vec<_>>(),
    })
}
