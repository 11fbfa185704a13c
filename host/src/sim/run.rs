//! A graph on a device that is not there, with the sound of files.
use super::band::Case;
use super::clock::SECOND;
use super::edge::{In, Out, Planes};
use super::fault::Faults;
use super::machine::{Heard, Machine, Played, Turn};
use super::report::Report;
use super::stage::{Stage, StageError};
use super::twin::Twin;
use crate::control::Engine;
use crate::graph::{Device, Diags, GraphFile, OutputKind};
use crate::plugin::{Frames, FramesMut, Workers};
use crate::render::Stand;
use crate::replay::{Outcome, Progress, ReplayError, Run};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// A run on a device.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is played, and what is kept of it.
    pub replay: crate::replay::Job,
    /// The device.
    pub profile: super::Profile,
    /// What goes wrong.
    pub faults: Faults,
    /// Files of counts beside those that apply anyway.
    pub counts: Vec<PathBuf>,
}

/// Why a run on a device cannot be.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// As any run.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The graph does not go with the device.
    #[error(transparent)]
    Stage(#[from] StageError),
}

impl From<crate::io::AudioError> for SimError {
    fn from(why: crate::io::AudioError) -> Self {
        Self::Replay(why.into())
    }
}

/// What came of a run on a device.
#[derive(Debug)]
pub struct Simulated {
    /// What was heard.
    pub outcome: Outcome,
    /// What the device did.
    pub report: Report,
}

/// Plays files through a graph on a device. Mistakes in the graph are in `diags`.
///
/// # Errors
/// [`SimError`]; no file has its final name then.
pub fn simulate(
    job: &Job,
    file: &GraphFile,
    workers: &Workers,
    progress: &Progress,
    diags: &mut Diags,
) -> Result<Simulated, SimError> {
    let (readers, device) = job.replay.open(file)?;
    let stage = Stage::set(file, workers, &job.profile, device, &job.replay.listeners(), diags)?;
    let priced = stage.price(workers, &job.profile, &job.faults, &job.counts)?;
    let start = Instant::now();
    let plan = stage.compiled.plan.clone();
    let twin = stage.twin.map(Twin::new);
    let (engine, renderer) = Engine::start_simulated(stage.compiled, true);
    let run = Run::new(&job.replay, file, (engine, renderer), readers)?;
    let machine = Machine::new(&plan, &job.profile, &priced.prices, &job.faults, stage.clock, Case::Typical);
    let mut sim = Sim::new(job, run, machine, twin);
    sim.play(progress)?;
    let Sim { run, machine, twin, outs, .. } = sim;
    let loads: Vec<_> = run.engine.loads().cloned().collect();
    let snr = twin.map(|twin| twin.snr()).unwrap_or_default();
    let clipped = outs.iter().flatten().map(|out| out.clipped).sum();
    let report = Report::new(job, &plan, &priced, &machine, snr, clipped, &loads);
    drop(machine);
    let mut outcome = run.finish()?;
    outcome.elapsed = start.elapsed();
    Ok(Simulated { outcome, report })
}

/// Runs a graph on a device for so many seconds without any sound: all that hangs from time alone.
///
/// # Errors
/// [`SimError`]
pub fn on_paper(
    job: &Job,
    file: &GraphFile,
    workers: &Workers,
    seconds: f64,
    progress: &Progress,
    diags: &mut Diags,
) -> Result<Report, SimError> {
    let device = Device { block: job.replay.block, ..Device::default() };
    let stage = Stage::set(file, workers, &job.profile, device, &[], diags)?;
    let priced = stage.price(workers, &job.profile, &job.faults, &job.counts)?;
    let plan = &stage.compiled.plan;
    let mut machine = Machine::new(plan, &job.profile, &priced.prices, &job.faults, stage.clock, Case::Typical);
    let until = (seconds * SECOND as f64) as u64;
    while machine.clock().block_begins(machine.blocks()) < until {
        if progress.stop.load(Relaxed) {
            return Err(ReplayError::Interrupted.into());
        }
        machine.pass_block();
    }
    Ok(Report::new(job, plan, &priced, &machine, vec![], 0, &[]))
}

/// A run on its way.
struct Sim<'p> {
    job: &'p Job,
    run: Run,
    machine: Machine<'p>,
    twin: Option<Twin>,
    ins: Vec<In>,
    /// Of outputs that are sound.
    outs: Vec<Option<Out>>,
    /// Channels of each output, and floats of a frame in each.
    shapes: Vec<(usize, usize)>,
    /// What was rendered and is not played yet: by block, by output.
    rendered: VecDeque<Vec<Option<Planes>>>,
    /// Blocks of the device's time that have come in.
    world: u64,
}

impl<'p> Sim<'p> {
    fn new(job: &'p Job, run: Run, machine: Machine<'p>, twin: Option<Twin>) -> Self {
        let audio = &job.profile.audio;
        let ins = run.inputs.iter().enumerate().map(|(at, input)| In::new(at, audio, input.planes.len(), input.rate));
        let ins = ins.collect();
        let plan = run.engine.plan();
        let out = |output: &crate::graph::Output| match output.kind {
            OutputKind::Audio(_) => {
                let format = plan.output_format(output)?;
                Some(Out::new(audio, format.channels as usize, format.rate_num))
            }
            _ => None,
        };
        let outs = plan.outputs.iter().map(out).collect();
        let shape = |output| plan.output_format(output).map_or((0, 0), |f| (f.channels as usize, f.width()));
        let shapes = plan.outputs.iter().map(shape).collect();
        Self { job, run, machine, twin, ins, outs, shapes, rendered: VecDeque::new(), world: 0 }
    }

    fn play(&mut self, progress: &Progress) -> Result<(), SimError> {
        let plan = self.run.engine.plan();
        let block = f64::from(plan.block) / f64::from(plan.rate);
        let mut unsaid = 0.0;
        while !self.run.is_over() {
            if progress.stop.load(Relaxed) {
                return Err(ReplayError::Interrupted.into());
            }
            match self.machine.turn() {
                Turn::Render { world, heard, stands } => self.render(world, heard, &stands)?,
                Turn::Play { world, played } => {
                    self.play_block(world, played)?;
                    unsaid += block;
                }
            }
            if unsaid > 0.25 {
                (progress.played)(std::mem::take(&mut unsaid));
            }
        }
        Ok(())
    }

    /// Lets all blocks before this one come in, unheard.
    fn pass_over(&mut self, until: u64) -> Result<(), SimError> {
        while self.world < until {
            self.run.read()?;
            for (input, edge) in self.run.inputs.iter_mut().zip(&mut self.ins) {
                input.lost += input.present as u64;
                edge.pass_over(&input.planes);
            }
            self.world += 1;
        }
        Ok(())
    }

    fn render(&mut self, world: u64, heard: Heard, stands: &[Stand]) -> Result<(), SimError> {
        self.pass_over(world)?;
        self.run.read()?;
        self.world = world + 1;
        let (faults, clock) = (&self.job.faults, self.machine.clock());
        for (input, edge) in self.run.inputs.iter_mut().zip(&mut self.ins) {
            edge.hear(&mut input.planes, world, heard, faults, &clock);
        }
        let mut given: Vec<Option<Planes>> = vec![None; self.outs.len()];
        let mut probed = vec![];
        let (run, outs, shapes) = (&mut self.run, &mut self.outs, &self.shapes);
        let (inputs, renderer) = (&run.inputs, &mut run.renderer);
        renderer.stands(stands);
        let hear = |index: usize, frames: Frames| {
            let (channels, width) = shapes[index];
            let mut planes = planes(&frames, channels, width);
            match &mut outs[index] {
                Some(out) => {
                    out.round(&mut planes);
                    given[index] = Some(planes);
                }
                None => probed.push((index, planes, frames.frames)),
            }
        };
        renderer.render(|index, room| inputs[index].fill(room), hear);
        run.engine.lanes_work();
        if let Some(twin) = &mut self.twin {
            let ins: Vec<&Planes> = self.ins.iter().map(|edge| &edge.unrounded).collect();
            twin.render(&ins, stands, &given);
        }
        // What is no sound leaves when it is made.
        for (index, planes, count) in probed {
            self.run.hear(index, frames(&planes.concat(), planes.len(), count))?;
        }
        self.rendered.push_back(given);
        self.run.listen()?;
        Ok(())
    }

    fn play_block(&mut self, world: u64, played: Played) -> Result<(), SimError> {
        self.pass_over(world + 1)?;
        let was_rendered = match played {
            Played::Rendered => true,
            Played::Stale { rendered } | Played::LeftOut { rendered } => rendered,
            Played::Gone | Played::Twice => false,
        };
        let given = if was_rendered { self.rendered.pop_front() } else { None };
        let given = given.unwrap_or_else(|| vec![None; self.outs.len()]);
        for (index, given) in given.into_iter().enumerate() {
            let Some(out) = &mut self.outs[index] else { continue };
            let plan = self.run.engine.plan();
            let format = plan.output_format(&plan.outputs[index]);
            let due = format.map_or(0, |format| plan.pace(&format).of_block(world)) as usize;
            if let Some(planes) = out.play(given, played, due) {
                self.run.hear(index, frames(&planes.concat(), planes.len(), due))?;
            }
        }
        self.run.listen()?;
        Ok(())
    }
}

/// A copy of frames, a plane a channel; each frame has so many floats in each.
pub(super) fn planes(frames: &Frames, channels: usize, width: usize) -> Planes {
    let planes = frames.data.chunks(frames.stride.max(1)).take(channels);
    planes.map(|plane| plane[..frames.frames * width].to_vec()).collect()
}

/// So many frames whose planes lie one after the other.
fn frames(data: &[f32], planes: usize, frames: usize) -> Frames<'_> {
    Frames { data, stride: data.len() / planes.max(1), frames }
}

/// Writes planes into the room of an input.
pub(super) fn fill(planes: &Planes, room: FramesMut) {
    for (plane, to) in planes.iter().zip(room.data.chunks_mut(room.stride.max(1))) {
        to[..room.frames].copy_from_slice(&plane[..room.frames]);
    }
}
