//! Which inference engine runs a model is seen in the plan, and a replay is quiet about it.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_tests::{aw, file, stderr, stdout};
use std::path::{Path, PathBuf};

const GRAPH: &str = r#"
[graph]
rate  = 16000
block = 128

[input.mic]

[node.smooth]
worker  = "onnx"
model   = "FIR"
engine  = "ENGINE"
in      = "mic"
frames  = { x = 128 }
context = { x = 4 }
kind    = { y = "audio" }

[output.speaker]
from = "smooth"
"#;

fn graph(folder: &Path, engine: &str) -> PathBuf {
    let path = folder.join("graph.toml");
    let model = file("workers/model/tests/models/fir.onnx");
    let text = GRAPH.replace("FIR", &model.to_string_lossy().replace('\\', "/")).replace("ENGINE", engine);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_plan_names_the_engine_and_why_and_a_replay_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let graph = graph(folder.path(), "auto");
    let home = folder.path().join("nothing-installed");
    let plan = aw().env("AW_HOME", &home).arg("plan").arg(&graph).output().unwrap();
    let why = "embedded: no ONNX Runtime is installed (`aw install onnxruntime`)";
    let text = stdout(&plan);
    let line = text.lines().find(|line| line.contains("runs on")).unwrap_or_else(|| panic!("{text}{}", stderr(&plan)));
    assert!(line.starts_with("  smooth runs on tract ") && line.ends_with(why), "{line}");

    let plan = aw().env("AW_HOME", &home).arg("plan").arg(&graph).arg("--json").output().unwrap();
    let plan: serde_json::Value = serde_json::from_str(&stdout(&plan)).unwrap();
    let steps = plan["steps"].as_array().unwrap();
    let smooth = steps.iter().find(|step| step["name"] == "smooth").unwrap();
    assert!(smooth["notes"][0].as_str().unwrap().ends_with(why), "{smooth}");

    let mut replay = aw();
    replay.env("AW_HOME", &home).arg("replay").arg(&graph).arg("--in").arg(file("tests/wav/noisy.wav"));
    let replay = replay.arg("--out").arg(folder.path().join("out.wav")).output().unwrap();
    assert!(replay.status.success(), "{}", stderr(&replay));
    assert!(!stderr(&replay).contains("runs on") && !stdout(&replay).contains("runs on"), "{}", stderr(&replay));
}

#[test]
fn an_engine_that_is_not_installed_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let graph = graph(folder.path(), "onnxruntime");
    let check = aw().env("AW_HOME", folder.path()).arg("check").arg(&graph).output().unwrap();
    assert_eq!(check.status.code(), Some(1));
    let said = stderr(&check) + &stdout(&check);
    assert!(said.contains("no ONNX Runtime is installed"), "{said}");
    assert!(said.contains("`aw install onnxruntime` brings one that fits"), "{said}");
    assert!(said.contains("engine  = \"onnxruntime\""), "the author's line is shown: {said}");
}
