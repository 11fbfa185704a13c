//! A window in, numbers out: a graph that plays the model, as `aw replay` would.
use super::hears::{FFT, HOP, Hears, Judge};
use crate::control::Report;
use crate::graph::{Diags, GraphFile};
use crate::io::{AudioWriter, Encoding};
use crate::replay::{Job, Keep, Outcome, Progress, ReplayError, replay};
use crate::trial::{Sound, Trial};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// Samples a block: a window in few of them. What is heard is the same for every block.
const BLOCK: u32 = 16_384;

/// Asks a model.
pub struct Asker<'a> {
    judge: &'a Judge,
    /// The node of the model, without what goes in.
    node: String,
    /// Ports of the model, one for each output.
    ports: Vec<String>,
    trial: &'a Trial<'a>,
    /// Where windows lie while they are played.
    folder: TempDir,
}

/// What a model answers.
pub struct Answer {
    /// The numbers of each output.
    pub outputs: Vec<Vec<f32>>,
    /// The worker's words on the engine.
    pub engine: Option<String>,
}

impl<'a> Asker<'a> {
    /// Makes the graph.
    ///
    /// # Errors
    /// A worker that was not found, a folder that cannot be made.
    pub fn new(path: &Path, judge: &'a Judge, trial: &'a Trial<'a>) -> Result<Self, String> {
        let needed: &[_] = match judge.hears {
            Hears::LogMel { .. } => &[("onnx", "aw-model"), ("features", "aw-features")],
            _ => &[("onnx", "aw-model")],
        };
        if let Some((worker, member)) = needed.iter().find(|(worker, _)| trial.workers.get(worker).is_none()) {
            let help = format!("`cargo build --release -p {member}` builds it, --workers says where it is");
            return Err(format!("the worker `{worker}` is not found; {help}"));
        }
        let path = std::path::absolute(path).map_err(|why| why.to_string())?;
        let path = path.to_str().ok_or("its path is no UTF-8; give it another name")?;
        let folder = tempfile::tempdir().map_err(|why| format!("no folder for its windows can be made: {why}"))?;
        let port = |at: usize| format!("score_{at}");
        let ports = (0..judge.outputs.len()).map(|at| format!("model.{}", port(at))).collect();
        let out = judge.outputs.iter().enumerate().map(|(at, name)| format!("{} = {}", port(at), quoted(name)));
        let out = out.collect::<Vec<String>>().join(", ");
        let node = format!("worker = \"onnx\"\nmodel = {}\nout = {{ {out} }}\n", quoted(path));
        Ok(Self { judge, node, ports, trial, folder })
    }

    /// The sound at the rate of the model: the edges of a graph resample it.
    pub fn at_rate(&self, sound: &Sound) -> Result<Sound, String> {
        let rate = self.judge.rate;
        if sound.rate == rate {
            return Ok(sound.clone());
        }
        let graph = head(rate) + "[output.same]\nfrom = \"sound\"\n";
        let outcome = self.play(graph, sound, Keep { rate: Some(rate), ..Keep::default() })?;
        let kept = outcome.kept.first().ok_or("nothing is left of the sound at its rate")?;
        Ok(Sound::of(kept, sound.planes.len(), rate))
    }

    /// What the model says of a window of one channel.
    pub fn ask(&self, window: &[f32]) -> Result<Answer, String> {
        let sound = Sound { rate: self.judge.rate, planes: vec![window.to_vec()], warnings: vec![] };
        let keep = Keep { ports: self.ports.clone(), ..Keep::default() };
        let outcome = self.play(self.graph(window.len()), &sound, keep)?;
        let model = outcome.plan.steps.iter().find(|step| step.name == "model");
        let engine = model.and_then(|step| step.notes.first()).map(|note| format!("the model {note}"));
        let mut outputs = vec![];
        for port in &self.ports {
            let kept = outcome.kept.iter().find(|kept| kept.port == *port).ok_or("nothing came out of it")?;
            // Aligned, it begins with the answer to the window; what comes after hears what is behind it.
            let width = kept.shape.iter().product::<usize>().max(1);
            outputs.push(kept.data.get(..width).ok_or("it gave no number for a whole window")?.to_vec());
        }
        Ok(Answer { outputs, engine })
    }

    /// The graph through which a model hears so many samples. Mel bands are those of `librosa.feature.melspectrogram` and
    /// `power_to_db` as DNSMOS calls them, of which some are empty: (dB below the loudest of the window + 40) / 40.
    fn graph(&self, samples: usize) -> String {
        let (head, input, node) = (head(self.judge.rate), quoted(&self.judge.input), &self.node);
        let Hears::LogMel { frames, bands } = self.judge.hears else {
            return format!("{head}[node.model]\nin = \"sound\"\nframes = {{ {input} = {samples} }}\n{node}");
        };
        // A frame comes a hop late, for half its window lies ahead. So many more, and a run begins with frame 0: the second.
        let delay = frames - 1;
        let mel = format!(
            "[node.mel]\nworker = \"features\"\nin = \"sound\"\ntype = \"mel\"\nframe = {{ n_fft = {FFT}, hop = {HOP} }}\n\
             mel = {{ bands = {bands}, norm = \"slaney\", empty = true }}\n\
             log = {{ kind = \"db\", floor = 1e-10, ref = \"max\", range = 80, post_scale = 0.025, post_offset = 1 }}\n"
        );
        let from =
            format!("in = {{ {input} = {{ from = \"mel\", delay = {delay} }} }}\nframes = {{ {input} = {frames} }}");
        format!("{head}{mel}[node.model]\n{from}\n{node}")
    }

    fn play(&self, graph: String, sound: &Sound, keep: Keep) -> Result<Outcome, String> {
        let wav = self.folder.path().join("window.wav");
        let planes: Vec<&[f32]> = sound.planes.iter().map(Vec::as_slice).collect();
        let written = AudioWriter::create(&wav, sound.rate, planes.len(), Encoding::F32).and_then(|mut writer| {
            writer.write(&planes)?;
            writer.finish()
        });
        written.map_err(|why| why.to_string())?;
        let (file, mut diags) = GraphFile::parse(&self.folder.path().join("opinion.toml"), graph);
        let keep = Keep { align: true, in_memory: true, ..keep };
        let job = Job { inputs: BTreeMap::from([("sound".into(), wav)]), keep, ..Job::default() };
        let progress = Progress { stop: self.trial.progress.stop, played: &|_| {} };
        let outcome = match replay(&job, &file, self.trial.workers, &progress, &mut diags) {
            Err(ReplayError::Graph) => return Err(mistake(&diags)),
            outcome => outcome.map_err(|why| why.to_string())?,
        };
        let failed = outcome.reports.iter().find_map(|report| match report {
            Report::Failed { node, why, .. } => Some(format!("`{node}` {why}")),
            _ => None,
        });
        failed.map_or(Ok(outcome), Err)
    }
}

/// The beginning of a graph with one input.
fn head(rate: u32) -> String {
    format!("[graph]\nrate = {rate}\nblock = {BLOCK}\n[input.sound]\n")
}

/// A text in quotes, as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// The first mistake, in a line.
fn mistake(diags: &Diags) -> String {
    diags.iter().find(|diag| !diag.is_warning).map_or("its graph has mistakes".into(), |diag| diag.in_a_line())
}
