//! What a worker is told before it runs, and what it answers.
use crate::{Error, Result};
use aw_abi::Format;

/// A connected port.
pub(crate) struct Stream {
    pub(crate) port: String,
    pub(crate) format: Format,
    pub(crate) frames: u32,
    pub(crate) latency: u32,
    pub(crate) tail: u32,
}

/// The formats that arrive, and those the worker answers with.
pub struct Setup {
    pub(crate) sample_rate: u32,
    pub(crate) max_frames: u32,
    pub(crate) inputs: Vec<Stream>,
    pub(crate) outputs: Vec<Stream>,
    /// Names of all fixed ports, connected or not.
    pub(crate) declared: Vec<String>,
    /// How often the input must be heard before, and why.
    pub(crate) rehearsals: (u32, String),
    /// What is worth knowing.
    pub(crate) notes: Vec<String>,
}

impl Setup {
    /// Sample rate of the graph, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }
    /// Most frames that one `process` brings to a port that moves "as many as there are".
    pub fn max_frames(&self) -> usize {
        self.max_frames as usize
    }
    /// What arrives at a port; an error if nothing is connected to it.
    pub fn input(&self, port: &str) -> Result<Format> {
        let found = self.inputs.iter().find(|s| s.port == port);
        found.map(|s| s.format).ok_or_else(|| Error(format!("nothing is connected to `{port}`")))
    }
    /// Names and formats of all connected inputs, in the order in which `process` numbers them.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, Format)> {
        self.inputs.iter().map(|s| (s.port.as_str(), s.format))
    }
    /// Names of all connected outputs, in the order in which `process` numbers them.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|s| s.port.as_str())
    }
    /// Says what the worker will write to a port.
    pub fn output(&mut self, port: &str, format: Format) {
        self.answer(port, |s| s.format = format);
    }
    /// Says that one `process` takes or gives this many frames of a port. Without it: as many as there are. An input
    /// and an output of the same name both move so many.
    pub fn moves(&mut self, port: &str, frames: usize) {
        self.inputs.iter_mut().filter(|s| s.port == port).for_each(|s| s.frames = frames as u32);
        self.answer(port, |s| s.frames = frames as u32);
    }
    /// Says that an output lags by this many of its own frames.
    pub fn latency(&mut self, port: &str, frames: usize) {
        self.answer(port, |s| s.latency = frames as u32);
    }
    /// Says that an output sounds for this many of its own frames after the input fell silent, or
    /// [`ENDLESS`](crate::ENDLESS).
    pub fn tail(&mut self, port: &str, frames: u32) {
        self.answer(port, |s| s.tail = frames);
    }
    /// Says that the whole input must be heard `times` times before what the worker gives is right: a replay plays it so
    /// often before, a live run refuses. `why` names the parameter that is to blame and the way out, for the graph's
    /// author.
    pub fn rehearsals(&mut self, times: u32, why: &str) {
        self.rehearsals = (times, why.into());
    }
    /// Says what is worth knowing about how the worker will run, such as what it found on this machine; `aw plan` shows it.
    pub fn says(&mut self, text: &str) {
        self.notes.push(text.into());
    }
    /// Changes an output. Ports that are declared but not connected are passed over.
    fn answer(&mut self, port: &str, change: impl FnOnce(&mut Stream)) {
        match self.outputs.iter_mut().find(|s| s.port == port) {
            Some(stream) => change(stream),
            None => assert!(
                self.declared.iter().any(|known| known == port) || self.inputs.iter().any(|s| s.port == port),
                "`prepare` speaks of the port `{port}`, which SPEC does not declare"
            ),
        }
    }
}
