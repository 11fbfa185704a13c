//! A graph that plays, seen from the control side.
use super::lanes::{LAST_BLOCK, LaneThread};
use super::realtime::Rank;
use super::report::{Node, Report};
use crate::graph::{Compiled, Origin, OutputKind, Plan, nearest, param_from_text, splice, survivors};
use crate::plugin::{Param, ParamType, Value};
use crate::render::{Apart, FromRender, Lane, Load, Program, Remote, Renderer, ToRender, Trouble};
use ringbuf::traits::Consumer;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Thread;
use std::time::Instant;

/// From step to step of a ramp, in seconds.
const RAMP_STEP: f64 = 0.001;
/// Parameters that may wait for a change.
const MOST_HELD: usize = 256;

/// A graph that plays.
pub struct Engine {
    /// What plays, or will once a change is through.
    plan: Plan,
    /// Nodes that play or have played lately, by the key of their instance.
    nodes: BTreeMap<u64, Node>,
    /// Keys of the nodes of `plan`, by name.
    keys: BTreeMap<String, u64>,
    remote: Remote,
    /// What plays when the fades of a change are over.
    then: Option<Staged>,
    /// Lanes of what plays now, while a change is on its way.
    leaving: Vec<LaneThread>,
    changing: bool,
    /// Parameters that a change brings along, and those of nodes that come with it: by key and parameter. Until it is
    /// there, they are set in `held`, or they would be passed over or undone.
    coming: Vec<(u64, Option<u32>)>,
    held: Vec<ToRender>,
    /// Lanes that run on threads of their own.
    lanes: Vec<LaneThread>,
    /// Lanes of a simulated device, which run on the thread of the caller.
    seated: Vec<Apart>,
    /// Crashes of lanes that have ended.
    crashes: Vec<Report>,
    /// Lanes get threads of their own.
    threads: Option<Threads>,
    /// Changes asked for.
    changes: u32,
    /// With which change each node came: the name is then that of no other.
    born: BTreeMap<u64, Birth>,
    /// What was sent, for whoever records it.
    sent: Option<Vec<Sent>>,
}

/// A node by the change that brought it and the name that it had then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    /// Changes before it came, itself included.
    pub since: u32,
    /// Its name.
    pub node: String,
}

/// A live parameter as the render thread was told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// The node.
    #[serde(flatten)]
    pub of: Birth,
    /// The parameter, by its place in the descriptor.
    pub param: u32,
    /// Its value.
    pub value: f64,
}

/// A live parameter that changes at a moment of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The node.
    pub node: String,
    /// Its parameter.
    pub param: String,
    /// Its value, as text.
    pub value: String,
    /// When, in seconds.
    pub at: f64,
    /// How many seconds it takes to get there, in steps of a millisecond.
    pub ramp: f64,
}

/// A parameter on its way.
struct Ramp {
    at: f64,
    takes: f64,
    from: f64,
    to: f64,
}

impl Ramp {
    /// What it is at a moment.
    fn value(&self, moment: f64) -> f64 {
        let part = if self.takes > 0.0 { ((moment - self.at) / self.takes).clamp(0.0, 1.0) } else { 1.0 };
        self.from + (self.to - self.from) * part
    }
}

/// How lanes run on threads.
#[derive(Clone, Copy)]
struct Threads {
    metered: bool,
    realtime: bool,
}

/// A program that waits to be played, with the threads of its lanes.
struct Staged {
    program: Box<Program>,
    lanes: Vec<LaneThread>,
}

/// Starts a thread for every lane, and tells which one runs which. Also answers what was refused, and the remedy.
fn start_lanes(
    apart: Vec<Apart>,
    realtime: bool,
    mut runs_on: impl FnMut(usize, Thread),
) -> std::io::Result<(Vec<LaneThread>, Vec<String>)> {
    let of = apart.len();
    let (mut lanes, mut notes) = (vec![], vec![]);
    for (number, lane) in apart.into_iter().enumerate() {
        let (lane, note) = LaneThread::start(lane, realtime.then_some(Rank::Lane { number, of }))?;
        if let Some(thread) = lane.thread() {
            runs_on(number, thread);
        }
        notes.extend(note);
        lanes.push(lane);
    }
    notes.dedup();
    Ok((lanes, notes))
}

/// Why a parameter cannot be changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SetError {
    /// There is no such node.
    #[error("no node is called `{name}`{}", suggest(.near))]
    Node {
        /// What was asked for.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// It has no such parameter.
    #[error("`{node}` has no parameter `{name}`{}", suggest(.near))]
    Param {
        /// The node.
        node: String,
        /// What was asked for.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// It cannot change while playing.
    #[error("`{0}` cannot change while the graph plays; change it in the graph file")]
    Fixed(String),
    /// The value is not allowed.
    #[error("{0}")]
    Value(String),
    /// The render thread takes no messages: nothing renders, or too many changes came at once.
    #[error("256 changes are waiting already")]
    Full,
}

/// Why a graph cannot be changed while it plays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The last change is not through.
    #[error("the last change is not through")]
    Busy,
    /// The system has no thread to give for a lane.
    #[error("no thread for a lane: {0}")]
    Thread(String),
    /// Inputs, outputs, rate or block are others than before.
    #[error("inputs, outputs, rate or block have changed: the graph must be started anew")]
    Restart,
}

/// Why a graph was not changed, and the new one if it is still whole.
pub type Unchanged = (ChangeError, Option<Box<Compiled>>);

fn suggest(near: &Option<String>) -> String {
    near.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

impl Engine {
    /// Allocates all that playing needs. `metered`: keep account of time.
    pub fn start(compiled: Compiled, metered: bool) -> (Self, Renderer) {
        let plan = compiled.plan.clone();
        let nodes: Vec<Node> = compiled.instances.iter().zip(&plan.steps).map(|(i, step)| Node::new(i, step)).collect();
        let program = Program::new(compiled);
        let load = |(step, node): (usize, Node)| (program.key(step), node.costs(program.load(step)));
        let keyed = nodes.into_iter().enumerate().map(load);
        let nodes: BTreeMap<u64, Node> = keyed.collect();
        let keys = nodes.iter().map(|(key, node)| (node.name.clone(), *key)).collect();
        let born = nodes.iter().map(|(key, node)| (*key, Birth { since: 0, node: node.name.clone() })).collect();
        let (renderer, remote) = Renderer::new(program, metered);
        let (coming, held, lanes, leaving) = (vec![], vec![], vec![], vec![]);
        (
            Self {
                plan,
                nodes,
                keys,
                remote,
                then: None,
                leaving,
                changing: false,
                coming,
                held,
                lanes,
                seated: vec![],
                crashes: vec![],
                threads: None,
                changes: 0,
                born,
                sent: None,
            },
            renderer,
        )
    }

    /// As [`Engine::start`], but every lane gets a thread of its own, and answers that are late are not waited for.
    /// `realtime`: the threads go before all ordinary ones. Also answers what was refused, and the remedy.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start_on_threads(
        compiled: Compiled,
        metered: bool,
        realtime: bool,
    ) -> std::io::Result<(Self, Renderer, Vec<String>)> {
        let (mut engine, mut renderer) = Self::start(compiled, metered);
        engine.threads = Some(Threads { metered, realtime });
        let apart = renderer.part(&engine.remote);
        let (lanes, notes) = start_lanes(apart, realtime, |lane, thread| renderer.runs_on(lane, thread))?;
        engine.lanes = lanes;
        Ok((engine, renderer, notes))
    }

    /// As [`Engine::start`], but lanes are as late as a simulated device has them: nothing here depends on the clock, and all
    /// runs on the thread of the caller, who calls
    /// [`Engine::lanes_work`] after each block.
    pub fn start_simulated(compiled: Compiled, metered: bool) -> (Self, Renderer) {
        let (mut engine, mut renderer) = Self::start(compiled, metered);
        engine.seated = renderer.part(&engine.remote);
        renderer.simulated();
        (engine, renderer)
    }

    /// Lets the lanes of a simulated device do all that they were asked for.
    pub fn lanes_work(&mut self) {
        let never = AtomicBool::new(false);
        self.seated.iter_mut().for_each(|lane| lane.seat.work(&never));
    }

    /// Ends the threads of lanes and answers the lanes, with the accounts of their steps. One that hangs is left where it
    /// is: then it is told which.
    pub fn stop(&mut self) -> Vec<Result<Box<Lane>, String>> {
        self.lanes.iter().for_each(LaneThread::end);
        let last = Instant::now() + LAST_BLOCK;
        let stopped = self.lanes.iter_mut().filter_map(|lane| lane.stop(last).transpose()).collect();
        self.crashes.extend(self.lanes.drain(..).filter_map(|mut lane| lane.crashed()));
        stopped
    }

    /// What plays, or will once a change is through.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The node that the render thread is calling, if it is calling one. One that is told for long hangs.
    pub fn at_work(&self) -> Option<&str> {
        Some(self.nodes.get(&self.remote.at_work()?)?.name.as_str())
    }

    /// Before the first block: leaves a node out that hung when it was called last. Answers what is heard instead, if
    /// there is such a node, and no lane runs it.
    pub fn leave_out(&mut self, renderer: &mut Renderer, node: &str) -> Option<Report> {
        let step = self.plan.steps.iter().position(|step| step.name == node && step.lane.is_none())?;
        renderer.leave_out(step);
        Some(self.nodes.get_mut(self.keys.get(node)?)?.failed(Trouble::Hung))
    }

    /// What each step of the plan costs, in order.
    pub fn loads(&self) -> impl Iterator<Item = &Arc<Load>> {
        let key = |step: &crate::graph::Step| self.keys.get(&step.name);
        self.plan.steps.iter().filter_map(move |step| Some(&self.nodes.get(key(step)?)?.load))
    }

    /// A parameter of a node, and its number.
    pub fn param(&self, node: &str, param: &str) -> Option<(usize, &Param)> {
        let worker = &self.nodes.get(self.keys.get(node)?)?.worker;
        worker.params.iter().enumerate().find(|(_, own)| own.name == param)
    }

    /// A parameter of a node by its number.
    pub fn param_at(&self, node: &str, at: usize) -> Option<&Param> {
        self.nodes.get(self.keys.get(node)?)?.worker.params.get(at)
    }

    /// Whether a change is not through.
    pub fn is_changing(&self) -> bool {
        self.changing
    }

    /// Changes a live parameter, at the next block.
    ///
    /// # Errors
    /// [`SetError`] says what is wrong, and what may have been meant.
    pub fn set(&mut self, node: &str, param: &str, value: &str) -> Result<(), SetError> {
        let (key, param, value) = self.live(node, param, value)?;
        let message = ToRender::Set { key, param, value };
        if !self.coming.iter().any(|&(of, which)| of == key && which.is_none_or(|which| which == param)) {
            return self.send(message).map_err(|_| SetError::Full);
        }
        let same = |held: &ToRender| matches!(held, ToRender::Set { key: k, param: p, .. } if (*k, *p) == (key, param));
        self.held.retain(|held| !same(held));
        if self.held.len() == MOST_HELD {
            return Err(SetError::Full);
        }
        self.held.push(message);
        Ok(())
    }

    /// Before the first block: live parameters change at moments of the input. A moment is kept to the sample by nodes
    /// that take sound as it comes, and to their next frame by others, whatever the block.
    ///
    /// # Errors
    /// [`SetError`] says what is wrong, and what may have been meant.
    pub fn automate(&self, renderer: &mut Renderer, turns: &[Turn]) -> Result<(), SetError> {
        let rate = f64::from(self.plan.rate);
        // Of each parameter: where its last turn began, how long it takes, from which value to which.
        let mut now: BTreeMap<(u64, u32), Ramp> = BTreeMap::new();
        let mut turns: Vec<&Turn> = turns.iter().collect();
        turns.sort_by(|a, b| a.at.total_cmp(&b.at));
        for Turn { node, param, value, at, ramp } in turns {
            let (key, number, value) = self.live(node, param, value)?;
            let last = now.entry((key, number)).or_insert_with(|| {
                let first = self.first_value(node, number).unwrap_or(value);
                // What it became in a run that nobody heard is forgotten.
                renderer.automate(key, number, first, 0);
                Ramp { at: 0.0, takes: 0.0, from: first, to: first }
            });
            // One that is not through ends where the next one begins.
            renderer.cut_automation(key, number, (at * rate).round() as u64);
            let ramp = Ramp { at: *at, takes: *ramp, from: last.value(*at), to: value };
            let steps = (ramp.takes / RAMP_STEP).ceil().max(1.0);
            for step in 1..=steps as u32 {
                let moment = ramp.at + ramp.takes * (f64::from(step) - 1.0) / steps;
                let part = f64::from(step) / steps;
                let value = ramp.from + (ramp.to - ramp.from) * part;
                let value = if self.is_whole(node, number) { value.round() } else { value };
                renderer.automate(key, number, value, (moment * rate).round() as u64);
            }
            *last = ramp;
        }
        Ok(())
    }

    /// Whether a parameter takes whole numbers only, or is one of several words, or yes or no.
    fn is_whole(&self, node: &str, param: u32) -> bool {
        self.param_at(node, param as usize).is_some_and(|param| param.ty != ParamType::Float)
    }

    /// What a parameter is at the start.
    fn first_value(&self, node: &str, param: u32) -> Option<f64> {
        let step = self.plan.steps.iter().find(|step| step.name == node)?;
        match step.values.get(param as usize)? {
            Value::Num(value) => Some(*value),
            _ => None,
        }
    }

    /// A live parameter by its key and number, and a value for it.
    fn live(&self, node: &str, param: &str, value: &str) -> Result<(u64, u32, f64), SetError> {
        let Some(key) = self.keys.get(node).copied() else {
            let near = nearest(node, self.keys.keys().map(String::as_str)).map(Into::into);
            return Err(SetError::Node { name: node.into(), near });
        };
        let params = self.nodes.get(&key).map(|node| node.worker.params.as_slice()).unwrap_or_default();
        let Some(at) = params.iter().position(|p| p.name == param) else {
            let near = nearest(param, params.iter().map(|p| p.name.as_str())).map(Into::into);
            return Err(SetError::Param { node: node.into(), name: param.into(), near });
        };
        let value = param_from_text(&params[at], value).map_err(SetError::Value)?;
        let (Value::Num(value), true) = (value, params[at].live) else {
            return Err(SetError::Fixed(param.into()));
        };
        Ok((key, at as u32, value))
    }

    /// Notes from now on which live parameters the render thread is told of, in order.
    pub fn record(&mut self) {
        self.sent = Some(vec![]);
    }

    /// What was noted since it was last asked.
    pub fn sent(&mut self) -> Vec<Sent> {
        self.sent.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Sends what was noted, to the node that has this birth here; gives it back where too much waits. To a node that
    /// there is not, it is sent all the same: messages are counted.
    ///
    /// # Errors
    /// What was to be sent.
    pub fn send_again(&mut self, sent: Sent) -> Result<(), Sent> {
        let key = self.born.iter().find(|(_, birth)| **birth == sent.of).map_or(u64::MAX, |(key, _)| *key);
        self.send(ToRender::Set { key, param: sent.param, value: sent.value }).map_err(|_| sent)
    }

    fn send(&mut self, message: ToRender) -> Result<(), ToRender> {
        self.remote.send(message)?;
        let ToRender::Set { key, param, value } = message;
        if let (Some(sent), Some(of)) = (&mut self.sent, self.born.get(&key)) {
            sent.push(Sent { of: of.clone(), param, value });
        }
        Ok(())
    }

    /// Goes over to another graph while this one plays: what is equal in both plays on, what hears something else is
    /// faded over. The render thread does it when a period begins; [`Engine::reports`] sees it through.
    ///
    /// # Errors
    /// [`ChangeError`]; the old graph plays on.
    pub fn change(&mut self, new: Compiled) -> Result<(), ChangeError> {
        self.change_anew(new, &BTreeSet::new()).map_err(|(why, _)| why)
    }

    /// As [`Engine::change`]; nodes of these names do not survive, though they are as before: what they are made of has
    /// changed.
    ///
    /// # Errors
    /// [`ChangeError`], and the new graph if it can be started anew; the old graph plays on.
    pub fn change_anew(&mut self, new: Compiled, anew: &BTreeSet<String>) -> Result<(), Unchanged> {
        if self.changing {
            return Err((ChangeError::Busy, Some(Box::new(new))));
        }
        let live = |step: &crate::graph::Step, param: usize| self.is_live(step, param);
        let survives = |step: &crate::graph::Step| !anew.contains(&step.name);
        let Some(splice) = splice(&self.plan, &new.plan, live, survives) else {
            return Err((ChangeError::Restart, Some(Box::new(new))));
        };
        let fresh: Vec<Node> = new.instances.iter().zip(&new.plan.steps).map(|(i, step)| Node::new(i, step)).collect();
        let (origins, after) = (splice.steps.clone(), splice.after.clone());
        let set = self.live_changes(&splice.steps, &splice.both);
        let key_of = |step: usize| self.keys.get(&splice.both.steps[step].name).copied();
        let mut coming: Vec<(u64, Option<u32>)> =
            set.iter().filter_map(|&(step, param, _)| Some((key_of(step)?, Some(param)))).collect();
        let [both, then] = Program::splice(splice, new.instances, set);
        let since = self.changes + 1;
        let mut keys = BTreeMap::new();
        for (at, (origin, step)) in origins.iter().zip(&both.plan().steps).enumerate() {
            let key = match *origin {
                Origin::New(from) => {
                    self.nodes.insert(both.key(at), fresh[from].clone().costs(both.load(at)));
                    coming.push((both.key(at), None));
                    self.born.insert(both.key(at), Birth { since, node: step.name.clone() });
                    both.key(at)
                }
                Origin::Old(_) if !step.name.ends_with(" (before)") => self.keys[&step.name],
                _ => continue,
            };
            keys.insert(step.name.clone(), key);
        }
        let stage = |program| self.stage(program).map_err(|why| (why, None));
        let (both, then) = (stage(both)?, stage(then)?);
        self.remote.play(both.program).map_err(|_| (ChangeError::Busy, None))?;
        self.leaving = std::mem::replace(&mut self.lanes, both.lanes);
        (self.plan, self.keys, self.then, self.changing) = (after, keys, Some(then), true);
        (self.coming, self.changes) = (coming, since);
        Ok(())
    }

    /// Whether a parameter of a step that has its like here may change while it plays.
    fn is_live(&self, step: &crate::graph::Step, param: usize) -> bool {
        let node = self.keys.get(&step.name).and_then(|key| self.nodes.get(key));
        node.is_some_and(|node| node.worker.id == step.worker && node.worker.params[param].live)
    }

    /// After the last block: workers go over to a graph that has yet to start, with all that they have learned, where it has
    /// their likes and none is made `anew`. Answers which do; live parameters of theirs are as they were set last.
    pub fn carry(&self, renderer: &mut Renderer, to: &mut Compiled, anew: &BTreeSet<String>) -> Vec<String> {
        let mut carried = vec![];
        if self.changing {
            return carried;
        }
        for (to_step, from) in survivors(&self.plan, &to.plan, |step, param| self.is_live(step, param)) {
            let name = &to.plan.steps[to_step].name;
            let same = |node: &Node| Arc::ptr_eq(&node.worker, to.instances[to_step].worker());
            let known = self.keys.get(name).and_then(|key| self.nodes.get(key)).is_some_and(same);
            if known
                && !anew.contains(name)
                && let Some(instance) = renderer.take(from)
            {
                to.instances[to_step] = instance;
                carried.push(name.clone());
            }
        }
        carried
    }

    /// Gives the lanes of a program threads, if they are to have such.
    fn stage(&self, mut program: Box<Program>) -> Result<Staged, ChangeError> {
        let Some(Threads { metered, realtime }) = self.threads else { return Ok(Staged { program, lanes: vec![] }) };
        let apart = self.remote.part(&mut program, metered);
        let (lanes, _told_at_the_start) = start_lanes(apart, realtime, |lane, thread| program.runs_on(lane, thread))
            .map_err(|why| ChangeError::Thread(why.to_string()))?;
        Ok(Staged { program, lanes })
    }

    /// Live parameters that a change sets on nodes that survive: step, parameter, value.
    fn live_changes(&self, origins: &[Origin], both: &Plan) -> Vec<(usize, u32, f64)> {
        let mut set = vec![];
        for (at, (origin, step)) in origins.iter().zip(&both.steps).enumerate() {
            let Origin::Old(from) = *origin else { continue };
            let was = &self.plan.steps[from].values;
            for (param, (now, was)) in step.values.iter().zip(was).enumerate() {
                if let (Value::Num(value), true) = (now, now != was) {
                    set.push((at, param as u32, *value));
                }
            }
        }
        set
    }

    /// What has happened since the last call. Sees changes through, so call it now and then.
    pub fn reports(&mut self) -> Vec<Report> {
        let was_changing = self.changing;
        let mut told = Vec::new();
        while self.remote.retired().is_some() {
            self.coming.clear();
            self.leaving.iter().for_each(LaneThread::end);
            for mut lane in self.leaving.drain(..) {
                told.extend(std::iter::from_fn(|| lane.report()));
                self.crashes.extend(lane.crashed());
            }
            self.changing = match self.then.take() {
                Some(then) => {
                    self.leaving = std::mem::replace(&mut self.lanes, then.lanes);
                    self.remote.play(then.program).is_ok()
                }
                None => false,
            };
        }
        while self.coming.is_empty()
            && let Some(message) = self.held.first().copied()
            && self.send(message).is_ok()
        {
            self.held.remove(0);
        }
        for lane in self.leaving.iter_mut().chain(&mut self.lanes) {
            told.extend(std::iter::from_fn(|| lane.report()));
        }
        for lane in &mut self.seated {
            told.extend(lane.reports.pop_iter());
        }
        told.extend(std::iter::from_fn(|| self.remote.report()));
        let mut reports = Vec::new();
        for report in told {
            match report {
                FromRender::Failed { key, why } => {
                    reports.extend(self.nodes.get_mut(&key).map(|node| node.failed(why)))
                }
                FromRender::Late { key, block, firings } => {
                    let node = self.nodes.get(&key).map(|node| node.name.clone());
                    reports.extend(node.map(|node| Report::Late { node, block, firings }));
                }
                FromRender::Event { key, port, event } => {
                    let Some(node) = self.nodes.get(&key) else { continue };
                    let hears = |kind: &OutputKind| match *kind {
                        OutputKind::Events(step, from) => self.plan.steps[step].name == node.name && from == port,
                        _ => false,
                    };
                    let label = node.labels.get(event.label as usize).cloned();
                    let outputs = self.plan.outputs.iter().filter(|output| hears(&output.kind));
                    let report = |output: String| Report::Event { output, label: label.clone(), event };
                    reports.extend(outputs.map(|output| report(output.name.clone())));
                }
            }
        }
        reports.append(&mut self.crashes);
        reports.extend(self.leaving.iter_mut().chain(&mut self.lanes).filter_map(LaneThread::crashed));
        reports.extend(self.nodes.values_mut().flat_map(Node::says));
        if was_changing && !self.changing {
            // What has gone has said its last.
            let stays: BTreeSet<u64> = self.keys.values().copied().collect();
            self.nodes.retain(|key, _| stays.contains(key));
            self.born.retain(|key, _| stays.contains(key));
        }
        reports
    }
}
