//! RT — the steps of a program, once a block: each fires as often as it can.
use super::lanes::Lanes;
use super::message::{FromRender, Reports};
use super::program::Program;
use crate::plugin::Taken;
use std::time::Instant;

/// Where the accounts of a block stand.
pub struct Clock {
    last: Instant,
    taken: Taken,
}

impl Clock {
    /// Begins now.
    pub fn now() -> Self {
        Self { last: Instant::now(), taken: Taken::now() }
    }
}

impl Program {
    /// Fires every step as often as it can; steps of a loop take turns. `clock` is when the last thing was over, if time
    /// is accounted.
    pub(super) fn walk(&mut self, lanes: &mut Lanes, reports: &mut Reports, clock: &mut Option<Clock>) {
        let mut at = 0;
        let mut next_loop = 0;
        while at < self.steps.len() {
            match self.plan().loops.get(next_loop).cloned().filter(|range| range.start == at) {
                Some(range) => {
                    while range.clone().fold(false, |any, step| self.fire(step, lanes, reports, clock) | any) {}
                    (at, next_loop) = (range.end, next_loop + 1);
                }
                None => {
                    while self.fire(at, lanes, reports, clock) {}
                    at += 1;
                }
            }
        }
    }

    /// Fires a step if it can.
    fn fire(&mut self, at: usize, lanes: &mut Lanes, reports: &mut Reports, clock: &mut Option<Clock>) -> bool {
        let step = &mut self.steps[at];
        let Some(free) = step.ready(&self.streams, &self.positions, self.block) else { return false };
        lanes.pass(step, &mut self.streams, &self.positions, free, self.block, reports);
        reports.calls(step.key);
        let trouble = step.fire(&mut self.streams, &mut self.positions, free);
        reports.came_back();
        for (port, event) in step.events() {
            reports.tell(FromRender::Event { key: step.key, port, event });
        }
        if let Some(why) = trouble {
            reports.tell(FromRender::Failed { key: step.key, why });
        }
        if let Some(clock) = clock {
            let now = Instant::now();
            step.load.add((now - clock.last).as_nanos() as u64);
            clock.last = now;
            let taken = Taken::now();
            step.load.took(taken.since(clock.taken));
            clock.taken = taken;
        }
        true
    }

    /// Lets every stream forget what all have read.
    pub(super) fn slide(&mut self) {
        for (stream, readers) in self.streams.iter_mut().zip(&self.readers) {
            let slowest = readers.iter().map(|&edge| self.positions[edge]).min();
            stream.forget_before(slowest.unwrap_or(stream.end()));
        }
    }
}
