//! Whether a graph fits a device, before anything runs: from the plan and from what nodes cost.
//!
//! All that a device does follows from the plan, and repeats with its period. So the tasks are let run on paper until
//! nothing of the start is left, and then for a whole period more: what is in time then is in time for ever. That holds for
//! interrupts that come on time; where they may be late, each block is taken to cost as much more as the latest is late,
//! which is never too little (it begins later and ends no earlier).
use super::band::{Band, Case};
use super::clock::{Clock, Ps};
use super::fault::{FaultKind, Faults};
use super::machine::Machine;
use super::profile::Profile;
use super::report::{Device, Latency, latency};
use super::stage::{Priced, Stage};
use super::verdict::{Case as Against, Verdict};
use crate::graph::Plan;

/// What is known before anything runs.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Fit {
    /// The device.
    pub device: Device,
    /// What comes of it.
    pub verdict: Verdict,
    /// The tasks by priority.
    pub tasks: Vec<Task>,
    /// What it holds.
    pub memory: super::memory::Account,
    /// From sound in to sound out.
    pub latency: Vec<Latency>,
}

/// A task.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Task {
    /// "audio", or the name of a lane.
    pub name: String,
    /// Of one core, in percent.
    pub percent: Band,
    /// Blocks or firings that are late in the blocks that were looked at, where costs are low, as expected, high.
    pub missed: [u64; 3],
}

/// Most blocks that are looked at.
const MOST_BLOCKS: u64 = 1_000_000;
/// Most periods, until what waits waits as long in each.
const MOST_PERIODS: u64 = 32;
/// Differences that come of whole picoseconds.
const ROUNDING: Ps = 1_000;

/// How the blocks of a device look on paper.
struct Looked {
    missed: Vec<(String, u64)>,
    percent: Vec<f64>,
    /// More and more waits.
    grows: bool,
}

/// Whether a graph fits a device.
pub fn fit(stage: &Stage, priced: &Priced, profile: &Profile, faults: &Faults) -> Fit {
    let plan = &stage.compiled.plan;
    let mut against = Against::at_rest(plan, profile, &priced.prices, &priced.account);
    let later = faults.latest();
    let steady = Faults::new(faults.all().iter().filter(|fault| is_steady(&fault.kind)).cloned().collect(), 0);
    let looked = Case::ALL.map(|case| look(plan, profile, priced, &steady, stage.clock, case, later));
    if faults.burners().next().is_some() {
        against
            .doubts
            .push("something else keeps a core busy at moments that no plan knows: `aw sim` tries them out".into());
    }
    let tasks = match &looked {
        [Some(low), Some(typical), Some(high)] => {
            judge(&mut against, low, high);
            let task = |at: usize| Task {
                name: low.missed[at].0.clone(),
                percent: Band { low: low.percent[at], typical: typical.percent[at], high: high.percent[at] },
                missed: [low.missed[at].1, typical.missed[at].1, high.missed[at].1],
            };
            (0..low.missed.len()).map(task).collect()
        }
        _ => {
            let blocks = plan.settled + 2 * plan.period;
            against.doubts.push(format!("everything repeats only after {blocks} blocks, which is too long to look at"));
            vec![]
        }
    };
    let most = tasks.iter().map(|task: &Task| (task.percent.high, &task.name)).max_by(|a, b| a.0.total_cmp(&b.0));
    let well = most.map_or(String::new(), |(percent, name)| {
        format!("{name} takes at most {percent:.1} % of a core, and nothing is late even where all costs are high")
    });
    let device = Device::of(profile);
    let (memory, latency) = (priced.account.clone(), latency(plan, profile));
    Fit { device, verdict: against.verdict(well), tasks, memory, latency }
}

/// Whether a fault is the same in every block; what comes late is reckoned with apart, and what is lost costs nothing.
fn is_steady(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::Burner { .. } | FaultKind::Hog { .. })
}

fn judge(against: &mut Against, low: &Looked, high: &Looked) {
    for (at, (name, missed)) in low.missed.iter().enumerate() {
        let of = |looked: &Looked| format!("{name} takes {:.1} % of a core", looked.percent[at]);
        if *missed > 0 {
            against.against.push(format!("{}, and is late {missed} times even where all costs are low", of(low)));
        } else if high.missed[at].1 > 0 {
            let times = high.missed[at].1;
            against.doubts.push(format!(
                "{}, and is late {times} times, where all costs are high; not where they are low",
                of(high)
            ));
        }
    }
    if low.grows {
        against.against.push("even where all costs are low, more and more waits to be done".into());
    } else if high.grows {
        against.doubts.push("where all costs are high, more and more waits to be done".into());
    }
}

fn look(
    plan: &Plan,
    profile: &Profile,
    priced: &Priced,
    faults: &Faults,
    clock: Clock,
    case: Case,
    later: Ps,
) -> Option<Looked> {
    if plan.settled.saturating_add(2 * plan.period) > MOST_BLOCKS {
        return None;
    }
    let mut machine = Machine::new(plan, profile, &priced.prices, faults, clock, case);
    machine.costs_more(later);
    let run = |machine: &mut Machine, until: u64| {
        while machine.blocks() < until {
            machine.pass_block();
        }
    };
    let mut until = plan.settled + plan.period;
    run(&mut machine, until);
    let mut grows = true;
    for _ in 0..MOST_PERIODS {
        let before = machine.backlog();
        until += plan.period;
        run(&mut machine, until);
        grows = machine.backlog() > before.saturating_add(ROUNDING);
        let missed = machine.tally.tasks.iter().any(|task| task.missed > 0) || machine.tally.overruns > 0;
        if !grows || missed || until > MOST_BLOCKS {
            break;
        }
    }
    let own = || machine.tally.tasks.iter().filter(|task| task.of_graph.is_some());
    let overruns = |task: &super::tally::Task| if task.of_graph == Some(None) { machine.tally.overruns } else { 0 };
    let missed = own().map(|task| (task.name.clone(), task.missed + overruns(task))).collect();
    let passed = clock.block_begins(until);
    let of_graph = (0..machine.tally.tasks.len()).filter(|&task| machine.tally.tasks[task].of_graph.is_some());
    let percent = of_graph.map(|task| machine.tally.percent(task, clock, passed)).collect();
    Some(Looked { missed, percent, grows })
}
