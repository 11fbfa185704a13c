//! RT — the lanes, seen from the render thread: what they are sent, and what has come back.
use super::answers::Answers;
use super::chance::{Chance, What};
use super::lane::{Job, Lane, Set};
use super::message::{FromRender, Reports};
use super::pipe::{PipeIn, PipeOut};
use super::program::Program;
use super::step::{Step, frames};
use super::stream::Stream;
use ringbuf::traits::{Consumer, Observer, Producer};
use ringbuf::{HeapCons, HeapProd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::Thread;

/// The lanes of a program; none where all steps run inline.
#[derive(Default)]
pub struct Lanes {
    pub(super) lanes: Vec<Away>,
    /// By edge: the lane, and its input, that the frames read there go to.
    pub(super) enters: Vec<Option<(usize, usize)>>,
    /// By stream: what a lane answers on it, and the step that makes it.
    pub(super) answers: Vec<Option<(Answers, usize)>>,
    /// By step: the key of its instance, and how many late firings of it have been told.
    pub(super) told: Vec<(u64, u64)>,
    /// By step: the lane that runs it, and which of its steps it is there.
    pub(super) steps: Vec<Option<(usize, usize)>>,
}

/// A lane, seen from the render thread.
pub struct Away {
    pub(super) jobs: HeapProd<Job>,
    /// Live parameters, and from which block on they are so.
    pub(super) sets: HeapProd<(u64, Set)>,
    /// Live parameters that the lane has not been told: one entry a parameter, and room for all.
    pub(super) waiting: Vec<Set>,
    pub(super) counts: HeapProd<u32>,
    /// By input: where frames go, how many have gone in this block, and the most that a block brings.
    pub(super) inputs: Vec<(PipeIn, u32, usize)>,
    pub(super) answered: HeapCons<u32>,
    /// Where frames come from, and the stream that they belong to.
    pub(super) outputs: Vec<(PipeOut, usize)>,
    /// Streams within the lane: their number there, and in the whole program.
    pub(super) inner_streams: Vec<(usize, usize)>,
    /// Edges within the lane, likewise.
    pub(super) inner_edges: Vec<(usize, usize)>,
    /// Steps of the lane in the whole program, in the order they have there.
    pub(super) members: Vec<usize>,
    pub(super) thread: Option<Thread>,
    /// Blocks that it was asked for.
    pub(super) sent: u64,
    /// Blocks of which the answers have been taken.
    pub(super) taken: u64,
    /// Blocks that it has done.
    pub(super) done: Arc<AtomicU64>,
    /// It gets its frames. If not, it fell so far behind that they found no room: it begins anew when it has caught up.
    pub(super) fed: bool,
    /// The lane itself while it is at home, and the ways to its thread and back.
    pub(super) part: Option<Box<Lane>>,
    pub(super) lend: HeapProd<Box<Lane>>,
    pub(super) back: HeapCons<Box<Lane>>,
    /// It is called home.
    pub(super) called: bool,
}

/// Whether all that a lane had to leave out has been passed over: it begins anew only once at a time.
pub(super) fn whole(answers: &[Option<(Answers, usize)>], outputs: &[(PipeOut, usize)]) -> bool {
    outputs.iter().all(|(_, stream)| answers[*stream].as_ref().is_none_or(|(answers, _)| answers.is_whole()))
}

impl Lanes {
    /// [control] Tells which thread runs a lane.
    pub fn runs_on(&mut self, lane: usize, thread: Thread) {
        self.lanes[lane].thread = Some(thread);
    }

    /// Whether a step is run by a lane.
    pub fn runs(&self, step: usize) -> bool {
        self.steps.get(step).is_some_and(Option::is_some)
    }

    /// Blocks that a lane was asked for and has not done.
    pub fn behind(&self, lane: usize) -> u64 {
        self.lanes.get(lane).map_or(0, |lane| lane.sent - lane.done.load(Ordering::Acquire))
    }

    /// Whether no lane has anything to do.
    pub fn rest(&self) -> bool {
        let home = |lane: &Away| !lane.called || lane.part.is_some() || !lane.back.is_empty();
        (0..self.lanes.len()).all(|at| self.behind(at) == 0 && home(&self.lanes[at]))
    }

    /// Firings whose answers on a stream were not there when due.
    pub fn missed(&self, stream: usize) -> u64 {
        self.answers.get(stream).and_then(Option::as_ref).map_or(0, |(answers, _)| answers.missed())
    }

    /// Changes a live parameter of a step on a lane; answers whether there is such a parameter.
    pub fn set_param(&mut self, step: usize, param: u32, value: f64) -> bool {
        let Some((lane, step)) = self.steps[step] else { return false };
        self.lanes[lane].set(Set { step, param, value })
    }

    /// What counts late firings of a step names it by this from now on.
    pub(super) fn name(&mut self, step: usize, key: u64) {
        self.told[step].0 = key;
    }

    /// Takes what has come, and sees which lanes can be fed. `block`: blocks rendered before.
    pub fn begin_block(&mut self, program: &mut Program, block: u64, chance: &mut Chance) {
        for at in 0..self.lanes.len() {
            self.lanes[at].lend();
            // Before the answers are taken: what was done by then is taken in full.
            let idle = self.behind(at) == 0;
            let left = chance.behind(block, at);
            self.take_answers(at, program, left);
            let lane = &mut self.lanes[at];
            if !lane.outputs.is_empty() && lane.sent > lane.taken {
                chance.tell(block, What::Behind { lane: at as u32, left: (lane.sent - lane.taken) as u32 });
            }
            if lane.fed {
                lane.fed = chance.feeds(block, at, lane.has_room());
            } else if chance.renews(block, at, idle && whole(&self.answers, &lane.outputs)) && lane.begin_anew(program)
            {
                chance.tell(block, What::Anew { lane: at as u32 });
                for (_, stream) in &lane.outputs {
                    if let Some((answers, _)) = &mut self.answers[*stream] {
                        answers.begin_at(program.streams[*stream].end());
                    }
                }
            }
        }
    }

    /// Takes the answers to all blocks but `left`, as far as they are there.
    pub(super) fn take_answers(&mut self, at: usize, program: &mut Program, left: u64) {
        let lane = &mut self.lanes[at];
        while !lane.outputs.is_empty()
            && lane.sent.saturating_sub(lane.taken) > left
            && lane.answered.occupied_len() >= lane.outputs.len()
        {
            lane.taken += 1;
            for (pipe, stream) in &mut lane.outputs {
                let frames = u64::from(lane.answered.try_pop().unwrap_or(0));
                let Some((answers, _)) = &mut self.answers[*stream] else { continue };
                let (dropped, wanted) = answers.arrive(frames);
                pipe.skip(dropped as usize);
                let count = (wanted.end - wanted.start) as usize;
                if count > 0 {
                    pipe.take(program.streams[*stream].rewrite(wanted.start, count));
                }
            }
        }
    }

    /// A step is about to fire: what it reads must be settled, and goes to the lane that runs it, if one does.
    pub fn pass(
        &mut self,
        step: &Step,
        streams: &mut [Stream],
        positions: &[u64],
        free: usize,
        block: u64,
        reports: &mut Reports,
    ) {
        if self.lanes.is_empty() {
            return;
        }
        let dry = step.outputs.iter().filter_map(|output| output.dry.map(|(edge, stream)| (edge, stream, output.give)));
        let ports = step.inputs.iter().map(|input| (input.edge, input.stream, input.take)).chain(dry);
        for (edge, stream, moves) in ports {
            let (from, count) = (positions[edge], frames(moves, free));
            if step.is_away() && self.enters[edge].is_none() {
                continue; // within the lane
            }
            self.settle(stream, &mut streams[stream], from + count as u64, block, reports);
            let Some((lane, input)) = self.enters[edge] else { continue };
            let lane = &mut self.lanes[lane];
            if lane.fed {
                let (pipe, gone, _) = &mut lane.inputs[input];
                pipe.send(&streams[stream].read(from, count));
                *gone += count as u32;
            }
        }
    }

    /// All frames of a stream before `until` are about to be read: what a lane should have answered by now is made up.
    pub fn settle(&mut self, at: usize, stream: &mut Stream, until: u64, block: u64, reports: &mut Reports) {
        let Some(Some((answers, step))) = self.answers.get_mut(at) else { return };
        answers.settle(stream, until);
        // A firing that is late is late at all outputs, and has been told of one of them.
        let (key, told) = &mut self.told[*step];
        let firings = answers.missed().saturating_sub(*told);
        if firings > 0 && reports.tell(FromRender::Late { key: *key, block, firings }) {
            *told = answers.missed();
        }
    }

    /// Asks the lanes for this block, and wakes them. `home`: they are to come home when it is done. `blocks`: rendered
    /// before it.
    pub fn end_block(&mut self, block: u64, home: bool, blocks: u64, chance: &mut Chance) {
        for (at, lane) in self.lanes.iter_mut().enumerate().filter(|(_, lane)| lane.fed) {
            lane.send_sets(block, chance.kept(blocks, at));
            if !lane.waiting.is_empty() {
                chance.tell(blocks, What::Kept { lane: at as u32, left: lane.waiting.len() as u32 });
            }
            for (_, gone, _) in &mut lane.inputs {
                let _has_room = lane.counts.try_push(std::mem::take(gone));
            }
            lane.sent += u64::from(lane.jobs.try_push(Job::Block(block)).is_ok());
            if home {
                lane.called |= lane.jobs.try_push(Job::Home).is_ok();
            }
            if let Some(thread) = &lane.thread {
                thread.unpark();
            }
        }
    }
}

impl Away {
    /// Sends the lane back to its thread, if it is at home.
    pub(super) fn lend(&mut self) {
        if let Some(part) = self.part.take().or_else(|| self.back.try_pop()) {
            self.part = self.lend.try_push(part).err();
            self.called = false;
        }
    }

    /// Keeps the newest value of a live parameter until the lane has it.
    fn set(&mut self, set: Set) -> bool {
        let same = |other: &&mut Set| (other.step, other.param) == (set.step, set.param);
        if let Some(other) = self.waiting.iter_mut().find(same) {
            *other = set;
            return true;
        }
        let room = self.waiting.len() < self.waiting.capacity();
        if room {
            self.waiting.push(set);
        }
        room
    }

    /// Sends live parameters on, for this block, all but `left`.
    fn send_sets(&mut self, block: u64, left: usize) {
        while let Some(set) = self.waiting.get(left..).and_then(<[Set]>::last)
            && self.sets.try_push((block, *set)).is_ok()
        {
            self.waiting.pop();
        }
    }

    /// Whether a block finds room, however much it brings.
    fn has_room(&self) -> bool {
        let pipes = self.inputs.iter().all(|(pipe, _, most)| pipe.room() >= *most);
        pipes && self.counts.vacant_len() >= self.inputs.len() && self.jobs.vacant_len() > self.messages() + 1
    }

    /// Messages that tell it where to begin anew.
    pub(super) fn messages(&self) -> usize {
        1 + self.members.len() + self.inner_streams.len() + self.inner_edges.len()
    }

    /// Tells it to forget the past and to stand where the whole program stands.
    fn begin_anew(&mut self, program: &Program) -> bool {
        if !self.has_room() {
            return false;
        }
        let streams = self.inner_streams.iter().map(|&(stream, whole)| {
            let at = program.streams[whole].end();
            Job::Begins { stream, at }
        });
        let edges = self.inner_edges.iter().map(|&(edge, whole)| {
            let stream = program.plan().edges[whole].stream;
            Job::Waits { edge, frames: program.streams[stream].end() - program.positions[whole] }
        });
        let moved = |(step, whole): (usize, &usize)| Job::Moved { step, frames: program.steps[*whole].moved };
        let steps = self.members.iter().enumerate().map(moved);
        for job in std::iter::once(Job::Forget).chain(steps).chain(streams).chain(edges) {
            let _has_room = self.jobs.try_push(job);
        }
        self.fed = true;
        true
    }
}
