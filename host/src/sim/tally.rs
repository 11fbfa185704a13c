//! What was seen of a run: cycles of nodes, responses of tasks.
use super::clock::{Clock, Ps};
use crate::graph::Plan;
use std::collections::BTreeMap;

/// What was seen of a run.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Tasks, in the order of their priority.
    pub tasks: Vec<Task>,
    /// Cycles of each step, by block in which it fired.
    pub nodes: Vec<Cycles>,
    /// Firings of each step.
    pub firings: Vec<u64>,
    /// Cycles of the audio task, interrupt included, by block.
    pub audio: Cycles,
    /// Cycles of the engine itself, by task, by block.
    pub engine: Vec<Cycles>,
    /// What the steps took in the block that is being rendered, and the engine in each task.
    now: Vec<u64>,
    now_engine: Vec<u64>,
    /// Blocks that were not begun before their input was overwritten.
    pub overruns: u64,
    /// Blocks whose interrupt did not come.
    pub lost: u64,
    /// Blocks played twice or left out, as two clocks differ.
    pub slips: u64,
}

/// A task that is none of the graph's.
pub const ELSE: &str = "something else";

/// The name of the audio task, or of a lane of this name.
pub fn task(lane: Option<&str>) -> String {
    match lane {
        None => "audio".into(),
        Some(name @ ("audio" | ELSE)) => format!("lane {name}"),
        Some(name) => name.into(),
    }
}

/// What was seen of a task.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// "audio", the name of a lane, or "something else".
    pub name: String,
    /// Whether it is the graph's: `None` of something else, and of those of the graph the number of a lane.
    pub of_graph: Option<Option<usize>>,
    /// How long it had a core.
    pub busy: Ps,
    /// Cycles that all rendered blocks ask of it, whether there is time for them or not.
    pub asked: u128,
    /// How long it took to respond, each time.
    responses: Vec<Ps>,
    /// Times that it was done after it was due.
    pub late: u64,
    /// Firings of a lane whose answers were not there when they were read; blocks of the audio task that were late.
    pub missed: u64,
}

/// Cycles by block, as a histogram: there are few different ones.
#[derive(Clone, Debug, Default)]
pub struct Cycles {
    counts: BTreeMap<u64, u64>,
    blocks: u64,
    sum: u128,
}

impl Cycles {
    fn add(&mut self, cycles: u64) {
        *self.counts.entry(cycles).or_default() += 1;
        self.blocks += 1;
        self.sum += u128::from(cycles);
    }

    /// All of them.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Mean.
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.blocks.max(1) as f64
    }

    /// 99 % of the blocks take no more.
    pub fn p99(&self) -> u64 {
        let wanted = (self.blocks * 99).div_ceil(100);
        let mut seen = 0;
        let at = self.counts.iter().find(|(_, count)| {
            seen += **count;
            seen >= wanted
        });
        at.map_or(0, |(cycles, _)| *cycles)
    }

    /// Most.
    pub fn peak(&self) -> u64 {
        self.counts.last_key_value().map_or(0, |(cycles, _)| *cycles)
    }

    /// Mean, what 99 % of the blocks stay below, most.
    pub fn three(&self) -> [f64; 3] {
        [self.mean(), self.p99() as f64, self.peak() as f64]
    }

    /// Blocks.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }
}

impl Task {
    /// It was done.
    pub fn responded(&mut self, response: Ps, late: bool) {
        self.responses.push(response);
        self.late += u64::from(late);
    }

    /// How often it was done.
    pub fn jobs(&self) -> u64 {
        self.responses.len() as u64
    }

    /// Mean, what 99 % stay below, and longest.
    pub fn response(&self) -> Option<(Ps, Ps, Ps)> {
        let mut sorted = self.responses.clone();
        sorted.sort_unstable();
        let sum: u128 = sorted.iter().map(|response| u128::from(*response)).sum();
        let p99 = sorted.get((sorted.len() * 99).div_ceil(100).max(1) - 1)?;
        Some(((sum / sorted.len() as u128) as Ps, *p99, *sorted.last()?))
    }
}

impl Tally {
    /// Before anything happened; tasks by name.
    pub fn new(plan: &Plan, tasks: Vec<(String, Option<Option<usize>>)>) -> Self {
        let steps = plan.steps.len();
        let task = |(name, of_graph)| Task { name, of_graph, ..Task::default() };
        let tasks: Vec<Task> = tasks.into_iter().map(task).collect();
        Self {
            nodes: vec![Cycles::default(); steps],
            firings: vec![0; steps],
            audio: Cycles::default(),
            engine: vec![Cycles::default(); tasks.len()],
            now: vec![0; steps],
            now_engine: vec![0; tasks.len()],
            overruns: 0,
            lost: 0,
            slips: 0,
            tasks,
        }
    }

    /// A step fired so often, and took so many cycles.
    pub fn node(&mut self, step: usize, firings: u64, cycles: u64) {
        self.firings[step] += firings;
        self.now[step] += cycles;
    }

    /// In a task the engine itself took so many cycles.
    pub fn engine(&mut self, task: usize, cycles: u64) {
        self.now_engine[task] += cycles;
    }

    /// Of one core, in percent: what a block asks of a task, however much there is time for. What is none of the graph's is
    /// as it was.
    pub fn percent(&self, task: usize, clock: Clock, passed: Ps) -> f64 {
        let of = &self.tasks[task];
        let blocks = self.audio.blocks().max(1) as f64;
        match of.of_graph {
            Some(_) => {
                100.0 * of.asked as f64 / (blocks * clock.hz as f64 * f64::from(clock.block) / f64::from(clock.rate))
            }
            None => 100.0 * of.busy as f64 / passed.max(1) as f64,
        }
    }

    /// The block is over: the audio task took so many cycles of it.
    pub fn end_block(&mut self, audio: u64) {
        self.audio.add(audio);
        let nodes = self.nodes.iter_mut().zip(&mut self.now);
        for (cycles, now) in nodes.chain(self.engine.iter_mut().zip(&mut self.now_engine)) {
            cycles.add(std::mem::take(now));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_lane_is_not_taken_for_what_is_no_lane() {
        let named = [None, Some("nn"), Some("audio"), Some(super::ELSE)].map(super::task);
        assert_eq!(named, ["audio", "nn", "lane audio", "lane something else"]);
    }
}
