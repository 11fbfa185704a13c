//! `aw check`.
use super::graph::Graph;
use super::{FAILED, WorkersFrom};
use aw_host::graph::Device;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {
    /// The graph file; - reads standard input
    #[arg(value_name = "GRAPH")]
    path: PathBuf,
    /// For editors and scripts
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let graph = Graph::read(&self.path)?;
        let workers = self.workers.find()?;
        let (compiled, diags) = graph.compile(&workers, &Device::default(), &[]);
        graph.print(&diags, self.json)?;
        Ok(if compiled.is_some() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }
}
