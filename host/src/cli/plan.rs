//! `aw plan`.
use super::graph::Graph;
use super::{WorkersFrom, json, print};
use aw_host::graph::{Device, mermaid, plan_json, plan_text};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {
    /// The graph file; - reads standard input
    #[arg(value_name = "GRAPH")]
    path: PathBuf,
    /// As JSON
    #[arg(long, conflicts_with = "mermaid")]
    json: bool,
    /// As a Mermaid flow chart, which Markdown viewers draw
    #[arg(long)]
    mermaid: bool,
    /// Samples a block, instead of what the graph says
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..=65536))]
    block: Option<u32>,
    #[command(flatten)]
    workers: WorkersFrom,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let graph = Graph::read(&self.path)?;
        let workers = self.workers.find()?;
        let device = Device { block: self.block, ..Device::default() };
        let plan = graph.compile_or_say(&workers, &device, &[])?.plan;
        print(&match (self.json, self.mermaid) {
            (true, _) => json(&plan_json(&plan)),
            (_, true) => mermaid(&plan),
            _ => plan_text(&plan),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
