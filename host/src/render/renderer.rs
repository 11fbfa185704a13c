//! RT — one block: messages, sources, steps, sinks.
use super::chance::{Chance, Facts, Script, Stand, Teller, What};
use super::lanes::Lanes;
use super::load::Load;
use super::message::{Remote, Reports, ToRender, Trouble};
use super::part::Apart;
use super::program::Program;
use super::walk::Clock;
use crate::plugin::{Frames, FramesMut, Instance, Mark, Taken, flushed};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::sync::Arc;
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
    load: Option<Arc<Load>>,
    /// Blocks rendered, by all programs.
    blocks: u64,
    chance: Chance,
}

impl Renderer {
    /// A renderer and the control side's ends. `metered`: keep account of time, which costs a look at the clock a node.
    pub fn new(mut program: Box<Program>, metered: bool) -> (Self, Remote) {
        let (to, messages) = HeapRb::new(MESSAGES).split();
        let (reports, from) = Reports::new();
        let (lost, at_work) = (reports.counter(), reports.at_work());
        let (send, next) = HeapRb::new(1).split();
        let (home, back) = HeapRb::new(1).split();
        let load = metered.then(Arc::<Load>::default);
        let remote = Remote { messages: to, reports: from, lost, at_work, next: send, home: back, in_flight: false };
        let lanes = std::mem::take(&mut program.lanes);
        let (blocks, chance) = (0, Chance::Clock);
        (Self { program, messages, reports, lanes, next, home, load, blocks, chance }, remote)
    }

    /// Control side, before the first block: a live parameter of a step, named by its key, changes at this moment, in
    /// samples of the graph; exactly then, whatever the block.
    pub fn automate(&mut self, key: u64, param: u32, value: f64, at: u64) {
        if let Some(step) = self.program.steps.iter_mut().find(|step| step.key == key) {
            step.automation.add(at, param, value);
        }
    }

    /// Control side, before the first block: what a live parameter was to become at this moment or later, it will not.
    pub fn cut_automation(&mut self, key: u64, param: u32, at: u64) {
        if let Some(step) = self.program.steps.iter_mut().find(|step| step.key == key) {
            step.automation.cut(param, at);
        }
    }

    /// Control side, before the first block: takes the steps that are on lanes out of the program, for threads of their
    /// own to run.
    pub fn part(&mut self, remote: &Remote) -> Vec<Apart> {
        let apart = remote.part(&mut self.program, self.load.is_some());
        self.lanes = std::mem::take(&mut self.program.lanes);
        apart
    }

    /// Control side, before the first block: tells from now on what does not follow from the sound that comes in.
    pub fn recorded(&mut self) -> Facts {
        let (teller, facts) = Teller::new();
        self.chance = Chance::Told(teller);
        facts
    }

    /// Control side, before the first block: plays as it was recorded. Lanes are waited for, so this is no more RT.
    pub fn follow(&mut self, script: Script) {
        self.chance = Chance::Script(script);
    }

    /// Control side, before the first block: lanes are as late as [`Renderer::stands`] says, whatever the clock does. Whoever
    /// renders lets every lane work after each block.
    pub fn simulated(&mut self) {
        self.chance = Chance::Simulated(vec![Stand::default(); self.lanes.lanes.len()]);
    }

    /// Where the lanes of a simulated device stand when the next block begins.
    pub fn stands(&mut self, now: &[Stand]) {
        if let Chance::Simulated(stands) = &mut self.chance {
            stands.iter_mut().zip(now).for_each(|(stand, now)| *stand = *now);
        }
    }

    /// Control side, before the first block or between two: marks every call of a worker from now on, as its step, for an
    /// emulator that counts instructions.
    pub fn mark(&mut self) {
        for (at, step) in self.program.steps.iter_mut().enumerate() {
            if let (Some(instance), Some(mark)) = (step.instance_mut(), Mark::of_step(at)) {
                instance.mark(mark);
            }
        }
    }

    /// Control side, before the first block: a step is not called, as it did not come back when it was.
    pub fn leave_out(&mut self, step: usize) {
        self.program.steps[step].failed = Some(Trouble::Hung);
    }

    /// Control side, after the last block: takes a worker away with all that it has learned. None of a step that failed, or
    /// that a lane runs.
    pub fn take(&mut self, step: usize) -> Option<Instance> {
        self.program.steps.get_mut(step)?.take_instance()
    }

    /// Control side: tells which thread runs a lane, to be woken when there is something to do.
    pub fn runs_on(&mut self, lane: usize, thread: Thread) {
        self.lanes.runs_on(lane, thread);
    }

    /// Blocks that a lane has been asked for and has not done.
    pub fn behind(&self, lane: usize) -> u64 {
        self.lanes.behind(lane)
    }

    /// Whether no lane has anything to do.
    pub fn lanes_rest(&self) -> bool {
        self.lanes.rest()
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
    pub fn load(&self) -> Option<&Arc<Load>> {
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
        let before = self.load.as_ref().map(|_| Taken::now());
        let start = before.map(|_| Instant::now());
        self.change();
        let mut obeyed = 0;
        let most = self.chance.messages(self.blocks, MESSAGES);
        while let Some(message) = if obeyed < most { self.messages.try_pop() } else { None } {
            self.obey(message);
            obeyed += 1;
        }
        if obeyed > 0 {
            self.chance.tell(self.blocks, What::Obeyed(obeyed as u32));
        }
        self.lanes.begin_block(&mut self.program, self.blocks, &mut self.chance);
        self.sources(fill);
        let mut clock = start.map(|_| Clock::now());
        self.program.walk(&mut self.lanes, &mut self.reports, &mut clock);
        self.sinks(hear);
        self.program.slide();
        self.program.block += 1;
        let home = self.is_time() && self.chance.may_change(self.blocks + 1);
        self.lanes.end_block(self.program.block - 1, home, self.blocks, &mut self.chance);
        self.blocks += 1;
        self.chance.wait(|| self.lanes.rest());
        if let (Some(load), Some(start), Some(before)) = (&self.load, start, before) {
            let taken = Taken::now().since(before);
            load.took(taken);
            load.add(start.elapsed().as_nanos() as u64);
            load.end_block();
            self.program.steps.iter().for_each(|step| step.load.end_block());
        }
    }

    fn obey(&mut self, message: ToRender) {
        match message {
            ToRender::Set { key, param, value } => {
                let Some(at) = self.program.steps.iter().position(|step| step.key == key) else { return };
                match self.lanes.runs(at) {
                    true if self.lanes.set_param(at, param, value) => {}
                    true => self.reports.lose(),
                    false => {
                        self.reports.calls(key);
                        self.program.steps[at].set_param(param, value);
                        self.reports.came_back();
                    }
                }
            }
        }
    }

    /// Whether a program waits, and may take over when the next block begins.
    fn is_time(&self) -> bool {
        self.next.iter().next().is_some_and(|next| next.may_follow(&self.program)) && !self.home.is_full()
    }

    /// Goes over to the program that waits, if this is the moment for it and all lanes are at home; the old one goes home.
    fn change(&mut self) {
        let due = self.is_time() && self.chance.may_change(self.blocks);
        if !due || !self.lanes.come_home(&mut self.program) {
            return;
        }
        if let Some(mut next) = self.next.try_pop() {
            self.lanes.join(&mut self.program);
            next.succeed(&mut self.program);
            std::mem::swap(&mut self.lanes, &mut next.lanes);
            self.lanes.succeed(&mut next, &self.program);
            std::mem::swap(&mut self.program.lanes, &mut next.lanes);
            let old = std::mem::replace(&mut self.program, next);
            let _cannot_be_full = self.home.try_push(old);
            self.chance.changed(self.blocks);
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
