//! What a device did, as data; as a table, as JSON, and as a page.
mod bars; //     small pictures in tables
mod drawing; //  who had a core when, as a picture
mod figures; //  numbers with the digits that mean something
mod json; //     for scripts
mod page; //     one HTML file
mod reasons; //  what was late, and who is to blame
mod rows; //     what was seen of nodes and tasks
mod sections; // memory and sound on it
mod spans; //    from events to who had a core when
mod tables; //   nodes and tasks on it
mod text; //     tables for people
mod timeline; // which stretches of a run are drawn

pub use json::to_json;
pub use page::page;
pub use rows::latency;
pub use text::{columns, fit_table, table, verdict};

use super::band::{Band, Case};
use super::clock::{Clock, Ps, SECOND};
use super::cost::{Counted, Prices, Tier};
use super::machine::Machine;
use super::memory::Account;
use super::profile::Profile;
use super::run::Job;
use super::stage::Priced;
use super::tally::Tally;
use super::trace::Event;
use super::twin::Snr;
use super::verdict::{Case as Against, Verdict};
use crate::graph::Plan;
use crate::render::Load;
use std::sync::Arc;

/// What a device did.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// The device.
    pub device: Device,
    /// How sound was cut into blocks.
    pub blocks: Blocks,
    /// Which of all things that may go wrong by chance did.
    pub seed: u64,
    /// What went wrong, as it was asked for.
    pub faults: Vec<String>,
    /// The events of the run, hashed.
    pub trace: String,
    /// How many events that are.
    pub events: u64,
    /// Nodes in the order in which they run, and the engine in each task.
    pub nodes: Vec<Node>,
    /// Tasks by priority.
    pub tasks: Vec<Task>,
    /// Blocks that were begun too late, or not at all, where all costs are as expected.
    pub missing: Missing,
    /// What it holds.
    pub memory: Account,
    /// From sound in to sound out.
    pub latency: Vec<Latency>,
    /// What rounding at the edges costs.
    pub snr: Vec<Snr>,
    /// Samples that did not fit the format of the device.
    pub clipped: u64,
    /// What comes of it.
    pub verdict: Verdict,
    /// Who had a core when.
    #[serde(skip)]
    pub timeline: Timeline,
}

/// The device, for the head of a report.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Cycles a second.
    pub clock_hz: u64,
    /// Cores.
    pub cores: u32,
    /// Whether its costs come from measurements.
    pub calibrated: bool,
    /// Where what is said of it comes from.
    pub source: String,
}

/// How sound is cut into blocks.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Blocks {
    /// Samples of a block, at the rate of the graph.
    pub samples: u32,
    /// That rate.
    pub rate: u32,
    /// How long a block is.
    pub ms: f64,
    /// Cycles in it, of one core.
    pub cycles: u64,
    /// Buffers that DMA goes round.
    pub buffers: u32,
    /// How many blocks there were.
    pub count: u64,
    /// How long that is.
    pub seconds: f64,
}

/// A node.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its worker.
    pub worker: String,
    /// The task that runs it.
    pub task: String,
    /// How sure its cost is.
    pub tier: Tier,
    /// Where it comes from.
    pub source: String,
    /// What it is made of.
    pub of: Option<Counted>,
    /// Firings a second.
    pub firings_per_s: f64,
    /// Cycles a block as expected: mean, what 99 % of blocks stay below, most. `None` if unknown.
    pub cycles: Option<[f64; 3]>,
    /// Mean cycles a block, with their band.
    pub mean: Option<Band>,
    /// Of the cycles of one core, in percent.
    pub percent: Option<Band>,
    /// Millions of cycles a second.
    pub mhz: Option<Band>,
    /// Times that it allocated or freed memory while it rendered.
    pub allocations: u64,
}

/// A task.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Task {
    /// "audio", the name of a lane, or "something else".
    pub name: String,
    /// How long it has for what it does.
    pub deadline_ms: Option<f64>,
    /// Of one core, in percent.
    pub percent: Band,
    /// How often it was done.
    pub jobs: u64,
    /// How long it took, waiting included, in ms, where all costs are as expected: mean, what 99 % stay below, longest.
    pub response_ms: Option<[f64; 3]>,
    /// The longest, where costs are low, as expected, high.
    pub longest_ms: Option<Band>,
    /// Blocks of the audio task, or firings of a lane, that were not there when they were due: where costs are low, as
    /// expected, high.
    pub missed: [u64; 3],
}

/// Blocks that were not played as they should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Missing {
    /// Rendered too late.
    pub late: u64,
    /// Not begun before their input was overwritten.
    pub overruns: u64,
    /// Without their interrupt.
    pub lost: u64,
    /// Played twice or left out, as two clocks differ.
    pub slips: u64,
}

/// From sound in to sound out.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Latency {
    /// The output.
    pub output: String,
    /// Of the graph, in samples at its rate, priming included.
    pub graph_samples: f64,
    /// Of the buffers of the device, in samples at the rate of the graph.
    pub device_samples: u64,
    /// Both, in ms.
    pub ms: f64,
}

/// Who had a core when.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Tasks by priority.
    pub tasks: Vec<String>,
    /// From the start.
    pub start: Vec<Event>,
    /// When something first was late, and what happened around it.
    pub wrong: Option<(Ps, Vec<Event>)>,
    /// How long a block is.
    pub block: Ps,
}

impl Device {
    /// Of a profile.
    pub fn of(profile: &Profile) -> Self {
        Self {
            name: profile.name.clone(),
            title: profile.title.clone(),
            clock_hz: profile.clock_hz,
            cores: profile.cores,
            calibrated: profile.calibrated,
            source: profile.source.clone(),
        }
    }
}

impl Report {
    /// Of a run that is over. `loads`: accounts of its steps, for what they allocated; none where no sound was played.
    pub fn new(
        job: &Job,
        plan: &Plan,
        priced: &Priced,
        machine: &Machine,
        snr: Vec<Snr>,
        clipped: u64,
        loads: &[Arc<Load>],
    ) -> Self {
        let (profile, clock) = (&job.profile, machine.clock());
        let count = machine.blocks();
        let [low, high] = [Case::Low, Case::High].map(|case| on_paper(job, plan, &priced.prices, clock, case, count));
        let tallies = [&low, &machine.tally, &high];
        let allocations: Vec<u64> = loads.iter().map(|load| load.allocations()).collect();
        let seconds = clock.block_begins(count) as f64 / SECOND as f64;
        let nodes = rows::nodes(plan, priced, tallies, clock, &allocations);
        let tasks = rows::tasks(plan, profile, tallies, clock, count);
        let audio = machine.tally.tasks.iter().find(|task| task.of_graph == Some(None));
        let missing = Missing {
            late: audio.map_or(0, |task| task.late),
            overruns: machine.tally.overruns,
            lost: machine.tally.lost,
            slips: machine.tally.slips,
        };
        let mut against = Against::at_rest(plan, profile, &priced.prices, &priced.account);
        reasons::allocates(&mut against, profile, &nodes);
        reasons::in_time(&mut against, &tasks, &nodes, tallies);
        let block = clock.block_begins(1);
        let (start, wrong) = (machine.trace.start().to_vec(), machine.trace.wrong());
        Self {
            device: Device::of(profile),
            blocks: Blocks {
                samples: clock.block,
                rate: clock.rate,
                ms: block as f64 / 1e9,
                cycles: clock.cycles_a_block(),
                buffers: profile.audio.buffers,
                count,
                seconds,
            },
            seed: job.faults.seed(),
            faults: job.faults.all().iter().map(ToString::to_string).collect(),
            trace: machine.trace.hash(),
            events: machine.trace.events(),
            verdict: against.verdict(reasons::all_is_well(&tasks, &priced.account)),
            timeline: Timeline { tasks: tasks.iter().map(|task| task.name.clone()).collect(), start, wrong, block },
            nodes,
            tasks,
            missing,
            memory: priced.account.clone(),
            latency: latency(plan, profile),
            snr,
            clipped,
        }
    }
}

/// The least sure of all costs of a task, or of all tasks; `None` if no node is of it.
fn least(nodes: &[Node], task: Option<&str>) -> Option<Tier> {
    nodes.iter().filter(|node| task.is_none_or(|task| node.task == task)).map(|node| node.tier).max()
}

/// What goes with each key, by keys as they first come.
fn grouped<K: PartialEq>(all: impl Iterator<Item = (K, String)>) -> Vec<(K, Vec<String>)> {
    let mut groups: Vec<(K, Vec<String>)> = vec![];
    for (key, one) in all {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(one),
            None => groups.push((key, vec![one])),
        }
    }
    groups
}

/// " (26 400 instructions a firing)", or nothing where nothing was counted.
fn of_firing(node: &Node) -> String {
    match node.of {
        Some(Counted::Instructions(count)) => format!(" ({} instructions a firing)", figures::three(count)),
        Some(Counted::Macs(count)) => format!(" ({} MACs a firing)", figures::whole(count as f64)),
        None => String::new(),
    }
}

/// The same blocks with other costs, without sound.
fn on_paper(job: &Job, plan: &Plan, prices: &Prices, clock: Clock, case: Case, count: u64) -> Tally {
    let mut machine = Machine::new(plan, &job.profile, prices, &job.faults, clock, case);
    while machine.blocks() < count {
        machine.pass_block();
    }
    machine.tally
}
