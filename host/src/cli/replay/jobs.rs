//! What a call of `aw replay` asks for: its runs, or why it does not fit the graph.
use super::Command;
use crate::cli::{USAGE, fail};
use aw_host::graph::GraphFile;
use aw_host::io::Encoding;
use aw_host::replay::{Job, Keep};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A call that does not fit the graph.
fn usage(why: impl std::fmt::Display) -> ExitCode {
    say!("error: {why}");
    ExitCode::from(USAGE)
}

/// "NAME=VALUE", where the name is one of those known; a path may have `=` in it.
pub fn named<'a>(text: &'a str, known: &[&str]) -> (Option<&'a str>, &'a str) {
    match text.split_once('=') {
        Some((name, value)) if known.contains(&name) => (Some(name), value),
        _ => (None, text),
    }
}

/// How samples are written.
pub fn encoding(name: &str) -> Encoding {
    match name {
        "s16" => Encoding::S16,
        "s24" => Encoding::S24,
        "s32" => Encoding::S32,
        _ => Encoding::F32,
    }
}

impl Command {
    /// What is to be played, a job a file or one job for all inputs.
    pub fn jobs(&self, file: &GraphFile) -> Result<Vec<Job>, ExitCode> {
        let names: Vec<&str> = file.inputs.iter().map(|input| input.name.value.as_str()).collect();
        let mut by_input: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for text in &self.inputs {
            let (name, path) = named(text, &names);
            let name = match (name, names.as_slice()) {
                (Some(name), _) => name,
                (None, [name]) => *name,
                (None, []) => return Err(usage("this graph has no inputs: leave --in out")),
                (None, _) => {
                    return Err(usage(format!(
                        "say which input plays {path}: --in INPUT={path}, with {}",
                        names.join(", ")
                    )));
                }
            };
            by_input.entry(name.to_string()).or_default().push(path.into());
        }
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
        let mut outputs = BTreeMap::new();
        for text in &self.outputs {
            let (name, path) = named(text, &names);
            let wanted: Vec<&str> = match (name, names.as_slice(), stem) {
                (Some(name), ..) => vec![name],
                (None, [name], _) => vec![name],
                (None, [], _) => return Err(usage("this graph has no audio output: leave --out out")),
                (None, all, Some(_)) => all.to_vec(),
                (None, ..) => {
                    return Err(usage(format!(
                        "say which output goes to {path}: --out OUTPUT={path}, with {}",
                        names.join(", ")
                    )));
                }
            };
            for name in wanted {
                let suffix = if names.len() > 1 { format!(".{name}") } else { String::new() };
                let path = in_folder(Path::new(path), stem, &format!("{suffix}.wav"))?;
                if outputs.insert(name.to_string(), path).is_some() {
                    return Err(usage(format!("output `{name}` is given two files")));
                }
            }
        }
        let mut probes = vec![];
        for text in &self.probes {
            let Some((port, path)) = text.split_once('=') else {
                return Err(usage(format!("--probe {text} does not say where the frames go: NODE.PORT=FILE")));
            };
            probes.push((port.to_string(), in_folder(Path::new(path), stem, &format!(".{port}.npy"))?));
        }
        let events = self.events.as_ref().map(|path| in_folder(path, stem, ".jsonl")).transpose()?;
        let mut set = vec![];
        for text in &self.set {
            let parts = text.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
            let Some(((node, param), value)) = parts else {
                return Err(usage(format!("--set {text} is not NODE.PARAM=VALUE")));
            };
            set.push((node.into(), param.into(), value.into()));
        }
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

/// A file in a folder, if there are several; the folder is made.
fn in_folder(path: &Path, stem: Option<&str>, suffix: &str) -> Result<PathBuf, ExitCode> {
    let Some(stem) = stem else { return Ok(path.into()) };
    if path.is_file() || path == Path::new("-") {
        return Err(usage(format!("several files are played: name a folder instead of {}", path.display())));
    }
    std::fs::create_dir_all(path).map_err(|why| fail(format!("cannot make the folder {}: {why}", path.display())))?;
    Ok(path.join(format!("{stem}{suffix}")))
}
