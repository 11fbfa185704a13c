//! `aw replay`.
mod jobs; //     what is asked for
mod recorded; // recordings of `aw live`
mod tell; //     what came of it

use super::graph::Graph;
use super::many::{self, Bar};
use super::{WorkersFrom, fail};
use aw_host::graph::{Diags, GraphFile};
use aw_host::live::record::Bundle;
use aw_host::plugin::Workers;
use aw_host::replay::{Job, Outcome, Progress, ReplayError, check_files, replay};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

#[derive(Args)]
pub struct Command {
    /// The graph file; - reads standard input. Or a folder that `aw live` has recorded, by --record or when something went
    /// wrong: it is played as it was, and compared with what was heard, bit for bit
    #[arg(value_name = "GRAPH|DIR")]
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
    /// Play a recording with other builds of its workers than those that were recorded
    #[arg(long)]
    anyway: bool,
    /// Say nothing but errors, and what is odd about files or workers
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        if Bundle::may_be(&self.path) {
            return self.play_recorded();
        }
        let graph = Graph::read(&self.path)?;
        let workers = self.workers.find()?;
        let jobs = self.jobs(&graph.file)?;
        self.one_stream(&jobs, &graph.file)?;
        check_files(&jobs, &graph.file).map_err(fail)?;
        if graph.file.outputs.is_empty() && self.probes.is_empty() || jobs.is_empty() {
            graph.compile_or_say(&workers, &Default::default(), &[])?;
        }
        let results = self.play(&graph, &workers, &jobs, many::on_ctrl_c()?);
        self.tell(&jobs, &results)
    }

    fn play(
        &self,
        graph: &Graph,
        workers: &Workers,
        jobs: &[Job],
        stop: &AtomicBool,
    ) -> Vec<Result<Outcome, ReplayError>> {
        let bar = Bar::new(self.seconds(&graph.file, jobs), None, self.quiet);
        let played = |seconds: f64| bar.played(seconds);
        let progress = Progress { stop, played: &played };
        let said = Mutex::new(Diags::default());
        let results = many::each(jobs, many::cores(), |_, job| {
            let mut diags = graph.diags();
            let result = replay(job, &graph.file, workers, &progress, &mut diags);
            said.lock().unwrap_or_else(PoisonError::into_inner).extend(diags);
            result
        });
        bar.finish();
        let mut said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
        said.sort();
        graph.say(&said, self.quiet);
        results
    }

    /// Of all inputs together, if that is known.
    fn seconds(&self, file: &GraphFile, jobs: &[Job]) -> Option<f64> {
        let default = file.inputs.first().and_then(|input| input.wav.as_ref());
        jobs.iter().map(|job| many::seconds(job.inputs.values().next().or(default)?)).sum()
    }
}
