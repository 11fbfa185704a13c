//! `aw parity`.
mod tell; // what came of it

use super::graph::Graph;
use super::{FAILED, USAGE, WorkersFrom, fail};
use aw_host::graph::{GraphFile, nearest};
use aw_host::io::read_npy;
use aw_host::parity::{
    Difference, Found, Frames, Matrix, Rule, Scene, Search, Subject, arrange, frames_before, patterns, shorten,
};
use aw_host::plugin::Workers;
use aw_host::replay::ReplayError;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// Seconds of sound that tell candidates apart.
const BEGINNING: f64 = 3.0;
/// What a shell expects of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;
/// The worker whose frames are compared where no port is named.
const FEATURES: &str = "features";

#[derive(Args)]
pub struct Command {
    /// The graph file; - reads standard input
    #[arg(value_name = "GRAPH")]
    path: PathBuf,
    /// The WAV or FLAC file that the reference was computed from: FILE where the graph has one input, INPUT=FILE
    /// otherwise; the graph's own by default
    #[arg(long = "in", value_name = "[INPUT=]FILE", num_args = 1..)]
    inputs: Vec<String>,
    /// What the training code computed of that file: a .npy array, [frames, width] or [width, frames]
    #[arg(long, value_name = "FILE")]
    reference: PathBuf,
    /// The port whose frames are compared; that of the only `features` node by default
    #[arg(long, value_name = "NODE[.PORT]")]
    port: Option<String>,
    /// How far a value may be off; by default what float32 arithmetic explains
    #[arg(long, value_name = "NUMBER")]
    atol: Option<f64>,
    /// The same, relative to the loudest value of the frame; added to --atol
    #[arg(long, value_name = "NUMBER")]
    rtol: Option<f64>,
    /// Compare and search the first seconds only
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    /// Compare only: do not look for the key that is wrong
    #[arg(long)]
    no_search: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

/// A comparison, and what a search found if there was one.
struct Verdict<'a> {
    graph: &'a Graph,
    node: &'a str,
    port: &'a str,
    reference: &'a Path,
    difference: Difference,
    rule: Rule,
    notes: Vec<String>,
    patterns: Vec<String>,
    found: Option<Found>,
}

fn usage(why: impl std::fmt::Display) -> ExitCode {
    say!("error: {why}");
    ExitCode::from(USAGE)
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        static STOP: AtomicBool = AtomicBool::new(false);
        let graph = Graph::read(&self.path)?;
        let array = read_npy(&self.reference).map_err(fail)?;
        let workers = self.workers.find()?;
        if graph.diags().errors() > 0 {
            graph.say(&graph.diags(), true);
            return Err(ExitCode::from(FAILED));
        }
        let port = self.port(&graph.file, &workers)?;
        let node = port.split('.').next().unwrap_or_default().to_string();
        let file = graph.file.only(&node);
        let whole = self.scene(&file)?;
        ctrlc::set_handler(|| STOP.store(true, Relaxed)).map_err(fail)?;
        let subject = Subject { file, node, port, workers: &workers, stop: &STOP };
        let mut diags = graph.diags();
        let played = subject.play(&subject.file, &whole.1, &mut diags);
        graph.say(&diags, true);
        let mut frames = played.map_err(|why| if diags.errors() > 0 { ExitCode::from(FAILED) } else { ended(why) })?;
        if whole.1.seconds == Some(0.0) {
            let path = self.reference.display();
            return Err(fail(format!("the recording is empty: name the one that {path} was made of")));
        }
        let why = |why: String| fail(format!("`{}` {why}", self.reference.display()));
        let (mut reference, note) = arrange(&array, &frames).map_err(why)?;
        self.finite(&reference)?;
        let mut notes: Vec<String> = note.into_iter().collect();
        if let Scene { is_cut: true, seconds: Some(cut), .. } = whole.1 {
            let first = frames_before(cut, whole.0.unwrap_or(cut), reference.frames);
            reference = reference.first(first);
            frames = frames.first(reference.frames);
            notes.push(format!("only the first {cut} s are compared, {} frames", reference.frames));
        }
        self.judge(&graph, &subject, &whole.1, &frames, &reference, notes)
    }

    fn judge(
        &self,
        graph: &Graph,
        subject: &Subject,
        whole: &Scene,
        frames: &Frames,
        reference: &Matrix,
        notes: Vec<String>,
    ) -> Result<ExitCode, ExitCode> {
        let rule = self.rule(reference);
        let tolerances = rule.tolerances(reference);
        let difference = Difference::of(frames, reference, &tolerances);
        let patterns = patterns(frames, reference, &tolerances, &difference);
        let found = match difference.fits() || self.no_search {
            true => None,
            false => Some(self.search(subject, whole, reference, rule, &difference)?),
        };
        let (node, port) = (subject.node.as_str(), subject.port.as_str());
        let path = self.reference.as_path();
        let verdict = Verdict { graph, node, port, reference: path, difference, rule, notes, patterns, found };
        verdict.tell(self.json)?;
        Ok(if verdict.difference.fits() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    fn search(
        &self,
        subject: &Subject,
        whole: &Scene,
        reference: &Matrix,
        rule: Rule,
        base: &Difference,
    ) -> Result<Found, ExitCode> {
        let table = subject.file.nodes.iter().find(|table| table.name.value == subject.node);
        let id = table.and_then(|table| table.worker.as_ref()).map_or("", |id| id.value.as_str());
        let worker = subject.workers.get(id).ok_or(ExitCode::from(FAILED))?;
        // A recording that is hardly longer is played whole.
        let is_long = whole.seconds.is_some_and(|seconds| seconds > 2.0 * BEGINNING);
        let short = if is_long { shorten(whole, BEGINNING).map_err(ended)? } else { None };
        let bar = match self.json || !std::io::stderr().is_terminal() {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(1),
        };
        let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} changes tried");
        bar.set_style(style.unwrap_or(ProgressStyle::default_bar()));
        let progress = |done: usize, of: usize| {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        };
        let (worker, short) = (&worker.worker, short.as_ref());
        let patience = Duration::from_secs(30);
        let search = Search { subject, worker, whole, short, reference, rule, base, patience, progress: &progress };
        let found = search.run();
        bar.finish_and_clear();
        found.map_err(ended)
    }

    /// The port that was named, or the only one there can be.
    fn port(&self, file: &GraphFile, workers: &Workers) -> Result<String, ExitCode> {
        let id = |node: &aw_host::graph::NodeTable| node.worker.as_ref().map(|id| id.value.clone()).unwrap_or_default();
        let names = || file.nodes.iter().map(|node| node.name.value.as_str());
        let all = names().collect::<Vec<_>>().join(", ");
        if let Some(port) = &self.port {
            let node = port.split('.').next().unwrap_or_default();
            if names().any(|name| name == node) {
                return Ok(port.clone());
            }
            let near = nearest(node, names()).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(usage(format!("--port {port}: this graph has no node `{node}`, it has {all}{near}")));
        }
        let outputs = |node: &aw_host::graph::NodeTable| -> Vec<String> {
            let found = workers.get(&id(node));
            let ports = found.iter().flat_map(|found| found.worker.ports.iter().filter(|port| port.is_output));
            ports.map(|port| format!("{}.{}", node.name.value, port.name)).collect()
        };
        let features: Vec<_> = file.nodes.iter().filter(|node| id(node) == FEATURES).collect();
        match features.as_slice() {
            [node] => Ok(node.name.value.clone()),
            [] => {
                let ports = file.nodes.iter().flat_map(outputs).collect::<Vec<_>>().join(", ");
                Err(usage(format!(
                    "this graph has no `{FEATURES}` node: say what to compare with --port, one of {ports}"
                )))
            }
            several => {
                let ports = several.iter().flat_map(|node| outputs(node)).collect::<Vec<_>>().join(", ");
                let count = several.len();
                Err(usage(format!("this graph has {count} `{FEATURES}` nodes: say which with --port, one of {ports}")))
            }
        }
    }

    /// What is played, after its length as a whole.
    fn scene(&self, file: &GraphFile) -> Result<(Option<f64>, Scene), ExitCode> {
        let names: Vec<&str> = file.inputs.iter().map(|input| input.name.value.as_str()).collect();
        let mut inputs: BTreeMap<String, PathBuf> = BTreeMap::new();
        for input in &file.inputs {
            inputs.extend(input.wav.clone().map(|path| (input.name.value.clone(), path)));
        }
        for text in &self.inputs {
            let (name, path) = match (text.split_once('='), names.as_slice()) {
                (Some((name, path)), _) if names.contains(&name) => (name, path),
                (_, [name]) => (*name, text.as_str()),
                (_, []) => return Err(usage("nothing that the port hears is an input of the graph: leave --in out")),
                _ => {
                    return Err(usage(format!(
                        "say which input plays {text}: --in INPUT={text}, with {}",
                        names.join(", ")
                    )));
                }
            };
            if path == "-" {
                return Err(usage("standard input can be heard once only, and a search plays it often: name a file"));
            }
            inputs.insert(name.into(), path.into());
        }
        let whole = Scene::whole(inputs);
        let all = whole.seconds;
        let cut = match self.seconds {
            Some(seconds) if !(seconds > 0.5 && seconds.is_finite()) => {
                return Err(usage(format!("--seconds {seconds}: more than 0.5 are needed")));
            }
            Some(seconds) => shorten(&whole, seconds).map_err(ended)?,
            None => None,
        };
        Ok((all, cut.unwrap_or(whole)))
    }

    fn finite(&self, reference: &Matrix) -> Result<(), ExitCode> {
        let Some(((frame, bin), count)) = reference.not_finite() else { return Ok(()) };
        let value = reference.data[frame * reference.width + bin];
        let all = reference.data.len();
        let name = self.reference.display();
        let way_out = "keep zeros away from the logarithm, or from a division, and compute it again";
        Err(fail(format!(
            "`{name}` holds {value} at frame {frame}, bin {bin}, and {count} of {all} values are not finite: {way_out}"
        )))
    }

    fn rule(&self, reference: &Matrix) -> Rule {
        match (self.atol, self.rtol) {
            (None, None) => Rule::of(reference),
            (atol, rtol) => Rule { atol: atol.unwrap_or(0.0), rtol: rtol.unwrap_or(0.0), unit: None },
        }
    }
}

fn ended(why: ReplayError) -> ExitCode {
    match why {
        ReplayError::Interrupted => {
            say!("interrupted");
            ExitCode::from(INTERRUPTED)
        }
        why => fail(why),
    }
}
