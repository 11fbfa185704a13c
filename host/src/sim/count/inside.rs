//! What the emulated program does: plays a graph and marks what its workers do.
use super::CountError;
use crate::control::{Engine, Report};
use crate::graph::{Device, Diags, GraphFile, Plan, Port, compile};
use crate::plugin::{Mark, Workers};
use crate::render::Renderer;
use crate::replay::Sounds;
use crate::sim::overhead::Writes;
use crate::sim::signature;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is to be played.
#[derive(Clone, Debug)]
pub struct Request {
    /// What every input plays, round and round; noise if nothing is named.
    pub input: Option<PathBuf>,
    /// Samples a block, instead of what the graph says.
    pub block: Option<u32>,
    /// Blocks that are marked, after those in which the graph settles.
    pub blocks: u64,
}

/// What the emulated program tells of the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// It is built as it would be for a device.
    pub optimised: bool,
    /// Steps in the order of their marks.
    pub steps: Vec<StepTold>,
}

/// What it tells of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTold {
    /// The node's name.
    pub name: String,
    /// See [`signature`].
    pub signature: String,
    /// Floats that it writes.
    pub writes: Writes,
}

/// Plays a graph as a device would, inline and live, and marks what its workers do. Mistakes are in `diags`.
///
/// # Errors
/// [`CountError`]: the graph, the sound, or a worker that fails.
pub fn inside(request: &Request, file: &GraphFile, workers: &Workers, diags: &mut Diags) -> Result<Told, CountError> {
    let sound = request.input.as_deref().map(Sounds::read).transpose()?;
    let mut device = Device { block: request.block, live: true, ..Device::default() };
    for input in &file.inputs {
        let channels = sound.as_ref().map(|(_, planes)| planes.len() as u32);
        device.inputs.insert(input.name.value.clone(), Port { rate: None, channels });
    }
    let compiled = compile(file, workers, &device, &[], diags).ok_or(CountError::Graph)?;
    check_rate(request, &compiled.plan, sound.as_ref().map(|(rate, _)| *rate))?;
    let planes = sound.as_ref().map(|(_, planes)| planes.as_slice());
    let sounds = Sounds::new(file, &compiled.plan, planes);
    let told = told(&compiled.plan, workers)?;
    let (mut engine, mut renderer) = Engine::start(compiled, false);
    play(request.blocks, &mut engine, &mut renderer, sounds)?;
    Ok(told)
}

fn check_rate(request: &Request, plan: &Plan, rate: Option<u32>) -> Result<(), CountError> {
    let (Some(path), Some(found)) = (&request.input, rate) else { return Ok(()) };
    let other = plan.inputs.iter().find(|input| plan.streams[input.stream].format.rate() != f64::from(found));
    let Some(other) = other else { return Ok(()) };
    let wanted = plan.streams[other.stream].format.rate_num;
    Err(CountError::Rate { path: path.clone(), input: other.name.clone(), found, wanted })
}

fn told(plan: &Plan, workers: &Workers) -> Result<Told, CountError> {
    let mut steps = vec![];
    for step in &plan.steps {
        let worker = workers.get(&step.worker);
        let signature = worker.map(|found| signature(step, plan, &found.worker)).transpose()?;
        let (name, writes) = (step.name.clone(), Writes::of(step, plan));
        steps.push(StepTold { name, signature: signature.unwrap_or(step.worker.clone()), writes });
    }
    Ok(Told { optimised: !cfg!(debug_assertions), steps })
}

/// What is played before anything is counted, in seconds: workers learn of noise and fill their windows at first.
const BEFORE_S: f64 = 2.5;

/// Blocks until the graph has settled, then marked ones.
fn play(blocks: u64, engine: &mut Engine, renderer: &mut Renderer, mut sounds: Sounds) -> Result<(), CountError> {
    let plan = engine.plan();
    let before = (BEFORE_S * f64::from(plan.rate) / f64::from(plan.block)) as u64;
    for _ in 0..=plan.settled.max(before) {
        sounds.play(renderer);
        heard(engine)?;
    }
    // More than once, as the first may be the one in which something is set up.
    for _ in 0..3 {
        Mark::AROUND.enter(0);
        Mark::EMPTY.enter(0);
        Mark::leave();
        Mark::leave();
    }
    renderer.mark();
    for _ in 0..blocks {
        Mark::BLOCK.enter(0);
        renderer.render(
            |input, room| {
                Mark::INPUT.enter(0);
                sounds.fill(input, room);
                Mark::leave();
            },
            |_, frames| {
                std::hint::black_box(frames.data);
            },
        );
        Mark::leave();
        heard(engine)?;
    }
    Ok(())
}

fn heard(engine: &mut Engine) -> Result<(), CountError> {
    let failed = |report| match report {
        Report::Failed { node, why, .. } => Some(CountError::Worker { node, why }),
        _ => None,
    };
    engine.reports().into_iter().find_map(failed).map_or(Ok(()), Err)
}
