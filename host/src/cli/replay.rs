//! `aw replay`.
use super::graph::Graph;
use super::{FAILED, USAGE, WorkersFrom, fail};
use aw_host::control::Report;
use aw_host::graph::{Diags, GraphFile};
use aw_host::io::{AudioReader, Encoding, abandon};
use aw_host::plugin::Workers;
use aw_host::replay::{Job, Keep, NodeLoad, Outcome, OutputFile, Progress, ReplayError, check_files, replay};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What a shell expects of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;
const ENDED: &str = "interrupted; no unfinished file was left behind";

#[derive(Args)]
pub struct Command {
    /// The graph file; - reads standard input
    #[arg(value_name = "GRAPH")]
    path: PathBuf,
    /// A WAV or FLAC file to play: FILE where the graph has one input, INPUT=FILE otherwise; - is standard input.
    /// Several files are played one after the other, in parallel across cores, each by a graph of its own
    #[arg(long = "in", value_name = "[INPUT=]FILE", num_args = 1..)]
    inputs: Vec<String>,
    /// The WAV file to write: FILE where the graph has one audio output, OUTPUT=FILE otherwise; - is standard output.
    /// A folder where several files are played
    #[arg(long = "out", value_name = "[OUTPUT=]FILE", num_args = 1..)]
    outputs: Vec<String>,
    /// Take the latency of the graph off, so that output and input lie on each other
    #[arg(long)]
    align: bool,
    /// How samples are written
    #[arg(long, value_parser = ["f32", "s16", "s24", "s32"], default_value = "f32")]
    encoding: String,
    /// Sample rate of the files written; that of the inputs by default
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..=768_000))]
    rate: Option<u32>,
    /// Samples a block, instead of what the graph says
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..=65536))]
    block: Option<u32>,
    /// Seconds to go on after the input ended, instead of what the graph declares
    #[arg(long, value_name = "SECONDS")]
    tail: Option<f64>,
    /// A live parameter and its value
    #[arg(long, value_name = "NODE.PARAM=VALUE")]
    set: Vec<String>,
    /// Where events go, as JSON lines; standard output by default
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Write the frames of a port as a NumPy file
    #[arg(long = "probe", value_name = "NODE[.PORT]=FILE")]
    probes: Vec<String>,
    /// A clean version of what is played: says how much nearer to it the output is, as SI-SDR in dB
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Show what each node takes of a block: mean, p99 and longest, against the block's deadline
    #[arg(long)]
    load: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

/// What Ctrl-C does: asks the runs to end. One that waits for a pipe, or for a model to load, does not hear it.
fn stop(flag: &AtomicBool) {
    const PATIENCE: Duration = Duration::from_secs(1);
    flag.store(true, Relaxed);
    std::thread::sleep(PATIENCE);
    abandon();
    say!("{ENDED}");
    std::process::exit(INTERRUPTED.into());
}

/// A call that does not fit the graph.
fn usage(why: impl std::fmt::Display) -> ExitCode {
    say!("error: {why}");
    ExitCode::from(USAGE)
}

/// "NAME=VALUE", where the name is one of those known; a path may have `=` in it.
fn named<'a>(text: &'a str, known: &[&str]) -> (Option<&'a str>, &'a str) {
    match text.split_once('=') {
        Some((name, value)) if known.contains(&name) => (Some(name), value),
        _ => (None, text),
    }
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let graph = Graph::read(&self.path)?;
        let workers = self.workers.find()?;
        let jobs = self.jobs(&graph.file)?;
        self.one_stream(&jobs, &graph.file)?;
        check_files(&jobs, &graph.file).map_err(fail)?;
        if graph.file.outputs.is_empty() && self.probes.is_empty() || jobs.is_empty() {
            graph.compile_or_say(&workers, &Default::default(), &[])?;
        }
        static STOP: AtomicBool = AtomicBool::new(false);
        ctrlc::set_handler(|| stop(&STOP)).map_err(fail)?;
        let results = self.play(&graph, &workers, &jobs, &STOP);
        self.tell(&jobs, &results)
    }

    /// What is to be played, a job a file or one job for all inputs.
    fn jobs(&self, file: &GraphFile) -> Result<Vec<Job>, ExitCode> {
        let names: Vec<&str> = file.inputs.iter().map(|input| input.name.value.as_str()).collect();
        let mut by_input: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for text in &self.inputs {
            let (name, path) = named(text, &names);
            let name = match (name, names.as_slice()) {
                (Some(name), _) => name,
                (None, [name]) => *name,
                (None, []) => return Err(usage("this graph has no inputs: leave --in out")),
                (None, _) => {
                    return Err(usage(format!(
                        "say which input plays {path}: --in INPUT={path}, with {}",
                        names.join(", ")
                    )));
                }
            };
            by_input.entry(name.to_string()).or_default().push(path.into());
        }
        let many = by_input.values().map(Vec::len).max().unwrap_or(1) > 1;
        if many && by_input.len() > 1 {
            return Err(usage("several files an input work for graphs with one input"));
        }
        let Some((input, paths)) = by_input.iter().next().filter(|_| many) else {
            let inputs =
                by_input.into_iter().filter_map(|(name, mut paths)| paths.pop().map(|path| (name, path))).collect();
            return Ok(vec![self.job(file, inputs, None)?]);
        };
        let stem = |path: &PathBuf| path.file_stem().map_or("input".into(), |stem| stem.to_string_lossy().into_owned());
        let mut stems = BTreeSet::new();
        if let Some(twice) = paths.iter().map(stem).find(|stem| !stems.insert(stem.clone())) {
            return Err(usage(format!("two inputs are called {twice}, and their outputs would be too")));
        }
        let inputs = |path: &PathBuf| BTreeMap::from([(input.clone(), path.clone())]);
        paths.iter().map(|path| self.job(file, inputs(path), Some(&stem(path)))).collect()
    }

    /// One run; `stem` names the files in the folders that are written to when there are several.
    fn job(&self, file: &GraphFile, inputs: BTreeMap<String, PathBuf>, stem: Option<&str>) -> Result<Job, ExitCode> {
        let audio = file.outputs.iter().filter(|output| output.to_stdout.is_none());
        let names: Vec<&str> = audio.map(|output| output.name.value.as_str()).collect();
        let mut outputs = BTreeMap::new();
        for text in &self.outputs {
            let (name, path) = named(text, &names);
            let wanted: Vec<&str> = match (name, names.as_slice(), stem) {
                (Some(name), ..) => vec![name],
                (None, [name], _) => vec![name],
                (None, [], _) => return Err(usage("this graph has no audio output: leave --out out")),
                (None, all, Some(_)) => all.to_vec(),
                (None, ..) => {
                    return Err(usage(format!(
                        "say which output goes to {path}: --out OUTPUT={path}, with {}",
                        names.join(", ")
                    )));
                }
            };
            for name in wanted {
                let suffix = if names.len() > 1 { format!(".{name}") } else { String::new() };
                let path = in_folder(Path::new(path), stem, &format!("{suffix}.wav"))?;
                if outputs.insert(name.to_string(), path).is_some() {
                    return Err(usage(format!("output `{name}` is given two files")));
                }
            }
        }
        let mut probes = vec![];
        for text in &self.probes {
            let Some((port, path)) = text.split_once('=') else {
                return Err(usage(format!("--probe {text} does not say where the frames go: NODE.PORT=FILE")));
            };
            probes.push((port.to_string(), in_folder(Path::new(path), stem, &format!(".{port}.npy"))?));
        }
        let events = self.events.as_ref().map(|path| in_folder(path, stem, ".jsonl")).transpose()?;
        let mut set = vec![];
        for text in &self.set {
            let parts = text.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
            let Some(((node, param), value)) = parts else {
                return Err(usage(format!("--set {text} is not NODE.PARAM=VALUE")));
            };
            set.push((node.into(), param.into(), value.into()));
        }
        if self.tail.is_some_and(|seconds| !(0.0..=3600.0).contains(&seconds)) {
            return Err(usage("--tail takes 0 to 3600 seconds"));
        }
        let encoding = match self.encoding.as_str() {
            "s16" => Encoding::S16,
            "s24" => Encoding::S24,
            "s32" => Encoding::S32,
            _ => Encoding::F32,
        };
        let keep = Keep { outputs, encoding: Some(encoding), rate: self.rate, align: self.align, events, probes };
        let reference = self.reference.clone();
        Ok(Job { inputs, keep, block: self.block, set, metered: self.load, tail: self.tail, reference })
    }

    /// Standard output can carry one thing: also the events that go there where nothing else is said.
    fn one_stream(&self, jobs: &[Job], file: &GraphFile) -> Result<(), ExitCode> {
        let has_events = file.outputs.iter().any(|output| output.to_stdout.is_some());
        if self.events.is_some() && !has_events {
            return Err(usage("this graph has no output of events: leave --events out"));
        }
        if self.events.is_none() && has_events && jobs.len() > 1 {
            return Err(usage("several files are played: name a folder for their events with --events"));
        }
        let events = PathBuf::from("-");
        for job in jobs {
            let keep = &job.keep;
            let events = keep.events.as_ref().or(Some(&events).filter(|_| has_events));
            let all = keep.outputs.values().chain(events).chain(keep.probes.iter().map(|(_, path)| path));
            if all.filter(|path| path.as_path() == Path::new("-")).count() > 1 {
                return Err(usage("only one thing can go to standard output"));
            }
            if job.inputs.values().chain([&self.path]).filter(|path| path.as_path() == Path::new("-")).count() > 1 {
                return Err(usage("only one thing can come from standard input"));
            }
        }
        Ok(())
    }

    fn play(
        &self,
        graph: &Graph,
        workers: &Workers,
        jobs: &[Job],
        stop: &AtomicBool,
    ) -> Vec<Result<Outcome, ReplayError>> {
        let bar = self.bar(&graph.file, jobs);
        let start = Instant::now();
        let played = |seconds: f64| {
            bar.inc((seconds * 1000.0) as u64);
            let speed = bar.position() as f64 / 1000.0 / start.elapsed().as_secs_f64().max(1e-3);
            bar.set_message(format!("{speed:.0}× real time"));
        };
        let progress = Progress { stop, played: &played };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (next, said) = (AtomicUsize::new(0), Mutex::new(Diags::default()));
        let results: Vec<Mutex<Option<Result<Outcome, ReplayError>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
        std::thread::scope(|scope| {
            for _ in 0..cores.min(jobs.len()) {
                scope.spawn(|| {
                    while let Some(at) = Some(next.fetch_add(1, Relaxed)).filter(|at| *at < jobs.len()) {
                        let mut diags = graph.diags();
                        let result = replay(&jobs[at], &graph.file, workers, &progress, &mut diags);
                        if let (Ok(mut said), Ok(mut place)) = (said.lock(), results[at].lock()) {
                            said.extend(diags);
                            *place = Some(result);
                        }
                    }
                });
            }
        });
        bar.finish_and_clear();
        if let Ok(mut said) = said.into_inner() {
            said.sort();
            graph.say(&said, self.quiet);
        }
        let taken = results.into_iter().map(|place| place.into_inner().ok().flatten());
        taken.map(|result| result.unwrap_or(Err(ReplayError::Interrupted))).collect()
    }

    /// On a terminal only.
    fn bar(&self, file: &GraphFile, jobs: &[Job]) -> ProgressBar {
        if self.quiet || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let default = file.inputs.first().and_then(|input| input.wav.as_ref());
        let seconds = |job: &Job| {
            // A look at a pipe would take its first bytes away.
            let path = job.inputs.values().next().or(default).filter(|path| path.is_file())?;
            let spec = AudioReader::open(path).ok()?.spec().clone();
            Some(spec.frames? as f64 / f64::from(spec.rate))
        };
        let total: Option<f64> = jobs.iter().map(seconds).sum();
        let bar = total.map_or_else(ProgressBar::new_spinner, |seconds| ProgressBar::new((seconds * 1000.0) as u64));
        let style = match total {
            Some(_) => "{wide_bar} {percent:>3} %  {msg}  {eta} left",
            None => "{spinner} {elapsed}  {msg}",
        };
        bar.set_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()));
        bar
    }

    /// Says what came of it.
    fn tell(&self, jobs: &[Job], results: &[Result<Outcome, ReplayError>]) -> Result<ExitCode, ExitCode> {
        let (mut failed, mut interrupted, mut seconds, mut busy) = (0, false, 0.0, 0.0);
        for (job, result) in jobs.iter().zip(results) {
            let input = job.inputs.values().next().map_or(String::new(), |path| format!("{}: ", path.display()));
            let input = if jobs.len() > 1 { input } else { String::new() };
            match result {
                Ok(outcome) => {
                    failed += usize::from(self.tell_one(&input, outcome));
                    (seconds, busy) = (seconds + outcome.seconds, busy + outcome.elapsed.as_secs_f64());
                }
                Err(ReplayError::Interrupted) => interrupted = true,
                Err(ReplayError::Graph) => failed += 1,
                Err(why) => {
                    say!("error: {input}{why}");
                    failed += 1;
                }
            }
        }
        if interrupted {
            say!("{ENDED}");
            return Err(ExitCode::from(INTERRUPTED));
        }
        if jobs.len() > 1 && !self.quiet {
            let speed = seconds / busy.max(1e-9);
            say!(
                "{} of {} files, {seconds:.1} s of sound, {speed:.0}× real time a core",
                jobs.len() - failed,
                jobs.len()
            );
        }
        if failed > 0 { Err(ExitCode::from(FAILED)) } else { Ok(ExitCode::SUCCESS) }
    }

    /// Answers whether a worker failed.
    fn tell_one(&self, input: &str, outcome: &Outcome) -> bool {
        let mut failed = false;
        for report in &outcome.reports {
            match report {
                Report::Failed { node, why, instead } => {
                    say!("error: {input}`{node}` {why}; {instead}");
                    failed = true;
                }
                Report::Says { node, text } if !self.quiet => say!("{input}`{node}` says: {text}"),
                _ => {}
            }
        }
        for warning in &outcome.warnings {
            say!("warning: {input}{warning}");
        }
        if self.quiet {
            return failed;
        }
        for output in &outcome.outputs {
            say!("{input}{}", self.output_line(output));
        }
        if let Some((before, after)) = outcome.si_sdr {
            say!("{input}SI-SDR against the reference: {}", si_sdr(before, after));
        }
        let speed = outcome.seconds / outcome.elapsed.as_secs_f64().max(1e-9);
        say!(
            "{input}{:.2} s of sound in {:.3} s: {speed:.0}× real time",
            outcome.seconds,
            outcome.elapsed.as_secs_f64()
        );
        if !outcome.load.is_empty() {
            say!("{}", load_table(&outcome.load).trim_end());
        }
        failed
    }

    fn output_line(&self, output: &OutputFile) -> String {
        let peak = if output.peak > 0.0 { format!("{:.1} dBFS", 20.0 * output.peak.log10()) } else { "silent".into() };
        let seconds = output.frames as f64 / f64::from(output.rate);
        let channels = if output.channels == 1 { "mono".into() } else { format!("{} channels", output.channels) };
        let place = match &output.path {
            Some(path) if path.as_path() == Path::new("-") => format!("{} → standard output", output.name),
            Some(path) => format!("{} → {}", output.name, path.display()),
            None => format!("{} (not written; name a file with --out)", output.name),
        };
        let lag = match (output.lag > 0.0, self.align) {
            (false, _) => String::new(),
            (true, true) => format!("; {:.3} ms of latency taken off", output.lag * 1000.0),
            (true, false) => format!("; {:.3} ms late, which --align takes off", output.lag * 1000.0),
        };
        let clipped = if output.clipped > 0 { format!("; {} samples clipped", output.clipped) } else { String::new() };
        format!("{place}: {seconds:.3} s, {} Hz, {channels}, peak {peak}{lag}{clipped}", output.rate)
    }
}

fn si_sdr(before: f64, after: f64) -> String {
    if before.is_nan() || after.is_nan() {
        return "cannot be measured where the reference, the input or the output is silent".into();
    }
    let gain = after - before;
    let gain = if gain.is_nan() { String::new() } else { format!(": {gain:+.2} dB") };
    format!("{before:.2} dB before, {after:.2} dB after{gain}")
}

/// A file in a folder, if there are several; the folder is made.
fn in_folder(path: &Path, stem: Option<&str>, suffix: &str) -> Result<PathBuf, ExitCode> {
    let Some(stem) = stem else { return Ok(path.into()) };
    if path.is_file() || path == Path::new("-") {
        return Err(usage(format!("several files are played: name a folder instead of {}", path.display())));
    }
    std::fs::create_dir_all(path).map_err(|why| fail(format!("cannot make the folder {}: {why}", path.display())))?;
    Ok(path.join(format!("{stem}{suffix}")))
}

fn load_table(loads: &[NodeLoad]) -> String {
    let us = |ns: f64| format!("{:.2}", ns / 1000.0);
    let mut text = format!("{:24} {:>10} {:>10} {:>10} {:>9}\n", "node", "mean µs", "p99 µs", "max µs", "deadline");
    for load in loads {
        let node = if load.node.is_empty() { "whole block" } else { &load.node };
        let share = 100.0 * load.p99 as f64 / load.deadline;
        text += &format!(
            "{node:24} {:>10} {:>10} {:>10} {share:>7.2} %\n",
            us(load.mean),
            us(load.p99 as f64),
            us(load.max as f64)
        );
    }
    text
}
