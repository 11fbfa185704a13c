//! What each node costs on a device, and how sure that is.
use super::band::{Band, Case};
use super::counts::{Count, Counts, CountsError};
use super::overhead::{Effort, Overhead};
use super::profile::{Cost, Profile, Runtime};
use super::signature::{SignatureError, signature};
use crate::graph::{Paper, Plan, Step, Work};
use crate::model::{Card, CardError};
use crate::plugin::{Descriptor, Value, Workers};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How sure a cost is, from the surest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A board has measured it.
    Measured,
    /// Instructions were counted on the instruction set; cycles an instruction come from the profile.
    Counted,
    /// Multiply-accumulates of a model; cycles for each come from the profile.
    Macs,
    /// Nothing is known.
    Unknown,
}

impl Tier {
    /// As it is printed beside a number.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Counted => "counted × CPI",
            Self::Macs => "MACs × k",
            Self::Unknown => "unknown",
        }
    }
}

/// What a node costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// How sure that is.
    pub tier: Tier,
    /// Where it comes from, or what would have to be known.
    pub source: String,
    /// What it is made of, for reports.
    pub of: Option<Counted>,
    /// What it does on this device is known not to go.
    pub refused: Option<String>,
    /// Bytes of its code, if they were counted.
    pub code: Option<u64>,
    /// Its model.
    pub model: Option<Model>,
    cycles: Cycles,
}

/// What was counted of a firing.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Instructions of the mean firing.
    Instructions(f64),
    /// Multiply-accumulates.
    Macs(u64),
}

/// A model that a node runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Bytes of its file, and of those that hold weights beside it.
    pub bytes: u64,
    /// Bytes of all its tensors at once, if they are known.
    pub tensors: Option<u64>,
    /// Bytes of its arena, where that is fixed.
    pub arena: Option<u64>,
    /// Bytes of the code that runs it.
    pub code: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
enum Cycles {
    /// A firing.
    Firing(Band),
    /// A firing of so many frames.
    Frames(BTreeMap<u64, Band>),
    Unknown,
}

/// What the nodes of a plan cost on a device.
#[derive(Clone, Debug)]
pub struct Prices {
    /// By step.
    pub steps: Vec<Price>,
    /// Of the engine itself; `None` where it was not counted.
    pub engine: Option<Engine>,
}

/// What the engine itself costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Engine {
    /// Where it comes from.
    pub source: String,
    cycles: Overhead,
}

impl Engine {
    /// Cycles of an effort.
    pub fn cycles(&self, effort: Effort, case: Case) -> u64 {
        self.cycles.takes(effort).at(case).ceil() as u64
    }
}

/// Why costs cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum CostError {
    /// Counts cannot be read.
    #[error(transparent)]
    Counts(#[from] CountsError),
    /// A file that a node names cannot be read.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A model cannot be read.
    #[error("`{node}`: {why}")]
    Model {
        /// The node.
        node: String,
        /// Why.
        why: CardError,
    },
}

/// Workers that run models, and for which multiply-accumulates say something.
const RUNNERS: [&str; 3] = ["onnx", "tflite", "tflm"];
/// Walks that are looked at for the frames that firings take.
const MOST_BLOCKS: u64 = 4096;

impl Prices {
    /// What each step costs. `waits`: cycles that each access to the memory of a step waits, by step; `more`: files of counts.
    ///
    /// # Errors
    /// Counts or models that cannot be read.
    pub fn new(
        plan: &Plan,
        workers: &Workers,
        profile: &Profile,
        waits: &[f64],
        more: &[PathBuf],
    ) -> Result<Self, CostError> {
        let counts = counts(profile, more)?;
        let frames = frames(plan);
        let price = |(at, step): (usize, &Step)| {
            let ask = Ask { plan, step, profile, counts: counts.as_ref(), frames: &frames[at], waits: waits[at] };
            match workers.get(&step.worker) {
                Some(found) => ask.price(&found.worker),
                None => Ok(Price::unknown("its worker is gone")),
            }
        };
        let engine = counts.as_ref().and_then(Counts::overhead).zip(profile.cpi.as_ref());
        let engine = engine.map(|(overhead, cpi)| Engine {
            source: format!(
                "{} instructions a block, {} a node in it, {} a firing and {} a float that is written, fitted to graphs that \
                 were counted, {} cycles each",
                plain(&overhead.block),
                plain(&overhead.step),
                plain(&overhead.firing),
                plain(&overhead.float),
                plain(&cpi.cycles),
            ),
            cycles: overhead * cpi.cycles,
        });
        Ok(Self { steps: plan.steps.iter().enumerate().map(price).collect::<Result<_, _>>()?, engine })
    }

    /// Cycles of what a step does in a block.
    pub fn cycles(&self, step: usize, work: Work, case: Case) -> u64 {
        if work.firings == 0 {
            return 0;
        }
        let firing = self.steps[step].firing(work.frames).map_or(0.0, |band| band.at(case));
        (firing * work.firings as f64).ceil() as u64
    }

    /// Steps of which nothing is known.
    pub fn unknown(&self) -> impl Iterator<Item = usize> {
        self.steps.iter().enumerate().filter(|(_, price)| price.tier == Tier::Unknown).map(|(step, _)| step)
    }
}

impl Price {
    fn unknown(why: impl Into<String>) -> Self {
        let (tier, source, cycles) = (Tier::Unknown, why.into(), Cycles::Unknown);
        Self { tier, source, of: None, refused: None, code: None, model: None, cycles }
    }

    /// Cycles of a firing that takes so many frames. `high` is that of the longest firing that was seen.
    pub fn firing(&self, frames: u64) -> Option<Band> {
        match &self.cycles {
            Cycles::Firing(band) => Some(*band),
            Cycles::Frames(bands) => {
                // Firings of other sizes than any that were foreseen cost as the next larger one.
                let next = bands.range(frames..).next().or(bands.last_key_value());
                next.map(|(_, band)| *band)
            }
            Cycles::Unknown => None,
        }
    }
}

/// Counts of the instruction set of a device: those that come with aw, those of the profile, those that are given.
fn counts(profile: &Profile, more: &[PathBuf]) -> Result<Option<Counts>, CountsError> {
    let Some(isa) = &profile.isa else { return Ok(None) };
    let mut counts = Counts::of(isa).or_else(|why| match profile.counts.is_empty() && more.is_empty() {
        true => Err(why),
        false => Ok(Counts::new(isa, "")),
    })?;
    for path in profile.counts.iter().chain(more) {
        counts.extend(Counts::read(path)?)?;
    }
    Ok(Some(counts))
}

/// How many frames firings take, of each step.
fn frames(plan: &Plan) -> Vec<BTreeSet<u64>> {
    let mut frames = vec![BTreeSet::new(); plan.steps.len()];
    let mut paper = Paper::new(plan);
    for _ in 0..(plan.settled + plan.period).min(MOST_BLOCKS) {
        paper.block();
        for (step, frames) in frames.iter_mut().enumerate() {
            let work = paper.work(step);
            if work.firings > 0 {
                frames.insert(work.frames);
            }
        }
    }
    frames
}

/// What is asked.
struct Ask<'a> {
    plan: &'a Plan,
    step: &'a Step,
    profile: &'a Profile,
    counts: Option<&'a Counts>,
    frames: &'a BTreeSet<u64>,
    waits: f64,
}

impl Ask<'_> {
    fn price(&self, worker: &Descriptor) -> Result<Price, CostError> {
        let card = self.card(worker)?;
        let runtime = self.profile.runtimes.iter().find(|runtime| runtime.worker == self.step.worker);
        let mut price = match self.measured() {
            Some(price) => price,
            None => match self.counted(worker)? {
                Some(price) => price,
                None => self.by_macs(card.as_ref(), runtime).unwrap_or_else(Price::unknown),
            },
        };
        if let Some(card) = card {
            price.refused = self.refused(&card, runtime);
            let arena = self.number(worker, "arena_kib").filter(|kib| *kib > 0.0);
            let arena = arena.map(|kib| (kib * 1024.0) as u64 * self.channels());
            let elsewhere = card.parameters.elsewhere.iter().map(|(_, bytes)| bytes);
            let bytes = elsewhere.fold(card.bytes as u64, |sum, bytes| sum.saturating_add(*bytes));
            let tensors = card.tensors.map(|bytes| bytes.saturating_mul(self.channels()));
            let code = runtime.and_then(|runtime| runtime.code);
            price.model = Some(Model { bytes, tensors, arena, code });
        }
        Ok(price)
    }

    fn measured(&self) -> Option<Price> {
        let measured = self.profile.measured.iter().find(|measured| measured.node == self.step.name)?;
        let band = Band { low: measured.mean, typical: measured.mean, high: measured.max };
        let source = format!("measured on {}", self.profile.title);
        let (tier, cycles) = (Tier::Measured, Cycles::Firing(band));
        Some(Price { tier, cycles, ..Price::unknown(source) })
    }

    fn counted(&self, worker: &Descriptor) -> Result<Option<Price>, CostError> {
        let (Some(counts), Some(cpi)) = (self.counts, &self.profile.cpi) else { return Ok(None) };
        let signature = signature(self.step, self.plan, worker)?;
        let band = |count: &Count| {
            // All wait for memory in proportion.
            let waits = count.memory * self.waits / count.instructions_mean.max(1.0);
            Band {
                low: count.min * (cpi.cycles.low + waits),
                typical: count.instructions_mean * (cpi.cycles.typical + waits),
                high: count.max * (cpi.cycles.high + waits),
            }
        };
        let found: BTreeMap<u64, Count> =
            self.frames.iter().filter_map(|frames| Some((*frames, counts.find(&signature, *frames)?))).collect();
        let Some((_, first)) = found.last_key_value() else { return Ok(None) };
        let cycles = Cycles::Frames(found.iter().map(|(frames, count)| (*frames, band(count))).collect());
        let between = if first.interpolated { " (between or beyond numbers of frames that were)" } else { "" };
        let source = format!(
            "instructions counted on {}{between}, {} cycles each: {}",
            counts.isa,
            plain(&cpi.cycles),
            cpi.source
        );
        let (tier, of) = (Tier::Counted, Some(Counted::Instructions(first.instructions_mean)));
        Ok(Some(Price { tier, of, code: first.code, cycles, ..Price::unknown(source) }))
    }

    fn by_macs(&self, card: Option<&Card>, runtime: Option<&Runtime>) -> Result<Price, String> {
        let Some(card) = card else {
            return Err(match (&self.profile.isa, &self.profile.cpi) {
                (Some(isa), Some(_)) => format!("no count of it for {isa}: `aw sim count GRAPH --isa {isa}` makes one"),
                _ => "the profile has no counts that apply, and nothing was measured".into(),
            });
        };
        let mac: &Cost = runtime.and_then(|runtime| runtime.mac.as_ref()).or(self.profile.mac.as_ref()).ok_or(
            "the profile does not say what a multiply-accumulate costs: [cost] mac, or measure it on the board",
        )?;
        if let Some(lost) = card.macs.uncounted.first() {
            return Err(format!(
                "the multiply-accumulates of its model cannot be counted: {} {}, {}",
                lost.count, lost.op, lost.why
            ));
        }
        let macs = card.macs.total * self.channels();
        let source = format!("multiply-accumulates, {} cycles each: {}", plain(&mac.cycles), mac.source);
        let (tier, of) = (Tier::Macs, Some(Counted::Macs(macs)));
        let cycles = Cycles::Firing(mac.cycles.map(|each| each * macs as f64));
        Ok(Price { tier, of, cycles, ..Price::unknown(source) })
    }

    /// Why the device does not run the model, if it is known that it does not.
    fn refused(&self, card: &Card, runtime: Option<&Runtime>) -> Option<String> {
        let (step, profile) = (self.step, self.profile);
        let Some(runtime) = runtime else {
            let known: Vec<&str> = profile.runtimes.iter().map(|runtime| runtime.worker.as_str()).collect();
            return (!known.is_empty())
                .then(|| format!("models run there on {}, not on `{}`", known.join(", "), step.worker));
        };
        let unknown = |op: &&str| !runtime.ops.is_empty() && !runtime.ops.iter().any(|known| known == op);
        let mut lacking: Vec<&str> = card.operators.iter().map(|op| op.name.as_str()).filter(unknown).collect();
        lacking.dedup();
        let kernels = if runtime.kernels.is_empty() { &runtime.worker } else { &runtime.kernels };
        (!lacking.is_empty()).then(|| format!("{kernels} has no {} there", lacking.join(", ")))
    }

    fn card(&self, worker: &Descriptor) -> Result<Option<Card>, CostError> {
        let Some(path) = self.model_path(worker) else { return Ok(None) };
        let failed = |why| CostError::Model { node: self.step.name.clone(), why };
        Card::of(path, &self.shapes(worker)).map(Some).map_err(failed)
    }

    fn model_path(&self, worker: &Descriptor) -> Option<&Path> {
        if !RUNNERS.contains(&self.step.worker.as_str()) {
            return None;
        }
        match self.value(worker, "model")? {
            Value::Text(path) => Some(Path::new(path)),
            _ => None,
        }
    }

    /// `shape = { input = [1, 576] }`.
    fn shapes(&self, worker: &Descriptor) -> Vec<(String, Vec<u64>)> {
        let Some(Value::Table(pairs)) = self.value(worker, "shape") else { return vec![] };
        let extents = |text: &str| -> Option<Vec<u64>> {
            text.trim_matches(['[', ']']).split(',').map(|n| n.trim().parse().ok()).collect()
        };
        pairs.iter().filter_map(|(name, text)| Some((name.clone(), extents(text)?))).collect()
    }

    fn value(&self, worker: &Descriptor, name: &str) -> Option<&Value> {
        let at = worker.params.iter().position(|param| param.name == name)?;
        self.step.values.get(at)
    }

    fn number(&self, worker: &Descriptor, name: &str) -> Option<f64> {
        if let Some(Value::Num(number)) = self.value(worker, name) { Some(*number) } else { None }
    }

    /// Channels, each of which a model runs for itself.
    fn channels(&self) -> u64 {
        let edge = self.step.inputs.first().map(|&edge| self.plan.edges[edge].stream);
        edge.map_or(1, |stream| u64::from(self.plan.streams[stream].format.channels.max(1)))
    }
}

/// "1.93 (1.71 … 2.17)", with the digits that mean something.
fn plain(band: &Band) -> String {
    let digits = if band.high >= 100.0 { 0 } else { 3 };
    format!("{:.digits$} ({:.digits$} … {:.digits$})", band.typical, band.low, band.high)
}
