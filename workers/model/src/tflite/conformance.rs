//! All engines on the same models, step by step, 1,000 steps of frames: those of these tests, and those that are installed.
//!
//! The plain kernels of TensorFlow Lite are what the others are held against.
use super::file::File;
use super::flatbuffer::Table;
use super::schema::{buffer, model, subgraph, tensor};
use super::session::Session;
use super::tests::path;
use super::values::{Quantization, Type};
use super::{classic, litert};
use crate::binding::{Feed, Input, Source};
use crate::engine;
use crate::home::home;
use crate::layout::Layout;
use crate::tflm;
use aw_sdk::{Format, Kind, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const STEPS: usize = 1000;

const ENGINES: [&str; 5] = ["tflite-plain", "tflite", "litert-plain", "litert", "tflm"];

/// Models of these tests that every engine takes.
const OWN: [&str; 9] =
    ["dense", "dense_int8", "dense_int16", "accumulate", "requantized", "variable", "named", "sliced", "parts"];

/// A session on an engine, `None` where it is not installed.
pub fn session(engine: &str, file: &File, inputs: &[Input]) -> Option<Result<Box<dyn engine::Session>>> {
    let shapes: Vec<Vec<usize>> = inputs.iter().map(|input| input.shape.clone()).collect();
    let xnnpack = !engine.ends_with("-plain");
    match engine.trim_end_matches("-plain") {
        "tflite" => {
            let library = classic::Library::open(&classic::RUNTIME.installed()?, xnnpack, 1).unwrap();
            let made = classic::Classic::new(library, file, &shapes);
            Some(made.and_then(|it| Ok(Box::new(Session::new(file, inputs, vec![it])?) as _)))
        }
        "litert" => {
            let library = litert::Library::open(&litert::RUNTIME.installed()?, xnnpack, 1).unwrap();
            let made = litert::LiteRt::new(library, file, &shapes);
            Some(made.and_then(|it| Ok(Box::new(Session::new(file, inputs, vec![it])?) as _)))
        }
        _ => tflm::RUNTIME.installed().map(|_| tflm::session(file, inputs)),
    }
}

/// Frames for every input, but an output behind the first goes back into an input of its shape.
pub fn inputs(file: &File) -> Vec<Input> {
    let format = Format::audio(1, 100).carrying(Kind::FEATURES, 1);
    let feed = Feed { port: 0, format, take: 1, hold: 1, layout: Layout::of(&[1], 1, 1, 1).unwrap() };
    let input = |(at, tensor): (usize, &super::file::Tensor)| {
        let mut others = file.output_tensors.iter().enumerate().skip(1);
        let state =
            others.find(|(_, other)| at > 0 && other.shape == tensor.shape && other.values.ty == tensor.values.ty);
        let source = state.map_or_else(|| Source::Port(feed.clone()), |(output, _)| Source::State(output));
        Input { shape: tensor.shape.clone(), source }
    };
    file.input_tensors.iter().enumerate().map(input).collect()
}

/// Values of every output in every step.
fn play(session: &mut dyn engine::Session, file: &File, inputs: &[Input]) -> Vec<Vec<f32>> {
    let mut seed = 7u64;
    let mut noise = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 40) as f32 / (1u64 << 24) as f32
    };
    let mut out = vec![];
    for _ in 0..STEPS {
        for (at, tensor) in file.input_tensors.iter().enumerate() {
            // Quantised inputs are played over their whole range, others between −1 and 1.
            let (low, wide) = match tensor.values.quantization {
                Some(Quantization { scale, zero_point }) => (scale * (-128 - zero_point) as f32, 256.0 * scale),
                None => (-1.0, 2.0),
            };
            if matches!(inputs[at].source, Source::Port(_)) {
                session.input(at).fill_with(|| low + wide * noise());
            }
        }
        session.run(0).unwrap();
        out.push((0..file.outputs.len()).flat_map(|at| session.output(at).unwrap().to_vec()).collect());
    }
    out
}

/// Files of models under a folder.
fn models(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.sort();
    let nested = found.iter().filter(|path| path.is_dir()).flat_map(|path| models(path)).collect::<Vec<_>>();
    found.retain(|path| path.extension().is_some_and(|end| end == "tflite"));
    [found, nested].concat()
}

/// What an engine is held against, and by how much it may differ: floats, as parts of the largest value, and quantised
/// outputs in steps.
fn measure(engine: &str, file: &File) -> (&'static str, f32, f32) {
    let floats = file.input_tensors.iter().all(|tensor| tensor.values.ty == Type::F32);
    let reference = if engine == "litert" { "tflite" } else { "tflite-plain" };
    let same_kernels = engine.starts_with("litert");
    if floats && weights_of_8_bits(file) {
        // Weights of 8 bits in a model of floats: every engine quantises what meets them in its own way in every run.
        return (reference, 0.1, 0.0);
    }
    if same_kernels {
        // The same kernels, some versions apart; the ones for 16 bits round in another place since 2.17.
        let sixteen = file.input_tensors.iter().any(|tensor| tensor.values.ty == Type::I16);
        return (reference, 1e-5, f32::from(u8::from(sixteen)));
    }
    // XNNPACK scales by floats, TensorFlow Lite Micro by fixed points of another width: a layer may round a value to the
    // neighbour of where the plain kernels round it to. Layers add that up, and a softmax makes more of it.
    let steep = file.operators.iter().any(|op| op.name == "SOFTMAX");
    (reference, 1e-4, if steep { 8.0 } else { 3.0 })
}

/// Whether a tensor of the main graph is constant and of 8 bits.
fn weights_of_8_bits(file: &File) -> bool {
    let root = Table::root(file.bytes.as_slice());
    let buffers = root.tables(model::BUFFERS);
    let weighs = |tensor: &Table| {
        let filled = !buffers[tensor.number(tensor::BUFFER, 4) as usize].data(buffer::DATA).is_empty();
        filled && Type::in_file(tensor.number(tensor::TYPE, 1) as u8) == Some(Type::I8)
    };
    root.tables(model::SUBGRAPHS)[0].tables(subgraph::TENSORS).iter().any(weighs)
}

#[test]
fn every_engine_gives_the_same_step_by_step() {
    let installed = home().map_or(vec![], |home| models(&home.join("models")));
    let own = OWN.map(|name| PathBuf::from(path(name)));
    let mut compared = 0;
    for file in own.iter().chain(&installed) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let file = File::open(file.to_str().unwrap()).unwrap();
        let inputs = inputs(&file);
        let mut heard: HashMap<&str, Vec<Vec<f32>>> = HashMap::new();
        for engine in ENGINES {
            let mut session = match session(engine, &file, &inputs) {
                None => {
                    eprintln!("not tested: {name} on {engine}, which is not installed");
                    continue;
                }
                Some(Err(why)) => {
                    eprintln!("{engine} does not take {name}: {why}");
                    continue;
                }
                Some(Ok(session)) => session,
            };
            let got = play(&mut *session, &file, &inputs);
            let (reference, floats, steps) = measure(engine, &file);
            if let Some(want) = heard.get(reference) {
                let step = file.output_tensors[0].values.quantization.map(|q| q.scale);
                let loud = want.iter().flatten().fold(0.0, |loud: f32, y| loud.max(y.abs()));
                let most = step.map_or(floats * loud.max(1.0), |step| (steps + 0.01) * step);
                for (at, (got, want)) in got.iter().zip(want).enumerate() {
                    let worst = super::tests::worst(got, want);
                    assert!(
                        worst <= most,
                        "{name} on {engine}: {worst} from {reference} in step {at}, more than {most}"
                    );
                }
                compared += 1;
            }
            heard.insert(engine, got);
        }
    }
    eprintln!("compared {compared} times {STEPS} steps");
}
