//! `aw new worker`: what it leaves builds, passes its own test and runs in a graph, by the commands that it prints.
#![allow(clippy::unwrap_used)]

use aw_tests::{aw, built, file, root, stderr, stdout};
use std::path::Path;
use std::process::{Command, Output};

fn new(args: &[&str], folder: &Path) -> Output {
    aw().current_dir(folder).args(["new", "worker"]).args(args).output().unwrap()
}

/// A folder that is no part of any package.
fn outside() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Types the commands that were printed, with a voice for `speech.wav`, and answers what they print.
fn type_in(said: &str, folder: &Path) -> Output {
    let commands: Vec<&str> = said.split_once("next:\n").unwrap().1.lines().map(str::trim).collect();
    assert_eq!(commands.len(), 3, "{said}");
    let wav = file("tests/wav/noisy.wav");
    let script = commands.join("\n").replace("speech.wav", wav.to_str().unwrap());
    let path = std::env::join_paths(
        [built()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-e", "-x", "-c", &script])
        .current_dir(folder)
        .env("PATH", path.unwrap())
        .env("CARGO_NET_OFFLINE", "true");
    for inherited in ["CARGO_TARGET_DIR", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "AW_WORKERS"] {
        shell.env_remove(inherited);
    }
    shell.output().unwrap()
}

/// What the worker made of the voice: half of it, sample by sample.
fn halved(out: &Path) {
    let samples = |path: &Path| {
        let mut reader = aw_host::io::AudioReader::open(path).unwrap();
        let mut all = vec![];
        let mut planes = vec![vec![0.0; 4096]];
        loop {
            match reader.read(&mut planes).unwrap() {
                0 => return all,
                n => all.extend_from_slice(&planes[0][..n]),
            }
        }
    };
    let (x, y): (Vec<f32>, Vec<f32>) = (samples(&file("tests/wav/noisy.wav")), samples(out));
    assert!(x.len() == y.len() && x.iter().any(|x| x.abs() > 0.1));
    assert!(x.iter().zip(&y).all(|(x, y)| *y == 0.5 * x));
}

#[test]
#[cfg(unix)]
fn a_worker_in_rust_from_nothing_to_sound() {
    let folder = outside();
    let output = new(&["loudness"], folder.path());
    assert!(output.status.success(), "{}", stderr(&output));
    let manifest = std::fs::read_to_string(folder.path().join("loudness/Cargo.toml")).unwrap();
    assert!(!manifest.contains("[workspace]"), "{manifest}");
    let typed = type_in(&stdout(&output), folder.path());
    let said = stdout(&typed) + &stderr(&typed);
    assert!(typed.status.success(), "{said}");
    assert!(said.contains("test tests::a_gain_of_2_doubles_both_channels ... ok"), "{said}");
    assert!(said.contains("✓ loudness.heap: no memory is taken") && said.contains(" 0 failed, 0 doubtful"), "{said}");
    assert!(!said.contains("warning"), "{said}");
    halved(&folder.path().join("loudness/out.wav"));
    let listed =
        aw().args(["workers", "loudness", "--workers"]).arg(folder.path().join("loudness/target/debug")).output();
    assert!(stdout(&listed.unwrap()).starts_with("loudness — Makes audio louder or softer\n"));
    let mut check = aw();
    check.arg("check").arg(folder.path().join("loudness/loudness.toml"));
    check.arg("--workers").arg(folder.path().join("loudness/target/debug"));
    let checked = check.output().unwrap();
    assert!(stdout(&checked).contains("no mistakes"), "{}", stdout(&checked));
}

#[test]
#[cfg(unix)]
fn a_worker_in_c_from_nothing_to_sound() {
    let folder = outside();
    let output = new(&["softness", "--lang", "c", "--dir", "some where"], folder.path());
    assert!(output.status.success(), "{}", stderr(&output));
    let typed = type_in(&stdout(&output), folder.path());
    let said = stdout(&typed) + &stderr(&typed);
    assert!(typed.status.success() && !said.contains("warning"), "{said}");
    assert!(said.contains("✓ softness.finite: ") && said.contains(" 0 failed, 0 doubtful"), "{said}");
    let made = folder.path().join("some where/softness");
    halved(&made.join("out.wav"));
    let header = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert_eq!(header(&made.join("worker.h")), header(&file("workers/abi/worker.h")));
}

#[test]
fn inside_a_workspace_the_new_crate_stays_apart() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    assert!(new(&["apart"], folder.path()).status.success());
    let manifest = folder.path().join("apart/Cargo.toml");
    assert!(std::fs::read_to_string(&manifest).unwrap().contains("\n[workspace]"));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    let output = cargo.args(["metadata", "--offline", "--format-version=1", "--manifest-path"]).arg(&manifest).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn names_that_cannot_be_are_refused_before_anything_is_written() {
    let folder = outside();
    for (args, why) in [
        (&["Low-Pass"][..], "perhaps `low_pass`?"),
        (&["loop"], "a word of the Rust language"),
        (&["../up"], "cannot be the name of a worker"),
        (&["gain"], "there is a worker `gain` already, in "),
        (&["std"], "the name of a crate"),
        (&["gain", "--lang", "c"], "there is a worker `gain` already"),
    ] {
        let output = new(args, folder.path());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = stderr(&output);
        assert!(said.starts_with("error: ") && said.contains(why) && said.lines().count() == 1, "{args:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn nothing_that_is_there_is_touched() {
    let folder = outside();
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    let output = new(&["mine"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("mine is there already"), "{}", stderr(&output));
    assert_eq!(std::fs::read_dir(folder.path().join("mine")).unwrap().count(), 0);
}

#[test]
fn the_sdk_may_lie_elsewhere() {
    let folder = outside();
    let output = new(&["mine", "--sdk", "."], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--sdk .: the crate `aw-sdk` is not there"), "{}", stderr(&output));
    assert!(!folder.path().join("mine").exists());
    let sdk = root().join("workers/sdk");
    assert!(new(&["mine", "--sdk", sdk.to_str().unwrap()], folder.path()).status.success());
    let manifest = std::fs::read_to_string(folder.path().join("mine/Cargo.toml")).unwrap();
    assert!(manifest.contains(sdk.canonicalize().unwrap().to_str().unwrap()), "{manifest}");
}
