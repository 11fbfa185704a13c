//! Damaged models, run by the engines in a child process: C++ that stumbles must not take the tests along.
//!
//! What the reader lets pass, an engine gets to see: it may refuse it or compute nonsense, but it must return.
use super::file::File;
use super::session::Interpreter;
use super::tests::path;
use super::{classic, litert};
use crate::tflm;
use std::process::Command;

/// Tells the child what to do: engine, models, first and last seed.
const TASK: &str = "AW_MODEL_DAMAGE";

const ENGINES: [(&str, &super::library::Runtime); 4] = [
    ("tflite", &classic::RUNTIME),
    ("tflite-plain", &classic::RUNTIME),
    ("litert", &litert::RUNTIME),
    ("tflm", &tflm::RUNTIME),
];

const MODELS: &str =
    "dense,dense_int8,dense_uint8,dense_int16,dense_dynamic,accumulate,requantized,variable,named,sliced,parts,kinds";

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// A file with some bytes or numbers changed.
fn damaged(bytes: &[u8], seed: u64) -> Vec<u8> {
    let (mut dice, mut bytes) = (Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)), bytes.to_vec());
    for _ in 0..=dice.next(3) {
        let at = dice.next(bytes.len() - 8);
        match dice.next(4) {
            0 => bytes[at] ^= 1 << dice.next(8),
            1 => bytes[at] = dice.next(256) as u8,
            2 => bytes[at & !3] = dice.next(12) as u8,
            _ => {
                let edge = [0, 1, -1, 2, 127, 255, i32::MAX, i32::MIN][dice.next(8)];
                bytes[at & !3..(at & !3) + 4].copy_from_slice(&edge.to_le_bytes());
            }
        }
    }
    bytes
}

/// Runs what the reader lets pass.
fn play(engine: &str, file: &File) {
    fn run(interpreter: aw_sdk::Result<impl Interpreter>, file: &File) {
        let Ok(mut interpreter) = interpreter else { return };
        for _ in 0..2 {
            for at in 0..file.inputs.len() {
                interpreter.input(at).fill(1);
            }
            if interpreter.run().is_err() {
                return;
            }
            for at in 0..file.outputs.len() {
                std::hint::black_box(interpreter.output(at).iter().fold(0u8, |all, byte| all ^ byte));
            }
        }
    }
    let shapes: Vec<Vec<usize>> = file.input_tensors.iter().map(|tensor| tensor.shape.clone()).collect();
    match engine {
        "litert" => {
            let library = litert::Library::open(&litert::RUNTIME.installed().unwrap(), true, 1).unwrap();
            run(litert::LiteRt::new(library, file, &shapes), file);
        }
        "tflm" => tflm::play(file, run),
        _ => {
            let path = classic::RUNTIME.installed().unwrap();
            let library = classic::Library::open(&path, engine == "tflite", 1).unwrap();
            run(classic::Classic::new(library, file, &shapes), file);
        }
    }
}

/// What the child does.
#[test]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let mut words = task.split(' ');
    let (engine, models) = (words.next().unwrap(), words.next().unwrap());
    let [first, last] = [(); 2].map(|()| words.next().unwrap().parse::<u64>().unwrap());
    for model in models.split(',') {
        let model = if model.contains('/') { model.into() } else { path(model) };
        let whole = std::fs::read(&model).unwrap();
        for seed in first..last {
            let bytes = damaged(&whole, seed);
            if let Ok(file) = File::read(&model, &bytes) {
                eprintln!("case {model} {seed}");
                play(engine, &file);
            }
        }
    }
}

#[test]
fn no_damaged_model_takes_an_engine_down() {
    for (engine, runtime) in ENGINES {
        if runtime.installed().is_none() {
            eprintln!("not tested: damaged models on {engine}, which is not installed");
            continue;
        }
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "tflite::damage::child", "--nocapture", "--test-threads=1"]);
        let out = child.env(TASK, format!("{engine} {MODELS} 0 500")).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        let cases: Vec<&str> = said.lines().filter(|line| line.starts_with("case ")).collect();
        assert!(out.status.success(), "{engine} stumbled over {:?}: {}", cases.last(), out.status);
        assert!(cases.len() > 100, "hardly anything got past the reader");
    }
}
