//! What happened on the render thread, in words.
use crate::graph::Step;
use crate::plugin::{Descriptor, Event, Failure, Instance, Log};
use crate::render::Trouble;
use std::sync::Arc;

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

/// A node that plays.
#[derive(Clone)]
pub(super) struct Node {
    pub name: String,
    pub worker: Arc<Descriptor>,
    pub labels: Vec<String>,
    log: Arc<Log>,
    outputs: Vec<String>,
    /// Every output has a dry input that stands in for it.
    has_dry: bool,
}

impl Node {
    pub fn new(instance: &Instance, step: &Step) -> Self {
        let frames = || step.outputs.iter().filter(|output| output.stream.is_some());
        Self {
            name: step.name.clone(),
            worker: instance.worker().clone(),
            labels: step.labels.clone(),
            log: instance.log().clone(),
            outputs: step.outputs.iter().map(|output| output.port.clone()).collect(),
            has_dry: frames().next().is_some() && frames().all(|output| output.dry.is_some()),
        }
    }

    pub fn failed(&self, why: Trouble) -> Report {
        let said = self.log.take_error();
        let why = match (why, said) {
            (Trouble::Call(Failure::Panic), Some(said)) => said,
            (Trouble::Call(Failure::Panic), None) => "panicked".into(),
            (Trouble::Call(Failure::Error), Some(said)) => format!("failed: {said}"),
            (Trouble::Call(Failure::Error), None) => "failed and gave no reason".into(),
            (Trouble::Call(Failure::Shape), _) => "was about to be called wrongly; this is a mistake in aw".into(),
            (Trouble::NotFinite { port }, _) => format!("wrote NaN or infinity to `{}`", self.outputs[port]),
        };
        let instead = if self.has_dry { "its input is passed through instead" } else { "it is silent from now on" };
        Report::Failed { node: self.name.clone(), why, instead }
    }

    pub fn says(&self) -> impl Iterator<Item = Report> {
        let notes = std::iter::from_fn(|| self.log.next());
        notes.map(|note| Report::Says { node: self.name.clone(), text: note.text() })
    }
}
