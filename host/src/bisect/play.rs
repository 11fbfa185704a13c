//! The ports of a version of a graph.
use super::BisectError;
use crate::control::Report;
use crate::graph::{Diags, GraphFile, Plan, compile};
use crate::plugin::Workers;
use crate::replay::{Heard, Job, Keep, Kept, Progress, ReplayError, replay};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first that was named.
    A,
    /// The second.
    B,
}

/// A version of a graph.
pub struct Version<'a> {
    /// Which of the two it is.
    pub side: Side,
    /// The graph.
    pub file: GraphFile,
    /// Its workers.
    pub workers: &'a Workers,
}

/// A port of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PortOf {
    /// NODE.PORT.
    pub name: String,
    /// The node.
    pub node: String,
    /// Frames a second.
    pub rate: f64,
    /// Bytes a second.
    pub bytes: f64,
    /// The loop that the node is in, by number.
    pub turn: Option<usize>,
}

/// The frames of some ports, and all events.
pub(super) struct Played {
    pub kept: Vec<Kept>,
    pub events: Vec<Heard>,
    /// Sound of the outputs, by name.
    pub outputs: Vec<Kept>,
}

impl Version<'_> {
    /// Its plan; mistakes are in `diags`.
    pub(super) fn plan(&self, inputs: &BTreeMap<String, PathBuf>, diags: &mut Diags) -> Result<Plan, BisectError> {
        let job = Job { inputs: inputs.clone(), ..Job::default() };
        let wrong = |why| BisectError::Replay { side: self.side, why };
        let (_, device) = job.open(&self.file).map_err(wrong)?;
        let compiled = compile(&self.file, self.workers, &device, &[], diags);
        Ok(compiled.ok_or(ReplayError::Graph).map_err(wrong)?.plan)
    }

    /// The ports of nodes that an author wrote, in the order in which they are computed.
    pub(super) fn ports(&self, plan: &Plan) -> Vec<PortOf> {
        let written = |name: &str| self.file.nodes.iter().any(|node| node.name.value == name);
        let steps = plan.steps.iter().filter(|step| written(&step.name));
        let in_loop = |node: &str| {
            let at = plan.steps.iter().position(|step| step.name == *node)?;
            plan.loops.iter().position(|range| range.contains(&at))
        };
        let port = |(node, port, stream): (&String, &String, usize)| {
            let format = plan.streams[stream].format;
            let bytes = format.rate() * f64::from(format.channels) * format.width() as f64 * 4.0;
            PortOf {
                name: format!("{node}.{port}"),
                node: node.clone(),
                rate: format.rate(),
                bytes,
                turn: in_loop(node),
            }
        };
        let outputs = steps.flat_map(|step| step.outputs.iter().map(move |output| (&step.name, output)));
        outputs.filter_map(|(node, output)| Some(port((node, &output.port, output.stream?)))).collect()
    }

    /// Plays the files and keeps the frames of these ports.
    pub(super) fn play(
        &self,
        inputs: &BTreeMap<String, PathBuf>,
        ports: &[&PortOf],
        progress: &Progress,
    ) -> Result<Played, BisectError> {
        let ports = ports.iter().map(|port| port.name.clone()).collect();
        let job =
            Job { inputs: inputs.clone(), keep: Keep { ports, in_memory: true, ..Keep::default() }, ..Job::default() };
        let wrong = |why| BisectError::Replay { side: self.side, why };
        let outcome = replay(&job, &self.file, self.workers, progress, &mut Diags::default()).map_err(wrong)?;
        let failed = |report: &Report| match report {
            Report::Failed { node, why, .. } => Some(ReplayError::Worker { node: node.clone(), why: why.clone() }),
            _ => None,
        };
        match outcome.reports.iter().find_map(failed) {
            Some(why) => Err(wrong(why)),
            None if !outcome.damaged.is_empty() => {
                Err(BisectError::Damaged { why: outcome.damaged.into_iter().next().unwrap_or_default() })
            }
            None => {
                let is_output = |kept: &Kept| outcome.outputs.iter().any(|output| output.name == kept.port);
                let (outputs, kept) = outcome.kept.into_iter().partition(is_output);
                Ok(Played { kept, events: outcome.heard, outputs })
            }
        }
    }
}
