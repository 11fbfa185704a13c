//! What authors of graphs read when they made a mistake. Each graph in `broken/` has the mistake that its name tells,
//! and `snapshots/broken/` has what `aw check` says of it; `INSTA_UPDATE=always` writes them anew.
use aw_host::graph::Code;
use aw_tests::{aw, file, root, run, stderr, stdout};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Graphs with several mistakes; all others have one, and one diagnostic.
const SEVERAL: &[(&str, usize)] = &[
    ("cycle_two_at_once", 2),
    ("several_mistakes_in_one_file", 9),
    ("several_typos_in_one_node", 2),
    ("source_with_table_prefix", 2),
    ("toml_array_unclosed", 2),
    ("toml_error_and_the_rest_is_checked", 4),
    ("toml_two_errors_in_two_tables", 3),
    ("windows_line_ends", 2),
];

/// All broken graphs, by path from the root.
fn broken() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(file("tests/broken")).expect("tests/broken");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ext| ext == "toml"));
    paths.sort();
    paths.into_iter().map(|path| path.strip_prefix(root()).expect("below the root").into()).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().and_then(|stem| stem.to_str()).expect("a name").into()
}

/// A folder with the workers `reader`, which takes a path and may block, and `normalize`, which has a group of
/// parameters and presets, and must hear the whole recording.
fn reader() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reader");
        std::fs::create_dir_all(&folder).expect("a folder");
        for source in ["tests/broken/reader.c", "tests/workers/normalize.c"] {
            let name = stem(Path::new(source));
            let library = folder.join(format!("{name}{}", std::env::consts::DLL_SUFFIX));
            let mut cc = Command::new(std::env::var("CC").unwrap_or("cc".into()));
            cc.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC", "-I"]);
            cc.arg(file("workers/abi")).arg(file(source)).args(["-lm", "-o"]).arg(&library);
            assert!(cc.status().expect("a C compiler").success(), "{source} does not compile");
        }
        folder
    })
}

/// A home with one installed model, `ears`, and nothing else.
fn home() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("home");
        let folder = home.join("models/ears");
        std::fs::create_dir_all(&folder).expect("a folder");
        let part = |name: &str| serde_json::json!({ "name": name, "size": 0, "sha256": "" });
        let record = serde_json::json!({
            "name": "ears", "kind": "model", "version": "1", "package": "ears", "archive": "ears-1-py3-none-any.whl",
            "licence": "MIT", "date": "2026-01-01T00:00:00Z", "files": [part("ears.onnx"), part("LICENSE")],
        });
        std::fs::write(folder.join("installed.json"), record.to_string()).expect("written");
        for name in ["ears.onnx", "LICENSE"] {
            std::fs::write(folder.join(name), "").expect("written");
        }
        home
    })
}

fn check(path: &Path, options: &[&str]) -> Output {
    let mut aw = aw();
    aw.env("AW_HOME", home());
    // What can only be replayed is a mistake to whoever plays live.
    let live = stem(path).starts_with("offline").then_some("--live");
    aw.arg("check").arg("--workers").arg(reader()).args(options).args(live);
    let output = aw.arg(path).output().expect("aw starts");
    assert_eq!(stderr(&output), "", "{} is judged on standard output", path.display());
    output
}

/// What was printed, without what differs from machine to machine.
fn plain(output: &Output) -> String {
    let folders = [
        (home().to_path_buf(), "[home]"),
        (reader().to_path_buf(), "[reader]"),
        (aw_tests::built(), "[built]"),
        (root(), "[root]"),
    ];
    let text =
        folders.iter().fold(stdout(output), |text, (path, name)| text.replace(&path.display().to_string(), name));
    format!("{text}exit code {}\n", output.status.code().expect("an exit code"))
}

/// The codes of all diagnostics in a text, in order.
fn codes(text: &str) -> Vec<&str> {
    fn code(line: &str) -> Option<&str> {
        let rest = line.strip_prefix("error[").or(line.strip_prefix("warning["))?;
        rest.split_once(']').map(|(code, _)| code)
    }
    text.lines().filter_map(code).collect()
}

#[test]
fn every_mistake_is_shown_with_the_way_out() {
    let graphs = broken();
    assert!(graphs.len() >= 60, "only {} broken graphs", graphs.len());
    let mut changed = vec![];
    for path in &graphs {
        let (name, text) = (stem(path), plain(&check(path, &[])));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("snapshots/broken");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let as_before = || settings.bind(|| insta::assert_snapshot!(name.as_str(), text));
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(as_before)).is_err() {
            changed.push(name);
        }
    }
    assert!(changed.is_empty(), "these read differently now: {}", changed.join(", "));
}

#[test]
fn no_snapshot_is_left_over() {
    let graphs: BTreeSet<String> = broken().iter().map(|path| stem(path)).collect();
    let entries = std::fs::read_dir(file("tests/tests/snapshots/broken")).expect("snapshots");
    let names = entries.map(|entry| stem(&entry.expect("a file").path()));
    let orphans: Vec<String> = names.filter(|name| !graphs.contains(name)).collect();
    assert!(orphans.is_empty(), "no graph belongs to the snapshots {orphans:?}");
}

#[test]
fn one_mistake_makes_one_diagnostic() {
    for path in broken() {
        let text = plain(&check(&path, &[]));
        let expected = SEVERAL.iter().find(|(name, _)| *name == stem(&path)).map_or(1, |(_, count)| *count);
        assert_eq!(codes(&text).len(), expected, "{text}");
    }
}

#[test]
fn every_code_has_a_broken_graph() {
    let texts: Vec<String> = broken().iter().map(|path| plain(&check(path, &[]))).collect();
    let seen: BTreeSet<&str> = texts.iter().flat_map(|text| codes(text)).collect();
    let missing: Vec<&str> = Code::ALL.iter().map(|code| code.name()).filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no graph in tests/broken provokes {missing:?}");
}

#[test]
fn json_says_the_same_as_text() {
    for path in broken() {
        let (text, json) = (check(&path, &[]), check(&path, &["--json"]));
        assert_eq!(text.status.code(), json.status.code(), "{}", path.display());
        let source = std::fs::read_to_string(root().join(&path)).expect("readable");
        let list: Value = serde_json::from_slice(&json.stdout).expect("JSON");
        let list = list.as_array().expect("a list");
        let in_json: Vec<&str> = list.iter().map(|diag| diag["code"].as_str().expect("a code")).collect();
        assert_eq!(codes(&stdout(&text)), in_json, "{}", path.display());
        for diag in list {
            assert!(["error", "warning"].contains(&diag["severity"].as_str().expect("a severity")), "{diag}");
            assert!(stdout(&text).contains(diag["message"].as_str().expect("a message")), "{diag}");
            assert_eq!(diag["file"], path.display().to_string());
            let marks = diag["marks"].as_array().expect("marks");
            assert!(!marks.is_empty(), "{diag}");
            marks.iter().for_each(|mark| lies_within(mark, &source));
        }
    }
}

/// A mark is a place in the file, from a first to a last character.
fn lies_within(mark: &Value, source: &str) {
    let number = |key: &str| mark[key].as_u64().expect("a number") as usize;
    let from = (number("line"), number("column"));
    let to = (number("end_line"), number("end_column"));
    assert!(from <= to && from.0 >= 1 && from.1 >= 1, "{mark}");
    for (line, column) in [from, to] {
        let text = source.split('\n').nth(line - 1).unwrap_or_else(|| panic!("{mark}: there is no such line"));
        assert!(column <= text.chars().count() + 1, "{mark}: there is no such column");
    }
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let code = |args: &[&str]| run(args).status.code();
    assert_eq!(code(&["check", "tests/graphs/mask.toml"]), Some(0));
    assert_eq!(code(&["check", "tests/broken/unused_node.toml"]), Some(0), "a warning is no mistake");
    assert_eq!(code(&["check", "tests/broken/source_misspelt.toml"]), Some(1));
    assert_eq!(code(&["check", "no/such/graph.toml"]), Some(1));
    assert_eq!(code(&["check"]), Some(2));
    assert_eq!(code(&["check", "tests/graphs/mask.toml", "--jsn"]), Some(2));
    assert_eq!(code(&["explain", "kind"]), Some(0));
    assert_eq!(code(&["explain", "knid"]), Some(2));
}

/// What cannot play live can be replayed.
#[test]
fn without_live_there_is_nothing_wrong_with_what_needs_the_recording() {
    for path in broken().iter().filter(|path| stem(path).starts_with("offline")) {
        let output = aw().arg("check").arg("--workers").arg(reader()).arg(path).output().expect("aw starts");
        assert_eq!(stdout(&output), format!("{}: no mistakes\n", path.display()));
    }
}

#[test]
fn a_preset_can_be_spelled_out() {
    let explain = |name: &str| {
        let mut aw = aw();
        aw.args(["explain", "preset", name, "--workers"]).arg(reader()).output().expect("aw starts")
    };
    let said = stdout(&explain("live"));
    let expected = "# Needs no second run\n[node.normalize]\nworker = \"normalize\"\n\n\
                    level.peak = 0.25\nlevel.over = \"heard\"\n";
    assert_eq!(said, expected);
    assert!(stdout(&explain("half")).contains("level.over = \"recording\"                 # default\n"));
    // What is printed is a graph that does without the preset, to the letter.
    let graph = |nodes: &str| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("spelled.toml");
        let text =
            format!("[graph]\nrate = 16000\n[input.mic]\n{nodes}in = \"mic\"\n[output.o]\nfrom = \"normalize\"\n");
        std::fs::write(&path, text).expect("written");
        let output = aw().arg("check").arg("--live").arg("--workers").arg(reader()).arg(&path).output();
        output.expect("aw starts").status.code()
    };
    assert_eq!(graph(&said), Some(0));
    assert_eq!(graph(&stdout(&explain("half"))), Some(1), "it needs the recording");
    let unknown = explain("lief");
    assert_eq!(stderr(&unknown), "error: no worker that was found has a preset `lief`\n  did you mean `live`?\n");
    assert_eq!(unknown.status.code(), Some(2));
    assert_eq!(run(["explain", "kind", "live"]).status.code(), Some(2));
}

#[test]
fn a_graph_without_mistakes_says_so() {
    let output = run(["check", "tests/graphs/mask.toml"]);
    assert_eq!(stdout(&output), "tests/graphs/mask.toml: no mistakes\n");
    assert_eq!(stdout(&run(["check", "--json", "tests/graphs/mask.toml"])), "[]\n");
}

#[test]
fn every_code_can_be_explained() {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("explain", stdout(&run(["explain"])));
    });
    for code in Code::ALL {
        let output = run(["explain", code.name()]);
        assert_eq!(stdout(&output), format!("{}\n\n{}\n", code.name(), code.story()));
        let long = code.story().lines().find(|line| line.chars().count() > 120);
        assert_eq!(long, None, "the story of `{}` does not fit a terminal", code.name());
    }
    let unknown = run(["explain", "knid"]);
    assert_eq!(stderr(&unknown), "error: there is no code `knid`; `aw explain` lists them\n  did you mean `kind`?\n");
}
