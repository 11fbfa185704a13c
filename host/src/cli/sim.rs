//! `aw sim`.
mod calibrate;
mod count;

use super::graph::Graph;
use super::many::{self, Bar};
use super::{USAGE, WorkersFrom, ends, fail, json, print};
use aw_host::graph::Fault;
use aw_host::io::{LineWriter, place, same_file};
use aw_host::replay::{Keep, Progress, ReplayError};
use aw_host::sim::report::Report;
use aw_host::sim::{
    Answer, Faults, Job, Profile, SimError, Simulated, StageError, on_paper, profiles, report, simulate,
};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Command {
    #[command(subcommand)]
    what: Option<What>,
    /// The graph file; - reads standard input
    #[arg(value_name = "GRAPH", required_unless_present = "list")]
    path: Option<PathBuf>,
    /// The device: a name that --list shows, or the file of a profile
    #[arg(long, value_name = "NAME|FILE", required_unless_present = "list")]
    device: Option<String>,
    /// A WAV or FLAC file to play: FILE where the graph has one input, INPUT=FILE otherwise
    #[arg(long = "in", value_name = "[INPUT=]FILE", num_args = 1..)]
    inputs: Vec<String>,
    /// The WAV file to write: FILE where the graph has one audio output, OUTPUT=FILE otherwise
    #[arg(long = "out", value_name = "[OUTPUT=]FILE", num_args = 1..)]
    outputs: Vec<String>,
    /// Something that goes wrong: jitter,us=50  late,share=0.01,ms=5  lost,share=0.02  drop,share=0.01  bits,share=1e-6
    /// unplug  burner,percent=30  hog,heap=sram,kib=64  drift,ppm=100; each also with from_s and to_s
    #[arg(long = "fault", value_name = "KIND,KEY=VALUE,...")]
    faults: Vec<String>,
    /// Which of all things that may go wrong by chance do
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Samples a block, instead of what the graph says
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..=65536))]
    block: Option<u32>,
    /// A live parameter and its value
    #[arg(long, value_name = "NODE.PARAM=VALUE")]
    set: Vec<String>,
    /// Where no sound is given: how long the device runs without any, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    seconds: f64,
    /// Seconds to go on after the input ended, instead of what the graph declares
    #[arg(long, value_name = "SECONDS")]
    tail: Option<f64>,
    /// Take the latency of the graph off, so that output and input lie on each other
    #[arg(long)]
    align: bool,
    /// Where events go, as JSON lines; nowhere by default
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// More counts of instructions, as `aw sim count --out` writes them; stronger than those that come with aw
    #[arg(long, value_name = "FILE")]
    counts: Vec<PathBuf>,
    /// Write what the device did as one HTML page, with a picture of who had the core when
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Print what the device did as JSON
    #[arg(long)]
    json: bool,
    /// List the devices that come with aw
    #[arg(long)]
    list: bool,
    /// Say nothing but errors and the answer
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

#[derive(Subcommand)]
enum What {
    /// Counts the instructions of each node of a graph on the instruction set of a device
    Count(Box<count::Command>),
    #[command(hide = true)]
    Counted(count::Inside),
    /// Reads what a board measured, fits the cost of a device to it, and says how far off that is
    Calibrate(calibrate::Command),
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        match &self.what {
            Some(What::Count(command)) => return command.run(),
            Some(What::Counted(command)) => return command.run(),
            Some(What::Calibrate(command)) => return command.run(),
            None if self.list => return list(),
            None => {}
        }
        let (Some(path), Some(device)) = (&self.path, &self.device) else { return Err(ExitCode::from(USAGE)) };
        let graph = Graph::read(path)?;
        let profile = Profile::find(device).map_err(fail)?;
        let faults = faults(&self.faults, &profile, self.seed)?;
        let job = Job { replay: self.replay(&graph)?, profile, faults, counts: self.counts.clone() };
        let workers = self.workers.find()?;
        let stop = many::on_ctrl_c()?;
        let page = self.page(&graph, &job)?;
        let mut inputs = graph.file.inputs.iter().peekable();
        let has_inputs = inputs.peek().is_some();
        let is_played = inputs.any(|input| input.wav.is_some() || job.replay.inputs.contains_key(&input.name.value));
        // Without any sound, time and memory can still be told.
        if has_inputs && !is_played {
            return self.run_on_paper(&graph, &job, &workers, stop, page);
        }
        self.tell(&self.simulate(&graph, &job, &workers, stop)?, page)
    }

    fn run_on_paper(
        &self,
        graph: &Graph,
        job: &Job,
        workers: &aw_host::plugin::Workers,
        stop: &AtomicBool,
        page: Option<LineWriter>,
    ) -> Result<ExitCode, ExitCode> {
        if !self.outputs.is_empty() || self.events.is_some() || !self.set.is_empty() {
            return Err(ends::usage(
                "nothing is played, so nothing is heard: name a file with --in, or leave --out, --events and --set out",
            ));
        }
        if !(0.001..=1e6).contains(&self.seconds) {
            return Err(ends::usage("--seconds takes 0.001 to 1000000"));
        }
        let mut diags = graph.diags();
        let progress = Progress { stop, played: &|_| () };
        let result = on_paper(job, &graph.file, workers, self.seconds, &progress, &mut diags);
        diags.sort();
        graph.say(&diags, self.quiet);
        let report = result.map_err(said)?;
        self.print(&report, page)?;
        if !self.quiet && !self.json {
            say!("no sound was played (--in FILE): what hangs from it, such as allocations and SNR, is not looked at");
        }
        Ok(answer(report.verdict.answer))
    }

    fn replay(&self, graph: &Graph) -> Result<aw_host::replay::Job, ExitCode> {
        let names: Vec<&str> = graph.file.inputs.iter().map(|input| input.name.value.as_str()).collect();
        let mut inputs = std::collections::BTreeMap::new();
        for (name, mut paths) in ends::inputs(&self.inputs, &names)? {
            if paths.len() > 1 {
                return Err(ends::usage(format!(
                    "`{name}` plays one file at a time on a device; call `aw sim` for each"
                )));
            }
            inputs.extend(paths.pop().map(|path| (name, path)));
        }
        let audio = graph.file.outputs.iter().filter(|output| output.to_stdout.is_none());
        let names: Vec<&str> = audio.map(|output| output.name.value.as_str()).collect();
        if self.tail.is_some_and(|seconds| !(0.0..=3600.0).contains(&seconds)) {
            return Err(ends::usage("--tail takes 0 to 3600 seconds"));
        }
        let outputs = ends::outputs(&self.outputs, &names, None)?;
        // What a graph says of events goes to a file or nowhere: standard output is for the report.
        let events = Some(self.events.clone().unwrap_or_default());
        let keep = Keep { outputs, align: self.align, events, ..Keep::default() };
        let set = ends::set(&self.set)?;
        Ok(aw_host::replay::Job { inputs, keep, block: self.block, set, tail: self.tail, ..Default::default() })
    }

    fn simulate(
        &self,
        graph: &Graph,
        job: &Job,
        workers: &aw_host::plugin::Workers,
        stop: &AtomicBool,
    ) -> Result<Simulated, ExitCode> {
        let default = graph.file.inputs.first().and_then(|input| input.wav.as_ref());
        let seconds = job.replay.inputs.values().next().or(default).and_then(|path| many::seconds(path));
        let bar = Bar::new(seconds, None, self.quiet);
        let played = |seconds: f64| bar.played(seconds);
        let mut diags = graph.diags();
        let result = simulate(job, &graph.file, workers, &Progress { stop, played: &played }, &mut diags);
        bar.finish();
        diags.sort();
        graph.say(&diags, self.quiet);
        result.map_err(said)
    }

    fn tell(&self, simulated: &Simulated, page: Option<LineWriter>) -> Result<ExitCode, ExitCode> {
        let Simulated { outcome, report } = simulated;
        let mut failed = false;
        for told in &outcome.reports {
            match told {
                aw_host::control::Report::Failed { node, why, instead } => {
                    say!("error: `{node}` {why}; {instead}");
                    failed = true;
                }
                aw_host::control::Report::Says { node, text } if !self.quiet => say!("`{node}` says: {text}"),
                _ => {}
            }
        }
        for warning in &outcome.warnings {
            say!("warning: {warning}");
        }
        self.print(report, page)?;
        if !self.quiet && !self.json {
            let (seconds, elapsed) = (report.blocks.seconds, outcome.elapsed.as_secs_f64());
            say!("{seconds:.2} s on the device in {elapsed:.3} s: {:.0}× real time", seconds / elapsed.max(1e-9));
        }
        Ok(if failed { ExitCode::from(super::FAILED) } else { answer(report.verdict.answer) })
    }

    /// The file of the page, before anything runs: who waits for a run wants its page.
    fn page(&self, graph: &Graph, job: &Job) -> Result<Option<LineWriter>, ExitCode> {
        let Some(path) = &self.report else { return Ok(None) };
        if self.json && self.to_stdout() {
            return Err(ends::usage("--report - and --json both go to standard output: name a file for one of them"));
        }
        let inputs = graph.file.inputs.iter().filter_map(|input| input.wav.as_ref());
        let read = self.path.iter().chain(job.replay.inputs.values()).chain(inputs).chain(&job.counts);
        if let Some(same) = read.into_iter().find(|read| same_file(path, read)) {
            return Err(ends::usage(format!(
                "--report {} is {}, a file to be read: name another",
                path.display(),
                same.display()
            )));
        }
        let outputs = job.replay.keep.outputs.values().chain(&self.events);
        if let Some(same) =
            outputs.into_iter().find(|other| place(other).is_some_and(|other| place(path) == Some(other)))
        {
            return Err(ends::usage(format!("{} is written twice: name another file for --report", same.display())));
        }
        LineWriter::create(path).map(Some).map_err(fail)
    }

    fn to_stdout(&self) -> bool {
        self.report.as_ref().is_some_and(|path| path.as_os_str() == "-")
    }

    /// The report, as it was asked for.
    fn print(&self, report: &Report, page: Option<LineWriter>) -> Result<(), ExitCode> {
        if let Some(mut page) = page {
            let title = self.path.as_ref().map_or(String::new(), |path| path.display().to_string());
            let command = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
            let html = report::page(report, &title, &command.collect::<Vec<_>>());
            page.write(html.trim_end()).and_then(|()| page.finish()).map_err(fail)?;
            if self.to_stdout() {
                return Ok(());
            }
        }
        match (self.json, self.quiet) {
            (true, _) => print(&json(&report::to_json(report))),
            (false, true) => print(&report::verdict(&report.verdict)),
            (false, false) => print(&report::table(report)),
        }
    }
}

/// What went wrong, said.
fn said(why: SimError) -> ExitCode {
    match why {
        SimError::Replay(ReplayError::Interrupted) => {
            say!("{}", many::ENDED);
            ExitCode::from(many::INTERRUPTED)
        }
        SimError::Replay(ReplayError::Graph) | SimError::Stage(StageError::Graph(ReplayError::Graph)) => {
            ExitCode::from(super::FAILED)
        }
        why => fail(why),
    }
}

/// What a shell is told: only what is known to fit is well.
pub fn answer(answer: Answer) -> ExitCode {
    match answer {
        Answer::Fits => ExitCode::SUCCESS,
        Answer::DoesNotFit | Answer::CannotTell => ExitCode::from(super::FAILED),
    }
}

/// Faults of the command line, after those of the device.
pub fn faults(texts: &[String], profile: &Profile, seed: u64) -> Result<Faults, ExitCode> {
    let mut faults = profile.faults.clone();
    for text in texts {
        faults.push(Fault::parse(text).map_err(|why| ends::usage(format!("--fault {text}: {why}")))?);
    }
    Ok(Faults::new(faults, seed))
}

fn list() -> Result<ExitCode, ExitCode> {
    let mut rows = vec![];
    for name in profiles() {
        let profile = Profile::find(name).map_err(fail)?;
        let calibrated = if profile.calibrated { "calibrated" } else { "not calibrated" };
        rows.push(vec![name.to_string(), calibrated.into(), profile.title]);
    }
    print(&report::columns(&rows, 3))?;
    Ok(ExitCode::SUCCESS)
}
