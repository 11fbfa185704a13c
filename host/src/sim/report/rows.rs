//! What was seen of nodes and tasks, as the rows of a report.
use super::super::band::Band;
use super::super::clock::{Clock, Ps, SECOND};
use super::super::cost::Tier;
use super::super::profile::Profile;
use super::super::stage::Priced;
use super::super::tally::{self, Tally};
use super::{Latency, Node, Task};
use crate::graph::{OutputKind, Plan};

/// The row of what the engine itself takes in a task: no node can be called so.
const ENGINE: &str = "the engine";

/// Nodes in the order in which they run, and the engine in each task.
pub fn nodes(plan: &Plan, priced: &Priced, tallies: [&Tally; 3], clock: Clock, allocations: &[u64]) -> Vec<Node> {
    let share = |cycles: f64| 100.0 * cycles / (clock.hz as f64 * f64::from(clock.block) / f64::from(clock.rate));
    let mhz = |cycles: f64| share(cycles) / 100.0 * clock.hz as f64 / 1e6;
    let node = |(at, step): (usize, &crate::graph::Step)| {
        let price = &priced.prices.steps[at];
        let [low, typical, high] = tallies.map(|tally| &tally.nodes[at]);
        let known = price.tier != Tier::Unknown;
        let mean = Band { low: low.mean(), typical: typical.mean(), high: high.mean() };
        let seconds = clock.block_begins(typical.blocks()) as f64 / SECOND as f64;
        Node {
            name: step.name.clone(),
            worker: step.worker.clone(),
            task: tally::task(step.lane.as_ref().map(|lane| lane.name.as_str())),
            tier: price.tier,
            source: price.source.clone(),
            of: price.of,
            firings_per_s: tallies[1].firings[at] as f64 / seconds.max(1e-12),
            cycles: known.then(|| typical.three()),
            mean: known.then_some(mean),
            percent: known.then(|| mean.map(share)),
            mhz: known.then(|| mean.map(mhz)),
            allocations: allocations.get(at).copied().unwrap_or(0),
        }
    };
    let mut nodes: Vec<Node> = plan.steps.iter().enumerate().map(node).collect();
    let own = tallies[1].tasks.iter().enumerate().filter(|(_, task)| task.of_graph.is_some());
    nodes.extend(own.zip(priced.prices.engine.iter().cycle()).map(|((at, task), engine)| {
        let [low, typical, high] = tallies.map(|tally| &tally.engine[at]);
        let mean = Band { low: low.mean(), typical: typical.mean(), high: high.mean() };
        Node {
            name: ENGINE.into(),
            worker: "aw".into(),
            task: task.name.clone(),
            tier: Tier::Counted,
            source: engine.source.clone(),
            of: None,
            firings_per_s: f64::from(clock.rate) / f64::from(clock.block),
            cycles: Some(typical.three()),
            mean: Some(mean),
            percent: Some(mean.map(share)),
            mhz: Some(mean.map(mhz)),
            allocations: 0,
        }
    }));
    nodes
}

/// Tasks by priority.
pub fn tasks(plan: &Plan, profile: &Profile, tallies: [&Tally; 3], clock: Clock, count: u64) -> Vec<Task> {
    let ms = |ps: Ps| ps as f64 / 1e9;
    let whole = clock.block_begins(count);
    let task = |(at, task): (usize, &tally::Task)| {
        let of = tallies.map(|tally| &tally.tasks[at]);
        let band = |of: [f64; 3]| Band { low: of[0], typical: of[1], high: of[2] };
        let deadline = match task.of_graph {
            Some(None) => Some(ms(clock.block_begins(u64::from(profile.audio.buffers) - 1))),
            Some(Some(lane)) => Some(ms(clock.block_begins(1)) * due(plan, plan.lanes()[lane])),
            None => None,
        };
        let longest = of.map(|task| task.response().map(|(_, _, longest)| ms(longest)));
        let overruns = if task.of_graph == Some(None) { tallies.map(|tally| tally.overruns) } else { [0; 3] };
        Task {
            name: task.name.clone(),
            deadline_ms: deadline,
            percent: band(tallies.map(|tally| tally.percent(at, clock, whole))),
            jobs: task.jobs(),
            response_ms: task.response().map(|(mean, p99, longest)| [mean, p99, longest].map(ms)),
            longest_ms: match longest {
                [Some(low), Some(typical), Some(high)] => Some(Band { low, typical, high }),
                _ => None,
            },
            missed: [0, 1, 2].map(|case: usize| of[case].missed + overruns[case]),
        }
    };
    tallies[1].tasks.iter().enumerate().map(task).collect()
}

/// After how many blocks the answers of a lane are due: of its step that fires most often.
fn due(plan: &Plan, lane: &str) -> f64 {
    let steps = plan.steps.iter().filter(|step| step.lane.as_ref().is_some_and(|own| own.name == lane));
    let blocks = steps.map(|step| {
        let delay = step.lane.as_ref().map_or(1, |lane| lane.delay.max(1));
        f64::from(delay) * plan.period as f64 / step.firings.max(1) as f64
    });
    blocks.fold(f64::INFINITY, f64::min)
}

/// From sound in to sound out, of each output that is sound.
pub fn latency(plan: &Plan, profile: &Profile) -> Vec<Latency> {
    let sounds = plan.outputs.iter().filter(|output| matches!(output.kind, OutputKind::Audio(_)));
    sounds
        .map(|output| {
            let graph = plan.latency(output).seconds();
            let device_samples = u64::from(profile.audio.buffers) * u64::from(plan.block);
            let device = device_samples as f64 / f64::from(plan.rate);
            let (output, ms) = (output.name.clone(), (graph + device) * 1000.0);
            Latency { output, graph_samples: graph * f64::from(plan.rate), device_samples, ms }
        })
        .collect()
}
