//! The first port that differs.
use super::change::changes;
use super::compare::compare;
use super::play::{Played, PortOf};
use super::{Change, Parting, Side, Version};
use crate::graph::{Diags, Plan};
use crate::plugin::Workers;
use crate::replay::{Progress, ReplayError};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Frames of so many ports at a time are in memory, in bytes, of both versions.
const MOST_BYTES: f64 = 1e9;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The first port that differs.
    pub found: Option<Found>,
    /// Ports before it, or all, that are the same.
    pub same: Vec<String>,
    /// How the graphs are written differently.
    pub changes: Vec<Change>,
    /// What is heard at outputs and differs although no port does: wires, outputs, or events; in words.
    pub heard: Vec<String>,
}

/// The first port that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The node.
    pub node: String,
    /// Its worker.
    pub worker: String,
    /// Its library in A and in B.
    pub libraries: (PathBuf, PathBuf),
    /// NODE.PORT.
    pub port: String,
    /// How it differs.
    pub parting: Parting,
    /// The ports that it reads and that were found to be the same.
    pub inputs: Vec<String>,
    /// It reads something that could not be compared: of a node that is new, or wired otherwise.
    pub unknown: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum BisectError {
    /// A version cannot be played.
    #[error("{}: {why}", match side { Side::A => "A", Side::B => "B" })]
    Replay {
        /// Which.
        side: Side,
        /// Why.
        why: ReplayError,
    },
    /// What is played is not whole.
    #[error("what is played is damaged: {why}")]
    Damaged {
        /// How.
        why: String,
    },
    /// They have no node in common.
    #[error("the two have no node of the same name: there is nothing to compare")]
    Strangers,
}

/// Plays both versions and finds where they part. `within` is what a value may be off by; 0 is bit for bit. Mistakes in the
/// graphs are in `diags`, of A and of B.
///
/// # Errors
/// A version that cannot be played, or two that have nothing in common.
pub fn bisect(
    (a, b): (&Version, &Version),
    inputs: &BTreeMap<String, PathBuf>,
    within: f64,
    progress: &Progress,
    diags: (&mut Diags, &mut Diags),
) -> Result<Verdict, BisectError> {
    let plans = (a.plan(inputs, diags.0), b.plan(inputs, diags.1));
    let (plan_a, plan_b) = (plans.0?, plans.1?);
    let of_b = b.ports(&plan_b);
    let common = |port: &PortOf| of_b.iter().any(|other| other.name == port.name);
    let ports: Vec<PortOf> = a.ports(&plan_a).into_iter().filter(common).collect();
    if ports.is_empty() {
        return Err(BisectError::Strangers);
    }
    let changes = changes(&a.file, &b.file);
    let (mut same, mut heard) = (vec![], vec![]);
    for group in groups(&ports, seconds(inputs)) {
        let [from_a, from_b] = [a.play(inputs, &group, progress)?, b.play(inputs, &group, progress)?];
        // In a loop everything hears everything: the one that differs first in time is where it comes from.
        for turn in group.chunk_by(|one, other| one.turn.is_some() && one.turn == other.turn) {
            let mut parted: Option<(&PortOf, Parting)> = None;
            for port in turn {
                let kept = |played: &Played| played.kept.iter().position(|kept| kept.port == port.name);
                let (Some(at_a), Some(at_b)) = (kept(&from_a), kept(&from_b)) else { continue };
                match compare(&from_a.kept[at_a], &from_b.kept[at_b], port.rate, within) {
                    None => same.push(port.name.clone()),
                    Some(parting) => {
                        let when = |parting: &Parting| parting.first.as_ref().map_or(0.0, |first| first.seconds);
                        let changed = |node: &str| changes.iter().any(|change| change.node == node);
                        let rank = |port: &PortOf, parting: &Parting| (when(parting), !changed(&port.node));
                        let earlier = parted.as_ref().is_none_or(|(first, before)| {
                            rank(port, &parting)
                                .partial_cmp(&rank(first, before))
                                .is_some_and(std::cmp::Ordering::is_lt)
                        });
                        if earlier {
                            parted = Some((port, parting));
                        }
                    }
                }
            }
            if let Some((port, parting)) = parted {
                let found = found(port, parting, (&plan_a, &plan_b), (a.workers, b.workers), &same);
                return Ok(Verdict { found: Some(found), same, changes, heard: vec![] });
            }
        }
        heard = outputs(&from_a, &from_b, (&plan_a, &plan_b), within);
        heard.extend(first_event(&from_a, &from_b));
    }
    Ok(Verdict { found: None, same, changes, heard })
}

/// Outputs that do not sound the same although all ports do: they hear something else.
fn outputs(a: &Played, b: &Played, plans: (&Plan, &Plan), within: f64) -> Vec<String> {
    let source = |plan: &Plan, name: &str| {
        let output = plan.outputs.iter().find(|output| output.name == name);
        let edge = output.and_then(|output| plan.output_edge(output));
        edge.map_or("nothing".to_string(), |edge| plan.streams[plan.edges[edge].stream].name.clone())
    };
    let mut said = vec![];
    for one in &a.outputs {
        let name = &one.port;
        match b.outputs.iter().find(|other| other.port == *name) {
            None => said.push(format!("the output `{name}` is only in A")),
            Some(other) if compare(one, other, 1.0, within).is_some() => said.push(format!(
                "the output `{name}` does not sound the same: it hears {} in A and {} in B",
                source(plans.0, name),
                source(plans.1, name)
            )),
            Some(_) => {}
        }
    }
    let new = b.outputs.iter().filter(|other| !a.outputs.iter().any(|one| one.port == other.port));
    said.extend(new.map(|other| format!("the output `{}` is only in B", other.port)));
    said
}

fn seconds(inputs: &BTreeMap<String, PathBuf>) -> f64 {
    let of = |path: &PathBuf| {
        let reader = crate::io::AudioReader::open(path).ok()?;
        Some(reader.spec().frames? as f64 / f64::from(reader.spec().rate))
    };
    inputs.values().filter_map(of).fold(1.0, f64::max)
}

/// Ports in their order, as many at a time as memory has room for.
fn groups(ports: &[PortOf], seconds: f64) -> Vec<Vec<&PortOf>> {
    let (mut groups, mut bytes) = (vec![vec![]], 0.0);
    for port in ports {
        let own = 2.0 * port.bytes * seconds;
        if bytes + own > MOST_BYTES && bytes > 0.0 {
            groups.push(vec![]);
            bytes = 0.0;
        }
        bytes += own;
        groups.last_mut().map(|group: &mut Vec<&PortOf>| group.push(port)).unwrap_or_default();
    }
    groups
}

fn found(
    port: &PortOf,
    parting: Parting,
    plans: (&Plan, &Plan),
    workers: (&Workers, &Workers),
    same: &[String],
) -> Found {
    let heard = |plan: &Plan| -> Vec<String> {
        let step = plan.steps.iter().find(|step| step.name == port.node);
        let edges = step.map(|step| step.inputs.as_slice()).unwrap_or_default();
        edges.iter().map(|&edge| plan.streams[plan.edges[edge].stream].name.clone()).collect()
    };
    let worker =
        plans.0.steps.iter().find(|step| step.name == port.node).map_or(String::new(), |step| step.worker.clone());
    let (in_a, in_b) = (heard(plans.0), heard(plans.1));
    let of_graph = |name: &String| plans.0.inputs.iter().any(|input| plans.0.streams[input.stream].name == *name);
    let known = |name: &&String| in_b.contains(name) && (same.contains(name) || of_graph(name));
    let inputs: Vec<String> = in_a.iter().filter(known).cloned().collect();
    let unknown = inputs.len() < in_a.len().max(in_b.len());
    let library = |workers: &Workers| workers.get(&worker).map_or(PathBuf::new(), |found| found.library.path.clone());
    let libraries = (library(workers.0), library(workers.1));
    Found { node: port.node.clone(), worker, libraries, port: port.name.clone(), parting, inputs, unknown }
}

/// The first event that is not the same, in words.
fn first_event(a: &Played, b: &Played) -> Option<String> {
    let shown = |event: Option<&crate::replay::Heard>| match event {
        Some(event) => format!("`{}` at {:.4} s with {} from `{}`", event.label, event.time, event.value, event.output),
        None => "nothing more".into(),
    };
    let count = a.events.len().max(b.events.len());
    let at = (0..count).find(|&at| a.events.get(at) != b.events.get(at))?;
    Some(format!("event {}: {} in A, {} in B", at + 1, shown(a.events.get(at)), shown(b.events.get(at))))
}
