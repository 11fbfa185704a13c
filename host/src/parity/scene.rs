//! Sound, whole or its beginning, through a graph, into memory.
use super::Frames;
use crate::control::Report;
use crate::graph::{Diags, GraphFile, Plan, compile};
use crate::io::{AudioReader, AudioWriter, Encoding};
use crate::plugin::{Value, Workers};
use crate::replay::{Job, Keep, Progress, ReplayError, replay};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tempfile::TempPath;

/// What is judged: a port of a graph.
pub struct Subject<'w> {
    /// The graph, of which only what the port hears is played.
    pub file: GraphFile,
    /// The node.
    pub node: String,
    /// "NODE" or "NODE.PORT".
    pub port: String,
    /// All workers.
    pub workers: &'w Workers,
    /// Set to end.
    pub stop: &'w AtomicBool,
}

/// What is played.
#[derive(Debug, Default)]
pub struct Scene {
    /// The file of each input.
    pub inputs: BTreeMap<String, PathBuf>,
    /// Seconds of it; `None` where only its end will tell.
    pub seconds: Option<f64>,
    /// Its end is not that of the recording, so that frames near it may be other ones.
    pub is_cut: bool,
    /// Files that go away with it.
    _kept: Vec<TempPath>,
}

impl Scene {
    /// The files as they are.
    pub fn whole(inputs: BTreeMap<String, PathBuf>) -> Self {
        let seconds = |path: &PathBuf| {
            let reader = AudioReader::open(path).ok()?;
            Some(reader.spec().frames? as f64 / f64::from(reader.spec().rate))
        };
        let longest = inputs.values().map(seconds).collect::<Option<Vec<f64>>>();
        let seconds = longest.map(|all| all.into_iter().fold(0.0, f64::max));
        Self { inputs, seconds, is_cut: false, _kept: vec![] }
    }
}

/// The first seconds of a scene, in files that go away; the scene itself has no end that is worth cutting if `None`.
///
/// # Errors
/// Files that cannot be read or written.
pub fn shorten(scene: &Scene, seconds: f64) -> Result<Option<Scene>, ReplayError> {
    if scene.seconds.is_none_or(|all| all <= seconds) {
        return Ok(None);
    }
    let mut short = Scene { seconds: Some(seconds), is_cut: true, ..Scene::default() };
    for (input, path) in &scene.inputs {
        let kept = beginning(path, seconds)?;
        short.inputs.insert(input.clone(), kept.to_path_buf());
        short._kept.push(kept);
    }
    Ok(Some(short))
}

/// The first seconds of a file, bit for bit.
fn beginning(path: &Path, seconds: f64) -> Result<TempPath, ReplayError> {
    const BATCH: usize = 4096;
    let failed = |why| ReplayError::Write { path: std::env::temp_dir(), why };
    let mut reader = AudioReader::open(path)?;
    let kept = tempfile::Builder::new().prefix("aw-").suffix(".wav").tempfile().map_err(failed)?.into_temp_path();
    let (rate, channels) = (reader.spec().rate, reader.spec().channels);
    let mut writer = AudioWriter::create(<TempPath as AsRef<Path>>::as_ref(&kept), rate, channels, Encoding::F32)?;
    let mut left = (seconds * f64::from(rate)).ceil() as usize;
    let mut planes = vec![vec![0.0; BATCH]; channels];
    while left > 0 {
        let read = reader.read(&mut planes)?;
        let frames = read.min(left);
        writer.write(&planes.iter().map(|plane| &plane[..frames]).collect::<Vec<_>>())?;
        left = if read < BATCH { 0 } else { left - frames };
    }
    writer.finish()?;
    Ok(kept)
}

impl Subject<'_> {
    /// Plays a scene through a graph, which is the subject's or one with other values; mistakes are in `diags`.
    ///
    /// # Errors
    /// A graph that workers refuse, files that cannot be read, or that it was told to stop.
    pub fn play(&self, file: &GraphFile, scene: &Scene, diags: &mut Diags) -> Result<Frames, ReplayError> {
        let keep = Keep { events: Some(PathBuf::new()), ports: vec![self.port.clone()], ..Keep::default() };
        let job = Job { inputs: scene.inputs.clone(), keep, ..Job::default() };
        let progress = Progress { stop: self.stop, played: &|_| () };
        let mut outcome = replay(&job, file, self.workers, &progress, diags)?;
        let failed = |report| if let Report::Failed { node, why, .. } = report { Some((node, why)) } else { None };
        if let Some((node, why)) = outcome.reports.into_iter().find_map(failed) {
            // What stands in for a worker that failed is not to be explained by a key.
            return Err(ReplayError::Worker { node, why });
        }
        outcome.kept.pop().map(Frames::from).ok_or(ReplayError::Graph)
    }

    /// Whether a graph must hear the whole recording before its first frame is right.
    ///
    /// # Errors
    /// As [`Subject::play`].
    pub fn must_hear_all(&self, file: &GraphFile, scene: &Scene) -> Result<bool, ReplayError> {
        Ok(self.plan(file, scene)?.rehearsals() > 0)
    }

    /// What the node's parameters are, in the order of its worker's descriptor.
    ///
    /// # Errors
    /// As [`Subject::play`].
    pub fn values(&self, scene: &Scene) -> Result<Vec<Value>, ReplayError> {
        let mut steps = self.plan(&self.file, scene)?.steps.into_iter();
        steps.find(|step| step.name == self.node).map(|step| step.values).ok_or(ReplayError::Graph)
    }

    fn plan(&self, file: &GraphFile, scene: &Scene) -> Result<Plan, ReplayError> {
        let keep = Keep { ports: vec![self.port.clone()], ..Keep::default() };
        let job = Job { inputs: scene.inputs.clone(), keep, ..Job::default() };
        let (_, device) = job.open(file)?;
        let compiled = compile(file, self.workers, &device, &job.listeners(), &mut Diags::default());
        Ok(compiled.ok_or(ReplayError::Graph)?.plan)
    }
}
