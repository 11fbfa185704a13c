//! The graphs that ship do what they say, and a worker that breaks does not take the rest with it.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed
use aw_host::install::{Home, Kind, State};
use aw_tests::{aw, library, stderr};
use std::fs;
use std::path::Path;

#[test]
fn the_denoise_graph_takes_noise_out() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("clean.wav");
    let mut aw = aw();
    aw.args(["replay", "graphs/denoise.toml", "--in", "tests/wav/noisy.wav", "--align"]);
    let output = aw.args(["--reference", "tests/wav/clean.wav", "--out"]).arg(&out).output().unwrap();
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    let line = said.lines().find(|line| line.starts_with("SI-SDR")).unwrap_or_else(|| panic!("{said}"));
    let gained = line.rsplit(": ").next().and_then(|text| text.strip_suffix(" dB"));
    let gained: f64 = gained.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{line}"));
    assert!(gained > 7.0, "{line}");
    assert!(said.contains(&out.display().to_string()), "it says where the file is: {said}");
    assert!(out.metadata().unwrap().len() > 600_000);
}

#[test]
fn the_dtln_graph_lacks_nothing_but_its_models() {
    let check = |home: &Path| {
        let output = aw().env("AW_HOME", home).args(["check", "graphs/dtln.toml", "--json"]).output().unwrap();
        let diags: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        diags.as_array().unwrap().clone()
    };
    let missing = check(tempfile::tempdir().unwrap().path());
    let codes: Vec<&str> = missing.iter().map(|diag| diag["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["path", "path"], "{missing:?}");
    for diag in &missing {
        assert_eq!(diag["help"], serde_json::json!(["`aw install dtln` brings it"]));
    }
    let home = Home::find().unwrap();
    if matches!(State::of(&home, Kind::Model, "dtln"), State::Whole(_)) {
        assert_eq!(check(home.folder()), [serde_json::Value::Null; 0]);
    }
}

/// A dry path and one through a worker that may misbehave, to two outputs.
fn beside(worker: &str) -> String {
    format!(
        "[graph]\nrate = 16000\n[input.mic]\n[node.bad]\nin = \"mic\"\n{worker}\n[node.good]\nworker = \"delay\"\n\
         in = \"mic\"\nms = 10\n[output.a]\nfrom = \"bad\"\n[output.b]\nfrom = \"good\"\n"
    )
}

/// Replays a graph with the bad workers at hand; answers exit code, what was said, and the two files.
fn replay(folder: &Path, graph: &str) -> (Option<i32>, String, Vec<u8>, Vec<u8>) {
    let workers = folder.join("workers");
    fs::create_dir_all(&workers).unwrap();
    let bad = library("bad_workers");
    fs::copy(&bad, workers.join(bad.file_name().unwrap())).unwrap();
    fs::write(folder.join("graph.toml"), graph).unwrap();
    let (a, b) = (folder.join("a.wav"), folder.join("b.wav"));
    let mut aw = aw();
    aw.arg("replay").arg(folder.join("graph.toml")).arg("--workers").arg(&workers);
    aw.args(["--in", "tests/wav/noisy.wav", "--out", &format!("a={}", a.display()), &format!("b={}", b.display())]);
    let output = aw.output().unwrap();
    let read = |path: &Path| fs::read(path).unwrap_or_default();
    (output.status.code(), stderr(&output), read(&a), read(&b))
}

#[test]
fn a_worker_that_breaks_is_named_and_the_rest_plays_on() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said, through, beside_it) = replay(folder.path(), &beside("worker = \"gain\""));
    assert_eq!(code, Some(0), "{said}");
    for (worker, fault) in [
        ("worker = \"bad_panic\"\nwhen = \"process\"\nafter = 40000", "panicked"),
        ("worker = \"bad_nan\"\nafter = 40000", "NaN"),
    ] {
        let (code, said, bypassed, rest) = replay(folder.path(), &beside(worker));
        assert_eq!(code, Some(1), "{said}");
        let failures: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
        assert_eq!(failures.len(), 1, "{said}");
        assert!(failures[0].contains("`bad`") && failures[0].contains(fault), "{said}");
        assert!(rest == beside_it, "{worker}: the path beside it changed");
        assert!(bypassed == through, "{worker}: its input is not passed through");
    }
}
