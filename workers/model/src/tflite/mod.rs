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
use aw_sdk::{Error, Param, Result, Setup, Spec, Values, Worker, choices};
use file::File;
use session::{Renewed, Session};
use std::path::Path;
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
                .doc(c"What runs it; auto: TensorFlow Lite where it is installed and loads, else LiteRT"),
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
        if !self.runner.saves() {
            setup.says("keeps its past in variables that the engine does not hand out: a reload begins it anew");
        }
        Ok(())
    }

    crate::runner::forward!();
}

impl Engine {
    /// The engine that the graph wants, and a line that says which one it is and why.
    fn choose(values: &Values) -> Result<(Self, String)> {
        let given = values.text("runtime");
        let called_litert =
            || Path::new(given).file_name().is_some_and(|name| name.to_string_lossy().contains("LiteRt"));
        match values.text("engine") {
            "tflite" => Self::classic(values),
            "litert" => Self::litert(values, ""),
            _ if !given.is_empty() => {
                if called_litert() {
                    Self::litert(values, "")
                } else {
                    Self::classic(values)
                }
            }
            _ => Self::first_that_loads(values),
        }
    }

    /// TensorFlow Lite, else LiteRT.
    fn first_that_loads(values: &Values) -> Result<(Self, String)> {
        let refused = match Self::classic(values) {
            Ok(chosen) => return Ok(chosen),
            Err(refused) => refused,
        };
        match (classic::RUNTIME.installed().is_some(), litert::RUNTIME.installed().is_some()) {
            (_, false) => Err(refused),
            (false, true) => Self::litert(values, ", as TensorFlow Lite is not installed"),
            (true, true) => {
                Self::litert(values, &format!(", as {refused}")).map_err(|e| Error(format!("{refused}; {e}")))
            }
        }
    }

    fn classic(values: &Values) -> Result<(Self, String)> {
        let path = classic::RUNTIME.find(values.text("runtime"))?;
        let library = classic::Library::open(&path, values.bool("xnnpack"), values.size("threads"))?;
        let (version, with) = (library.version(), library.with());
        let runs_on = format!("runs on TensorFlow Lite {version} {with}, {}", place(values, &path));
        Ok((Self::Classic(library), runs_on))
    }

    /// LiteRT, and why it is not the other one.
    fn litert(values: &Values, why: &str) -> Result<(Self, String)> {
        let path = litert::RUNTIME.find(values.text("runtime"))?;
        let xnnpack = values.bool("xnnpack");
        let library = litert::Library::open(&path, xnnpack, values.size("threads"))?;
        let with = if xnnpack { "with XNNPACK" } else { "without XNNPACK" };
        Ok((Self::LiteRt(library), format!("runs on LiteRT {with}, {}{why}", place(values, &path))))
    }
}

/// Where a library comes from.
fn place(values: &Values, path: &Path) -> String {
    match path.parent().filter(|_| values.text("runtime").is_empty()) {
        Some(folder) => format!("installed in {}", folder.display()),
        None => format!("from {}", path.display()),
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
