//! What `aw model` tells of model files, good and bad.
#![allow(clippy::unwrap_used)] // helpers of tests, too

mod cc;

use aw_host::model::Card;
use aw_tests::{aw, built, file, judge_model, run, stderr, stdout};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The small models of the workers' tests, and those of these ones, which only have their weights left out.
fn models() -> Vec<PathBuf> {
    let folders = ["workers/model/tests/models", "tests/models"].map(|folder| std::fs::read_dir(file(folder)).unwrap());
    let paths = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    let model = |path: &PathBuf| path.extension().is_some_and(|ext| ext == "onnx" || ext == "tflite");
    let mut paths: Vec<PathBuf> = paths.filter(model).collect();
    paths.sort();
    paths
}

fn card(path: &str, shapes: &[(&str, &[u64])]) -> Card {
    let shapes: Vec<_> = shapes.iter().map(|(name, dims)| (name.to_string(), dims.to_vec())).collect();
    Card::of(&file(path), &shapes).unwrap()
}

#[test]
fn a_card_tells_what_goes_in_what_comes_out_and_what_it_costs() {
    for path in [
        "workers/model/tests/models/accumulate.onnx",
        "workers/model/tests/models/fir.onnx",
        "workers/model/tests/models/gru.onnx",
        "workers/model/tests/models/parts_last.onnx",
        "workers/model/tests/models/unknown_operator.onnx",
        "workers/model/tests/models/vad.onnx",
        "workers/model/tests/models/words.onnx",
        "tests/models/ds_cnn.onnx",
        "tests/models/ds_cnn.tflite",
        "tests/models/streaming.tflite",
    ] {
        let said = stdout(&run(["model", "--no-engines", path]));
        let name = Path::new(path).file_name().unwrap().to_str().unwrap().replace('.', "_");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("model_{name}"), said);
        });
    }
}

/// MLPerf Tiny says 2.7 million for its keyword spotter (C. Banbury et al., "MLPerf Tiny Benchmark", NeurIPS 2021); layer
/// by layer that is 320,000 + 4 × (72,000 + 512,000) + 768. The others are what onnx-tool 1.0.1 counts for the same
/// nodes, less the biases that it adds to a Gemm (3).
#[test]
fn multiply_accumulates_are_those_that_others_count() {
    let total = |path: &str, shapes: &[(&str, &[u64])]| card(path, shapes).macs.total;
    assert_eq!(total("tests/models/ds_cnn.onnx", &[]), 2_656_768);
    assert_eq!(total("tests/models/ds_cnn.tflite", &[]), 2_656_768);
    let small = |name: &str| format!("workers/model/tests/models/{name}.onnx");
    assert_eq!(total(&small("fir"), &[("x", &[1, 1, 512])]), 2540);
    assert_eq!(total(&small("parts_last"), &[]), 20);
    assert_eq!(total(&small("words"), &[]), 75 - 3);
    assert_eq!(total(&small("vad"), &[("input", &[1, 20])]), 69);
    // Recurrent layers: every weight of W and R once in each step; onnx-tool adds the arithmetic of the gates.
    assert_eq!(total(&small("gru"), &[]), 3 * 3 * (4 + 3));
    assert_eq!(total(&small("lstm"), &[]), 4 * 3 * (4 + 3));
    assert_eq!(total(&small("gru_fresh"), &[]), 5 * 3 * 3 * (4 + 3));
}

#[test]
fn the_memory_of_all_tensors_is_added_up() {
    // DS-CNN in int8: what goes in, a convolution and four times two more of 25 × 5 × 64, their mean, twice, and 12 words,
    // twice.
    let all = 49 * 10 + 9 * 25 * 5 * 64 + 2 * 64 + 2 * 12;
    assert_eq!(card("tests/models/ds_cnn.tflite", &[]).tensors, Some(all));
}

#[test]
fn what_cannot_be_counted_is_said() {
    let card = card("workers/model/tests/models/unknown_operator.onnx", &[]);
    assert_eq!(card.macs.total, 0);
    let lost: Vec<(&str, u64)> = card.macs.uncounted.iter().map(|lost| (lost.op.as_str(), lost.count)).collect();
    assert_eq!(lost, [("Sorcery", 1)]);
}

#[test]
fn json_has_the_same_facts() {
    let output = run(["model", "--no-engines", "--json", "workers/model/tests/models/vad.onnx"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["format"], "ONNX");
    assert_eq!(told["opsets"], json!([["", 17]]));
    assert_eq!(told["inputs"][1]["shape"], json!([2, null, 3]));
    assert_eq!(told["states"], json!([{ "input": "state", "output": "stateN", "by": "name and shape" }]));
    assert_eq!(told["macs"]["total"], 69);
    assert_eq!(told["macs"]["taken"], json!([["input", [1, 20]], ["state", [2, 1, 3]]]));
    assert_eq!(told["parameters"]["by_type"], json!([["float32", 70, 280], ["int64", 2, 16]]));
    assert_eq!(told["node"]["takes"], json!([{ "input": "input", "kind": "audio", "cells": 1, "frames": 20 }]));
    assert!(told["node"]["toml"].as_str().unwrap().contains("const  = { sr = 16000 }"), "{told}");
    assert_eq!(told["engines"], json!(null), "nobody was asked");
    let output = run(["model", "--no-engines", "--json", "tests/models/ds_cnn.tflite"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let quant = &told["inputs"][0]["quantisation"];
    assert_eq!((&quant["zero_point"], &quant["channels"]), (&json!(83), &json!(1)));
    assert_eq!((&told["inputs"][0]["name"], &told["inputs"][0]["alias"]), (&json!("mfcc"), &json!("input_1")));
}

/// A graph around a node: sources that give what it takes.
fn around(card: &Card) -> String {
    let mut graph = format!("[graph]\nrate = {}\n[input.mic]\n[output.speaker]\nfrom = \"mic\"\n", card.node.rate);
    for takes in &card.node.takes {
        let cells = takes.cells;
        let source =
            ["stft", "magnitude", "features"].into_iter().find(|name| card.node.toml.contains(&format!("\"{name}\"")));
        graph += &match takes.kind {
            "spectrum" => format!(
                "[node.stft]\nworker = \"stft\"\nin = \"mic\"\nsize = {}\nhop = {}\n",
                2 * (cells - 1),
                cells - 1
            ),
            "features" => {
                format!("[node.{}]\nworker = \"frame\"\nin = \"mic\"\nsize = {cells}\nhop = 1\n", source.unwrap())
            }
            _ => String::new(),
        };
    }
    graph + &card.node.toml
}

#[test]
fn the_node_to_paste_is_one_that_the_worker_takes() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for path in
        models().into_iter().filter(|path| path.starts_with(file("workers")) && path.extension().unwrap() == "onnx")
    {
        let graph = folder.path().join("graph.toml");
        std::fs::write(&graph, around(&Card::of(&path, &[]).unwrap())).unwrap();
        let output = run(["check", graph.to_str().unwrap()]);
        let said = stdout(&output);
        match path.ends_with("unknown_operator.onnx") {
            true => assert!(said.contains("has no operator `Sorcery`") && said.contains("1 error"), "{said}"),
            false => assert_eq!(output.status.code(), Some(0), "{}: {said}", path.display()),
        }
        tried += 1;
    }
    assert!(tried > 10, "{tried}");
}

#[test]
fn the_worker_itself_is_asked_whether_it_runs_the_model() {
    let asked = |name: &str| {
        let output = run(["model", "--json", &format!("workers/model/tests/models/{name}.onnx")]);
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let onnx =
            |answer: &&Value| answer["worker"] == "onnx" && [json!(null), json!("tract")].contains(&answer["engine"]);
        told["engines"].as_array().unwrap().iter().find(onnx).unwrap_or_else(|| panic!("{told}")).clone()
    };
    assert_eq!(asked("lstm")["outcome"], "runs");
    let answer = asked("unknown_operator");
    assert_eq!(answer["outcome"], "otherwise");
    assert!(answer["why"].as_str().unwrap().contains("Sorcery"), "{answer}");
}

/// Whatever an engine does, it is asked in a process of its own: a crash is an answer like any other.
#[test]
fn engines_that_refuse_crash_or_hang_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    cc::library(&file("tests/workers/engines.c"), folder.path(), "engines");
    let mut aw = aw();
    aw.args(["model", "workers/model/tests/models/gru.onnx", "--timeout", "2", "--workers"]).arg(folder.path());
    let output = aw.output().unwrap();
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let line = |engine: &str| {
        let begin = format!("  runner, engine = \"{engine}\"");
        let found =
            said.lines().find_map(|line| line.strip_prefix(&begin)).unwrap_or_else(|| panic!("{engine}: {said}"));
        found.trim().to_string()
    };
    assert_eq!(line("good"), "runs it: version 9 on one thread");
    assert_eq!(line("picky"), "refuses it: this engine has no operator `GRU`");
    assert_eq!(line("narrow"), "does not run it as below: 4 values are too many");
    assert!(line("crashing").starts_with("fails: the process died of a bad address (SIGSEGV)"), "{said}");
    assert_eq!(line("endless"), "fails: no end after 2 s: `create` with the file");
    assert!(!said.contains("\"auto\""), "{said}");
}

/// `aw` where there is no worker of ours beside it.
#[test]
fn a_worker_that_runs_the_model_is_the_one_in_the_node() {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let alone = place.path().join("aw").with_extension(std::env::consts::EXE_EXTENSION);
    // A link and no copy: a file that is being written, in another thread that just forks, cannot be run.
    std::fs::hard_link(built().join(alone.file_name().unwrap()), &alone).unwrap();
    let gru = file("workers/model/tests/models/gru.onnx");
    let said = |more: &[&Path]| {
        let mut aw = Command::new(&alone);
        aw.env_remove("AW_WORKERS").arg("model").arg(&gru).args(["--timeout", "1"]).args(more);
        stdout(&aw.output().unwrap())
    };
    let text = said(&[]);
    assert!(text.contains("engines\n  no worker that runs models was found: "), "{text}");
    assert!(text.contains("[node.gru]\nworker = \"onnx\"\n"), "{text}");
    cc::library(&file("tests/workers/engines.c"), place.path(), "engines");
    let text = said(&[Path::new("--workers"), place.path()]);
    assert!(text.contains("[node.gru]\nworker = \"runner\"\n"), "{text}");
}

#[test]
fn the_help_tells_what_there_is() {
    let help = stdout(&run(["model", "--help"])).replace(std::env::consts::EXE_SUFFIX, "");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("model_help", help);
    });
}

#[test]
fn shapes_that_do_not_fit_are_a_mistake_of_the_call() {
    let call = |shape: &str| {
        let output = run(["model", "--no-engines", "workers/model/tests/models/gru.onnx", "--shape", shape]);
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    assert_eq!(call("x=1,1,5"), "error: --shape: `x` is 1×1×4, and 1×1×5 does not agree\n");
    assert!(call("xx=1,1,4").ends_with("the model has no input `xx`; it has x, h; did you mean `x`?\n"));
    assert!(call("x").contains("an input and its extents are wanted, such as input=1,576"));
    assert!(call("x=1,0,4").contains("an input and its extents are wanted"));
    let given = card("workers/model/tests/models/fir.onnx", &[("x", &[1, 1, 104])]);
    assert_eq!(given.macs.total, 5 * 100);
    assert!(given.node.toml.contains("shape  = { x = [1, 1, 104] }"), "{}", given.node.toml);
}

/// What `aw model` says of a file with these bytes, after its name.
fn refusal(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let output = aw().arg("model").arg(&path).output().unwrap();
    let said = stderr(&output);
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    let begin = format!("error: {} ", path.display());
    said.strip_prefix(&begin).unwrap_or_else(|| panic!("{said}")).trim().into()
}

#[test]
fn files_of_other_formats_are_named_with_the_way_out() {
    let gru = std::fs::read(file("workers/model/tests/models/gru.onnx")).unwrap();
    assert_eq!(refusal("empty.onnx", b""), "is empty");
    assert!(refusal("a.onnx", b"version https://git-lfs.github.com/spec/v1\noid sha256:1").contains("git lfs pull"));
    assert_eq!(refusal("a.onnx", "Kaufe: Äpfel\n".as_bytes()), "is a text file, no model");
    assert!(refusal("a.onnx", b"<!DOCTYPE html><html>").starts_with("is a web page"));
    let zip = |name: &str| [b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0".as_slice(), name.as_bytes(), &[0; 40]].concat();
    assert!(refusal("a.pt", &zip("archive/data.pkl")).contains("torch.onnx.export"));
    assert!(refusal("a.keras", &zip("metadata.json")).starts_with("is a Keras file"));
    assert!(refusal("a.zip", &zip("model.onnx")).starts_with("is a ZIP archive"));
    assert!(refusal("a.pt", b"\x80\x02}q\0.").contains("torch.onnx.export"));
    assert!(
        refusal("a.safetensors", b"\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\"}}").starts_with("is a safetensors file")
    );
    assert!(refusal("a.h5", b"\x89HDF\r\n\x1a\n\0\0").starts_with("is a Keras file"));
    // A Core ML model: version 5, a description, a neural network as field 500.
    assert!(refusal("a.mlmodel", b"\x08\x05\x12\x02\x0a\x00\xa2\x1f\x02\x0a\x00").starts_with("is a Core ML model"));
    assert!(refusal("a.onnx", &[0xff; 100]).starts_with("is no ONNX and no TensorFlow Lite model (100 bytes)"));
    assert!(
        refusal("a.onnx", &gru[..gru.len() / 2]).starts_with("is a damaged ONNX model (322 bytes): it is cut short")
    );
    let said = refusal("a.tflite", b"\x1c\0\0\0TFL3\0\0\0\0");
    assert!(said.starts_with("is a damaged TensorFlow Lite model (12 bytes): "), "{said}");
    let output = run(["model", "no/such/model.onnx"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("error: cannot read the model no/such/model.onnx: No such file"));
}

/// The name of a file says nothing: its first bytes do.
#[test]
fn a_tflite_model_that_is_called_onnx_is_described_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::copy(file("tests/models/streaming.tflite"), &path).unwrap();
    let said = stdout(&aw().args(["model", "--no-engines"]).arg(&path).output().unwrap());
    assert!(said.contains("TensorFlow Lite version 3") && said.contains("worker = \"tflite\""), "{said}");
}

#[test]
fn models_that_end_anywhere() {
    for path in models() {
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(judge_model(&bytes), None);
        let refused = (0..bytes.len()).filter(|end| judge_model(&bytes[..*end]).is_some()).count();
        assert!(refused > bytes.len() / 2, "{refused} of {}", bytes.len());
    }
}

/// Numbers that look random and are the same every time (G. Marsaglia, "Xorshift RNGs", J. Stat. Software 8, 2003).
fn random(state: &mut u64, below: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state % below as u64) as usize
}

#[test]
fn models_with_wrong_bytes() {
    let models: Vec<Vec<u8>> = models().into_iter().map(|path| std::fs::read(path).unwrap()).collect();
    let (mut state, mut refused) = (0x9e37_79b9_7f4a_7c15, 0);
    let worst = [0, 1, 0x7f, 0x80, 0xff];
    for _ in 0..100_000 {
        let mut bytes = models[random(&mut state, models.len())].clone();
        for _ in 0..=random(&mut state, 4) {
            let at = random(&mut state, bytes.len());
            match random(&mut state, 4) {
                0 => bytes[at] ^= 1 << random(&mut state, 8),
                1 => bytes[at] = worst[random(&mut state, worst.len())],
                2 => drop(bytes.drain(at..(at + random(&mut state, 12)).min(bytes.len() - 1).max(at))),
                _ => drop(bytes.splice(at..at, vec![worst[random(&mut state, worst.len())]; random(&mut state, 9)])),
            }
        }
        refused += usize::from(judge_model(&bytes).is_some());
    }
    assert!((25_000..100_000).contains(&refused), "{refused}");
    assert!(most_memory() < 500 << 20, "{} MB", most_memory() >> 20);
}

/// The most memory that this process ever had, in bytes, where the system says it.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
