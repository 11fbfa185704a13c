//! The tasks of a device, and what they have to do.
use super::super::clock::Ps;
use super::super::fault::Burner;
use crate::graph::Plan;
use std::collections::VecDeque;

/// A task.
pub struct Task {
    /// What it is.
    pub kind: Kind,
    /// What it has to do, in order.
    pub jobs: VecDeque<Job>,
}

/// What a task is.
pub enum Kind {
    /// Something else; it begins again at `next`.
    Burner {
        /// How often, and how long.
        burner: Burner,
        /// When it begins again.
        next: Ps,
    },
    /// Renders blocks.
    Audio,
    /// Runs nodes aside.
    Lane(Lane),
}

/// A lane.
pub struct Lane {
    /// Its number in the plan.
    pub number: usize,
    /// Its steps.
    pub steps: Vec<usize>,
    /// Blocks that may wait.
    pub patience: u64,
    /// So many wait that it gets no more until it is through with them.
    pub full: bool,
    /// Blocks after which its events are due, where nothing else is read of it.
    pub due: Option<u64>,
    /// What the block that is being rendered asks of it: cycles, and firings.
    pub asked: (u64, u64),
}

/// Something that a task has to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Job {
    /// Its block of the device's time.
    pub world: u64,
    /// Its block of the graph's time.
    pub block: u64,
    /// When it was there to be done.
    pub released: Ps,
    /// When it must be done.
    pub due: Ps,
    /// What is left to do; not known before it begins.
    pub left: Option<Ps>,
    /// Firings of a lane.
    pub firings: u64,
    /// Its answers were not there when they were read.
    pub missed: bool,
    /// Its samples did not arrive.
    pub empty: bool,
}

impl Task {
    /// A task with nothing to do.
    pub fn of(kind: Kind) -> Self {
        Self { kind, jobs: VecDeque::new() }
    }
}

/// The lanes of a plan, those that fire most often first.
pub fn lanes(plan: &Plan) -> Vec<Lane> {
    let mut lanes: Vec<(u64, Lane)> = vec![];
    for (number, name) in plan.lanes().into_iter().enumerate() {
        let on_lane = |step: usize| plan.steps[step].lane.as_ref().is_some_and(|own| own.name == name);
        let steps: Vec<usize> = (0..plan.steps.len()).filter(|&step| on_lane(step)).collect();
        let firings = steps.iter().map(|&step| plan.steps[step].firings).max().unwrap_or(0).max(1);
        let streams = steps.iter().flat_map(|&step| &plan.steps[step].outputs).filter_map(|output| output.stream);
        let streams: Vec<usize> = streams.collect();
        let is_read = plan.edges.iter().any(|edge| edge.leaves_lane() && streams.contains(&edge.stream));
        let delay =
            steps.iter().filter_map(|&step| plan.steps[step].lane.as_ref()).map(|lane| u64::from(lane.delay)).max();
        let due = (!is_read).then(|| (delay.unwrap_or(1).max(1) * plan.period).div_ceil(firings).max(1));
        let patience = plan.patience(name);
        lanes.push((firings, Lane { number, steps, patience, full: false, due, asked: (0, 0) }));
    }
    lanes.sort_by_key(|(firings, lane)| (std::cmp::Reverse(*firings), lane.number));
    lanes.into_iter().map(|(_, lane)| lane).collect()
}
