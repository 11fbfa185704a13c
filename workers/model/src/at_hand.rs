//! Engines and models that tests find on this machine: tract always, ONNX Runtime and real models where they are installed.
pub use crate::home::home;
use crate::onnx::Onnx;
use crate::ort::library_in;
use aw_sdk::{Format, Given, Result, Rig};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a graph says to run on an engine.
pub struct Engine {
    /// Its name in messages.
    pub title: &'static str,
    words: Vec<(&'static str, Given)>,
}

/// A table of the worker and what is in it.
pub type Tables<'a> = &'a [(&'a str, &'a [(&'a str, &'a str)])];

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

/// A folder of its own, gone at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    /// Makes it.
    pub fn new(name: &str) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let (process, number) = (std::process::id(), MADE.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(format!("aw-model-{name}-{process}-{number}"));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A file in it.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A test that plays again in a process of its own, where `AW_HOME` is another one, or an empty one.
pub fn elsewhere(test: &str, home: Option<&Path>) -> bool {
    if std::env::var_os("AW_ELSEWHERE").is_some() {
        return false;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env("AW_ELSEWHERE", "1");
    command.env("AW_HOME", home.unwrap_or(Path::new("/nowhere")));
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    true
}

/// A path for the worker.
pub fn given(path: &Path) -> Given {
    path.to_str().unwrap().into()
}
