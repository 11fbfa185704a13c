//! A graph file, read and compiled for a player.
use crate::graph::{Compiled, Device, Diags, GraphFile, Port, compile};
use crate::io::AudioReader;
use crate::plugin::{Value, Workers};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is wrong with a graph file, as `aw check` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub String);

/// A graph file that was read and compiled.
pub struct Made {
    /// The file.
    pub path: PathBuf,
    /// As read.
    pub file: GraphFile,
    /// What can be started.
    pub compiled: Compiled,
    /// The rate that inputs and outputs were given.
    pub rate: Option<u32>,
    /// What is odd about it, as `aw check` prints it.
    pub warnings: Option<String>,
    /// Nodes that are not called: they hung when they were.
    pub without: Vec<String>,
    /// Nodes that come from another graph, with what they have learned.
    pub carried: Vec<String>,
}

impl Made {
    /// Reads and compiles a graph, with every input and output at `rate`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of(path: &Path, workers: &Workers, rate: Option<u32>) -> Result<Self, Mistakes> {
        let (file, diags) = Self::read(path)?;
        Self::compile(Compiling { path, workers, rate }, file, diags)
    }

    /// Reads a graph file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path) -> Result<(GraphFile, Diags), Mistakes> {
        let text = std::fs::read(path).map_err(|why| Mistakes(format!("cannot read {}: {why}", path.display())))?;
        let text = String::from_utf8(text)
            .map_err(|_| Mistakes(format!("{} is not UTF-8; save the file as UTF-8", path.display())))?;
        Ok(GraphFile::parse(path, text))
    }

    /// Compiles what was read.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(by: Compiling, file: GraphFile, mut diags: Diags) -> Result<Self, Mistakes> {
        let Compiling { path, workers, rate } = by;
        let port = Port { rate, channels: None };
        let channels = |wav: &PathBuf| AudioReader::open(wav).ok().map(|file| file.spec().channels as u32);
        let inputs = file.inputs.iter().map(|input| {
            let channels = input.wav.as_ref().and_then(channels);
            (input.name.value.clone(), Port { channels, ..port })
        });
        let inputs = inputs.collect();
        let outputs = file.outputs.iter().map(|output| (output.name.value.clone(), port)).collect();
        let device = Device { inputs, outputs, block: None, live: true };
        let compiled = compile(&file, workers, &device, &[], &mut diags);
        diags.sort();
        let text = diags.render(&file.path, &file.text, false);
        match compiled {
            Some(compiled) if diags.errors() == 0 => {
                let warnings = (!text.is_empty()).then_some(text);
                Ok(Self { path: path.into(), file, compiled, rate, warnings, without: vec![], carried: vec![] })
            }
            _ => Err(Mistakes(text)),
        }
    }

    /// The nodes that are to be made anew although nothing is written otherwise: their workers are `replaced`, or a
    /// file that they name has `changed`.
    pub fn anew(&self, changed: &BTreeSet<PathBuf>, replaced: &BTreeSet<String>) -> BTreeSet<String> {
        let names = |value: &Value| match value {
            Value::Text(path) => std::path::absolute(path).is_ok_and(|path| changed.contains(&path)),
            _ => false,
        };
        let steps = self.compiled.plan.steps.iter();
        let anew = steps.filter(|step| replaced.contains(&step.worker) || step.values.iter().any(names));
        anew.map(|step| step.name.clone()).collect()
    }
}

/// For what a graph is compiled.
pub struct Compiling<'w> {
    /// The file.
    pub path: &'w Path,
    /// All workers.
    pub workers: &'w Workers,
    /// The rate of every input and output; as in the graph, if nothing.
    pub rate: Option<u32>,
}
