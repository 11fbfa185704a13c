//! The worker `tflm`: TensorFlow Lite models on TensorFlow Lite Micro, in an arena of fixed size.
//!
//! Files are read by [`crate::tflite`]; only `interpreter` and `image` know the engine.

#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
mod image; //       its library, opened without Python
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
mod interpreter; // its C++ functions
#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")))]
#[path = "elsewhere.rs"]
mod interpreter; // what other systems say
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
mod memory; //      memory for C++ objects
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
mod past; //        what runs leave behind in it
#[cfg(test)]
mod tests; //       the worker against the Python interpreter, and its arena

use crate::binding::Input;
use crate::engine::{self, Model};
use crate::runner::{PORTS, Runner, params};
use crate::tflite::file::File;
use crate::tflite::library::Runtime;
use crate::tflite::session::Session;
use crate::words::{Tensor, shape_text};
use aw_sdk::{Error, Param, Result, Setup, Spec, Values, Worker};
use interpreter::Micro;
use std::path::Path;

/// Whether the engine exists for this system.
const HERE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"));
/// What is said where it does not.
const ELSEWHERE: &str =
    "TensorFlow Lite Micro runs on x86-64 Linux with glibc only; `worker = \"tflite\"` runs the same models here";

/// The runtime.
pub const RUNTIME: Runtime =
    Runtime { title: "TensorFlow Lite Micro", name: "tflm", files: ["_runtime.so", "_runtime.so", "_runtime.pyd"] };

/// Runs a model as a microcontroller does: in an arena of fixed size, with reference kernels, and without touching the
/// heap in `process`; so it may run on the render thread. See [`crate::binding`] for what the parameters mean together.
///
/// ```toml
/// [node.words]
/// worker    = "tflm"
/// model     = "models/micro_speech_quantized.tflite"
/// in        = "features"
/// stack     = { Reshape_1 = 49 }
/// arena_kib = 10
/// ```
pub struct Tflm {
    runner: Runner,
    /// What runs it, and how full its arena is.
    runs_on: String,
}

/// A model, the library that runs it, and the size of its arena in bytes.
struct Loaded {
    file: File,
    micro: Micro,
    arena: usize,
}

impl Worker for Tflm {
    const SPEC: Spec = Spec {
        id: c"tflm",
        summary: c"Runs a TensorFlow Lite model on TensorFlow Lite Micro, in a fixed arena; channels run one by one",
        ports: PORTS,
        params: params![
            Param::path(c"model").required().doc(c"The TensorFlow Lite file"),
            Param::int(c"arena_kib", 0)
                .range(0.0, 262_144.0)
                .unit(c"KiB")
                .doc(c"Memory for one channel; 0 is as much as the model needs"),
            Param::path(c"runtime").doc(c"The engine's library, where another one than the installed is meant"),
        ],
        presets: &[],
        may_block: false,
    };

    fn create(values: &Values) -> Result<Self> {
        if !HERE {
            return Err(ELSEWHERE.into());
        }
        let file = File::open(values.text("model"))?;
        file.check_strictly()?;
        let path = RUNTIME.find(values.text("runtime"))?;
        let micro = Micro::open(Path::new(&path))?;
        let (needed, given) = (micro.measure(&file)?, 1024 * values.size("arena_kib"));
        if given > 0 && given < needed {
            let (kib, path) = (needed / 1024, &file.path);
            return Err(Error(format!(
                "{path} needs {kib} KiB: write `arena_kib = {kib}`, or 0 for as much as it needs"
            )));
        }
        let arena = if given > 0 { given } else { needed };
        let used = micro.interpreter(&file, arena)?.used();
        let uses = format!("uses {:.1} of {} KiB", used as f64 / 1024.0, arena / 1024);
        let runs_on = format!("runs on TensorFlow Lite Micro {}, {uses}", interpreter::VERSION);
        Ok(Self { runner: Runner::new(values, Box::new(Loaded { file, micro, arena }))?, runs_on })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.runner.prepare(setup)?;
        setup.says(&self.runs_on);
        Ok(())
    }

    crate::runner::forward!();
}

impl Model for Loaded {
    fn inputs(&self) -> &[Tensor] {
        &self.file.inputs
    }

    fn outputs(&self) -> &[Tensor] {
        &self.file.outputs
    }

    fn session(&self, inputs: &[Input], channels: usize) -> Result<Box<dyn engine::Session>> {
        for ((input, tensor), held) in inputs.iter().zip(&self.file.inputs).zip(&self.file.input_tensors) {
            if input.shape != held.shape {
                let (wanted, is) = (shape_text(&input.shape), shape_text(&held.shape));
                let why = format!(
                    "`{}` would be {wanted}, but TensorFlow Lite Micro keeps the {is} of the file",
                    tensor.name
                );
                return Err(Error(format!("{why}: `worker = \"tflite\"` takes other extents")));
            }
        }
        let each = (0..channels).map(|_| self.micro.interpreter(&self.file, self.arena)).collect::<Result<_>>()?;
        Ok(Box::new(Session::new(&self.file, inputs, each)?))
    }
}

/// Runs a file as it is.
#[cfg(test)]
pub fn play(file: &File, run: impl Fn(Result<interpreter::MicroInterpreter>, &File)) {
    let path = RUNTIME.installed().expect("an installed engine");
    let micro = Micro::open(&path).expect("the library");
    if file.check_strictly().is_err() {
        return;
    }
    run(micro.measure(file).and_then(|arena| micro.interpreter(file, arena)), file);
}

/// A session with as large an arena as it needs.
#[cfg(test)]
pub fn session(file: &File, inputs: &[Input]) -> Result<Box<dyn engine::Session>> {
    let path = RUNTIME.installed().expect("an installed engine");
    file.check_strictly()?;
    let micro = Micro::open(&path)?;
    let it = micro.interpreter(file, micro.measure(file)?)?;
    Ok(Box::new(Session::new(file, inputs, vec![it])?))
}
