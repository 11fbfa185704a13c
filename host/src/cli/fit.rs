//! `aw fit`.
use super::graph::Graph;
use super::sim::{answer, faults};
use super::{WorkersFrom, fail, json, print};
use aw_host::graph::Device;
use aw_host::replay::ReplayError;
use aw_host::sim::{Profile, Stage, StageError, fit, report};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {
    /// The graph file; - reads standard input
    #[arg(value_name = "GRAPH")]
    path: PathBuf,
    /// The device: a name that `aw sim --list` shows, or the file of a profile
    #[arg(long, value_name = "NAME|FILE")]
    device: String,
    /// Something that goes wrong, as for `aw sim`
    #[arg(long = "fault", value_name = "KIND,KEY=VALUE,...")]
    faults: Vec<String>,
    /// Samples a block, instead of what the graph says
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..=65536))]
    block: Option<u32>,
    /// More counts of instructions, as `aw sim count --out` writes them
    #[arg(long, value_name = "FILE")]
    counts: Vec<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let graph = Graph::read(&self.path)?;
        let profile = Profile::find(&self.device).map_err(fail)?;
        let faults = faults(&self.faults, &profile, 0)?;
        let workers = self.workers.find()?;
        let mut diags = graph.diags();
        let device = Device { block: self.block, ..Device::default() };
        let stage = Stage::set(&graph.file, &workers, &profile, device, &[], &mut diags);
        diags.sort();
        graph.say(&diags, false);
        let stage = stage.map_err(|why| match why {
            StageError::Graph(ReplayError::Graph) => ExitCode::from(super::FAILED),
            why => fail(why),
        })?;
        let priced = stage.price(&workers, &profile, &faults, &self.counts).map_err(fail)?;
        let fit = fit(&stage, &priced, &profile, &faults);
        match self.json {
            true => print(&json(&serde_json::json!(fit)))?,
            false => print(&report::fit_table(&fit))?,
        }
        Ok(answer(fit.verdict.answer))
    }
}
