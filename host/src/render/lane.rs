//! RT — the part of a program that runs on a lane: the same steps, on a thread of its own.
//!
//! The render thread counts the firings of these steps and sends, block by block, the frames that they take from
//! outside. With as many frames the steps here fire as often, so both sides agree on what every frame is without
//! another word. A lane may wait, for a worker that does; it still allocates nothing of its own.
use super::lanes::Lanes;
use super::load::Load;
use super::message::Reports;
use super::pipe::{PipeIn, PipeOut};
use super::program::Program;
use super::walk::Clock;
use crate::plugin::{Taken, flushed};
use ringbuf::traits::{Consumer, Observer, Producer};
use ringbuf::{HeapCons, HeapProd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What the render thread tells a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Job {
    /// A block: as many frames as `counts` says have been sent to each input.
    Block(u64),
    /// It missed too much: all steps forget the past. What follows tells how far they should be.
    Forget,
    /// A step has moved so many frames.
    Moved { step: usize, frames: u64 },
    /// The next frame of a stream has this number.
    Begins { stream: usize, at: u64 },
    /// So many silent frames wait at an edge.
    Waits { edge: usize, frames: u64 },
    /// The render thread wants the lane back: the graph changes.
    Home,
}

/// Where a thread waits for the lane that it is to run, and from where it sends it home when it is called.
pub struct Seat {
    lane: Option<Box<Lane>>,
    next: HeapCons<Box<Lane>>,
    home: HeapProd<Box<Lane>>,
}

impl Seat {
    pub(super) fn new(next: HeapCons<Box<Lane>>, home: HeapProd<Box<Lane>>) -> Self {
        Self { lane: None, next, home }
    }

    /// Does all that there is to do, until `stop` is set.
    pub fn work(&mut self, stop: &AtomicBool) {
        loop {
            self.lane = self.lane.take().or_else(|| self.next.try_pop());
            let Some(lane) = &mut self.lane else { return };
            if !lane.work(stop) {
                return;
            }
            if let Some(lane) = self.lane.take() {
                let _has_room = self.home.try_push(lane);
            }
        }
    }

    /// The lane, if it is here: with the accounts of its steps.
    pub fn into_lane(self) -> Option<Box<Lane>> {
        self.lane
    }
}

/// A live parameter of a step of the lane, and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Set {
    pub step: usize,
    pub param: u32,
    pub value: f64,
}

/// The lane's half.
pub struct Lane {
    /// Its name in the graph file.
    pub name: String,
    pub(super) program: Box<Program>,
    pub(super) jobs: HeapCons<Job>,
    pub(super) sets: HeapCons<(u64, Set)>,
    pub(super) counts: HeapCons<u32>,
    /// The frames that come in, and the streams they go to.
    pub(super) inputs: Vec<(usize, PipeOut)>,
    pub(super) answered: HeapProd<u32>,
    /// The frames that go back, the streams they come from, and how many frames of those have gone.
    pub(super) outputs: Vec<(usize, PipeIn, u64)>,
    pub(super) reports: Reports,
    /// Blocks that are done with, for the render thread.
    pub(super) done: Arc<AtomicU64>,
    pub(super) metered: bool,
    /// Page faults of its blocks, if it is metered.
    pub(super) faults: u64,
}

impl Lane {
    /// Does all that there is to do, until `stop` is set. Answers whether it is called home.
    fn work(&mut self, stop: &AtomicBool) -> bool {
        while !stop.load(Ordering::Relaxed)
            && let Some(job) = self.jobs.try_pop()
        {
            if job == Job::Home {
                return true;
            }
            flushed(|| self.obey(job, stop));
        }
        false
    }

    /// The nodes that it runs, and the time that they took.
    pub fn loads(&self) -> impl Iterator<Item = (&str, &Load)> {
        let steps = self.program.plan().steps.iter().zip(&self.program.steps);
        steps.map(|(planned, step)| (planned.name.as_str(), &*step.load))
    }

    /// Page faults while it worked, if it is metered.
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// Blocks that it has done.
    pub fn blocks(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    fn obey(&mut self, job: Job, stop: &AtomicBool) {
        match job {
            Job::Block(block) => self.block(block, stop),
            Job::Forget => self.program.steps.iter_mut().for_each(|step| step.forget()),
            Job::Moved { step, frames } => self.program.steps[step].moved = frames,
            Job::Begins { stream, at } => {
                self.program.streams[stream].begin_at(at);
                let goes = self.outputs.iter_mut().filter(|(out, ..)| *out == stream);
                goes.for_each(|(.., gone)| *gone = at);
            }
            Job::Waits { edge, frames } => {
                let stream = self.program.plan().edges[edge].stream;
                self.program.positions[edge] = self.program.streams[stream].wait(frames);
            }
            Job::Home => {}
        }
    }

    fn block(&mut self, block: u64, stop: &AtomicBool) {
        self.program.block = block;
        while self.sets.try_peek().is_some_and(|(from, _)| *from <= block) {
            if let Some((_, Set { step, param, value })) = self.sets.try_pop() {
                self.program.steps[step].set_param(param, value);
            }
        }
        for (stream, pipe) in &mut self.inputs {
            let frames = self.counts.try_pop().unwrap_or(0) as usize;
            self.program.streams[*stream].write(frames, |room| pipe.take(room));
        }
        let before = self.metered.then(Taken::now);
        let mut clock = self.metered.then(Clock::now);
        self.program.walk(&mut Lanes::default(), &mut self.reports, &mut clock);
        for (stream, pipe, gone) in &mut self.outputs {
            let stream = &self.program.streams[*stream];
            let frames = (stream.end() - *gone) as usize;
            // Only if nobody renders any more, or the render thread itself is far behind.
            while pipe.room() < frames || self.answered.is_full() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::park_timeout(Duration::from_millis(1));
            }
            pipe.send(&stream.read(*gone, frames));
            *gone = stream.end();
            let _has_room = self.answered.try_push(frames as u32);
        }
        self.program.slide();
        if let Some(before) = before {
            self.faults += Taken::now().since(before).faults;
            self.program.steps.iter().for_each(|step| step.load.end_block());
        }
        self.done.fetch_add(1, Ordering::Release);
    }
}
