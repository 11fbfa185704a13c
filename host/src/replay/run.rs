//! Blocks in, blocks out: from files through a graph to files.
use super::input::Input;
use super::job::{Job, ReplayError};
use super::output::{Kept, Output};
use super::reference::Reference;
use super::rehearsal::{Rehearsed, rehearse};
use crate::control::{Engine, Report};
use crate::graph::{Diags, GraphFile, OutputKind, Plan, Stream, Time, compile};
use crate::io::{AudioReader, LineWriter};
use crate::plugin::{Frames, NO_END, Workers};
use crate::render::{Extent, Renderer};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Who watches a run.
pub struct Progress<'a> {
    /// Set by Ctrl-C: the run ends, and nothing is left behind.
    pub stop: &'a AtomicBool,
    /// Told how many more seconds of input have been played.
    pub played: &'a (dyn Fn(f64) + Sync),
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Audio outputs.
    pub outputs: Vec<OutputFile>,
    /// Seconds of input.
    pub seconds: f64,
    /// Time that rendering took, files included.
    pub elapsed: Duration,
    /// Failures and what workers said.
    pub reports: Vec<Report>,
    /// Events that were heard.
    pub events: u64,
    /// The events themselves, if they are kept in memory.
    pub heard: Vec<Heard>,
    /// What is played.
    pub plan: Plan,
    /// Bytes that the streams hold, and the heaps of worker libraries that tell, in the end.
    pub memory: u64,
    /// Against the reference: of the input, and of the output with its latency taken off, in dB.
    pub si_sdr: Option<(f64, f64)>,
    /// Time accounting, if it was wanted.
    pub load: Vec<NodeLoad>,
    /// The frames that were kept in memory.
    pub kept: Vec<Kept>,
    /// What was odd but survivable.
    pub warnings: Vec<String>,
    /// Of that, what is odd about the files that were played.
    pub damaged: Vec<String>,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The output.
    pub output: String,
    /// When, in seconds of the input.
    pub time: f64,
    /// What it is called, or its number.
    pub label: String,
    /// How strong it is.
    pub value: f64,
}

/// An audio output and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputFile {
    /// The output.
    pub name: String,
    /// The file, if it was written.
    pub path: Option<PathBuf>,
    /// Samples a second.
    pub rate: u32,
    /// Channels.
    pub channels: u32,
    /// Frames written.
    pub frames: u64,
    /// Largest magnitude.
    pub peak: f32,
    /// Samples that did not fit the encoding.
    pub clipped: u64,
    /// By how much it lags the input, in seconds; taken off if the run is aligned.
    pub lag: f64,
    /// Priming that live use at this block would add, in frames; not in the file.
    pub priming: u64,
}

/// What a node takes of each block, in ns.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeLoad {
    /// The node; "" is the whole block.
    pub node: String,
    /// Allocations and frees that it made, of those that are seen on this system.
    pub allocations: u64,
    /// Mean.
    pub mean: f64,
    /// 99 % of all blocks stay below.
    pub p99: u64,
    /// Longest.
    pub max: u64,
    /// Time between two blocks.
    pub deadline: f64,
}

/// Runs a graph on files. Mistakes in the graph are in `diags`.
///
/// # Errors
/// [`ReplayError`]; no file has its final name then.
pub fn replay(
    job: &Job,
    file: &GraphFile,
    workers: &Workers,
    progress: &Progress,
    diags: &mut Diags,
) -> Result<Outcome, ReplayError> {
    let (readers, device) = job.open(file)?;
    let (heap, held) = (heap_in_render(workers), held(workers));
    let compiled = compile(file, workers, &device, &job.listeners(), diags).ok_or(ReplayError::Graph)?;
    let start = Instant::now();
    let stage = Engine::start(compiled, job.metered);
    let Rehearsed { stage, readers, mut failures, kept: _kept } = rehearse(job, file, stage, readers, progress)?;
    let mut run = Run::new(job, file, stage, readers)?;
    run.play(progress)?;
    let held = self::held(workers).saturating_sub(held);
    let mut outcome = run.finish()?;
    outcome.memory += held;
    // One that failed while nobody listened has learned nothing that is right, whatever it does now.
    failures.retain(|failure| !outcome.reports.contains(failure));
    outcome.reports.splice(0..0, failures);
    outcome.elapsed = start.elapsed();
    outcome.warnings.extend(allocated(workers, &heap));
    Ok(outcome)
}

/// Allocations inside `process` so far, by library.
fn heap_in_render(workers: &Workers) -> Vec<u64> {
    workers.libraries().iter().map(|library| library.heap().map_or(0, |heap| heap.in_render)).collect()
}

/// Bytes that the heaps of all libraries hold.
fn held(workers: &Workers) -> u64 {
    workers.libraries().iter().filter_map(|library| library.heap()).map(|heap| heap.bytes).sum()
}

fn allocated(workers: &Workers, before: &[u64]) -> Vec<String> {
    let now = heap_in_render(workers);
    let grown = workers.libraries().iter().zip(now.iter().zip(before)).filter(|(_, (now, before))| now > before);
    grown
        .map(|(library, (now, before))| {
            let path = library.path.display();
            format!("{path} allocated {} times while rendering; live, that can break up the sound", now - before)
        })
        .collect()
}

/// A graph that plays, seen from both sides.
pub(crate) type Stage = (Engine, Renderer);

pub(crate) struct Run {
    pub engine: Engine,
    pub renderer: Renderer,
    pub inputs: Vec<Input>,
    outputs: Vec<Output>,
    events: Option<LineWriter>,
    count: u64,
    /// The events themselves, if they are kept.
    heard: Option<Vec<Heard>>,
    reference: Option<Reference>,
    pub reports: Vec<Report>,
    tail_ms: Option<f64>,
    warnings: Vec<String>,
    /// It is known how long everything is.
    ended: bool,
}

impl Run {
    pub fn new(
        job: &Job,
        file: &GraphFile,
        (mut engine, mut renderer): Stage,
        readers: Vec<AudioReader>,
    ) -> Result<Self, ReplayError> {
        for (node, param, value) in &job.set {
            engine.set(node, param, value)?;
        }
        engine.automate(&mut renderer, &job.automation)?;
        let inputs: Vec<Input> = readers.into_iter().map(Input::new).collect();
        let mut outputs = vec![];
        for index in 0..engine.plan().outputs.len() {
            outputs.push(Output::new(job, file, engine.plan(), index)?);
        }
        let far = vec![1 << 32; inputs.len()];
        for ((output, extent), planned) in
            outputs.iter_mut().zip(extents(&engine, &mut renderer, &far)).zip(&engine.plan().outputs)
        {
            if extent.is_some_and(|extent| extent.counted) {
                output.begin_with_frame_0(planned.lag);
            }
        }
        let gives_events = engine.plan().outputs.iter().any(|output| matches!(output.kind, OutputKind::Events(..)));
        let events = gives_events.then(|| job.keep.events.clone().unwrap_or("-".into()));
        let events = events.filter(|path| !path.as_os_str().is_empty() && !job.keep.in_memory);
        let events = events.map(LineWriter::create).transpose()?;
        let reference = job.reference.as_ref().map(|path| Reference::open(path, &inputs, &outputs)).transpose()?;
        let tail_ms = job.tail.map(|seconds| seconds * 1000.0).or(file.graph.tail_ms);
        let (reports, warnings, count, ended) = (vec![], vec![], 0, false);
        let heard = job.keep.in_memory.then(Vec::new);
        Ok(Self {
            engine,
            renderer,
            inputs,
            outputs,
            events,
            count,
            heard,
            reference,
            reports,
            tail_ms,
            warnings,
            ended,
        })
    }

    pub fn play(&mut self, progress: &Progress) -> Result<(), ReplayError> {
        let block = f64::from(self.engine.plan().block) / f64::from(self.engine.plan().rate);
        let mut unsaid = 0.0;
        while !self.is_over() {
            if progress.stop.load(Relaxed) {
                return Err(ReplayError::Interrupted);
            }
            self.block()?;
            unsaid += block;
            if unsaid > 0.25 {
                (progress.played)(std::mem::take(&mut unsaid));
            }
        }
        Ok(())
    }

    /// Goes on until all that is on its way has come out, heard or not.
    pub fn play_out(&mut self) -> Result<(), ReplayError> {
        let plan = self.engine.plan();
        let lag = plan.steps.iter().flat_map(|step| plan.lags(step)).fold(Time::ZERO, Time::max).in_samples(plan.rate);
        for _ in 0..lag.div_ceil(u64::from(plan.block)) + plan.period + 1 {
            self.block()?;
        }
        Ok(())
    }

    fn block(&mut self) -> Result<(), ReplayError> {
        self.read()?;
        let (inputs, outputs, reference) = (&self.inputs, &mut self.outputs, &mut self.reference);
        let mut wrong = Ok(());
        self.renderer.render(
            |index, room| inputs[index].fill(room),
            |index, frames| {
                if wrong.is_ok() {
                    wrong = outputs[index].hear(frames, reference.as_mut());
                }
            },
        );
        wrong?;
        self.listen()
    }

    /// Reads what the next block takes of each input.
    pub fn read(&mut self) -> Result<(), ReplayError> {
        let ended = |inputs: &[Input]| inputs.iter().filter(|input| input.ended).count();
        let before = ended(&self.inputs);
        for (index, input) in self.inputs.iter_mut().enumerate() {
            input.read(self.renderer.due(index))?;
        }
        if ended(&self.inputs) > before {
            let end = |input: &Input| if input.ended { input.frames - input.lost } else { NO_END };
            self.renderer.end(&self.inputs.iter().map(end).collect::<Vec<_>>());
        }
        if let (Some(reference), Some(input)) = (&mut self.reference, self.inputs.first()) {
            let at = input.frames as i64 - input.present as i64;
            for (clean, plane) in reference.planes.iter().zip(&input.planes) {
                Reference::add(&mut reference.before, clean, at, &plane[..input.present]);
            }
        }
        if self.inputs.iter().all(|input| input.ended) {
            self.set_lengths();
        }
        Ok(())
    }

    /// An output is heard.
    pub fn hear(&mut self, output: usize, frames: Frames) -> Result<(), ReplayError> {
        self.outputs[output].hear(frames, self.reference.as_mut())
    }

    /// Whether all that is to be kept has been heard.
    pub fn is_over(&self) -> bool {
        self.outputs.iter().all(Output::done) && self.inputs.iter().all(|input| input.ended)
    }

    /// Once all inputs have ended it is known how long everything is.
    fn set_lengths(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let frames: Vec<u64> = self.inputs.iter().map(|input| input.frames).collect();
        let counted = extents(&self.engine, &mut self.renderer, &frames);
        for (output, extent) in self.outputs.iter_mut().zip(counted) {
            output.length = output.length.or(extent.filter(|extent| extent.counted).map(|extent| extent.frames));
        }
        let spans = self.inputs.iter().map(|input| Time::of_samples(input.frames, input.rate));
        let longest = spans.max().unwrap_or(Time::ZERO);
        let outputs = self.outputs.iter_mut().zip(&self.engine.plan().outputs);
        // Those of events have theirs: nothing is kept of them, so a run that waited for it would never end.
        for (output, plan) in outputs.filter(|(output, _)| output.length.is_none()) {
            let tail = match (self.tail_ms, plan.tail) {
                (Some(ms), _) => (ms / 1000.0 * output.format.rate()).ceil() as u64,
                (None, Some(tail)) => tail.in_frames_up(&output.format),
                (None, None) => {
                    let why = "may sound on for ever, and is cut where the input ends; say for how long with tail_ms in [graph] or --tail";
                    self.warnings.push(format!("`{}` {why}", output.name));
                    0
                }
            };
            output.length = Some(longest.in_frames_up(&output.format) + tail);
        }
    }

    /// Takes what the graph tells: events, and what went wrong.
    pub fn listen(&mut self) -> Result<(), ReplayError> {
        let rate = f64::from(self.engine.plan().rate);
        for report in self.engine.reports() {
            let Report::Event { output, label, event } = &report else {
                self.reports.push(report);
                continue;
            };
            self.count += 1;
            if let Some(heard) = &mut self.heard {
                let (time, value) = (event.time as f64 / rate, f64::from(event.value));
                let label = label.clone().unwrap_or_else(|| event.label.to_string());
                heard.push(Heard { output: output.clone(), time, label, value });
            }
            let Some(events) = &mut self.events else { continue };
            let line = serde_json::json!({
                "output": output, "time": event.time as f64 / rate, "sample": event.time,
                "label": label, "index": event.label, "value": event.value,
            });
            events.write(&line.to_string())?;
        }
        Ok(())
    }

    /// Gives all files their names, and answers what came of it.
    pub fn finish(self) -> Result<Outcome, ReplayError> {
        let mut warnings = self.warnings;
        if self.renderer.lost() > 0 {
            warnings.push(format!("{} events or messages found no room and are lost", self.renderer.lost()));
        }
        let damaged: Vec<String> = self.inputs.iter().flat_map(|input| input.reader.warnings()).collect();
        warnings.extend(damaged.iter().cloned());
        let load = loads(&self.renderer, self.engine.plan());
        let seconds = self.inputs.iter().map(|input| input.frames as f64 / f64::from(input.rate)).fold(0.0, f64::max);
        let (mut outputs, mut kept) = (vec![], vec![]);
        for (mut output, plan) in self.outputs.into_iter().zip(&self.engine.plan().outputs) {
            let priming =
                self.engine.plan().output_edge(plan).map_or(0, |edge| self.engine.plan().edges[edge].tokens.priming);
            kept.extend(output.take_kept());
            let done = output.finish(plan.lag.seconds(), priming)?;
            outputs.extend(Some(done).filter(|_| matches!(plan.kind, OutputKind::Audio(_))));
        }
        self.events.map(LineWriter::finish).transpose()?;
        let si_sdr = self.reference.map(|reference| (reference.before.db(), reference.after.db()));
        let (reports, events, elapsed) = (self.reports, self.count, Duration::ZERO);
        let (heard, plan) = (self.heard.unwrap_or_default(), self.engine.plan().clone());
        let memory = plan.streams.iter().map(Stream::bytes).sum();
        Ok(Outcome {
            outputs,
            seconds,
            elapsed,
            reports,
            events,
            heard,
            plan,
            memory,
            si_sdr,
            load,
            kept,
            warnings,
            damaged,
        })
    }
}

/// The extents of what the outputs hear when the inputs have so many frames.
fn extents(engine: &Engine, renderer: &mut Renderer, inputs: &[u64]) -> Vec<Option<Extent>> {
    let (plan, of_streams) = (engine.plan(), renderer.extents(inputs));
    let heard = |output| plan.output_edge(output).and_then(|edge| of_streams[plan.edges[edge].stream]);
    plan.outputs.iter().map(heard).collect()
}

fn loads(renderer: &Renderer, plan: &Plan) -> Vec<NodeLoad> {
    let Some(whole) = renderer.load() else { return vec![] };
    let deadline = f64::from(plan.block) / f64::from(plan.rate) * 1e9;
    let load = |node: String, load: &crate::render::Load| NodeLoad {
        node,
        allocations: load.allocations(),
        mean: load.mean(),
        p99: load.p99(),
        max: load.max(),
        deadline,
    };
    let steps = plan.steps.iter().enumerate().map(|(at, step)| load(step.name.clone(), renderer.load_of(at)));
    std::iter::once(load(String::new(), whole)).chain(steps).collect()
}
