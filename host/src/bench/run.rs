//! Paced, then hot: what a graph costs.
use super::advice::Advice;
use super::paced::{self, Timing};
use crate::control::{Engine, Report};
use crate::graph::{Compiled, Device, Diags, GraphFile, Late, Plan, Port, Step, compile};
use crate::io::AudioError;
use crate::plugin::{Taken, Workers};
use crate::render::{Load, Renderer};
use crate::replay::Sounds;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How a graph is measured.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Seconds by the clock.
    pub seconds: f64,
    /// What is played, round and round; noise if nothing is named.
    pub input: Option<PathBuf>,
    /// Samples a block, instead of what the graph says.
    pub block: Option<u32>,
    /// Ask for real-time priority.
    pub realtime: bool,
    /// Use the caches up between blocks.
    pub cold: bool,
}

/// Why nothing can be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The file that is played.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The graph has mistakes, which were reported.
    #[error("the graph has mistakes")]
    Graph,
    /// The graph has no input, so nothing would come of the file.
    #[error("the graph has no input that could play a file")]
    NoInput,
    /// No thread to be had.
    #[error("the system gives no thread for a lane: {0}")]
    Thread(std::io::Error),
}

/// What a graph costs.
#[derive(Debug)]
pub struct Costs {
    /// Seconds between two blocks.
    pub period: f64,
    /// Every node, in the order in which they run.
    pub nodes: Vec<NodeCosts>,
    /// The render thread: whole blocks.
    pub block: Load,
    /// What it took from the system.
    pub taken: Taken,
    /// How well the clock was kept.
    pub timing: Timing,
    /// The lanes.
    pub lanes: Vec<LaneCosts>,
    /// Failures, what workers said, and what could not be had.
    pub notes: Vec<String>,
    /// A worker failed: the figures are those of a graph without it.
    pub failed: bool,
}

/// What a node costs.
#[derive(Debug)]
pub struct NodeCosts {
    /// Its name.
    pub name: String,
    /// Its worker.
    pub worker: String,
    /// The lane that it was measured on.
    pub lane: Option<String>,
    /// What its author wants to hear where an answer is late, if it is not the usual.
    pub late: Option<&'static str>,
    /// Its time in a loop without pauses, in ns: what 50 % of its blocks stay below. Not measured where a worker failed.
    pub hot: Option<u64>,
    /// Its time by the clock, block by block.
    pub paced: Load,
    /// Answers that were not there when due.
    pub missed: u64,
    /// Where it should run.
    pub advice: Advice,
}

/// What a lane took.
#[derive(Debug)]
pub struct LaneCosts {
    /// Its name.
    pub name: String,
    /// Blocks that it did.
    pub blocks: u64,
    /// Page faults.
    pub faults: u64,
}

/// Measures a graph: by the clock with lanes on their threads, and then in a loop. Ctrl-C, by `stop`, ends it with what
/// there is. `passed` is told how many seconds have passed.
///
/// # Errors
/// [`BenchError`]; mistakes of the graph are in `diags`.
pub fn bench(
    setting: &Setting,
    file: &GraphFile,
    workers: &Workers,
    diags: &mut Diags,
    stop: &AtomicBool,
    passed: &(dyn Fn(f64) + Sync),
) -> Result<Costs, BenchError> {
    if setting.input.is_some() && file.inputs.is_empty() {
        return Err(BenchError::NoInput);
    }
    let sound = setting.input.as_deref().map(Sounds::read).transpose()?;
    let mut device = Device { block: setting.block, live: true, ..Device::default() };
    if let Some((rate, planes)) = &sound {
        for input in &file.inputs {
            let port = Port { rate: Some(*rate), channels: Some(planes.len() as u32) };
            device.inputs.insert(input.name.value.clone(), port);
        }
    }
    let planes = sound.as_ref().map(|(_, planes)| planes.as_slice());
    let compiled = compile(file, workers, &device, &[], diags).ok_or(BenchError::Graph)?;
    let sounds = Sounds::new(file, &compiled.plan, planes);
    let mut costs = by_the_clock(setting, compiled, sounds, stop, passed)?;
    if !costs.failed && !stop.load(Ordering::Relaxed) {
        let compiled = compile(file, workers, &device, &[], &mut Diags::default()).ok_or(BenchError::Graph)?;
        let hot = hot(compiled, file, planes, setting.seconds, stop);
        costs.nodes.iter_mut().zip(hot).for_each(|(node, hot)| node.hot = Some(hot));
    }
    Ok(costs)
}

/// What 50 % of the blocks of each step stay below, in a loop.
fn hot(compiled: Compiled, file: &GraphFile, planes: Option<&[Vec<f32>]>, seconds: f64, stop: &AtomicBool) -> Vec<u64> {
    let steps = compiled.plan.steps.len();
    let mut sounds = Sounds::new(file, &compiled.plan, planes);
    let (mut engine, mut renderer) = Engine::start(compiled, true);
    let end = Instant::now() + Duration::from_secs_f64((seconds / 10.0).clamp(0.2, 2.0));
    while Instant::now() < end && !stop.load(Ordering::Relaxed) {
        sounds.play(&mut renderer);
        engine.reports();
    }
    (0..steps).map(|step| renderer.load_of(step).busy(0.5)).collect()
}

fn by_the_clock(
    setting: &Setting,
    compiled: Compiled,
    mut sounds: Sounds,
    stop: &AtomicBool,
    passed: &(dyn Fn(f64) + Sync),
) -> Result<Costs, BenchError> {
    let (mut engine, mut renderer, mut notes) =
        Engine::start_on_threads(compiled, true, setting.realtime).map_err(BenchError::Thread)?;
    let plan = engine.plan().clone();
    let period = f64::from(plan.block) / f64::from(plan.rate);
    let blocks = (setting.seconds / period).ceil() as u64;
    let mut failed = false;
    let timing = thread::scope(|scope| {
        let device =
            scope.spawn(|| paced::play(&mut renderer, &mut sounds, blocks, setting.realtime, setting.cold, stop));
        let (start, mut told) = (Instant::now(), 0.0);
        while !device.is_finished() {
            thread::sleep(Duration::from_millis(50));
            for report in engine.reports() {
                failed |= matches!(report, Report::Failed { .. });
                notes.extend(said(report));
            }
            let now = start.elapsed().as_secs_f64().min(setting.seconds);
            passed(now - std::mem::replace(&mut told, now));
        }
        device.join().unwrap_or_default()
    });
    notes.extend(timing.note.clone());
    if renderer.lost() > 0 {
        notes.push(format!("{} events or failures found no room and are lost", renderer.lost()));
    }
    let (mut lanes, mut loads) = (vec![], vec![None; plan.steps.len()]);
    let stopped = engine.stop();
    for report in engine.reports() {
        failed |= matches!(report, Report::Failed { .. });
        notes.extend(said(report));
    }
    for lane in stopped {
        match lane {
            Err(why) => {
                failed = true;
                notes.push(why);
            }
            Ok(lane) => {
                lanes.push(LaneCosts { name: lane.name.clone(), blocks: lane.blocks(), faults: lane.faults() });
                for (name, load) in lane.loads() {
                    if let Some(step) = plan.steps.iter().position(|step| step.name == name) {
                        loads[step] = Some(load.clone());
                    }
                }
            }
        }
    }
    let nodes = costs(&plan, &renderer, loads);
    let block = renderer.load().map(|load| Load::clone(load)).unwrap_or_default();
    let taken = block.taken();
    Ok(Costs { period, nodes, block, taken, timing, lanes, notes, failed })
}

fn costs(plan: &Plan, renderer: &Renderer, mut loads: Vec<Option<Load>>) -> Vec<NodeCosts> {
    // Of a lane that did not come home nothing is known: what the render thread does in its place costs nothing.
    let load = |(at, step): (usize, &Step)| match step.lane {
        Some(_) => loads[at].take().unwrap_or_default(),
        None => renderer.load_of(at).clone(),
    };
    let paced: Vec<Load> = plan.steps.iter().enumerate().map(load).collect();
    let advice = Advice::of(plan, &paced);
    let nodes = plan.steps.iter().zip(paced).zip(advice).enumerate();
    let node = |(at, ((step, paced), advice)): (usize, ((&Step, Load), Advice))| NodeCosts {
        name: step.name.clone(),
        worker: step.worker.clone(),
        lane: step.lane.as_ref().map(|lane| lane.name.clone()),
        late: late_of(step),
        hot: None,
        missed: renderer.missed(at),
        paced,
        advice,
    };
    nodes.map(node).collect()
}

/// What the author of a node wants to hear where an answer is late, if it is not the usual.
pub(super) fn late_of(step: &Step) -> Option<&'static str> {
    step.lane.as_ref().and_then(|lane| match lane.late {
        Late::Hold => None,
        Late::Zero => Some("zero"),
        Late::Pass => Some("pass"),
    })
}

fn said(report: Report) -> Option<String> {
    match report {
        Report::Failed { node, why, instead } => Some(format!("`{node}` {why}; {instead}")),
        Report::Says { node, text } => Some(format!("`{node}` says: {text}")),
        Report::Late { .. } | Report::Event { .. } => None,
    }
}
