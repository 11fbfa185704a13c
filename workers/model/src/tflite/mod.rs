//! The worker `tflite`: TensorFlow Lite models on the engines TensorFlow Lite and LiteRT.
//!
//! `file` reads a model and has it checked: its tables (`flatbuffer`, `schema`), what they mean together (`check`), tensor by
//! tensor (`tensors`) and operator by operator (`rules`, `needs`). `session` runs it for some channels, `classic` and
//! `litert` are the engines. The worker `tflm` uses all but the engines.

mod check; //         whether a file means something
mod classic; //       the engine TensorFlow Lite
mod classic_api; //   its C functions
mod constants; //     constants that decide shapes
pub mod file; //      a model as its file has it
mod flatbuffer; //    tables, read without trusting them
pub mod library; //   where the runtimes are
mod litert; //        the engine LiteRT
mod litert_api; //    its C functions
mod needs; //         what operators need, in tables
mod operators; //     names of operators
mod rules; //         whether they have it
pub mod said; //      what C libraries say
mod schema; //        what tables there are
pub mod session; //   one interpreter a channel
mod tensors; //       whether single tensors mean something
pub mod values; //    types and quantisation

#[cfg(test)]
mod conformance; //   all engines step by step
#[cfg(test)]
mod damage; //        what engines do to damaged models
#[cfg(test)]
mod refusals; //      files that no engine may see
#[cfg(test)]
pub mod tests; //     the worker against the Python interpreter

use crate::binding::Input;
use crate::engine::{self, Model};
use crate::runner::{PORTS, Runner, params};
use crate::words::Tensor;
use aw_sdk::{Block, Param, Result, Setup, Spec, Values, Worker, choices};
use file::File;
use session::{Renewed, Session};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs a TensorFlow Lite model on the frames of its ports; see [`crate::binding`] for what the parameters mean
/// together. Tensors have the names of the model's signature, or else those of the tensors themselves.
///
/// ```toml
/// [node.mask]
/// worker = "tflite"
/// model  = "models/dtln_model_1.tflite"
/// in     = { input_2 = "level" }
/// state  = { input_3 = "Identity_1" }
/// out    = { mask = "Identity" }
///
/// [node.wake]                            # a micro wake word: 3 new frames a run, its past in variables of its own
/// worker = "tflite"
/// model  = "models/okay_nabu.tflite"
/// in     = { input_audio = "features" }
/// frames = { input_audio = 3 }
/// ```
pub struct Tflite {
    runner: Runner,
    /// What runs it, and why.
    runs_on: String,
}

/// A library that runs models.
#[derive(Clone, Copy)]
enum Engine {
    Classic(classic::Library),
    LiteRt(litert::Library),
}

/// A model and the library that runs it.
struct Loaded {
    file: Arc<File>,
    engine: Engine,
}

impl Worker for Tflite {
    const SPEC: Spec = Spec {
        id: c"tflite",
        summary: c"Runs a TensorFlow Lite model on TensorFlow Lite or LiteRT; channels run one by one",
        ports: PORTS,
        params: params![
            Param::path(c"model").required().doc(c"The TensorFlow Lite file"),
            Param::text(c"engine", c"auto")
                .choices(choices![c"auto", c"tflite", c"litert"])
                .doc(c"What runs it; auto: TensorFlow Lite where it is installed, else LiteRT"),
            Param::path(c"runtime").doc(c"The engine's library, where another one than the installed is meant"),
            Param::bool(c"xnnpack", true).doc(c"Whether XNNPACK computes what it can"),
            Param::int(c"threads", 1).range(1.0, 64.0).doc(c"Threads of an interpreter"),
        ],
        presets: &[],
        may_block: true,
    };

    fn create(values: &Values) -> Result<Self> {
        let file = File::open(values.text("model"))?;
        let (engine, runs_on) = Engine::choose(values)?;
        Ok(Self { runner: Runner::new(values, Box::new(Loaded { file: Arc::new(file), engine }))?, runs_on })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.runner.prepare(setup)?;
        setup.says(&self.runs_on);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        self.runner.process(block);
    }

    fn reset(&mut self) {
        self.runner.reset();
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.runner.save(out);
    }

    fn load(&mut self, data: &[u8]) -> Result {
        self.runner.load(data)
    }
}

impl Engine {
    /// The engine that the graph wants, and a line that says which one it is and why.
    fn choose(values: &Values) -> Result<(Self, String)> {
        let (runtime, xnnpack, threads) = (values.text("runtime"), values.bool("xnnpack"), values.size("threads"));
        let auto = values.text("engine") == "auto";
        let litert = match values.text("engine") {
            "litert" => true,
            "tflite" => false,
            _ if !runtime.is_empty() => {
                Path::new(runtime).file_name().is_some_and(|name| name.to_string_lossy().contains("LiteRt"))
            }
            _ => classic::RUNTIME.installed().is_none() && litert::RUNTIME.installed().is_some(),
        };
        let place = |path: &PathBuf| match (runtime.is_empty(), path.parent()) {
            (true, Some(folder)) => format!("installed in {}", folder.display()),
            _ => format!("from {}", path.display()),
        };
        let with = if xnnpack { "with XNNPACK" } else { "without XNNPACK" };
        if litert {
            let path = litert::RUNTIME.find(runtime)?;
            let library = litert::Library::open(&path, xnnpack, threads)?;
            let why = if auto && runtime.is_empty() { ", as TensorFlow Lite is not installed" } else { "" };
            return Ok((Self::LiteRt(library), format!("runs on LiteRT {with}, {}{why}", place(&path))));
        }
        let path = classic::RUNTIME.find(runtime)?;
        let library = classic::Library::open(&path, xnnpack, threads)?;
        let (version, with) = (library.version(), library.with());
        Ok((Self::Classic(library), format!("runs on TensorFlow Lite {version} {with}, {}", place(&path))))
    }
}

impl Model for Loaded {
    fn inputs(&self) -> &[Tensor] {
        &self.file.inputs
    }

    fn outputs(&self) -> &[Tensor] {
        &self.file.outputs
    }

    fn session(&self, inputs: &[Input], channels: usize) -> Result<Box<dyn engine::Session>> {
        let shapes: Vec<Vec<usize>> = inputs.iter().map(|input| input.shape.clone()).collect();
        let (file, remembers) = (self.file.clone(), self.file.remembers);
        match self.engine {
            Engine::Classic(library) => {
                let make = Arc::new(move || classic::Classic::new(library, &file, &shapes));
                let each = (0..channels).map(|_| Renewed::new(remembers, make.clone())).collect::<Result<_>>()?;
                Ok(Box::new(Session::new(&self.file, inputs, each)?))
            }
            Engine::LiteRt(library) => {
                let make = Arc::new(move || litert::LiteRt::new(library, &file, &shapes));
                let each = (0..channels).map(|_| Renewed::new(remembers, make.clone())).collect::<Result<_>>()?;
                Ok(Box::new(Session::new(&self.file, inputs, each)?))
            }
        }
    }
}
