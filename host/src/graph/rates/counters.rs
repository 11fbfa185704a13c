//! The plan walked with counters in the place of frames.
use super::super::plan::{Output, OutputKind, Pace, Plan, Step, readable};

/// Counters in the place of frames.
pub(super) struct Counters<'p> {
    plan: &'p Plan,
    /// Frames ever written, by stream.
    pub(super) end: Vec<u64>,
    /// Frames written before this block, by stream.
    pub(super) before: Vec<u64>,
    /// Frames ever read, by edge.
    pub(super) position: Vec<u64>,
    /// Edges, by stream.
    readers: Vec<Vec<usize>>,
    /// By input and by output: frames due each block.
    paces: (Vec<Pace>, Vec<Option<Pace>>),
    pub(super) fired: Vec<u64>,
    /// Firings of steps that move fixed numbers of frames, frames of others, in this block; and the walks that moved them.
    pub(super) moved: Vec<(u64, u64)>,
    given: Vec<u64>,
    /// Frames by which a sink came up short, by output.
    pub(super) short: Vec<u64>,
    pub(super) left: Vec<u64>,
    pub(super) written: Vec<u64>,
    pub(super) block: u64,
    /// Visits of steps in loops.
    pub(super) rounds: u64,
}

impl<'p> Counters<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let mut readers = vec![vec![]; plan.streams.len()];
        let mut end = vec![0; plan.streams.len()];
        for (i, edge) in plan.edges.iter().enumerate() {
            readers[edge.stream].push(i);
            end[edge.stream] = end[edge.stream].max(edge.at_start());
        }
        let position = plan.edges.iter().map(|edge| end[edge.stream] - edge.at_start()).collect();
        let sources = plan.inputs.iter().map(|input| plan.pace(&plan.streams[input.stream].format)).collect();
        let sink = |output: &Output| match output.kind {
            OutputKind::Audio(_) => plan.output_format(output).map(|format| plan.pace(&format)),
            _ => None,
        };
        let paces = (sources, plan.outputs.iter().map(sink).collect());
        let (steps, streams) = (plan.steps.len(), plan.streams.len());
        let (fired, given, short) = (vec![0; steps], vec![0; steps], vec![0; plan.outputs.len()]);
        let moved = vec![(0, 0); steps];
        let mut left = vec![0; streams];
        left.copy_from_slice(&end);
        let (written, block, rounds) = (vec![0; streams], 0, 0);
        let before = end.clone();
        Self { plan, end, before, position, readers, paces, fired, moved, given, short, left, written, block, rounds }
    }

    /// Frames that wait at an edge.
    fn waiting(&self, edge: usize) -> u64 {
        self.end[self.plan.edges[edge].stream] - self.position[edge]
    }

    /// Frames that an edge can read.
    fn readable(&self, edge: usize) -> u64 {
        let here = &self.plan.edges[edge];
        let waited = self.before[here.stream].saturating_sub(self.position[edge]);
        readable(self.waiting(edge), waited, here.tokens.lane)
    }

    /// Fires a step as often as it can: what comes of it does not depend on who goes first, only on how much there is.
    fn fire(&mut self, step: usize) -> bool {
        let plan = self.plan;
        let here = &plan.steps[step];
        // Firings of a step whose ports move fixed numbers of frames, and frames of one that takes as many as there are.
        let mut times = match here.pace {
            None if here.inputs.is_empty() => return false,
            None => u64::MAX,
            Some(pace) => (pace.after(self.block + 1) - self.given[step]) / gives(here).max(1),
        };
        for &edge in &here.inputs {
            times = times.min(self.readable(edge) / u64::from(plan.edges[edge].take).max(1));
        }
        if times == 0 {
            return false;
        }
        let dry = here.outputs.iter().filter_map(|output| output.dry);
        for edge in here.inputs.iter().copied().chain(dry) {
            self.position[edge] += times * u64::from(plan.edges[edge].take).max(1);
        }
        for output in &here.outputs {
            if let Some(stream) = output.stream {
                self.end[stream] += times * u64::from(output.give).max(1);
            }
        }
        self.given[step] += times * gives(here).max(1);
        let (moved, walks) = &mut self.moved[step];
        (*moved, *walks) = (*moved + times, *walks + 1);
        self.fired[step] += if frames_a_firing(plan, here) > 0 { times } else { times.div_ceil(u64::from(plan.block)) };
        true
    }

    pub(super) fn run_block(&mut self) {
        self.before.copy_from_slice(&self.end);
        self.moved.fill((0, 0));
        for (input, pace) in self.plan.inputs.iter().zip(&self.paces.0) {
            self.end[input.stream] += pace.of_block(self.block);
        }
        let mut at = 0;
        let mut loops = self.plan.loops.iter().peekable();
        while at < self.plan.steps.len() {
            match loops.next_if(|range| range.start == at) {
                Some(range) => {
                    while range.clone().fold(false, |any, step| self.fire(step) | any) {
                        self.rounds += range.len() as u64;
                    }
                    at = range.end;
                }
                None => {
                    while self.fire(at) {}
                    at += 1;
                }
            }
        }
        self.drain();
        for (stream, &before) in self.before.iter().enumerate() {
            self.written[stream] = self.written[stream].max(self.end[stream] - before);
            let slowest = self.readers[stream].iter().map(|&edge| self.position[edge]).min();
            self.left[stream] = self.left[stream].max(self.end[stream] - slowest.unwrap_or(self.end[stream]));
        }
        self.block += 1;
    }

    /// Sinks take what is due, or what there is.
    fn drain(&mut self) {
        for (i, output) in self.plan.outputs.iter().enumerate() {
            let Some(edge) = self.plan.output_edge(output) else { continue };
            let there = self.readable(edge);
            match &self.paces.1[i] {
                None => self.position[edge] += there,
                Some(pace) => {
                    let due = pace.after(self.block + 1) - self.given_to(edge);
                    self.short[i] = self.short[i].max(due.saturating_sub(there));
                    self.position[edge] += there.min(due);
                }
            }
        }
    }

    /// Frames that an edge has read, those at the start counted.
    fn given_to(&self, edge: usize) -> u64 {
        let edge_ = &self.plan.edges[edge];
        let prefill = self.readers[edge_.stream].iter().map(|&e| self.plan.edges[e].at_start()).max().unwrap_or(0);
        self.position[edge] - (prefill - edge_.at_start())
    }

    /// Frames that wait everywhere: the state that must repeat.
    pub(super) fn state(&self) -> Vec<u64> {
        (0..self.plan.edges.len()).map(|edge| self.waiting(edge)).collect()
    }
}

/// Frames that one firing takes of the first input, or gives where there is none; 0 is as many as there are.
pub(super) fn frames_a_firing(plan: &Plan, step: &Step) -> u64 {
    step.inputs.first().map_or(gives(step), |&edge| u64::from(plan.edges[edge].take))
}

/// Frames that one firing gives of the first output that carries frames: the one whose pace a step without inputs keeps.
fn gives(step: &Step) -> u64 {
    step.outputs.iter().find(|output| output.stream.is_some()).map_or(0, |output| u64::from(output.give))
}
