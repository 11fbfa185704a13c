//! What happened on the render thread, in words.
use crate::graph::Step;
use crate::plugin::{Descriptor, Event, Failure, Instance, Log};
use crate::render::{Load, Trouble};
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
    /// Answers of a lane were not there when due.
    Late {
        /// The node.
        node: String,
        /// The block in which they were due.
        block: u64,
        /// How many firings of it.
        firings: u64,
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
    /// What it costs.
    pub load: Arc<Load>,
    /// What it said when it panicked while a parameter was set: its failure is told when it next fires.
    last_words: Option<String>,
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
            load: Arc::default(),
            last_words: None,
            outputs: step.outputs.iter().map(|output| output.port.clone()).collect(),
            has_dry: frames().next().is_some() && frames().all(|output| output.dry.is_some()),
        }
    }

    /// The same, with the account that is kept of it.
    pub fn costs(self, load: Arc<Load>) -> Self {
        Self { load, ..self }
    }

    pub fn failed(&mut self, why: Trouble) -> Report {
        let panicked = self.last_words.take().filter(|_| why == Trouble::Call(Failure::Panic));
        let said = self.log.take_error().or(panicked);
        let why = match (why, said) {
            (Trouble::Call(Failure::Panic), Some(said)) => said,
            (Trouble::Call(Failure::Panic), None) => "panicked".into(),
            (Trouble::Call(Failure::Error), Some(said)) => format!("failed: {said}"),
            (Trouble::Call(Failure::Error), None) => "failed and gave no reason".into(),
            (Trouble::Call(Failure::Shape), _) => "was about to be called wrongly; this is a mistake in aw".into(),
            (Trouble::Hung, _) => "hangs".into(),
            (Trouble::NotFinite { port }, _) => format!("wrote NaN or infinity to `{}`", self.outputs[port]),
        };
        let instead = if self.has_dry { "its input is passed through instead" } else { "it is silent from now on" };
        Report::Failed { node: self.name.clone(), why, instead }
    }

    pub fn says(&mut self) -> Vec<Report> {
        let texts: Vec<String> = std::iter::from_fn(|| self.log.next()).map(|note| note.text()).collect();
        let last = texts.iter().rfind(|text| text.starts_with("panicked")).cloned();
        self.last_words = last.or(self.last_words.take());
        texts.into_iter().map(|text| Report::Says { node: self.name.clone(), text }).collect()
    }
}
