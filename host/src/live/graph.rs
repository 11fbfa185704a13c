//! A graph on a player, seen from the control side: read, compiled, started, changed, and what is to be told of it.
use super::levels::{Loudness, loudness};
use super::player::{Deck, Piece};
use super::scene::{Happening, Latency, Load as Shown, Param, Where};
use crate::control::{ChangeError, Engine, Report, Sent};
use crate::graph::{Compiled, GraphFile, OutputKind, Plan, param_from_text};
use crate::plugin::{ParamType, Taken, Value, Workers};
use crate::render::{Facts, Load};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

mod made; // read and compiled

pub use made::{Compiling, Made, Mistakes};

/// A graph that plays.
pub struct Graph {
    /// The file it came from.
    pub path: PathBuf,
    /// As read.
    pub file: GraphFile,
    /// Its number in recordings.
    pub deck: u32,
    engine: Engine,
    /// Why nodes are left out.
    failed: BTreeMap<String, String>,
    /// Answers of nodes that were not there when due.
    missed: BTreeMap<String, u64>,
    /// Live parameters that were set since the file was read, and their values.
    set: BTreeMap<Where, f64>,
    /// What the accounts said when they were last cleared.
    cleared: Vec<(Arc<Load>, Load)>,
    /// Nodes that are not called: they hung when they were.
    without: Vec<String>,
    whole: Option<Arc<Load>>,
    loudness: Option<Loudness>,
}

/// What a graph costs.
pub struct Accounts {
    /// The graph.
    pub plan: Plan,
    /// What each of its steps cost, and how many of its answers were not there when due.
    pub steps: Vec<(Load, u64)>,
    /// Whole blocks of the render thread.
    pub whole: Load,
}

/// What a graph has to tell.
pub enum Told {
    /// An event.
    Event(Happening),
    /// A sentence; the second says whether something is not as it should be.
    Note(String, bool),
}

impl Graph {
    /// Starts a graph for a player of these pieces, whose sound is `later` frames later than it has to be. Also what its
    /// renderer tells whoever records it, and what was refused, with the remedy. `weighed`: it is to be known how loud it
    /// is.
    ///
    /// # Errors
    /// The system has no thread for a lane.
    pub fn start(
        made: Made,
        piece: Piece,
        later: usize,
        realtime: bool,
        weighed: bool,
    ) -> std::io::Result<(Self, Box<Deck>, Facts, Vec<String>)> {
        let Made { path, file, compiled, without, carried, .. } = made;
        let plan = compiled.plan.clone();
        let (mut engine, mut renderer, mut notes) = Engine::start_on_threads(compiled, true, realtime)?;
        let mut failed = BTreeMap::new();
        for node in &without {
            if let Some(Report::Failed { node, why, instead }) = engine.leave_out(&mut renderer, node) {
                notes.push(format!("`{node}` {why}; {instead}"));
                failed.insert(node, why);
            }
        }
        engine.record();
        let facts = renderer.recorded();
        let whole = renderer.load().cloned();
        let channels = plan.outputs.iter().find_map(|output| match output.kind {
            OutputKind::Audio(_) => plan.output_format(output),
            _ => None,
        });
        let weighs =
            channels.filter(|_| weighed).map(|format| loudness(format.channels as usize, format.rate() as u32));
        let (weigher, loudness) = weighs.unzip();
        let deck = Box::new(Deck::new(renderer, &plan, piece, later, weigher));
        let (missed, set) = (BTreeMap::new(), BTreeMap::new());
        let (number, cleared) = (0, vec![]);
        let mut graph =
            Self { path, file, deck: number, engine, failed, missed, set, cleared, without, whole, loudness };
        graph.as_written(&carried);
        Ok((graph, deck, facts, notes))
    }

    /// What plays, or will once a change is through.
    pub fn plan(&self) -> &Plan {
        self.engine.plan()
    }

    /// The node that is being called, if one is. One that is told for long hangs.
    pub fn at_work(&self) -> Option<&str> {
        self.engine.at_work()
    }

    /// Nodes that are left out.
    pub fn left_out(&self) -> impl Iterator<Item = &String> {
        self.failed.keys()
    }

    /// Live parameters that were set since the file was read: the node, the parameter, the value.
    pub fn settings(&self) -> Vec<(Where, f64)> {
        self.set.iter().map(|(at, value)| (at.clone(), *value)).collect()
    }

    /// How loud it is, pauses aside, in LUFS; nothing if that is not to be known, or not yet.
    pub fn loudness(&mut self) -> Option<f64> {
        let loudness = self.loudness.as_mut()?;
        loudness.update();
        loudness.gated()
    }

    /// Forgets how loud it was.
    pub fn weigh_anew(&mut self) {
        if let Some(loudness) = &mut self.loudness {
            loudness.clear();
        }
    }

    /// Whether a change is not through.
    pub fn is_changing(&self) -> bool {
        self.engine.is_changing()
    }

    /// Goes over to what was read anew; these nodes do not survive.
    ///
    /// # Errors
    /// [`ChangeError`], with what was read if it can be started anew; the graph plays on as it is.
    pub fn change(&mut self, made: Made, anew: &BTreeSet<String>) -> Result<(), (ChangeError, Option<Box<Made>>)> {
        let Made { path, file, compiled, rate, warnings, without, carried } = made;
        if let Err((why, compiled)) = self.engine.change_anew(compiled, anew) {
            let whole =
                |compiled: Box<Compiled>| Made { path, file, compiled: *compiled, rate, warnings, without, carried };
            return Err((why, compiled.map(|compiled| Box::new(whole(compiled)))));
        }
        (self.path, self.file) = (path, file);
        // What the file says counts again.
        let set: Vec<String> = std::mem::take(&mut self.set).into_keys().map(|at| at.node).collect();
        self.as_written(&set);
        self.failed.clear();
        self.without.clear();
        self.weigh_anew();
        Ok(())
    }

    /// Makes live parameters of these nodes what the file says.
    fn as_written(&mut self, nodes: &[String]) {
        let mut written = vec![];
        for step in self.plan().steps.iter().filter(|step| nodes.contains(&step.name)) {
            for (at, value) in step.values.iter().enumerate() {
                let param = self.engine.param_at(&step.name, at).filter(|param| param.live);
                if let (Some(param), Value::Num(value)) = (param, value) {
                    written.push((step.name.clone(), param.name.clone(), *value));
                }
            }
        }
        for (node, param, value) in written {
            let text = self.text(&node, &param, value).unwrap_or_default();
            let _as_it_is = self.engine.set(&node, &param, &text);
        }
    }

    /// The same graph, to begin anew without the node that is being called, if one is.
    ///
    /// # Errors
    /// What is wrong with it by now.
    pub fn again(&self, workers: &Workers, rate: u32) -> Result<Made, Mistakes> {
        let (file, diags) = GraphFile::parse(&self.path, self.file.text.clone());
        let mut made = Made::compile(Compiling { path: &self.path, workers, rate: Some(rate) }, file, diags)?;
        made.without.extend(self.without.iter().cloned().chain(self.at_work().map(String::from)));
        Ok(made)
    }

    /// After the last block: nodes go over to a graph that has yet to start, with what they have learned.
    pub fn carry(&self, deck: &mut Deck, made: &mut Made, anew: &BTreeSet<String>) {
        made.carried = self.engine.carry(deck.renderer_mut(), &mut made.compiled, anew);
    }

    /// Changes a live parameter.
    ///
    /// # Errors
    /// What is wrong, and what may have been meant.
    pub fn set(&mut self, node: &str, param: &str, value: &str) -> Result<(), String> {
        self.engine.set(node, param, value).map_err(|why| why.to_string())?;
        let read = self.engine.param(node, param).map(|(_, param)| param_from_text(param, value));
        if let Some(Ok(Value::Num(now))) = read {
            self.set.insert(Where { node: node.into(), param: param.into() }, now);
        }
        Ok(())
    }

    /// Live parameters that the render thread was told of since it was last asked.
    pub fn sent(&mut self) -> Vec<Sent> {
        self.engine.sent()
    }

    /// The value of a live parameter, as a number.
    pub fn value(&self, node: &str, param: &str) -> Option<f64> {
        let at = Where { node: node.into(), param: param.into() };
        let planned = || {
            let (number, _) = self.engine.param(node, param).filter(|(_, param)| param.live)?;
            match self.plan().steps.iter().find(|step| step.name == node)?.values.get(number)? {
                Value::Num(value) => Some(*value),
                _ => None,
            }
        };
        self.set.get(&at).copied().or_else(planned)
    }

    /// What a text means to a live parameter, as a number on the way to which others lie.
    pub fn read(&self, node: &str, param: &str, value: &str) -> Option<f64> {
        let (_, param) = self.engine.param(node, param).filter(|(_, param)| param.live)?;
        match (param.ty, param_from_text(param, value)) {
            (ParamType::Float | ParamType::Int, Ok(Value::Num(value))) => Some(value),
            _ => None,
        }
    }

    /// How the number of a value is written in a graph file.
    pub fn text(&self, node: &str, param: &str, value: f64) -> Option<String> {
        let (_, param) = self.engine.param(node, param)?;
        let choice = param.choices.get(value.max(0.0).round() as usize);
        Some(match param.ty {
            ParamType::Int => format!("{value:.0}"),
            ParamType::Bool => (value != 0.0).to_string(),
            _ => choice.cloned().unwrap_or_else(|| format!("{value:?}")),
        })
    }

    /// What has happened since it was last asked. Sees changes through.
    pub fn told(&mut self, now: f64) -> Vec<Told> {
        let mut told = vec![];
        for report in self.engine.reports() {
            match report {
                Report::Failed { node, why, instead } => {
                    told.push(Told::Note(format!("`{node}` {why}; {instead}"), true));
                    self.failed.insert(node, why);
                }
                Report::Event { output, label, event } => told.push(Told::Event(Happening {
                    time: now,
                    output,
                    label: label.unwrap_or_else(|| event.label.to_string()),
                    value: f64::from(event.value),
                })),
                Report::Late { node, firings, .. } => *self.missed.entry(node).or_default() += firings,
                Report::Says { node, text } => told.push(Told::Note(format!("`{node}` says: {text}"), false)),
            }
        }
        told
    }

    /// Forgets what nodes took that have not been looked at yet: a thread that calls a library for the first time is given
    /// its variables then, and touches code for the first time.
    pub fn settle(&mut self) {
        let all = self.engine.loads().chain(&self.whole);
        let new = all.filter(|load| !self.cleared.iter().any(|(other, _)| Arc::ptr_eq(other, load)));
        let new: Vec<_> = new.map(|load| (load.clone(), Load::clone(load))).collect();
        self.cleared.retain(|(load, _)| Arc::strong_count(load) > 1);
        self.cleared.extend(new);
    }

    /// Forgets what was counted.
    pub fn clear(&mut self) {
        self.missed.clear();
        let all = self.engine.loads().chain(&self.whole);
        self.cleared = all.map(|load| (load.clone(), Load::clone(load))).collect();
    }

    /// What each step of the plan cost, and how many of its answers were not there when due; and whole blocks.
    pub fn accounts(&self) -> Accounts {
        let missed = |step: &crate::graph::Step| self.missed.get(&step.name).copied().unwrap_or(0);
        let steps = self.plan().steps.iter().zip(self.engine.loads());
        let steps = steps.map(|(step, load)| (self.account(load), missed(step))).collect();
        let whole = self.whole.as_ref().map(|load| self.account(load)).unwrap_or_default();
        Accounts { plan: self.plan().clone(), steps, whole }
    }

    fn account(&self, load: &Arc<Load>) -> Load {
        let before = self.cleared.iter().find(|(other, _)| Arc::ptr_eq(other, load));
        before.map_or_else(|| Load::clone(load), |(_, before)| load.since(before))
    }

    fn shown(&self, load: &Arc<Load>, deadline_us: f64) -> Shown {
        let settled = self.cleared.iter().any(|(other, _)| Arc::ptr_eq(other, load));
        let load = self.account(load);
        let us = |ns: u64| ns as f64 / 1000.0;
        let taken = if settled { load.taken() } else { Taken::default() };
        Shown {
            mean_us: load.mean() / 1000.0,
            p99_us: us(load.p99()),
            max_us: us(load.max()),
            deadline_us,
            allocations: taken.allocations,
            faults: taken.faults,
            sleeps: taken.sleeps,
            ..Shown::default()
        }
    }

    /// What nodes cost, in the order in which they play.
    pub fn loads(&self) -> Vec<Shown> {
        let plan = self.plan();
        let deadline = f64::from(plan.block) / f64::from(plan.rate.max(1)) * 1e6;
        let named = plan.steps.iter().filter(|step| step.fade.is_none()).zip(self.engine.loads());
        let show = |(step, load): (&crate::graph::Step, &Arc<Load>)| Shown {
            node: step.name.clone(),
            worker: step.worker.clone(),
            lane: step.lane.as_ref().map(|lane| lane.name.clone()),
            missed: self.missed.get(&step.name).copied().unwrap_or(0),
            failed: self.failed.get(&step.name).cloned(),
            notes: step.notes.clone(),
            hears: step.inputs.iter().map(|&edge| source(plan, edge)).collect(),
            ..self.shown(load, deadline)
        };
        named.map(show).collect()
    }

    /// What whole blocks cost the render thread.
    pub fn whole(&self) -> Shown {
        let plan = self.plan();
        let deadline = f64::from(plan.block) / f64::from(plan.rate.max(1)) * 1e6;
        self.whole.as_ref().map(|load| self.shown(load, deadline)).unwrap_or_default()
    }

    /// What the sound waits for within the graph.
    pub fn latency(&self) -> Vec<Latency> {
        let plan = self.plan();
        let audio = |output: &&crate::graph::Output| matches!(output.kind, OutputKind::Audio(_));
        let Some(output) = plan.outputs.iter().find(audio) else { return vec![] };
        let mut parts = vec![];
        for (node, cause, time) in &output.parts {
            parts.push(Latency { what: format!("`{node}` {}", cause.words()), ms: time.ms() });
        }
        let priming = plan.latency(output).minus(output.lag).map_or(0.0, |time| time.ms());
        if priming > 0.0 {
            parts.push(Latency { what: "blocks and hops that do not fall together".into(), ms: priming });
        }
        parts
    }

    /// Live parameters and their values.
    pub fn params(&self) -> Vec<Param> {
        let mut params = vec![];
        for step in &self.plan().steps {
            for (at, value) in step.values.iter().enumerate() {
                let Some(param) = self.engine.param_at(&step.name, at).filter(|param| param.live) else { continue };
                let Value::Num(planned) = *value else { continue };
                let at = Where { node: step.name.clone(), param: param.name.clone() };
                let value = self.set.get(&at).copied().unwrap_or(planned);
                let range = [param.min, param.max];
                let range = range.iter().all(|end| end.is_finite()).then_some(range);
                let choices = match param.ty {
                    ParamType::Bool => vec!["false".into(), "true".into()],
                    _ => param.choices.clone(),
                };
                let whole = param.ty == ParamType::Int;
                params.push(Param { at, value, start: planned, whole, range, unit: param.unit.clone(), choices });
            }
        }
        params
    }

    /// Ends the threads of its lanes. What hangs is told, and left where it is.
    pub fn stop(&mut self) -> Vec<String> {
        self.engine.stop().into_iter().filter_map(Result::err).collect()
    }
}

/// Who writes what an edge reads.
fn source(plan: &Plan, edge: usize) -> String {
    let name = &plan.streams[plan.edges[edge].stream].name;
    name.split('.').next().unwrap_or(name).to_string()
}
