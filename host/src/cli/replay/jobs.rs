//! What a call of `aw replay` asks for: its runs, or why it does not fit the graph.
use super::Command;
use crate::cli::ends::{self, encoding, in_folder, usage};
use aw_host::graph::GraphFile;
use aw_host::replay::{Job, Keep};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

impl Command {
    /// What is to be played, a job a file or one job for all inputs.
    pub fn jobs(&self, file: &GraphFile) -> Result<Vec<Job>, ExitCode> {
        let names: Vec<&str> = file.inputs.iter().map(|input| input.name.value.as_str()).collect();
        let by_input = ends::inputs(&self.inputs, &names)?;
        let many = by_input.values().map(Vec::len).max().unwrap_or(1) > 1;
        if many && by_input.len() > 1 {
            return Err(usage("several files an input work for graphs with one input"));
        }
        let Some((input, paths)) = by_input.iter().next().filter(|_| many) else {
            let inputs =
                by_input.into_iter().filter_map(|(name, mut paths)| paths.pop().map(|path| (name, path))).collect();
            return Ok(vec![self.job(file, inputs, None)?]);
        };
        let stem = |path: &PathBuf| path.file_stem().map_or("input".into(), |stem| stem.to_string_lossy().into_owned());
        let mut stems = BTreeSet::new();
        if let Some(twice) = paths.iter().map(stem).find(|stem| !stems.insert(stem.clone())) {
            return Err(usage(format!("two inputs are called {twice}, and their outputs would be too")));
        }
        let inputs = |path: &PathBuf| BTreeMap::from([(input.clone(), path.clone())]);
        paths.iter().map(|path| self.job(file, inputs(path), Some(&stem(path)))).collect()
    }

    /// One run; `stem` names the files in the folders that are written to when there are several.
    fn job(&self, file: &GraphFile, inputs: BTreeMap<String, PathBuf>, stem: Option<&str>) -> Result<Job, ExitCode> {
        let audio = file.outputs.iter().filter(|output| output.to_stdout.is_none());
        let names: Vec<&str> = audio.map(|output| output.name.value.as_str()).collect();
        let outputs = ends::outputs(&self.outputs, &names, stem)?;
        let mut probes = vec![];
        for text in &self.probes {
            let Some((port, path)) = text.split_once('=') else {
                return Err(usage(format!("--probe {text} does not say where the frames go: NODE.PORT=FILE")));
            };
            probes.push((port.to_string(), in_folder(Path::new(path), stem, &format!(".{port}.npy"))?));
        }
        let events = self.events.as_ref().map(|path| in_folder(path, stem, ".jsonl")).transpose()?;
        let set = ends::set(&self.set)?;
        if self.tail.is_some_and(|seconds| !(0.0..=3600.0).contains(&seconds)) {
            return Err(usage("--tail takes 0 to 3600 seconds"));
        }
        let encoding = encoding(&self.encoding);
        let keep = Keep {
            outputs,
            encoding: Some(encoding),
            rate: self.rate,
            align: self.align,
            events,
            probes,
            ..Keep::default()
        };
        let reference = self.reference.clone();
        let (block, metered, tail) = (self.block, self.load, self.tail);
        Ok(Job { inputs, keep, block, set, metered, tail, reference, ..Job::default() })
    }

    /// Standard output can carry one thing: also the events that go there where nothing else is said.
    pub fn one_stream(&self, jobs: &[Job], file: &GraphFile) -> Result<(), ExitCode> {
        let has_events = file.outputs.iter().any(|output| output.to_stdout.is_some());
        if self.events.is_some() && !has_events {
            return Err(usage("this graph has no output of events: leave --events out"));
        }
        if self.events.is_none() && has_events && jobs.len() > 1 {
            return Err(usage("several files are played: name a folder for their events with --events"));
        }
        let events = PathBuf::from("-");
        for job in jobs {
            let keep = &job.keep;
            let events = keep.events.as_ref().or(Some(&events).filter(|_| has_events));
            let all = keep.outputs.values().chain(events).chain(keep.probes.iter().map(|(_, path)| path));
            if all.filter(|path| path.as_path() == Path::new("-")).count() > 1 {
                return Err(usage("only one thing can go to standard output"));
            }
            if job.inputs.values().chain([&self.path]).filter(|path| path.as_path() == Path::new("-")).count() > 1 {
                return Err(usage("only one thing can come from standard input"));
            }
        }
        Ok(())
    }
}
