//! Engines and models that tests find on this machine: tract always, ONNX Runtime and real models where they are installed.
use crate::onnx::Onnx;
use crate::ort::library_in;
use aw_sdk::{Format, Given, Result, Rig};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Once;

/// What a graph says to run on an engine.
pub struct Engine {
    /// Its name in messages.
    pub title: &'static str,
    words: Vec<(&'static str, Given)>,
}

/// A table of the worker and what is in it.
pub type Tables<'a> = &'a [(&'a str, &'a [(&'a str, &'a str)])];

/// Where `aw install` puts engines and models.
pub fn home() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")));
    set("AW_HOME").or_else(|| Some(data()?.join("aw")))
}

/// A library of ONNX Runtime.
pub fn runtime() -> Option<PathBuf> {
    home().map(|home| library_in(&home)).filter(|path| path.exists())
}

/// All engines; says once which there is none of.
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine { title: "tract", words: vec![("engine", "tract".into())] }];
    match runtime() {
        Some(path) => {
            let path = path.to_str().unwrap().into();
            engines.push(Engine {
                title: "ONNX Runtime",
                words: vec![("engine", "onnxruntime".into()), ("runtime", path)],
            });
        }
        None => {
            static ONCE: Once = Once::new();
            // Past the harness, which keeps back what tests that succeed print.
            ONCE.call_once(|| writeln!(std::io::stderr(), "NOT TESTED: ONNX Runtime, which is not installed").unwrap());
        }
    }
    engines
}

/// Runs a test on every engine.
pub fn on_every_engine(test: impl Fn(&Engine)) {
    for engine in engines() {
        test(&engine);
    }
}

impl Engine {
    /// The worker on this engine.
    pub fn rig(&self, params: &[(&str, Given)], inputs: &[(&str, Format)], outputs: &[&str]) -> Result<Rig> {
        Rig::new::<Onnx>(&[params, &self.words].concat(), inputs, outputs)
    }

    /// What the worker says to the model of this name with these tables, ports and outputs.
    #[track_caller]
    pub fn refusal(&self, name: &str, tables: Tables, inputs: &[(&str, Format)], outputs: &[&str]) -> String {
        let mut params: Vec<(&str, Given)> = vec![("model", model(name))];
        params.extend(tables.iter().map(|(name, pairs)| (*name, table(pairs))));
        self.rig(&params, inputs, outputs).err().unwrap_or_else(|| panic!("{} should refuse", self.title)).0
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("on the engine {}", self.title);
        }
    }
}

/// A model of these tests.
pub fn model(name: &str) -> Given {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/NAME.onnx").replace("NAME", name).as_str().into()
}

/// A table of the worker.
pub fn table(pairs: &[(&str, &str)]) -> Given {
    pairs.into()
}
