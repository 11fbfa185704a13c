//! RT — one block: messages, sources, steps, sinks.
use super::lane::Lane;
use super::lanes::Lanes;
use super::load::Load;
use super::message::{Remote, Reports, ToRender};
use super::program::Program;
use crate::plugin::{Frames, FramesMut, Instance, Taken, flushed};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::thread::Thread;
use std::time::Instant;

/// Messages that may wait for the render thread.
const MESSAGES: usize = 256;

/// The render thread's half.
pub struct Renderer {
    program: Box<Program>,
    messages: HeapCons<ToRender>,
    reports: Reports,
    /// The steps that run on threads of their own.
    lanes: Lanes,
    next: HeapCons<Box<Program>>,
    home: HeapProd<Box<Program>>,
    /// Time accounting, if it is wanted.
    load: Option<Load>,
    /// What whole blocks took from the system, if time is accounted.
    taken: Taken,
}

impl Renderer {
    /// A renderer and the control side's ends. `metered`: keep account of time, which costs a look at the clock a node.
    pub fn new(program: Box<Program>, metered: bool) -> (Self, Remote) {
        let (to, messages) = HeapRb::new(MESSAGES).split();
        let (reports, from) = Reports::new();
        let (send, next) = HeapRb::new(1).split();
        let (home, back) = HeapRb::new(1).split();
        let load = metered.then(Load::default);
        let remote = Remote { messages: to, reports: vec![from], next: send, home: back, in_flight: false };
        let lanes = Lanes::default();
        let taken = Taken::default();
        (Self { program, messages, reports, lanes, next, home, load, taken }, remote)
    }

    /// Takes the steps that are on lanes out of the program, for threads of their own to run. Control side, before the
    /// first block.
    pub fn part(&mut self, remote: &mut Remote) -> Vec<Lane> {
        let (lanes, apart) = Lanes::part(&mut self.program, &self.reports, self.load.is_some());
        self.lanes = lanes;
        let (apart, reports): (Vec<Lane>, Vec<_>) = apart.into_iter().unzip();
        remote.reports.extend(reports);
        apart
    }

    /// Control side: tells which thread runs a lane, to be woken when there is something to do.
    pub fn runs_on(&mut self, lane: usize, thread: Thread) {
        self.lanes.runs_on(lane, thread);
    }

    /// Blocks that a lane has been asked for and has not done.
    pub fn behind(&self, lane: usize) -> u64 {
        self.lanes.behind(lane)
    }

    /// Firings of a step whose answers were not there when due.
    pub fn missed(&self, step: usize) -> u64 {
        let streams = self.program.plan().steps[step].outputs.iter().filter_map(|output| output.stream);
        streams.map(|stream| self.lanes.missed(stream)).max().unwrap_or(0)
    }

    /// What is played.
    pub fn program(&self) -> &Program {
        &self.program
    }

    pub(super) fn program_mut(&mut self) -> &mut Program {
        &mut self.program
    }

    /// Frames that the next block takes from an input.
    pub fn due(&self, input: usize) -> usize {
        self.program.sources.get(input).map_or(0, |(_, pace)| pace.of_block(self.program.block) as usize)
    }

    /// Reports that found no room, those of lanes included.
    pub fn lost(&self) -> u64 {
        self.reports.lost()
    }

    /// Time that whole blocks took, if it is metered.
    pub fn load(&self) -> Option<&Load> {
        self.load.as_ref()
    }

    /// What whole blocks took from the system, if time is accounted.
    pub fn taken(&self) -> Taken {
        self.taken
    }

    /// Time that a step took.
    pub fn load_of(&self, step: usize) -> &Load {
        &self.program.steps[step].load
    }

    /// The instance of a step, if it is a worker.
    pub fn instance(&self, step: usize) -> Option<&Instance> {
        self.program.steps[step].instance()
    }

    /// RT — renders one block. `fill` writes the frames of an input, all of them; `hear` is given the frames of an
    /// output, when there are some.
    pub fn render(&mut self, fill: impl FnMut(usize, FramesMut<'_>), hear: impl FnMut(usize, Frames<'_>)) {
        flushed(|| self.block(fill, hear));
    }

    fn block(&mut self, fill: impl FnMut(usize, FramesMut<'_>), hear: impl FnMut(usize, Frames<'_>)) {
        let before = self.load.as_ref().map(|_| Taken::now());
        let start = before.map(|_| Instant::now());
        self.change();
        while let Some(message) = self.messages.try_pop() {
            self.obey(message);
        }
        self.lanes.begin_block(&mut self.program);
        self.sources(fill);
        let mut clock = start.map(|_| Instant::now());
        self.program.walk(&mut self.lanes, &mut self.reports, &mut clock);
        self.sinks(hear);
        self.lanes.end_block(self.program.block);
        self.program.slide();
        self.program.block += 1;
        if let (Some(load), Some(start), Some(before)) = (&mut self.load, start, before) {
            let taken = Taken::now().since(before);
            load.allocated(taken.allocations);
            self.taken.allocations += taken.allocations;
            self.taken.faults += taken.faults;
            load.add(start.elapsed().as_nanos() as u64);
            load.end_block();
            self.program.steps.iter_mut().for_each(|step| step.load.end_block());
        }
    }

    fn obey(&mut self, message: ToRender) {
        match message {
            ToRender::Set { key, param, value } => {
                let Some(at) = self.program.steps.iter().position(|step| step.key == key) else { return };
                match self.lanes.runs(at) {
                    true if self.lanes.set_param(at, param, value) => {}
                    true => self.reports.lose(),
                    false => self.program.steps[at].set_param(param, value),
                }
            }
        }
    }

    /// Goes over to the program that waits, if this is the moment for it; the old one goes home.
    fn change(&mut self) {
        let is_time = self.next.iter().next().is_some_and(|next| next.may_follow(&self.program));
        if !is_time || self.home.is_full() {
            return;
        }
        if let Some(mut next) = self.next.try_pop() {
            next.succeed(&mut self.program);
            let old = std::mem::replace(&mut self.program, next);
            let _cannot_be_full = self.home.try_push(old);
        }
    }

    fn sources(&mut self, mut fill: impl FnMut(usize, FramesMut<'_>)) {
        let program = &mut *self.program;
        for (input, &(stream, pace)) in program.sources.iter().enumerate() {
            let frames = pace.of_block(program.block) as usize;
            program.streams[stream].write(frames, |room| fill(input, room));
        }
    }

    fn sinks(&mut self, mut hear: impl FnMut(usize, Frames<'_>)) {
        let program = &mut *self.program;
        for (output, sink) in program.sinks.iter().enumerate() {
            let Some((edge, pace)) = *sink else { continue };
            let planned = &program.plan().edges[edge];
            let (at, lane) = (planned.stream, planned.tokens.lane);
            let there = program.streams[at].readable(program.positions[edge], lane);
            let frames = pace.map_or(there, |pace| pace.of_block(program.block).min(there));
            let until = program.positions[edge] + frames;
            self.lanes.settle(at, &mut program.streams[at], until, program.block, &mut self.reports);
            let stream = &program.streams[at];
            if frames > 0 {
                hear(output, stream.read(program.positions[edge], frames as usize));
            }
            program.positions[edge] += frames;
        }
    }
}
