//! A plan block by block on paper: what each block moves, and which answers of lanes it must have.
use super::super::plan::Plan;
use super::counters::{Counters, frames_a_firing};
use std::collections::VecDeque;

/// A plan that is walked block by block, without sound. Blocks are numbered from 0.
pub struct Paper<'p> {
    plan: &'p Plan,
    counters: Counters<'p>,
    lanes: Vec<Due>,
}

/// What a step does in a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How often it fires.
    pub firings: u64,
    /// Frames of its first input that each firing takes, or that it gives where it has none.
    pub frames: u64,
}

/// What is read of the answers of a lane.
struct Due {
    /// The edges that lead out of it, and of each the blocks that wrote what it has not read: the block, and its first frame.
    edges: Vec<(usize, VecDeque<(u64, u64)>)>,
    /// The last block whose answers have been read.
    needed: Option<u64>,
}

impl<'p> Paper<'p> {
    /// Before the first block.
    pub fn new(plan: &'p Plan) -> Self {
        let of_lane = |lane: &str| {
            let on_lane = |step: &&crate::graph::Step| step.lane.as_ref().is_some_and(|own| own.name == lane);
            let outputs = plan.steps.iter().filter(on_lane).flat_map(|step| &step.outputs);
            let streams: Vec<usize> = outputs.filter_map(|output| output.stream).collect();
            let leaves = |&at: &usize| plan.edges[at].leaves_lane() && streams.contains(&plan.edges[at].stream);
            let edges = (0..plan.edges.len()).filter(leaves).map(|edge| (edge, VecDeque::new()));
            Due { edges: edges.collect(), needed: None }
        };
        Self { plan, counters: Counters::new(plan), lanes: plan.lanes().into_iter().map(of_lane).collect() }
    }

    /// Walks one block.
    pub fn block(&mut self) {
        let block = self.counters.block;
        self.counters.run_block();
        for lane in &mut self.lanes {
            for (edge, waiting) in &mut lane.edges {
                let stream = self.plan.edges[*edge].stream;
                let (first, end) = (self.counters.before[stream], self.counters.end[stream]);
                if end > first {
                    waiting.push_back((block, first));
                }
                while let Some(&(by, first)) = waiting.front()
                    && first < self.counters.position[*edge]
                {
                    waiting.pop_front();
                    lane.needed = lane.needed.max(Some(by));
                }
            }
        }
    }

    /// What a step does in the block that was walked last.
    pub fn work(&self, step: usize) -> Work {
        let (moved, walks) = self.counters.moved[step];
        match frames_a_firing(self.plan, &self.plan.steps[step]) {
            0 if walks == 0 => Work::default(),
            // Never more than a block at once.
            0 => {
                let firings = walks.max(moved.div_ceil(u64::from(self.plan.block)));
                Work { firings, frames: moved / firings }
            }
            frames => Work { firings: moved, frames },
        }
    }

    /// The last block that a lane must be through with when the block begins that was walked last, or somebody reads what
    /// is not there. Lanes are numbered as in [`Plan::lanes`].
    pub fn needs(&self, lane: usize) -> Option<u64> {
        self.lanes[lane].needed
    }
}
