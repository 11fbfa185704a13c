//! A virtual clock, cores, and the tasks on them: the audio task, which renders a block an interrupt, and the lanes.
//!
//! A task of a higher priority goes before all others at once. The audio task has the highest, lanes follow by how often
//! they fire (C. L. Liu, J. W. Layland, "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment", JACM
//! 20, 1973). DMA goes round `buffers` buffers: block `n` is there when its last sample has come in, must be answered
//! before the buffer is played, `buffers - 1` blocks later, and is overwritten then.
mod task;
mod turn;

use super::band::Case;
use super::clock::{Clock, Ps, SECOND};
use super::cost::Prices;
use super::fault::{Arrival, Faults};
use super::overhead::{Effort, Writes};
use super::profile::Profile;
use super::tally::{self, Tally};
use super::trace::{Event, Trace, What};
use crate::graph::{Paper, Plan, Work};
use crate::render::Stand;
use std::collections::VecDeque;
use task::{Job, Kind, Task, lanes};

pub use turn::{Heard, Played, Turn};

/// A device that runs a plan.
pub struct Machine<'p> {
    plan: &'p Plan,
    profile: &'p Profile,
    prices: &'p Prices,
    faults: &'p Faults,
    case: Case,
    clock: Clock,
    paper: Paper<'p>,
    /// What each step writes.
    writes: Vec<Writes>,
    /// Those of the highest priority first: burners, the audio task, lanes.
    tasks: Vec<Task>,
    audio: usize,
    now: Ps,
    /// Tasks that had a core when time last passed.
    running: Vec<usize>,
    /// The next block of the device's time whose interrupt comes.
    world: u64,
    /// The latest interrupt so far: none overtakes another.
    arrived: Ps,
    /// Places of the output that are not played yet: what is known of each.
    places: VecDeque<(u64, Option<Played>)>,
    turns: VecDeque<Turn>,
    /// Blocks rendered.
    rendered: u64,
    /// The block that was begun last has none before it that it goes on from.
    cut: bool,
    /// By how many blocks the clock of what comes out is ahead.
    ahead: i64,
    /// What every block costs beside its nodes and its interrupt.
    more: Ps,
    /// What was seen.
    pub tally: Tally,
    /// What happened.
    pub trace: Trace,
}

impl<'p> Machine<'p> {
    /// A device at its start.
    pub fn new(
        plan: &'p Plan,
        profile: &'p Profile,
        prices: &'p Prices,
        faults: &'p Faults,
        clock: Clock,
        case: Case,
    ) -> Self {
        let mut tasks: Vec<Task> =
            faults.burners().map(|burner| Task::of(Kind::Burner { burner, next: burner.from })).collect();
        let audio = tasks.len();
        tasks.push(Task::of(Kind::Audio));
        tasks.extend(lanes(plan).into_iter().map(|lane| Task::of(Kind::Lane(lane))));
        let names = tasks.iter().map(|task| match &task.kind {
            Kind::Burner { .. } => (tally::ELSE.to_string(), None),
            Kind::Audio => (tally::task(None), Some(None)),
            Kind::Lane(lane) => (tally::task(Some(plan.lanes()[lane.number])), Some(Some(lane.number))),
        });
        let span = clock.block_begins(plan.period.clamp(16, 256)).clamp(SECOND / 20, 4 * SECOND);
        Self {
            tally: Tally::new(plan, names.collect()),
            trace: Trace::new(span),
            plan,
            profile,
            prices,
            faults,
            case,
            clock,
            paper: Paper::new(plan),
            writes: plan.steps.iter().map(|step| Writes::of(step, plan)).collect(),
            tasks,
            audio,
            now: 0,
            running: vec![],
            world: 0,
            arrived: 0,
            places: VecDeque::new(),
            turns: VecDeque::new(),
            rendered: 0,
            cut: false,
            ahead: 0,
            more: 0,
        }
    }

    /// What the sound does next. There is always something.
    pub fn turn(&mut self) -> Turn {
        loop {
            if let Some(turn) = self.turns.pop_front() {
                return turn;
            }
            self.interrupt();
        }
    }

    /// Without sound: lets one more block come in.
    pub fn pass_block(&mut self) {
        self.interrupt();
        self.turns.clear();
    }

    /// How time passes on it.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Blocks of the device's time whose interrupt has come, or should have.
    pub fn blocks(&self) -> u64 {
        self.world
    }

    /// From now on every block costs so much more.
    pub fn costs_more(&mut self, more: Ps) {
        self.more = more;
    }

    /// How long all takes that waits to be done, where it is known.
    pub fn backlog(&self) -> Ps {
        self.tasks.iter().flat_map(|task| &task.jobs).filter_map(|job| job.left).sum()
    }

    /// Runs until the next interrupt, which comes.
    fn interrupt(&mut self) {
        let world = self.world;
        self.world += 1;
        let there = self.clock.block_begins(world + 1);
        let due = self.clock.block_begins(world + u64::from(self.profile.audio.buffers));
        let (late, empty) = match self.faults.arrival(world, &self.clock) {
            Arrival::Comes(late) => (late, false),
            Arrival::Empty(late) => (late, true),
            arrival => {
                self.run_until(there);
                let (what, played) = match arrival {
                    Arrival::Gone => (What::Gone, Played::Gone),
                    _ => (What::Lost, Played::Stale { rendered: false }),
                };
                self.event(self.audio, what, world);
                self.places.push_back((world, Some(played)));
                self.tally.lost += u64::from(what == What::Lost);
                self.cut = true;
                return self.play();
            }
        };
        self.arrived = self.arrived.max(there.saturating_add(late));
        self.run_until(self.arrived);
        self.event(self.audio, What::Released, world);
        self.places.push_back((world, None));
        let job = Job { world, released: there, due, empty, ..Job::default() };
        self.tasks[self.audio].jobs.push_back(job);
    }

    fn event(&mut self, task: usize, what: What, block: u64) {
        self.trace.push(Event { at: self.now, what, task: task as u32, block });
    }

    /// Lets time pass.
    fn run_until(&mut self, until: Ps) {
        loop {
            self.burn();
            let running = self.runs();
            let soonest = running.iter().filter_map(|&task| self.tasks[task].jobs.front()?.left).min();
            if soonest == Some(0) {
                self.end_what_is_done(&running);
                continue;
            }
            if self.now >= until {
                return;
            }
            let next = soonest.map_or(until, |left| self.now.saturating_add(left));
            let next = next.min(until).min(self.next_burn()).max(self.now + 1);
            let passed = next - self.now;
            for &task in &running {
                if let Some(left) = self.tasks[task].jobs.front_mut().and_then(|job| job.left.as_mut()) {
                    *left = left.saturating_sub(passed);
                }
                self.tally.tasks[task].busy += passed;
            }
            self.now = next;
            self.end_what_is_done(&running);
        }
    }

    /// When the next burner begins.
    fn next_burn(&self) -> Ps {
        let next = self.tasks.iter().filter_map(|task| match task.kind {
            Kind::Burner { next, burner } if next < burner.to => Some(next),
            _ => None,
        });
        next.min().unwrap_or(Ps::MAX)
    }

    /// Burners whose time has come.
    fn burn(&mut self) {
        let mut begun = vec![];
        for (at, task) in self.tasks.iter_mut().enumerate() {
            let Kind::Burner { burner, next } = &mut task.kind else { continue };
            while *next <= self.now && *next < burner.to {
                let (released, due) = (*next, *next + burner.every);
                let left = Some(burner.takes);
                task.jobs.push_back(Job { released, due, left, ..Job::default() });
                begun.push(at);
                *next = due;
            }
        }
        begun.into_iter().for_each(|task| self.event(task, What::Released, 0));
    }

    /// The tasks that have a core now, each with something to do that has begun.
    fn runs(&mut self) -> Vec<usize> {
        let mut running = vec![];
        for task in 0..self.tasks.len() {
            if running.len() == self.profile.cores as usize {
                break;
            }
            while self.tasks[task].jobs.front().is_some_and(|job| job.left.is_none()) && !self.begin(task) {}
            if !self.tasks[task].jobs.is_empty() {
                running.push(task);
            }
        }
        if running != self.running {
            for task in std::mem::take(&mut self.running) {
                if !running.contains(&task) {
                    let left = self.tasks[task].jobs.front().map(|job| (What::Waits, job.block));
                    let (what, block) = left.unwrap_or((What::Idle, 0));
                    self.event(task, what, block);
                }
            }
            for &task in &running {
                let block = self.tasks[task].jobs.front().map_or(0, |job| job.block);
                self.event(task, What::Runs, block);
            }
            self.running.clone_from(&running);
        }
        running
    }

    /// Begins the first job of a task; answers whether it did, or came too late for it.
    fn begin(&mut self, task: usize) -> bool {
        let Some(job) = self.tasks[task].jobs.front().copied() else { return true };
        if task != self.audio {
            if let Some(job) = self.tasks[task].jobs.front_mut() {
                job.left = Some(0); // a lane's is known when it is asked
            }
            return true;
        }
        if self.now >= job.due {
            self.tasks[task].jobs.pop_front();
            self.event(task, What::Overrun, job.world);
            self.tally.overruns += 1;
            self.cut = true;
            self.place(job.world, Played::Stale { rendered: false });
            return false;
        }
        self.render(job);
        true
    }

    /// The audio task begins a block: what it takes, and what it finds of the lanes.
    fn render(&mut self, job: Job) {
        let block = self.rendered;
        self.rendered += 1;
        self.paper.block();
        self.look_for_answers(block);
        let stands = self.stands();
        let heard = Heard { empty: job.empty, cut: std::mem::take(&mut self.cut) };
        self.turns.push_back(Turn::Render { world: job.world, heard, stands });
        let mut cycles = self.profile.interrupt.cycles.at(self.case).ceil() as u64;
        cycles += self.of_engine(self.audio, Effort::block(self.plan.steps.len()));
        for step in 0..self.plan.steps.len() {
            if self.plan.steps[step].lane.is_none() {
                let work = self.paper.work(step);
                cycles += self.costs(step, work);
            }
        }
        for task in 0..self.tasks.len() {
            self.ask(task);
        }
        self.tally.tasks[self.audio].asked += u128::from(cycles);
        self.tally.end_block(cycles);
        let left = Some(self.clock.takes(cycles).saturating_add(self.more));
        if let Some(front) = self.tasks[self.audio].jobs.front_mut() {
            *front = Job { block, left, ..job };
        }
    }

    /// Cycles that the engine itself takes in a task, beside what it has to do in any case: for the steps that fire there.
    ///
    /// What a lane takes and gives goes through the audio task as well, which copies it, and does not look through it: it is
    /// taken for as much work, and where costs are low, for a firing alone.
    fn of_engine(&mut self, task: usize, mut effort: Effort) -> u64 {
        let Some(engine) = &self.prices.engine else { return 0 };
        for (step, planned) in self.plan.steps.iter().enumerate() {
            let is_here = match &self.tasks[task].kind {
                Kind::Lane(lane) => lane.steps.contains(&step),
                _ => planned.lane.is_none(),
            };
            let Work { firings, frames } = self.paper.work(step);
            let whole = Effort::of(firings, frames, self.writes[step]);
            effort += match (is_here, task == self.audio) {
                (true, _) => whole,
                (false, true) if self.case == Case::Low => Effort { floats: 0, ..whole },
                (false, true) => whole,
                (false, false) => Effort::default(),
            };
        }
        let cycles = engine.cycles(effort, self.case);
        self.tally.engine(task, cycles);
        cycles
    }

    /// Cycles of what a step does in a block.
    fn costs(&mut self, step: usize, work: Work) -> u64 {
        let cycles = self.prices.cycles(step, work, self.case);
        self.tally.node(step, work.firings, cycles);
        cycles
    }

    /// What this block asks of a lane.
    fn ask(&mut self, task: usize) {
        let Kind::Lane(lane) = &self.tasks[task].kind else { return };
        let mut asked = (0, 0);
        for step in lane.steps.clone() {
            let work = self.paper.work(step);
            asked.0 += self.costs(step, work);
            asked.1 = asked.1.max(work.firings);
        }
        asked.0 += self.of_engine(task, Effort::default());
        if asked.1 > 0 {
            asked.0 += self.profile.interrupt.switch.at(self.case).ceil() as u64;
        }
        self.tally.tasks[task].asked += u128::from(asked.0);
        if let Kind::Lane(lane) = &mut self.tasks[task].kind {
            lane.asked = asked;
        }
    }

    /// Counts what is about to be read of the lanes and is not there.
    fn look_for_answers(&mut self, block: u64) {
        let mut missed = vec![];
        for (at, task) in self.tasks.iter_mut().enumerate() {
            let Kind::Lane(lane) = &task.kind else { continue };
            let needed = match lane.due {
                Some(due) => block.checked_sub(due),
                None => self.paper.needs(lane.number),
            };
            for job in task.jobs.iter_mut().filter(|job| job.firings > 0 && !job.missed) {
                if needed.is_some_and(|needed| job.block <= needed) {
                    job.missed = true;
                    self.tally.tasks[at].missed += job.firings;
                    missed.push((at, job.block));
                }
            }
        }
        missed.into_iter().for_each(|(task, block)| self.event(task, What::Missed, block));
    }

    /// Where the lanes stand, in the order of the plan.
    fn stands(&mut self) -> Vec<Stand> {
        let mut stands = vec![Stand::default(); self.tasks.len()];
        let mut changed = vec![];
        for (at, task) in self.tasks.iter_mut().enumerate() {
            let Kind::Lane(lane) = &mut task.kind else { continue };
            let left = task.jobs.len() as u64;
            let full = if lane.full { left > 0 } else { left >= lane.patience };
            if full != lane.full {
                lane.full = full;
                changed.push((at, if full { What::Full } else { What::Anew }));
            }
            stands[lane.number] = Stand { left, full };
        }
        changed.into_iter().for_each(|(task, what)| self.event(task, what, self.rendered - 1));
        stands.truncate(self.tasks.len() - self.audio - 1);
        stands
    }

    fn end_what_is_done(&mut self, running: &[usize]) {
        for &task in running {
            let done = self.tasks[task].jobs.front().filter(|job| job.left == Some(0)).copied();
            if let Some(job) = done {
                self.tasks[task].jobs.pop_front();
                self.end(task, job);
            }
        }
    }

    fn end(&mut self, task: usize, job: Job) {
        let is_audio = task == self.audio;
        let is_lane = matches!(self.tasks[task].kind, Kind::Lane(_));
        let late = is_audio && self.now > job.due;
        if !is_lane || job.firings > 0 {
            self.event(task, if late || job.missed { What::Late } else { What::Done }, job.block);
            let late = late || job.missed;
            self.tally.tasks[task].responded(self.now - job.released, late);
        }
        if !is_audio {
            return;
        }
        self.tally.tasks[task].missed += u64::from(late);
        for task in 0..self.tasks.len() {
            self.post(task, job);
        }
        self.place(job.world, if late { Played::Stale { rendered: true } } else { Played::Rendered });
    }

    /// The block is rendered: the lanes get theirs.
    fn post(&mut self, at: usize, of: Job) {
        let task = &mut self.tasks[at];
        let Kind::Lane(lane) = &task.kind else { return };
        let (cycles, firings) = lane.asked;
        if lane.full {
            // What is not even asked for is not there when it is due.
            self.tally.tasks[at].missed += firings;
            return;
        }
        // As its deadline does, its response counts from when its block was there.
        let left = Some(self.clock.takes(cycles));
        task.jobs.push_back(Job { due: Ps::MAX, left, firings, missed: false, empty: false, ..of });
        if firings > 0 {
            self.event(at, What::Released, of.block);
        }
    }

    /// It is known what is played in the place of a block.
    fn place(&mut self, world: u64, played: Played) {
        if let Some((_, place)) = self.places.iter_mut().find(|(of, _)| *of == world) {
            *place = Some(played);
        }
        self.play();
    }

    /// Plays all that is known, in order.
    fn play(&mut self) {
        while let Some(&(world, Some(played))) = self.places.front() {
            self.places.pop_front();
            let ahead = self.faults.ahead(world + 1);
            let slips = ahead - std::mem::replace(&mut self.ahead, ahead);
            self.tally.slips += slips.unsigned_abs();
            let rendered = matches!(played, Played::Rendered | Played::Stale { rendered: true });
            let played = if slips < 0 { Played::LeftOut { rendered } } else { played };
            self.turns.push_back(Turn::Play { world, played });
            (0..slips.max(0)).for_each(|_| self.turns.push_back(Turn::Play { world, played: Played::Twice }));
        }
    }
}
