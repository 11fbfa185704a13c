//! `aw replay`.
mod jobs; // what is asked for
mod tell; // what came of it

use super::graph::Graph;
use super::{WorkersFrom, fail};
use aw_host::graph::{Diags, GraphFile};
use aw_host::io::{AudioReader, abandon};
use aw_host::plugin::Workers;
use aw_host::replay::{Job, Outcome, Progress, ReplayError, check_files, replay};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;
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
    /// Say nothing but errors, and what is odd about files or workers
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
}
