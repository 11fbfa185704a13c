//! The graphs that run models, on speech: what `aw install` brings must hear, open and clean as their comments say. Where
//! an engine or a model is not installed, a test says so and proves nothing.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_host::install::{Home, Kind, State};
use aw_host::io::{AudioReader, AudioWriter, Encoding};
use aw_tests::{aw, file, stderr, stdout};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// Whether all of it is installed; says what is not.
fn installed(test: &str, engines: &[&str], models: &[&str]) -> bool {
    let home = Home::find().unwrap();
    let all = engines.iter().map(|name| (Kind::Engine, name)).chain(models.iter().map(|name| (Kind::Model, name)));
    let missing: Vec<&str> = all
        .filter(|(kind, name)| !matches!(State::of(&home, *kind, name), State::Whole(_)))
        .map(|(_, name)| *name)
        .collect();
    if !missing.is_empty() {
        println!("{test}: not tested, for lack of {}", missing.join(", "));
    }
    missing.is_empty()
}

/// Samples of a file.
fn read(path: &Path) -> Vec<f32> {
    let mut reader = AudioReader::open(path).unwrap();
    let mut plane = [vec![0.0; reader.spec().frames.unwrap_or(1 << 20) as usize]];
    let frames = reader.read(&mut plane).unwrap();
    plane[0][..frames].to_vec()
}

fn speech(name: &str) -> Vec<f32> {
    read(&file("tests/wav/speech").join(name).with_extension("wav"))
}

fn silence(ms: usize) -> Vec<f32> {
    vec![0.0; 16 * ms]
}

/// A folder with a recording of these parts.
fn recording(parts: &[Vec<f32>]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.wav");
    let mut writer = AudioWriter::create(path.clone(), 16000, 1, Encoding::S16).unwrap();
    writer.write(&[&parts.concat()]).unwrap();
    writer.finish().unwrap();
    (folder, path)
}

/// Plays a graph, and answers what was heard: seconds and labels.
fn heard(graph: &Path, sound: &Path, more: &[&str]) -> (Vec<(f64, String)>, Output) {
    let output = aw().arg("replay").arg(graph).arg("--in").arg(sound).args(more).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let events = stdout(&output);
    let event = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
        (event["time"].as_f64().unwrap(), event["label"].as_str().unwrap().to_string())
    };
    (events.lines().map(event).collect(), output)
}

/// Another version of a graph that ships.
fn changed(folder: &Path, graph: &str, changes: &[(&str, &str)]) -> PathBuf {
    let mut text = fs::read_to_string(file(graph)).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "{graph} has no {old}");
        text = text.replace(old, new);
    }
    let path = folder.join(format!("changed{}.toml", fs::read_dir(folder).unwrap().count()));
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn yes_and_no_are_told_apart_on_the_interpreter_of_microcontrollers() {
    if !installed("keywords", &["tflm"], &["micro-speech"]) {
        return;
    }
    let (folder, sound) = recording(&[silence(500), speech("yes"), silence(1000), speech("no"), silence(1500)]);
    let (words, _) = heard(&file("graphs/kws-micro.toml"), &sound, &[]);
    let labels: Vec<&str> = words.iter().map(|(_, label)| label.as_str()).collect();
    assert_eq!(labels, ["yes", "no"], "{words:?}");
    assert!((0.5..1.6).contains(&words[0].0) && (2.5..3.6).contains(&words[1].0), "{words:?}");
    // Nothing is heard in a word that it does not know.
    let (_other, sound) = recording(&[silence(500), speech("okay_nabu"), silence(1000)]);
    assert_eq!(heard(&file("graphs/kws-micro.toml"), &sound, &[]).0, []);
    // The same on other engines, with nothing but the worker changed.
    for (name, engine) in [("tflite", "tflite"), ("litert", "litert")] {
        if installed("keywords on another engine", &[name], &[]) {
            let worker = format!("worker    = \"tflite\"\nengine = \"{engine}\"");
            let graph = [("worker    = \"tflm\"", worker.as_str()), ("arena_kib = 10", "run = \"inline\"")];
            let graph = changed(folder.path(), "graphs/kws-micro.toml", &graph);
            let sound = folder.path().join("in.wav");
            assert_eq!(heard(&graph, &sound, &["--quiet"]).0, words, "{engine}");
        }
    }
}

#[test]
fn the_wake_word_is_heard_and_nothing_else() {
    if !installed("wake word", &["tflite"], &["micro-wake-words"]) {
        return;
    }
    let talk = [silence(500), speech("good_morning"), silence(1000), speech("okay_nabu"), silence(1500), speech("no")];
    let (folder, sound) = recording(&talk);
    let begins = (talk[..3].iter().map(Vec::len).sum::<usize>() as f64) / 16000.0;
    let (words, _) = heard(&file("graphs/wakeword.toml"), &sound, &[]);
    assert_eq!(words.len(), 1, "{words:?}");
    assert_eq!(words[0].1, "okay nabu");
    assert!((begins..begins + 1.5).contains(&words[0].0), "{words:?}, spoken at {begins}");
    if installed("wake word on a microcontroller's interpreter", &["tflm"], &[]) {
        let graph = [("worker = \"tflite\"", "worker = \"tflm\"")];
        let graph = changed(folder.path(), "graphs/wakeword.toml", &graph);
        assert_eq!(heard(&graph, &sound, &[]).0, words);
    }
}

#[test]
fn the_gate_is_open_before_a_word_begins_and_closed_without_one() {
    if !installed("speech gate", &[], &["silero-vad"]) {
        return;
    }
    // Hiss at -50 dBFS, a word, hiss.
    let hiss = |ms: usize| (0..16 * ms).map(|i| ((i * 7919 % 1009) as f32 / 504.5 - 1.0) * 0.003).collect::<Vec<f32>>();
    let (folder, sound) = recording(&[hiss(2000), speech("yes"), hiss(3000)]);
    let out = folder.path().join("out.wav");
    let out_arg = out.to_str().unwrap();
    let (words, _) = heard(&file("graphs/vad-gate.toml"), &sound, &["--out", out_arg, "--align"]);
    assert_eq!(words.len(), 1, "{words:?}");
    assert!((2.0..3.0).contains(&words[0].0), "{words:?}");
    let (said, passed) = (read(&sound), read(&out));
    // 64 ms of look-ahead, which are on purpose and so not aligned away.
    let late = 64 * 16;
    let level = |samples: &[f32]| samples.iter().map(|x| f64::from(x * x)).sum::<f64>() / samples.len() as f64;
    let second = |at: f64, samples: &[f32]| level(&samples[(at * 16000.0) as usize..][..8000]);
    for quiet in [0.5, 4.5] {
        assert!(second(quiet, &passed) < second(quiet, &said) * 1e-5, "the gate is open at {quiet} s");
    }
    // The loudest part of the word, and the 100 ms before it, pass as they are.
    let loudest = said.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap().0;
    let word = loudest - 1600..loudest + 1600;
    let off: Vec<f32> = word.clone().map(|i| passed[i + late] - said[i]).collect();
    assert!(level(&off) < level(&said[word]) * 1e-8, "the word is not what was said");
}

#[test]
fn dtln_takes_the_noise_out_on_every_engine_alike() {
    if !installed("DTLN", &[], &["dtln"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let clean = |engine: &str| {
        let graph =
            changed(folder.path(), "graphs/dtln.toml", &[("\"onnx\"", &format!("\"onnx\"\nengine = \"{engine}\""))]);
        let out = folder.path().join(format!("{engine}.wav"));
        let mut aw = aw();
        aw.arg("replay").arg(graph).args([
            "--in",
            "tests/wav/noisy.wav",
            "--align",
            "--reference",
            "tests/wav/clean.wav",
        ]);
        let output = aw.arg("--out").arg(&out).output().unwrap();
        let said = stderr(&output);
        assert!(output.status.success(), "{said}");
        let gained = said.lines().find(|line| line.starts_with("SI-SDR")).and_then(|line| line.rsplit(": ").next());
        let gained: f64 = gained.and_then(|text| text.strip_suffix(" dB")).unwrap().parse().unwrap();
        assert!(gained > 8.0, "{engine}: {said}");
        read(&out)
    };
    let tract = clean("tract");
    if installed("DTLN on ONNX Runtime", &["onnxruntime"], &[]) {
        let other = clean("onnxruntime");
        let power = |samples: &mut dyn Iterator<Item = f32>| samples.map(|x| f64::from(x * x)).sum::<f64>();
        let off = power(&mut tract.iter().zip(&other).map(|(a, b)| a - b));
        let snr = 10.0 * (power(&mut other.iter().copied()) / off).log10();
        assert!(snr >= 100.0, "{snr} dB");
    }
}
