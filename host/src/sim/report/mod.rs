//! What a device did, as data; as a table, as JSON, and as a page.
mod bars; //     small pictures in tables
mod drawing; //  who had a core when, as a picture
mod figures; //  numbers with the digits that mean something
mod json; //     for scripts
mod page; //     one HTML file
mod sections; // memory and sound on it
mod spans; //    from events to who had a core when
mod tables; //   nodes and tasks on it
mod text; //     tables for people
mod timeline; // which stretches of a run are drawn

pub use json::to_json;
pub use page::page;
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
use crate::graph::{OutputKind, Plan};
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
    /// Nodes in the order in which they run.
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
    /// Of a run that is over. `world`: blocks of the device's time.
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
        let nodes = nodes(plan, priced, tallies, clock, &allocations);
        let tasks = tasks(plan, profile, tallies, clock, count);
        let audio = machine.tally.tasks.iter().find(|task| task.of_graph == Some(None));
        let missing = Missing {
            late: audio.map_or(0, |task| task.late),
            overruns: machine.tally.overruns,
            lost: machine.tally.lost,
            slips: machine.tally.slips,
        };
        let mut against = Against::at_rest(plan, profile, &priced.prices, &priced.account);
        allocates(&mut against, profile, &nodes);
        in_time(&mut against, &tasks, &nodes, tallies);
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
            verdict: against.verdict(all_is_well(&tasks, &priced.account)),
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

/// The same blocks with other costs, without sound.
fn on_paper(job: &Job, plan: &Plan, prices: &Prices, clock: Clock, case: Case, count: u64) -> Tally {
    let mut machine = Machine::new(plan, &job.profile, prices, &job.faults, clock, case);
    while machine.blocks() < count {
        machine.pass_block();
    }
    machine.tally
}

fn nodes(plan: &Plan, priced: &Priced, tallies: [&Tally; 3], clock: Clock, allocations: &[u64]) -> Vec<Node> {
    let node = |(at, step): (usize, &crate::graph::Step)| {
        let price = &priced.prices.steps[at];
        let [low, typical, high] = tallies.map(|tally| &tally.nodes[at]);
        let known = price.tier != Tier::Unknown;
        let mean = Band { low: low.mean(), typical: typical.mean(), high: high.mean() };
        let seconds = clock.block_begins(typical.blocks()) as f64 / SECOND as f64;
        let share = |cycles: f64| 100.0 * cycles / (clock.hz as f64 * f64::from(clock.block) / f64::from(clock.rate));
        Node {
            name: step.name.clone(),
            worker: step.worker.clone(),
            task: step.lane.as_ref().map_or("audio".into(), |lane| lane.name.clone()),
            tier: price.tier,
            source: price.source.clone(),
            of: price.of,
            firings_per_s: tallies[1].firings[at] as f64 / seconds.max(1e-12),
            cycles: known.then(|| [typical.mean(), typical.p99() as f64, typical.peak() as f64]),
            mean: known.then_some(mean),
            percent: known.then(|| mean.map(share)),
            mhz: known.then(|| mean.map(|cycles| share(cycles) / 100.0 * clock.hz as f64 / 1e6)),
            allocations: allocations.get(at).copied().unwrap_or(0),
        }
    };
    plan.steps.iter().enumerate().map(node).collect()
}

fn tasks(plan: &Plan, profile: &Profile, tallies: [&Tally; 3], clock: Clock, count: u64) -> Vec<Task> {
    let ms = |ps: Ps| ps as f64 / 1e9;
    let whole = clock.block_begins(count);
    let task = |(at, task): (usize, &super::tally::Task)| {
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

fn allocates(against: &mut Against, profile: &Profile, nodes: &[Node]) {
    for node in nodes.iter().filter(|node| node.allocations > 0 && !profile.allocates) {
        let times = node.allocations;
        against.against.push(format!(
            "`{}` allocated or freed memory {times} times after it was made: that is in no account, and {} has none to give",
            node.name, profile.name
        ));
    }
}

/// What was late, and which node weighs most in it.
fn in_time(against: &mut Against, tasks: &[Task], nodes: &[Node], tallies: [&Tally; 3]) {
    for (at, task) in tasks.iter().enumerate().filter(|(_, task)| task.deadline_ms.is_some()) {
        let [low, _, high] = task.missed;
        let tally = if low > 0 { tallies[0] } else { tallies[2] };
        let jobs = tally.tasks[at].jobs() + if task.name == "audio" { tally.overruns } else { 0 };
        let one = if task.name == "audio" { "block" } else { "firing" };
        let what = |count: u64| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
        let done = if jobs == 1 { "1 job".to_string() } else { format!("{jobs} jobs") };
        let own = nodes.iter().filter(|node| node.task == task.name);
        let heaviest = own.max_by(|a, b| peak(a).total_cmp(&peak(b)));
        let who = heaviest.map_or(String::new(), |node| {
            let percent = node.percent.map_or(0.0, |percent| percent.typical);
            format!(
                "; `{}` weighs most, {percent:.1} % of a core on average, up to {:.0} cycles in a block",
                node.name,
                peak(node)
            )
        });
        let deadline = task.deadline_ms.unwrap_or(0.0);
        let longest = |end: fn(&Band) -> f64| task.longest_ms.as_ref().map_or(0.0, end);
        if low > 0 {
            against.against.push(format!(
                "{}: {} late even where all costs are low ({done}, up to {:.3} ms of {deadline:.3} ms){who}",
                task.name,
                what(low),
                longest(|band| band.low)
            ));
        } else if high > 0 {
            against.doubts.push(format!(
                "{}: {} late where all costs are high ({done}, up to {:.3} ms of {deadline:.3} ms), none where they \
                 are low{who}",
                task.name,
                what(high),
                longest(|band| band.high)
            ));
        }
    }
}

fn peak(node: &Node) -> f64 {
    node.cycles.map_or(0.0, |[_, _, peak]| peak)
}

fn all_is_well(tasks: &[Task], account: &Account) -> String {
    let tightest = tasks.iter().filter_map(|task| {
        let (longest, deadline) = (task.longest_ms?.high, task.deadline_ms?);
        Some((longest / deadline, task, longest, deadline))
    });
    let tightest = tightest.max_by(|a, b| a.0.total_cmp(&b.0));
    let time = tightest.map_or(String::new(), |(_, task, longest, deadline)| {
        format!("{} takes at most {longest:.3} ms of {deadline:.3} ms, even where all costs are high", task.name)
    });
    let fullest = account.heaps.iter().filter(|heap| heap.bytes > 0);
    let share = |heap: &super::memory::Heap| 100.0 * heap.used as f64 / heap.bytes as f64;
    let fullest = fullest.max_by(|a, b| share(a).total_cmp(&share(b)));
    match fullest {
        Some(heap) => format!("{time}; {:.1} % of {} is taken", share(heap), heap.name),
        None => time,
    }
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
