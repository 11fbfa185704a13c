//! `aw doctor`: what is broken is named, and does not take the doctor with it.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

mod cc;

use aw_tests::{aw, stderr, stdout};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Output;

/// An engine that is called `litert` and is the C source given.
fn engine(home: &Path, source: &str) {
    let folder = home.join("engines/litert");
    std::fs::create_dir_all(&folder).unwrap();
    let file = home.join("engine.c");
    std::fs::write(&file, source).unwrap();
    let library = cc::library(&file, home, "engine");
    let bytes = std::fs::read(&library).unwrap();
    let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(folder.join("libLiteRt.so"), &bytes).unwrap();
    let record = json!({
        "name": "litert", "kind": "engine", "version": "2.2.0", "package": "ai-edge-litert", "archive": "x.whl",
        "licence": "Apache-2.0", "date": "2026-01-01T00:00:00Z",
        "files": [{ "name": "libLiteRt.so", "size": bytes.len(), "sha256": sum }],
    });
    std::fs::write(folder.join("installed.json"), record.to_string()).unwrap();
}

fn doctor(home: &Path, workers: Option<&Path>) -> (Output, Vec<Value>) {
    let run = |more: &[&str]| {
        let mut aw = aw();
        aw.env("AW_HOME", home).arg("doctor").args(more);
        workers.map(|folder| aw.arg("--workers").arg(folder));
        aw.output().unwrap()
    };
    let (text, json) = (run(&[]), run(&["--json"]));
    assert_eq!(stderr(&text), "");
    assert_eq!(text.status.code(), json.status.code());
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().clone();
    let broken = findings.iter().filter(|finding| finding["verdict"] == "broken").count();
    assert_eq!(report["broken"], broken);
    assert_eq!(text.status.code(), Some(i32::from(broken > 0)), "{}", stdout(&text));
    (text, findings)
}

/// Verdict, words and remedies of a finding.
fn of<'a>(findings: &'a [Value], what: &str) -> (&'a str, &'a str, String) {
    let finding = findings.iter().find(|finding| finding["what"].as_str().unwrap().contains(what)).unwrap();
    (finding["verdict"].as_str().unwrap(), finding["found"].as_str().unwrap(), finding["remedy"].to_string())
}

#[test]
fn a_machine_with_nothing_installed_is_well() {
    let home = tempfile::tempdir().unwrap();
    let (text, findings) = doctor(home.path(), None);
    assert_eq!(text.status.code(), Some(0));
    let (verdict, found, remedy) = of(&findings, "onnxruntime");
    if !found.contains("not made for") {
        assert_eq!((verdict, found, remedy.as_str()), ("lack", "not installed", "[\"aw install onnxruntime\"]"));
    }
    assert!(of(&findings, "engine of `onnx`").1.contains("tract"));
    assert_eq!(of(&findings, "engine of `tflite`").0, "lack");
    let areas = ["engines", "models", "workers", "sound", "realtime", "machine"];
    let mut seen: Vec<&str> = findings.iter().map(|finding| finding["area"].as_str().unwrap()).collect();
    seen.dedup();
    assert_eq!(seen, areas);
    for finding in findings.iter().filter(|finding| finding["verdict"] != "fine") {
        assert!(!finding["remedy"].as_array().unwrap().is_empty(), "nothing is said of what to do: {finding}");
    }
    assert!(of(&findings, "aw_basics").1.contains("gain"), "the workers beside `aw` are found");
    assert!(home.path().read_dir().unwrap().next().is_none(), "a doctor leaves nothing behind");
}

#[cfg(target_os = "linux")]
#[test]
fn an_engine_that_loads_is_told_from_one_that_does_not() {
    let home = tempfile::tempdir().unwrap();
    engine(home.path(), "int LiteRtCreate(void) { return 0; }\n");
    let (text, findings) = doctor(home.path(), None);
    assert_eq!(text.status.code(), Some(0), "an old version is no fault: {}", stdout(&text));
    assert!(
        of(&findings, "litert").1.contains("2.2.0") && of(&findings, "litert").1.ends_with("loads"),
        "{findings:?}"
    );
    assert!(of(&findings, "engine of `tflite`").1.contains("takes litert"));

    for (source, words) in [
        ("#include <stdlib.h>\n__attribute__((constructor)) static void no(void) { abort(); }\n", "ended the process"),
        (
            "int nobody_has_this(void);\nint call(void) { return nobody_has_this(); }\nint (*it)(void) = nobody_has_this;\n",
            "nobody_has_this",
        ),
    ] {
        engine(home.path(), source);
        let (verdict, found, remedy) = {
            let (_, findings) = doctor(home.path(), None);
            let (verdict, found, remedy) = of(&findings, "litert");
            (verdict.to_string(), found.to_string(), remedy)
        };
        assert_eq!(verdict, "broken");
        assert!(found.contains("libLiteRt.so does not load") && found.contains(words), "{found}");
        assert!(remedy.contains("aw install litert"), "{remedy}");
    }

    std::fs::write(home.path().join("engines/litert/libLiteRt.so"), "cut").unwrap();
    let (_, findings) = doctor(home.path(), None);
    assert_eq!(of(&findings, "litert"), ("broken", "libLiteRt.so has changed", "[\"aw install litert\"]".into()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_a_library_leaves_behind_is_not_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let there = home.path().join("there");
    // It holds what `aw doctor` reads from for as long as the file is there, and removes it in the end.
    let code = "#define _GNU_SOURCE
        #include <unistd.h>
        __attribute__((constructor)) static void begin(void) {
            if (fork() != 0) return;
            for (int i = 0; i < 2000 && access(THERE, F_OK) == 0; i++) usleep(10000);
            unlink(THERE);
            _exit(0);
        }";
    engine(home.path(), &code.replace("THERE", &format!("{there:?}")));
    std::fs::write(&there, "").unwrap();
    let (_, findings) = doctor(home.path(), None);
    assert!(there.exists(), "the doctor waited until it ended");
    std::fs::remove_file(&there).unwrap();
    assert!(of(&findings, "litert").1.ends_with(", loads"), "{}", of(&findings, "litert").1);
}

#[test]
fn a_worker_library_that_crashes_is_named() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = home.path().join("crash.c");
    std::fs::write(
        &source,
        "#include <stdlib.h>\nconst void *aw_entry(unsigned a, unsigned b) { (void)a, (void)b; abort(); }\n",
    )
    .unwrap();
    let library = cc::library(&source, folder.path(), "crash");
    let (text, findings) = doctor(home.path(), Some(folder.path()));
    assert_eq!(text.status.code(), Some(1));
    let (verdict, found, _) = of(&findings, &library.file_name().unwrap().to_string_lossy());
    assert!(verdict == "broken" && found.contains("ended the process"), "{found}");
    assert!(of(&findings, "aw_basics").1.contains("gain"), "and the others are looked at all the same");
}
