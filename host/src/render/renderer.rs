//! RT — one block: messages, sources, steps, sinks.
use super::load::Load;
use super::message::{FromRender, Remote, ToRender};
use super::program::Program;
use crate::plugin::{Frames, FramesMut, Instance, flushed};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::time::Instant;

/// Messages that may wait for the render thread.
const MESSAGES: usize = 256;
/// Reports that may wait for the control side.
const REPORTS: usize = 1024;
/// Room beside it for failures alone: however much happens, who failed is told.
const FAILURES: usize = 256;

/// The render thread's half.
pub struct Renderer {
    program: Box<Program>,
    messages: HeapCons<ToRender>,
    reports: HeapProd<FromRender>,
    next: HeapCons<Box<Program>>,
    home: HeapProd<Box<Program>>,
    /// Time accounting, if it is wanted.
    load: Option<Load>,
    lost: u64,
}

impl Renderer {
    /// A renderer and the control side's ends. `metered`: keep account of time, which costs a look at the clock a node.
    pub fn new(program: Box<Program>, metered: bool) -> (Self, Remote) {
        let (to, messages) = HeapRb::new(MESSAGES).split();
        let (reports, from) = HeapRb::new(REPORTS + FAILURES).split();
        let (send, next) = HeapRb::new(1).split();
        let (home, back) = HeapRb::new(1).split();
        let load = metered.then(Load::default);
        let remote = Remote { messages: to, reports: from, next: send, home: back, in_flight: false };
        (Self { program, messages, reports, next, home, load, lost: 0 }, remote)
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

    /// Reports that found no room.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Time that whole blocks took, if it is metered.
    pub fn load(&self) -> Option<&Load> {
        self.load.as_ref()
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
        let start = self.load.as_ref().map(|_| Instant::now());
        self.change();
        while let Some(message) = self.messages.try_pop() {
            self.obey(message);
        }
        self.sources(fill);
        self.steps(start);
        self.sinks(hear);
        self.program.slide();
        self.program.block += 1;
        if let (Some(load), Some(start)) = (&mut self.load, start) {
            load.add(start.elapsed().as_nanos() as u64);
            load.end_block();
            self.program.steps.iter_mut().for_each(|step| step.load.end_block());
        }
    }

    fn obey(&mut self, message: ToRender) {
        match message {
            ToRender::Set { key, param, value } => {
                if let Some(step) = self.program.steps.iter_mut().find(|step| step.key == key) {
                    step.set_param(param, value);
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

    fn steps(&mut self, start: Option<Instant>) {
        let mut clock = start;
        let mut at = 0;
        let mut next_loop = 0;
        while at < self.program.steps.len() {
            match self.program.plan().loops.get(next_loop).cloned().filter(|range| range.start == at) {
                Some(range) => {
                    while range.clone().fold(false, |any, step| self.fire(step, &mut clock) | any) {}
                    (at, next_loop) = (range.end, next_loop + 1);
                }
                None => {
                    while self.fire(at, &mut clock) {}
                    at += 1;
                }
            }
        }
    }

    /// Fires a step if it can.
    fn fire(&mut self, at: usize, clock: &mut Option<Instant>) -> bool {
        let program = &mut *self.program;
        let step = &mut program.steps[at];
        let Some(free) = step.ready(&program.streams, &program.positions, program.block) else { return false };
        let trouble = step.fire(&mut program.streams, &mut program.positions, free);
        for (port, event) in step.events() {
            let report = FromRender::Event { key: step.key, port, event };
            let told = self.reports.vacant_len() > FAILURES && self.reports.try_push(report).is_ok();
            self.lost += u64::from(!told);
        }
        if let Some(why) = trouble {
            self.lost += u64::from(self.reports.try_push(FromRender::Failed { key: step.key, why }).is_err());
        }
        if let Some(last) = clock {
            let now = Instant::now();
            step.load.add((now - *last).as_nanos() as u64);
            *last = now;
        }
        true
    }

    fn sinks(&mut self, mut hear: impl FnMut(usize, Frames<'_>)) {
        let program = &mut *self.program;
        for (output, sink) in program.sinks.iter().enumerate() {
            let Some((edge, pace)) = *sink else { continue };
            let stream = &program.streams[program.plan().edges[edge].stream];
            let there = stream.end() - program.positions[edge];
            let frames = pace.map_or(there, |pace| pace.of_block(program.block).min(there));
            if frames > 0 {
                hear(output, stream.read(program.positions[edge], frames as usize));
            }
            program.positions[edge] += frames;
        }
    }
}

impl Program {
    /// RT — lets every stream forget what all have read.
    fn slide(&mut self) {
        for (stream, readers) in self.streams.iter_mut().zip(&self.readers) {
            let slowest = readers.iter().map(|&edge| self.positions[edge]).min();
            stream.forget_before(slowest.unwrap_or(stream.end()));
        }
    }
}
