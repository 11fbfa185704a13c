//! What `aw bench` measures: lanes on their threads, misses that are counted, allocations that are seen.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_tests::{aw, library, stderr, stdout};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a graph of one node, and the workers that misbehave.
fn room(node: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bad = library("bad_workers");
    std::fs::copy(&bad, folder.path().join(format!("aw_{}", bad.file_name().unwrap().to_str().unwrap()))).unwrap();
    let graph = format!(
        "[graph]\nrate = 16000\nblock = 128\n[input.mic]\n[node.it]\nin = \"mic\"\n{node}\n[output.o]\nfrom = \"it\"\n"
    );
    std::fs::write(folder.path().join("g.toml"), graph).unwrap();
    folder
}

fn bench(room: &Path, options: &[&str]) -> Output {
    let mut aw = aw();
    aw.current_dir(room).args(["bench", "g.toml", "--workers", "."]).args(options);
    aw.output().unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_graph_with_lanes_is_measured_on_threads() {
    let output = aw_tests::run(["bench", "tests/graphs/lane.toml", "--seconds", "1", "--json"]);
    let report = report(&output);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(report["period_ns"], 1e7);
    let nodes = report["nodes"].as_array().unwrap();
    let of = |name: &str| nodes.iter().find(|node| node["node"] == name).unwrap();
    assert_eq!((&of("power")["lane"], &of("stft")["lane"]), (&"side".into(), &Value::Null));
    for node in nodes {
        let paced = &node["paced"];
        assert!(paced["blocks"].as_u64().unwrap() >= 99, "{node}");
        let order = ["p50_ns", "p99_ns", "p999_ns", "max_ns"].map(|key| paced[key].as_u64().unwrap());
        assert!(order.is_sorted() && order[0] > 0, "{node}");
    }
    assert_eq!(report["render"]["blocks"]["blocks"], 100);
    assert_eq!(report["lanes"][0]["lane"], "side");
}

#[test]
fn the_table_says_what_each_node_takes_and_where_it_should_run() {
    let folder = room("worker = \"bad_slow\"\nus = 3000");
    let output = bench(folder.path(), &["--seconds", "1.5", "--warm", "--ordinary"]);
    let table = stdout(&output);
    assert!(table.starts_with("node"), "{table}");
    // 3 ms of 8 are too much for the render thread; on a busy machine it takes even longer.
    assert!(table.contains("inline; run = { lane = \"it\", delay = "), "{table}");
    assert!(table.contains("a block every 8.000 ms"), "{table}");
    assert_eq!(stderr(&output), "");
}

#[test]
fn an_answer_that_takes_too_long_is_counted_as_missed() {
    // Every 20th of 8 ms takes 20 ms: the answer to it and to the next block come too late.
    let folder = room("worker = \"bad_slow\"\nus = 20000\nevery = 20\nrun = { lane = \"nn\", delay = 1 }");
    let report = report(&bench(folder.path(), &["--seconds", "2", "--warm", "--json"]));
    let node = &report["nodes"][0];
    assert!(node["paced"]["max_ns"].as_u64().unwrap() >= 20_000_000, "{node}");
    // 12 stalls; a busy machine may miss more, and no machine less.
    assert!(node["missed"].as_u64().unwrap() >= 22, "{node}");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn what_a_library_allocates_is_seen_though_it_has_an_allocator_of_its_own() {
    let folder = room("worker = \"bad_alloc\"");
    let report = report(&bench(folder.path(), &["--seconds", "1", "--json"]));
    let node = &report["nodes"][0];
    let (allocations, blocks) = (&node["paced"]["allocations"], &node["paced"]["blocks"]);
    let render = &report["render"];
    assert_eq!(render["blocks"]["allocations"], render["allocations"]);
    assert!(render["allocations"].as_u64() >= allocations.as_u64(), "{render}");
    assert!(allocations.as_u64().unwrap() >= 2 * blocks.as_u64().unwrap(), "{node}");
    assert_eq!(node["advice"]["run"]["lane"], "it", "what allocates does not belong on the render thread");
}

#[test]
fn a_worker_that_fails_makes_the_figures_worthless_and_the_exit_code_says_so() {
    let folder = room("worker = \"bad_panic\"\nrun = { lane = \"nn\" }");
    let output = bench(folder.path(), &["--seconds", "0.5"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("note: `it` panicked") && said.contains("its input is passed through instead"), "{said}");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let folder = room("worker = \"bad_slow\"");
    for (options, code, words) in [
        (&["--seconds", "0"][..], 2, "seconds from 0.5 to 86400 are wanted"),
        (&["--device", "default", "--in", "a.wav"], 2, "`--in` belongs to `--device paced`"),
        (&["--in", "nothing.wav"], 1, "nothing.wav"),
        (&["--device", "pced"], 2, "invalid value 'pced'"),
    ] {
        let output = bench(folder.path(), options);
        assert_eq!(output.status.code(), Some(code), "{options:?}");
        assert!(stderr(&output).contains(words), "{options:?}: {}", stderr(&output));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_what_there_is() {
    let folder = room("worker = \"bad_slow\"\nus = 10");
    let mut aw = aw();
    aw.current_dir(folder.path()).args(["bench", "g.toml", "--workers", ".", "--seconds", "60", "--json"]);
    let child = aw.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let blocks = report(&output)["render"]["blocks"]["blocks"].as_u64().unwrap();
    assert!((1..7500).contains(&blocks), "{blocks}");
}

#[cfg(unix)]
#[test]
fn a_lane_that_crashes_is_named_and_the_render_thread_goes_on() {
    for how in ["abort", "overflow"] {
        let node = format!(
            "worker = \"bad_crash\"\nhow = \"{how}\"\nafter = 4000\nrun = {{ lane = \"nn\", late = \"pass\" }}"
        );
        let folder = room(&node);
        let output = bench(folder.path(), &["--seconds", "1", "--warm", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{how}: {}", stderr(&output));
        let said = stderr(&output);
        let what = if how == "abort" { "called abort" } else { "touched memory that is not its own" };
        assert!(said.contains(&format!("`it` crashed: it {what}; its late policy is heard from now on")), "{said}");
        assert!(said.contains("the lane `nn` crashed in a worker, and is left there"), "{said}");
        let report = report(&output);
        assert_eq!(report["render"]["blocks"]["blocks"], 125, "{how}: all of them");
        assert!(report["nodes"][0]["missed"].as_u64().unwrap() >= 80, "{how}: {report}");
    }
}

#[test]
fn a_lane_that_hangs_is_named_and_the_bench_comes_back() {
    let folder = room("worker = \"bad_hang\"\nafter = 4000\nrun = { lane = \"nn\", late = \"zero\" }");
    let output = bench(folder.path(), &["--seconds", "1", "--warm", "--ordinary", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("the lane `nn` hangs in a worker, and is left there"), "{}", stderr(&output));
    let report = report(&output);
    let node = &report["nodes"][0];
    assert_eq!((&node["advice"], &node["hot_ns"]), (&Value::Null, &Value::Null), "nothing is known of it");
    assert!(node["missed"].as_u64().unwrap() >= 80, "{node}");
}
