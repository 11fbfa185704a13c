//! The worker `onnx`, and which engine it runs on.
use crate::engine::Model;
use crate::onnx_file::OnnxFile;
use crate::ort::{self, Runtime, WAY_OUT};
use crate::runner::{PORTS, Runner, params};
use crate::tract;
use aw_sdk::{Error, Param, Result, Setup, Spec, Values, Worker, choices};
use std::path::{Path, PathBuf};

/// Runs an ONNX model on the frames of its ports; see [`crate::binding`] for what the parameters mean together.
///
/// ```toml
/// [node.mask]
/// worker = "onnx"
/// model  = "models/dtln_1.onnx"
/// in     = { input_2 = "level" }
/// state  = { input_3 = "tf_op_layer_stack_2" }
/// out    = { mask = "activation_2" }
///
/// [node.speech]                          # silero-vad: 512 new samples after 64 old ones
/// worker  = "onnx"
/// model   = "models/silero_vad_openvino_16k.onnx"
/// in      = { input = "mic" }
/// frames  = { input = 512 }
/// context = { input = 64 }
/// state   = { state = "stateN" }
/// out     = { probability = "output" }
/// ```
pub struct Onnx {
    runner: Runner,
    /// The engine in use, and why.
    runs_on: String,
    /// What `auto` turns to where ONNX Runtime took the file but cannot run it.
    fallback: Option<Fallback>,
}

/// tract in the place of ONNX Runtime.
struct Fallback {
    path: String,
    instead_of: String,
}

/// What the graph says about engines.
struct Wish<'a> {
    engine: &'a str,
    runtime: Option<PathBuf>,
    threads: usize,
    provider: &'a str,
}

/// A model on an engine, which engine and why, and whether there is another one.
type Chosen = (Box<dyn Model + Send>, String, Option<Fallback>);

impl Worker for Onnx {
    const SPEC: Spec = Spec {
        id: c"onnx",
        summary: c"Runs an ONNX model on ONNX Runtime or the embedded engine tract; channels run one by one",
        ports: PORTS,
        params: params![
            Param::path(c"model").required().doc(c"The ONNX file"),
            Param::text(c"engine", c"auto")
                .choices(choices![c"auto", c"tract", c"onnxruntime"])
                .doc(c"auto is ONNX Runtime where it is installed and takes the model, otherwise tract"),
            Param::path(c"runtime").doc(c"A library of ONNX Runtime, other than that of `aw install onnxruntime`"),
            Param::int(c"threads", 1).range(1.0, 64.0).doc(c"Threads on which ONNX Runtime shares out one run"),
            Param::text(c"provider", c"cpu").doc(c"Execution provider of ONNX Runtime: cpu, cuda, coreml, directml .."),
        ],
        presets: &[],
        may_block: true,
    };

    fn create(values: &Values) -> Result<Self> {
        let made = OnnxFile::open(values.text("model")).and_then(|file| {
            let (model, runs_on, fallback) = Wish::read(values).choose(file)?;
            Ok(Self { runner: Runner::new(values, model)?, runs_on, fallback })
        });
        made.map_err(one_line)
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.prepare_on_any(setup).map_err(one_line)
    }

    crate::runner::forward!();
}

impl Onnx {
    fn prepare_on_any(&mut self, setup: &mut Setup) -> Result {
        if let Err(refused) = self.runner.prepare(setup) {
            // The mistake may be the graph's: then tract says the same, and nothing changes.
            let Some(Fallback { path, instead_of }) = &self.fallback else { return Err(refused) };
            let Ok(model) = OnnxFile::open(path).and_then(tract::File::open) else { return Err(refused) };
            self.runner.try_on(Box::new(model), setup).map_err(|_| refused.clone())?;
            self.runs_on = on_tract(&format!("{instead_of} does not run this model ({refused})"));
            self.fallback = None;
        }
        setup.says(&self.runs_on);
        Ok(())
    }
}

impl<'a> Wish<'a> {
    fn read(values: &'a Values) -> Self {
        let runtime = Some(values.text("runtime")).filter(|path| !path.is_empty()).map(PathBuf::from);
        let (engine, provider) = (values.text("engine"), values.text("provider"));
        Self { engine, runtime, threads: values.size("threads"), provider }
    }

    /// What of it tract cannot do.
    fn beyond_tract(&self) -> Option<&'static str> {
        let provider = !self.provider.eq_ignore_ascii_case("cpu");
        let all = [("runtime", self.runtime.is_some()), ("provider", provider), ("threads", self.threads > 1)];
        all.into_iter().find(|(_, given)| *given).map(|(word, _)| word)
    }

    fn choose(&self, file: OnnxFile) -> Result<Chosen> {
        let path = self.runtime.clone().or_else(ort::installed);
        match (self.engine, path, self.beyond_tract()) {
            ("tract", _, Some(word)) => {
                let way = "leave it out, or say `engine = \"onnxruntime\"`";
                Err(Error(format!("`{word}` is for ONNX Runtime, but `engine` says tract; {way}")))
            }
            ("tract", ..) => Ok((open_tract(file)?, on_tract("`engine` says so"), None)),
            ("onnxruntime", None, _) => Err(Error(format!(
                "`engine` says onnxruntime, but no ONNX Runtime is installed; {WAY_OUT}, and `runtime` names another one"
            ))),
            ("onnxruntime", Some(path), _) => {
                let (model, runs_on, _) = self.on_runtime(&file, &path)?;
                Ok((model, runs_on, None))
            }
            // What the author asks for by name is not passed over; threads are only a wish for speed.
            (_, None, Some(word)) if word != "threads" => {
                Err(Error(format!("`{word}` is for ONNX Runtime, and none is installed; {WAY_OUT}")))
            }
            (_, None, _) => {
                let why = "no ONNX Runtime is installed (`aw install onnxruntime`)";
                Ok((open_tract(file)?, on_tract(why), None))
            }
            (_, Some(path), _) => self.automatic(file, &path),
        }
    }

    /// ONNX Runtime if it can, otherwise tract, unless the graph asks for what only the first can do.
    fn automatic(&self, file: OnnxFile, path: &Path) -> Result<Chosen> {
        let refused = match self.on_runtime(&file, path) {
            Ok(chosen) => return Ok(chosen),
            Err(refused) if self.beyond_tract().is_some_and(|word| word != "threads") => return Err(refused),
            Err(refused) => refused,
        };
        let short = refused.0.split("; ").next().unwrap_or_default().to_string();
        let model = open_tract(file).map_err(|_| refused)?;
        Ok((model, on_tract(&short), None))
    }

    fn on_runtime(&self, file: &OnnxFile, path: &Path) -> Result<Chosen> {
        let runtime = Runtime::load(path)?;
        let model = ort::File::open(file, &runtime, self.threads, self.provider)?;
        let threads = if self.threads == 1 { "1 thread".into() } else { format!("{} threads", self.threads) };
        let why = if self.runtime.is_some() { "named by `runtime`:" } else { "installed in" };
        let (name, provider) = (runtime.name(), self.provider.to_ascii_lowercase());
        let runs_on = format!("runs on {name} ({provider}, {threads}), {why} {}", runtime.path.display());
        Ok((Box::new(model), runs_on, Some(Fallback { path: file.path.clone(), instead_of: name })))
    }
}

/// Names in a damaged file may hold anything, and be of any length.
fn one_line(Error(why): Error) -> Error {
    let plain = why.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    Error(plain.take(800).collect())
}

fn open_tract(file: OnnxFile) -> Result<Box<dyn Model + Send>> {
    Ok(Box::new(tract::File::open(file)?))
}

fn on_tract(why: &str) -> String {
    format!("runs on tract {}, embedded: {why}", tract::VERSION)
}
