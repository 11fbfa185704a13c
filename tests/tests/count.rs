//! `aw sim count`: instructions of nodes, counted by an emulator. What needs QEMU is skipped, and said to be, where it is not
//! installed; the programs are those of the tests, for the machine that they run on, so that nothing is built.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_host::sim::Counts;
use aw_tests::{aw, built, library, stderr, stdout};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// This machine's instruction set, if its emulator and a C compiler are here.
fn isa() -> Option<&'static str> {
    let isa = match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        "aarch64" => "aarch64",
        _ => return None,
    };
    let emulator = format!("qemu-{}", std::env::consts::ARCH);
    let starts = |program: &str| {
        let mut command = Command::new(program);
        command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let here = cfg!(target_os = "linux") && starts(&emulator) && starts("cc");
    if !here {
        eprintln!("skipped: {emulator} or cc is not here");
    }
    here.then_some(isa)
}

fn count(isa: &str, graph: &Path, options: &[&str]) -> Output {
    let mut aw = aw();
    aw.args(["sim", "count"]).arg(graph).args(["--isa", isa, "--blocks", "20", "--built"]).arg(built());
    aw.args(options).output().unwrap()
}

fn report(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What each node takes in all, by name.
fn sums(graph: &Value) -> Vec<(String, u64)> {
    let all = |node: &Value| {
        let of = |count: &Value| (count["calls"].as_f64().unwrap() * count["mean"].as_f64().unwrap()).round() as u64;
        node["counts"].as_array().unwrap().iter().map(of).sum()
    };
    let nodes = graph["nodes"].as_array().unwrap();
    nodes.iter().map(|node| (node["node"].as_str().unwrap().into(), all(node))).collect()
}

#[test]
fn counting_twice_gives_the_same_numbers_and_no_node_takes_more_than_there_is() {
    let Some(isa) = isa() else { return };
    let graph = aw_tests::file("graphs/denoise.toml");
    let (once, twice) = (report(&count(isa, &graph, &["--json"])), report(&count(isa, &graph, &["--json"])));
    let graph = &once["graphs"][0];
    assert_eq!(graph["nodes"], twice["graphs"][0]["nodes"], "to the instruction");
    let sums = sums(graph);
    let names: Vec<&str> = sums.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["stft", "wiener", "speech"]);
    let engine = &graph["engine"];
    let engine_sum = (engine["calls"].as_f64().unwrap() * engine["mean"].as_f64().unwrap()) as u64;
    let nodes_sum: u64 = sums.iter().map(|(_, sum)| sum).sum();
    assert!(nodes_sum + engine_sum < graph["total"].as_u64().unwrap());
    for (name, sum) in &sums {
        // A Fourier transform of 512 takes some thousands of instructions, whatever the machine.
        assert!((20 * 1000..20 * 10_000_000).contains(sum), "{name}: {sum}");
    }
    for node in graph["nodes"].as_array().unwrap() {
        let count = &node["counts"][0];
        let number = |key: &str| count[key].as_f64().unwrap();
        let frames = if node["node"] == "stft" { 128.0 } else { 1.0 };
        assert_eq!((number("calls"), number("frames")), (20.0, frames), "a hop a block");
        assert!(number("mean") <= number("max") && number("p99") <= number("max"), "{count}");
        assert!(number("memory") > 500.0 && number("memory") < 2.0 * number("mean"), "{count}");
        assert!((100.0..1e6).contains(&number("code")), "{count}");
    }
    let signature = graph["nodes"][0]["signature"].as_str().unwrap();
    assert_eq!(signature, "stft(size=512, hop=128) <- audio×1", "neither window nor rate make a difference to it");
}

#[test]
fn a_window_and_the_names_of_words_are_no_more_work_and_what_is_counted_with_one_holds_for_all() {
    let Some(isa) = isa() else { return };
    let room = tempfile::tempdir().unwrap();
    let graph = room.path().join("g.toml");
    let text = "[graph]\nrate = 16000\nblock = 128\n[input.mic]\n\
        [node.soft]\nworker = \"stft\"\nin = \"mic\"\nsize = 256\nhop = 128\n\
        [node.hard]\nworker = \"stft\"\nin = \"mic\"\nsize = 256\nhop = 128\nwindow = \"kaiser\"\nkaiser_beta = 14.0\n\
        [node.scores]\nworker = \"features\"\nin = \"mic\"\nmel = { bands = 3 }\n\
        [node.words]\nworker = \"peaks\"\nin = \"scores\"\nlabels = \"yes, no, stop\"\nhold_ms = 0.0\nthreshold = 1e9\n\
        [node.any]\nworker = \"peaks\"\nin = \"scores\"\nmin_frames = 9\nhold_ms = 1000.0\nthreshold = 1e9\n\
        [output.words]\nfrom = \"words\"\nto = \"stdout\"\n[output.any]\nfrom = \"any\"\nto = \"stdout\"\n\
        [node.back]\nworker = \"istft\"\nin = \"soft\"\n[output.soft]\nfrom = \"back\"\n\
        [node.forth]\nworker = \"istft\"\nin = \"hard\"\nanalysis = \"kaiser\"\n[output.hard]\nfrom = \"forth\"\n";
    std::fs::write(&graph, text).unwrap();
    let report = report(&count(isa, &graph, &["--json"]));
    let nodes = report["graphs"][0]["nodes"].as_array().unwrap();
    let of = |name: &str| {
        let node = nodes.iter().find(|node| node["node"] == name).unwrap();
        (node["signature"].as_str().unwrap(), node["counts"][0]["mean"].as_f64().unwrap())
    };
    for (one, other, signature) in
        [("soft", "hard", "stft(size=256, hop=128) <- audio×1"), ("words", "any", "peaks() <- features×1×3")]
    {
        let [(of_one, some), (of_other, all)] = [of(one), of(other)];
        assert_eq!((of_one, of_other), (signature, signature));
        assert!((some / all - 1.0).abs() < 0.02, "{one}: {some}, {other}: {all}");
    }
}

#[test]
fn the_work_of_a_node_that_takes_what_comes_is_told_by_its_frames_and_a_table_of_it_is_read_back() {
    let Some(isa) = isa() else { return };
    let room = tempfile::tempdir().unwrap();
    let (graph, table) = (room.path().join("g.toml"), room.path().join("counts.toml"));
    let text =
        "[graph]\nrate = 16000\n[input.mic]\n[node.it]\nworker = \"gain\"\nin = \"mic\"\n[output.o]\nfrom = \"it\"\n";
    std::fs::write(&graph, text).unwrap();
    let output = count(isa, &graph, &["--block", "32", "--block", "128", "--out", table.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("32 samples a block:") && said.contains("the engine"), "{said}");
    assert!(stderr(&output).contains("built without optimisation") == cfg!(debug_assertions), "{}", stderr(&output));
    let counts = Counts::read(&table).unwrap();
    let mean = |frames| counts.find("gain() <- audio×1", frames).unwrap().instructions_mean;
    assert!(mean(32) < mean(64) && mean(64) < mean(128), "{} {}", mean(32), mean(128));
    assert_eq!(counts.iter().count(), 2);

    let again = count(isa, &graph, &["--block", "128", "--check", table.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert!(
        stderr(&again).contains("2 counts are within 5 % of those before, 0 are not, 0 are new"),
        "{}",
        stderr(&again)
    );
    let text = std::fs::read_to_string(&table).unwrap();
    let (start, mean) = (text.rfind("min = ").unwrap(), format!("mean = {:.1},", mean(128)));
    let end = start + text[start..].find(&mean).unwrap() + mean.len();
    std::fs::write(&table, format!("{}min = 7.0, mean = 7.0,{}", &text[..start], &text[end..])).unwrap();
    let other = count(isa, &graph, &["--block", "128", "--check", table.to_str().unwrap()]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        stderr(&other).contains("error: a call of gain() <- audio×1, 128 frames: 7 instructions before"),
        "{}",
        stderr(&other)
    );
}

#[test]
fn a_worker_that_fails_under_the_emulator_is_named_and_nothing_is_counted() {
    let Some(isa) = isa() else { return };
    let room = tempfile::tempdir().unwrap();
    let (graph, table, workers) = (room.path().join("g.toml"), room.path().join("counts.toml"), room.path().join("w"));
    std::fs::create_dir(&workers).unwrap();
    let bad = library("bad_workers");
    std::fs::copy(&bad, workers.join(bad.file_name().unwrap())).unwrap();
    let text = "[graph]\nrate = 16000\n[input.mic]\n[node.it]\nworker = \"bad_panic\"\nin = \"mic\"\n[output.o]\nfrom = \"it\"\n";
    std::fs::write(&graph, text).unwrap();
    let options = ["--target-workers", workers.to_str().unwrap(), "--out", table.to_str().unwrap()];
    let output = count(isa, &graph, &options);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("`it` panicked") && !said.contains("--target-workers"), "{said}");
    assert!(!table.exists());
    let unknown = count(isa, &graph, &[]);
    assert_eq!(unknown.status.code(), Some(1));
    let said = stderr(&unknown);
    assert!(said.contains("`bad_panic`") && said.contains("cargo build --release --target"), "{said}");
}

#[test]
fn what_is_not_here_is_told_with_what_to_install() {
    let empty = tempfile::tempdir().unwrap();
    for (isa, emulator) in [("thumb", "qemu-arm"), ("aarch64", "qemu-aarch64"), ("x86-64", "qemu-x86_64")] {
        let mut aw = aw();
        aw.args(["sim", "count", "graphs/denoise.toml", "--isa", isa, "--source", "."]).env("PATH", empty.path());
        let output = aw.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{isa}");
        let said = stderr(&output);
        assert!(said.starts_with(&format!("error: to count on `{isa}`, these are needed and not here:\n")), "{said}");
        assert!(said.contains("cc, a C compiler") && said.contains("cargo"), "{said}");
        if cfg!(target_os = "linux") {
            assert!(said.contains(emulator) && said.contains("apt install qemu-user"), "{said}");
        }
        if isa == "thumb" {
            assert!(said.contains("apt install gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"), "{said}");
        }
    }
}

#[test]
fn counts_are_compared_with_those_that_come_with_the_program() {
    let Some(isa) = isa() else { return };
    let output = count(isa, &aw_tests::file("graphs/denoise.toml"), &["--check"]);
    // Which of them differ hangs from the compiler and its options; that all were there before does not.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("counts are within 5 %") && said.trim_end().ends_with("0 are new"), "{said}");
}

#[test]
fn a_call_that_does_not_fit_is_refused() {
    for (options, code, words) in [
        (&["--isa", "riscv"][..], 2, "[possible values: thumb, aarch64, x86-64]"),
        (&["--isa", "thumb", "--source", "tests"], 1, "name it with --source DIR"),
        (&["--isa", "thumb", "--source", ".", "--built", "."], 2, "cannot be used with"),
        (&["--isa", "thumb", "--check", "nothing.toml"], 1, "cannot read nothing.toml"),
        (&["--isa", "thumb", "--check", "graphs/devices/counts/aarch64.toml"], 1, "these are counts of `aarch64`"),
    ] {
        let output = aw().args(["sim", "count", "graphs/denoise.toml"]).args(options).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{options:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{options:?}: {}", stderr(&output));
    }
}
