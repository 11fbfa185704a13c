//! `aw sim calibrate`.
mod tell; // what was fitted, as tables, as TOML to paste, and as JSON

use crate::cli::graph::Graph;
use crate::cli::{FAILED, fail, json, print};
use aw_host::graph::nearest;
use aw_host::sim::calibrate::{Beside, Board, Measured};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tell::text_of_toml;

#[derive(Args)]
#[command(
    after_help = "BOARD.csv has a header, and a row for each model that the board ran: `name`, what is known of `macs` and \
                  `instructions` (`aw model` and `aw sim count` say them), and `cycles`, or `us` or `inferences_per_s` with \
                  `hz`. With --nodes it has a row for each node, `node,cycles_mean,cycles_max,calls`, or for each call, \
                  `node,cycles`. Lines that begin with # say where the figures are from."
)]
pub struct Command {
    /// What a board measured
    #[arg(value_name = "BOARD.csv")]
    path: PathBuf,
    /// What the device is called in the source of its cost; by default BOARD's name without .csv
    #[arg(long, value_name = "NAME", conflicts_with_all = ["beside", "nodes"])]
    device: Option<String>,
    /// Say how many cycles BOARD needs for one of this other board, by the rows that have the same name
    #[arg(long, value_name = "OTHER.csv", conflicts_with = "nodes")]
    beside: Option<PathBuf>,
    /// BOARD measured nodes of this graph: print `[[measured]]` tables for a profile; - reads standard input
    #[arg(long, value_name = "GRAPH")]
    nodes: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        match (&self.nodes, &self.beside) {
            (Some(graph), _) => self.tell_nodes(graph)?,
            (None, Some(other)) => self.tell_beside(other)?,
            (None, None) => self.tell_cost()?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn tell_cost(&self) -> Result<(), ExitCode> {
        let board = Board::read(&self.path).map_err(fail)?;
        board.check().map_err(fail)?;
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let device = self.device.as_deref().unwrap_or(&stem);
        match self.json {
            true => print(&json(&tell::cost_json(&board, device))),
            false => print(&tell::cost_text(&board, device)),
        }
    }

    fn tell_beside(&self, other: &Path) -> Result<(), ExitCode> {
        let (here, there) = (Board::read(&self.path).map_err(fail)?, Board::read(other).map_err(fail)?);
        let beside = Beside::of(&here, &there).map_err(fail)?;
        for (names, board) in beside.alone.iter().zip([&here, &there]).filter(|(names, _)| !names.is_empty()) {
            say!("note: only {} has {}", board.file.display(), names.join(", "));
        }
        match self.json {
            true => print(&json(&tell::beside_json(&beside, &here, &there))),
            false => print(&tell::beside_text(&beside, &here, &there)),
        }
    }

    fn tell_nodes(&self, path: &Path) -> Result<(), ExitCode> {
        let measured = Measured::read(&self.path).map_err(fail)?;
        let graph = Graph::read(path)?;
        if graph.diags().errors() > 0 {
            graph.say(&graph.diags(), true);
            return Err(ExitCode::from(FAILED));
        }
        let nodes: Vec<&str> = graph.file.nodes.iter().map(|node| node.name.value.as_str()).collect();
        let strangers: Vec<_> = measured.iter().filter(|found| !nodes.contains(&found.node.as_str())).collect();
        for Measured { node, line, .. } in &strangers {
            let near = nearest(node, nodes.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            let (near, all) = (near.unwrap_or_default(), nodes.join(", "));
            let (file, graph) = (self.path.display(), path.display());
            say!("error: {file}:{line}: {graph} has no node `{node}`, it has {all}{near}");
        }
        if !strangers.is_empty() {
            return Err(ExitCode::from(FAILED));
        }
        let is_missing = |node: &&str| measured.iter().all(|found| found.node != *node);
        let missing: Vec<&str> = nodes.into_iter().filter(is_missing).collect();
        match self.json {
            true => print(&json(&json!({
                "measured": measured.iter().map(measured_json).collect::<Vec<_>>(),
                "not_measured": missing,
            }))),
            false => print(&self.nodes_text(path, &measured, &missing)),
        }
    }

    fn nodes_text(&self, graph: &Path, measured: &[Measured], missing: &[&str]) -> String {
        let mut text = format!("# {}, nodes of {}: cycles a call\n", self.path.display(), graph.display());
        for Measured { node, mean, max, calls, .. } in measured {
            let node = text_of_toml(node);
            let of = match calls {
                Some(1) => "   # 1 call: measure more for a maximum to rely on".into(),
                Some(calls) => format!("   # {calls} calls"),
                None => String::new(),
            };
            // Rounded as a deadline has it: a maximum is never made smaller.
            let (mean, max) = (mean.round(), max.ceil());
            text += &format!("[[measured]]\nnode   = {node}\ncycles = {{ mean = {mean}, max = {max} }}{of}\n");
        }
        if !missing.is_empty() {
            text += &format!("# not measured, so their cost is counted or guessed: {}\n", missing.join(", "));
        }
        text
    }
}

fn measured_json(measured: &Measured) -> serde_json::Value {
    let Measured { node, mean, max, calls, .. } = measured;
    json!({ "node": node, "cycles": { "mean": mean, "max": max }, "calls": calls })
}
