//! A graph that plays, seen from the control side.
use crate::graph::{Compiled, OutputKind, Plan, nearest, param_from_text};
use crate::plugin::{Descriptor, Event, Failure, Log, Value};
use crate::render::{FromRender, Program, Remote, Renderer, ToRender, Trouble};
use std::sync::Arc;

/// A graph that plays.
pub struct Engine {
    plan: Plan,
    workers: Vec<Arc<Descriptor>>,
    logs: Vec<Arc<Log>>,
    remote: Remote,
}

/// What happened on the render thread, in words.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// A worker failed and is left out from now on.
    Failed {
        /// The node.
        node: String,
        /// What it did, in one sentence.
        why: String,
        /// What is heard instead.
        instead: &'static str,
    },
    /// Something happened at an output.
    Event {
        /// The output of the graph.
        output: String,
        /// What it is called, if the worker names its labels.
        label: Option<String>,
        /// What happened.
        event: Event,
    },
    /// A worker says something.
    Says {
        /// The node.
        node: String,
        /// What it says.
        text: String,
    },
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

fn suggest(near: &Option<String>) -> String {
    near.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

impl Engine {
    /// Allocates all that playing needs. `metered`: keep account of time.
    pub fn start(compiled: Compiled, metered: bool) -> (Self, Renderer) {
        let plan = compiled.plan.clone();
        let logs = compiled.instances.iter().map(|instance| instance.log().clone()).collect();
        let workers = compiled.instances.iter().map(|instance| instance.worker().clone()).collect();
        let (renderer, remote) = Renderer::new(Program::new(compiled), metered);
        (Self { plan, workers, logs, remote }, renderer)
    }

    /// What plays.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The worker of a step.
    pub fn worker(&self, step: usize) -> &Descriptor {
        &self.workers[step]
    }

    /// Changes a live parameter, at the next block.
    ///
    /// # Errors
    /// [`SetError`] says what is wrong, and what may have been meant.
    pub fn set(&mut self, node: &str, param: &str, value: &str) -> Result<(), SetError> {
        let Some(step) = self.plan.steps.iter().position(|step| step.name == node) else {
            let near = nearest(node, self.plan.steps.iter().map(|step| step.name.as_str())).map(Into::into);
            return Err(SetError::Node { name: node.into(), near });
        };
        let params = &self.workers[step].params;
        let Some(at) = params.iter().position(|p| p.name == param) else {
            let near = nearest(param, params.iter().map(|p| p.name.as_str())).map(Into::into);
            return Err(SetError::Param { node: node.into(), name: param.into(), near });
        };
        let value = param_from_text(&params[at], value).map_err(SetError::Value)?;
        let (Value::Num(value), true) = (value, params[at].live) else {
            return Err(SetError::Fixed(param.into()));
        };
        self.remote.send(ToRender::Set { step, param: at as u32, value }).map_err(|_| SetError::Full)
    }

    /// What has happened since the last call.
    pub fn reports(&mut self) -> Vec<Report> {
        let mut reports = Vec::new();
        while let Some(report) = self.remote.report() {
            match report {
                FromRender::Failed { step, why } => reports.push(self.failed(step, why)),
                FromRender::Event { step, port, event } => {
                    let hears = |kind: &OutputKind| *kind == OutputKind::Events(step, port);
                    let outputs = self.plan.outputs.iter().filter(|output| hears(&output.kind));
                    let label = self.plan.steps[step].labels.get(event.label as usize).cloned();
                    reports.extend(outputs.map(|output| Report::Event {
                        output: output.name.clone(),
                        label: label.clone(),
                        event,
                    }));
                }
            }
        }
        for (step, log) in self.plan.steps.iter().zip(&self.logs) {
            let notes = std::iter::from_fn(|| log.next());
            reports.extend(notes.map(|note| Report::Says { node: step.name.clone(), text: note.text() }));
        }
        reports
    }

    fn failed(&self, at: usize, why: Trouble) -> Report {
        let (step, said) = (&self.plan.steps[at], self.logs[at].take_error());
        let why = match (why, said) {
            (Trouble::Call(Failure::Panic), Some(said)) => said,
            (Trouble::Call(Failure::Panic), None) => "panicked".into(),
            (Trouble::Call(Failure::Error), Some(said)) => format!("failed: {said}"),
            (Trouble::Call(Failure::Error), None) => "failed and gave no reason".into(),
            (Trouble::Call(Failure::Shape), _) => "was about to be called wrongly; this is a mistake in aw".into(),
            (Trouble::NotFinite { port }, _) => format!("wrote NaN or infinity to `{}`", step.outputs[port].port),
        };
        let dry = step.outputs.iter().filter(|output| output.stream.is_some()).all(|output| output.dry.is_some());
        let instead = if dry { "its input is passed through instead" } else { "it is silent from now on" };
        Report::Failed { node: step.name.clone(), why, instead }
    }
}
