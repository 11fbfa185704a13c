//! `aw sim count`.
mod compare; // with counts of before
mod tell; //    what was counted

use super::super::graph::Graph;
use super::super::{USAGE, WorkersFrom, fail, json, many, print};
use crate::cli::FAILED;
use aw_host::graph::Code;
use aw_host::io::LineWriter;
use aw_host::sim::Counts;
use aw_host::sim::count::{
    Built, CountError, Counted, Counter, Isa, Request, build, inside, lacks_to_build, lacks_to_run, source_from,
};
use clap::Args;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

/// How the emulated program ends where a worker was not found.
const NO_WORKER: u8 = 3;

#[derive(Args)]
pub struct Command {
    /// Graph files
    #[arg(value_name = "GRAPH", required = true)]
    graphs: Vec<PathBuf>,
    /// The instruction set: thumb (Cortex-M4F, M7), aarch64 (Cortex-A), x86-64
    #[arg(long, value_parser = Isa::NAMES)]
    isa: String,
    /// A WAV or FLAC file that every input plays, round and round; noise by default
    #[arg(long = "in", value_name = "FILE")]
    input: Option<PathBuf>,
    /// Blocks that are counted, once the graph has settled
    #[arg(long, value_name = "N", default_value = "400", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    blocks: u64,
    /// Samples a block, instead of what the graph says; may be given several times, for nodes that take as many frames as
    /// there are
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..=65536))]
    block: Vec<u32>,
    /// Folder of worker libraries of your own that are built for the instruction set; may be given several times
    #[arg(long = "target-workers", value_name = "DIR")]
    target_workers: Vec<PathBuf>,
    /// The source tree of aw, which is built for the instruction set; by default the one that this program lies in
    #[arg(long, value_name = "DIR", conflicts_with = "built")]
    source: Option<PathBuf>,
    /// A folder with `aw` and worker libraries that are built for the instruction set already
    #[arg(long, value_name = "DIR")]
    built: Option<PathBuf>,
    /// Write a table of counts, which the simulation reads
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Compare with a table of counts, or with the one that comes with aw; means that differ by more than 5 % are mistakes
    #[arg(long, value_name = "FILE")]
    check: Option<Option<PathBuf>>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let Some(isa) = Isa::of(&self.isa) else { return Err(ExitCode::from(USAGE)) };
        let before = self.before()?;
        let workers = self.workers_of_graphs()?;
        let stop = many::on_ctrl_c()?;
        let built = self.program(isa, &workers)?;
        let counter = Counter::new(isa).map_err(fail)?;
        let counted = self.count(isa, &built, &counter, stop)?;
        let mut counts = Counts::new(isa.name, &self.made(isa, &built, &counter));
        counted.iter().for_each(|counted| counted.add_to(&mut counts));
        if !counted.iter().all(|counted| counted.optimised) {
            say!("note: {} is built without optimisation: a device's own build takes far fewer", built.aw().display());
        }
        if let Some(out) = &self.out {
            let text = counts.text(&tell::head(isa));
            let write = || LineWriter::create(out).and_then(|mut file| file.write(text.trim_end()).and(file.finish()));
            write().map_err(fail)?;
        }
        print(&if self.json { json(&tell::report(&counted, &counts)) } else { tell::tables(&counted, isa) })?;
        let differ = before.map_or(0, |before| compare::say(&before, &counts));
        Ok(if differ > 0 { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
    }

    /// What is to be compared with.
    fn before(&self) -> Result<Option<Counts>, ExitCode> {
        let counts = match &self.check {
            None => return Ok(None),
            Some(None) => Counts::of(&self.isa),
            Some(Some(path)) => Counts::read(path),
        };
        let counts = counts.map_err(fail)?;
        if counts.isa != self.isa {
            return Err(fail(format!("these are counts of `{}`, and `{}` is counted", counts.isa, self.isa)));
        }
        Ok(Some(counts))
    }

    /// The workers that the graphs name, to know what must be built.
    fn workers_of_graphs(&self) -> Result<Vec<String>, ExitCode> {
        let mut workers = BTreeSet::new();
        for path in &self.graphs {
            let graph = Graph::read(path)?;
            workers.extend(
                graph.file.nodes.iter().filter_map(|node| node.worker.as_ref().map(|worker| worker.value.clone())),
            );
        }
        Ok(workers.into_iter().collect())
    }

    /// The program that is emulated.
    fn program(&self, isa: &Isa, workers: &[String]) -> Result<Built, ExitCode> {
        if let Some(folder) = &self.built {
            lacks_to_run(isa).map_err(fail)?;
            return Built::given(folder).map_err(fail);
        }
        let source = source_from(self.source.as_deref(), isa).map_err(fail)?;
        lacks_to_build(isa, &source).map_err(fail)?;
        build(isa, &source, workers).map_err(fail)
    }

    /// Every graph, with every block.
    fn count(&self, isa: &Isa, built: &Built, counter: &Counter, stop: &AtomicBool) -> Result<Vec<Counted>, ExitCode> {
        let blocks: Vec<Option<u32>> = match self.block.as_slice() {
            [] => vec![None],
            blocks => blocks.iter().copied().map(Some).collect(),
        };
        let mut counted = vec![];
        for graph in &self.graphs {
            for &block in &blocks {
                let request = Request { input: self.input.clone(), block, blocks: self.blocks };
                let one = counter.count(built, graph, &request, &self.target_workers, stop);
                counted.push(one.map_err(|why| self.failed(isa, why))?);
            }
        }
        Ok(counted)
    }

    /// Says why nothing was counted, and what may be amiss where the emulated program said why.
    fn failed(&self, isa: &Isa, why: CountError) -> ExitCode {
        match why {
            CountError::Interrupted => {
                say!("{}", many::ENDED);
                ExitCode::from(many::INTERRUPTED)
            }
            CountError::Emulated { status, .. } if status.code() == Some(i32::from(NO_WORKER)) => {
                let code = fail(why);
                say!("{}", tell::own_workers(isa));
                code
            }
            why => fail(why),
        }
    }

    /// How the table was made.
    fn made(&self, isa: &Isa, built: &Built, counter: &Counter) -> String {
        let words =
            |words: &[PathBuf]| words.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
        let mut made = format!("aw sim count {} --isa {}", words(&self.graphs), isa.name);
        if let Some(input) = &self.input {
            made += &format!(" --in {}", input.display());
        }
        self.block.iter().for_each(|block| made += &format!(" --block {block}"));
        made += &format!(" --blocks {}", self.blocks);
        let by = built.compiler.as_deref().unwrap_or("an unknown compiler");
        format!("{made}; {by}, {} {}", isa.emulator, counter.version)
    }
}

/// What runs under the emulator.
#[derive(Args)]
pub struct Inside {
    graph: PathBuf,
    #[arg(long = "in")]
    input: Option<PathBuf>,
    #[arg(long)]
    block: Option<u32>,
    #[arg(long)]
    blocks: u64,
    #[command(flatten)]
    workers: WorkersFrom,
}

impl Inside {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let graph = Graph::read(&self.graph)?;
        let workers = self.workers.find()?;
        let request = Request { input: self.input.clone(), block: self.block, blocks: self.blocks };
        let mut diags = graph.diags();
        let told = inside(&request, &graph.file, &workers, &mut diags);
        diags.sort();
        graph.say(&diags, false);
        let told = match told {
            Err(CountError::Graph) if diags.iter().any(|diag| diag.code == Code::Worker) => {
                return Err(ExitCode::from(NO_WORKER));
            }
            Err(CountError::Graph) => return Err(ExitCode::from(FAILED)),
            told => told.map_err(fail)?,
        };
        print(&json(&serde_json::to_value(told).map_err(fail)?))?;
        Ok(ExitCode::SUCCESS)
    }
}
