//! One run of a graph: which files it plays, what is kept of it.
use super::files::check_files;
use crate::control::Turn;
use crate::graph::{Device, GraphFile, Listener, Port};
use crate::io::{AudioError, AudioReader, Encoding, same_file};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One run of a graph.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// The file that each input plays.
    pub inputs: BTreeMap<String, PathBuf>,
    /// What is kept of it.
    pub keep: Keep,
    /// Samples a block, instead of what the graph says.
    pub block: Option<u32>,
    /// Live parameters and their values, from the start.
    pub set: Vec<(String, String, String)>,
    /// Live parameters that change while it plays.
    pub automation: Vec<Turn>,
    /// Keep account of time.
    pub metered: bool,
    /// Seconds to go on after the input ended, instead of what the graph declares.
    pub tail: Option<f64>,
    /// A clean version of what is played, to measure against.
    pub reference: Option<PathBuf>,
}

/// What is kept of a run.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    /// The file that each audio output is written to.
    pub outputs: BTreeMap<String, PathBuf>,
    /// How samples are written.
    pub encoding: Option<Encoding>,
    /// Rate of the files, instead of the inputs' own.
    pub rate: Option<u32>,
    /// Take the latency of the graph off.
    pub align: bool,
    /// Where events go, as JSON lines.
    pub events: Option<PathBuf>,
    /// Ports whose frames are written as .npy.
    pub probes: Vec<(String, PathBuf)>,
    /// Ports whose frames are kept in memory.
    pub ports: Vec<String>,
    /// Audio outputs and events are kept in memory, and no file is written, whatever the graph says.
    pub in_memory: bool,
}

/// Why a run cannot be.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file is at fault.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// An input has nothing to play.
    #[error("input `{0}` has nothing to play: name a file with --in {0}=FILE")]
    NoFile(String),
    /// The file has other channels than the graph says.
    #[error(
        "{} has {found} channels, and input `{input}` takes {wanted}: write `channels = {found}` in [input.{input}], \
         or convert the file",
        path.display()
    )]
    Channels {
        /// The file.
        path: PathBuf,
        /// The input.
        input: String,
        /// Channels of the file.
        found: u32,
        /// Channels of the graph.
        wanted: u32,
    },
    /// A file would be read and written at once.
    #[error("{} would be read and written at once: choose another name for the output", .0.display())]
    Overwrite(PathBuf),
    /// A file would be written by two outputs, or by two runs.
    #[error(
        "{} would be written twice: give each output a name of its own, and a folder where several files are played",
        .0.display()
    )]
    Twice(PathBuf),
    /// The graph has mistakes, which were reported.
    #[error("the graph has mistakes")]
    Graph,
    /// A parameter cannot be set.
    #[error(transparent)]
    Set(#[from] crate::control::SetError),
    /// Something cannot be written.
    #[error("cannot write {}: {why}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// The reference does not fit.
    #[error("{}: {why}", path.display())]
    Reference {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A worker failed, and what was made without it is of no use.
    #[error("`{node}` {why}")]
    Worker {
        /// The node.
        node: String,
        /// What it answered.
        why: String,
    },
    /// Ctrl-C.
    #[error("interrupted; nothing was written")]
    Interrupted,
}

impl Job {
    /// Opens the file of every input, in the order of the graph, and says what the graph is connected to.
    ///
    /// # Errors
    /// A file that is missing, cannot be read, or has other channels than the graph wants.
    pub fn open(&self, file: &GraphFile) -> Result<(Vec<AudioReader>, Device), ReplayError> {
        check_files(std::slice::from_ref(self), file)?;
        let mut device = Device { block: self.block, ..Device::default() };
        let mut readers = Vec::new();
        for input in &file.inputs {
            let name = &input.name.value;
            let path = self.inputs.get(name).or(input.wav.as_ref()).ok_or_else(|| ReplayError::NoFile(name.clone()))?;
            if let Some(output) = self.written(file).into_iter().find(|output| same_file(output, path)) {
                return Err(ReplayError::Overwrite(output));
            }
            let reader = AudioReader::open(path)?;
            let (rate, found) = (reader.spec().rate, reader.spec().channels as u32);
            if let Some(wanted) = input.channels.as_ref().map(|n| n.value).filter(|wanted| *wanted != found) {
                return Err(ReplayError::Channels { path: path.clone(), input: name.clone(), found, wanted });
            }
            device.inputs.insert(name.clone(), Port { rate: Some(rate), channels: Some(found) });
            readers.push(reader);
        }
        let rates: Vec<u32> = device.inputs.values().filter_map(|port| port.rate).collect();
        let common = rates.first().copied().filter(|first| rates.iter().all(|rate| rate == first));
        for output in &file.outputs {
            let port = Port { rate: self.keep.rate.or(common), channels: None };
            device.outputs.insert(output.name.value.clone(), port);
        }
        Ok((readers, device))
    }

    /// The file that an output is written to, if any.
    pub fn output_path<'a>(&'a self, file: &'a GraphFile, name: &str) -> Option<&'a PathBuf> {
        if self.keep.in_memory {
            return None;
        }
        let table = file.outputs.iter().find(|output| output.name.value == name);
        self.keep.outputs.get(name).or_else(|| table.and_then(|table| table.wav.as_ref()))
    }

    /// Every sound that is read.
    pub(super) fn read<'a>(&'a self, file: &'a GraphFile) -> impl Iterator<Item = &'a PathBuf> {
        let inputs = file.inputs.iter().filter_map(|input| self.inputs.get(&input.name.value).or(input.wav.as_ref()));
        inputs.chain(&self.reference)
    }

    /// Every file that is written.
    pub(super) fn written(&self, file: &GraphFile) -> Vec<PathBuf> {
        let outputs = file.outputs.iter().filter_map(|output| self.output_path(file, &output.name.value));
        let probes = self.keep.probes.iter().map(|(_, path)| path);
        let all = outputs.chain(probes).chain(&self.keep.events);
        all.filter(|path| path.as_path() != Path::new("-")).cloned().collect()
    }

    /// The ports that are probed.
    pub fn listeners(&self) -> Vec<Listener> {
        let ports = self.keep.probes.iter().map(|(port, _)| port).chain(&self.keep.ports);
        ports.map(|port| Listener { port: port.clone() }).collect()
    }
}
