//! What `aw sim calibrate` makes of what boards measured, and that the profiles which ship say no more than that.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_tests::{aw, file, run, stderr, stdout};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

/// A folder with files of measurements; commands run in it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn calibrate(&self, args: &[&str]) -> Output {
        aw().current_dir(self.0.path()).args(["sim", "calibrate"]).args(args).output().unwrap()
    }
}

fn json(args: &[&str]) -> Value {
    let output = run(["sim", "calibrate", "--json"].iter().chain(args));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)))
}

fn profile(name: &str) -> toml::Table {
    let text = std::fs::read_to_string(file(&format!("graphs/devices/{name}.toml"))).unwrap();
    text.parse().unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn names(ending: &str) -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir(file("graphs/devices/boards")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

#[test]
fn the_tables_in_the_readme_are_what_the_command_prints() {
    let readme = std::fs::read_to_string(file("graphs/devices/README.md")).unwrap();
    let mut shown = BTreeSet::new();
    for block in readme.split("```text\n$ aw ").skip(1) {
        let (call, rest) = block.split_once('\n').unwrap();
        let printed = rest.split_once("```").unwrap().0;
        let output = run(call.split(' '));
        assert_eq!((stderr(&output).as_str(), stdout(&output).as_str()), ("", printed), "aw {call}");
        shown.extend(call.split(' ').filter(|word| word.ends_with(".csv")).map(file));
    }
    assert_eq!(shown, names(".csv"), "every board has its table");
}

#[test]
fn the_reference_board_shows_what_counting_instructions_gains() {
    let found = json(&["graphs/devices/boards/stm32l4r5-tflm.csv"]);
    let error = |figure: &str, which: &str| {
        let part = found["cost"][figure]["error_from_one_other"][which].as_f64().unwrap();
        (part * 100.0).round()
    };
    assert_eq!([error("cpi", "median"), error("cpi", "max")], [12.0, 27.0]);
    assert_eq!([error("mac", "median"), error("mac", "max")], [42.0, 111.0]);
}

/// Low, typical and high.
fn band(of: &Value) -> [f64; 3] {
    ["low", "typical", "high"].map(|key| of[key].as_f64().unwrap())
}

fn is_band(table: &toml::Value, wanted: [f64; 3], what: &str) {
    for (key, wanted) in ["low", "typical", "high"].into_iter().zip(wanted) {
        let found = table[key].as_float().unwrap();
        assert!((found / wanted - 1.0).abs() < 0.006, "{what}: {key} is {found}, the boards say {wanted}");
    }
}

#[test]
fn the_cost_of_the_cortex_m4_is_pasted_from_its_board() {
    let printed = stdout(&run(["sim", "calibrate", "graphs/devices/boards/stm32l4r5-tflm.csv"]));
    let pasted: toml::Table = printed[printed.find("[cost]").unwrap()..].parse().unwrap();
    assert_eq!(profile("cortex-m4-120")["cost"], pasted["cost"]);
}

#[test]
fn the_cost_of_the_cortex_m7_is_derived_as_its_source_says() {
    let m4 = json(&["graphs/devices/boards/stm32l4r5-tflm.csv"]);
    let runtimes = ["stm32h7a3", "stm32l4r5"].map(|board| format!("graphs/devices/boards/{board}-runtimes.csv"));
    let [low, typical, high] = band(&json(&[&runtimes[0], "--beside", &runtimes[1]])["ratio"]);
    // 1.25 for memory that is further from the core than on the board that was measured.
    let derived = |figure: &str| {
        let of = band(&m4["cost"][figure]);
        [of[0] * low, of[1] * typical, of[2] * high * 1.25]
    };
    let m7 = profile("cortex-m7-480");
    is_band(&m7["cost"]["cpi"], derived("cpi"), "cpi");
    is_band(&m7["runtime"][0]["mac"], derived("mac"), "mac of tflm");
    let measured = band(&json(&["graphs/devices/boards/stm32h7a3-x-cube-ai.csv"])["cost"]["mac"]);
    is_band(&m7["cost"]["mac"], [measured[0], measured[1], measured[2] * 1.25], "mac");
}

#[test]
fn no_profile_pretends() {
    for name in ["cortex-m4-120", "cortex-m7-480", "cortex-a53", "audio-dsp", "desktop"] {
        let profile = profile(name);
        let is_calibrated = profile["device"]["calibrated"].as_bool().unwrap();
        let cost = profile["cost"].as_table().unwrap();
        let of_runtimes = profile["runtime"].as_array().unwrap().iter().filter_map(|runtime| runtime.get("mac"));
        for figure in cost.values().chain(of_runtimes) {
            let [low, typical, high] = ["low", "typical", "high"].map(|key| figure[key].as_float().unwrap());
            let source = figure["source"].as_str().unwrap();
            assert!(0.0 < low && low < typical && typical < high, "{name}: {figure}");
            let says = ["estimate: ", "derived: ", "stm32"].iter().any(|word| source.starts_with(word));
            assert!(says, "{name}: {source}");
            assert!(!source.starts_with("estimate: ") || (high / low > 4.0 && !is_calibrated), "{name}: {figure}");
        }
        assert_eq!(cost.contains_key("cpi"), profile["device"].get("isa").is_some(), "{name}: counts need an isa");
    }
}

#[test]
fn a_board_of_ones_own_becomes_a_cost_to_paste() {
    let desk = Desk::new();
    let rows = "name,macs,us,hz\nwake word,200000,5000,80000000\nspeech,600000,18000,80000000\n";
    desk.write("bench.csv", &format!("# the \"blue\" board, C:\\new\n{rows}"));
    let output = desk.calibrate(&["bench.csv", "--device", "blue"]);
    let printed = stdout(&output);
    assert_eq!((stderr(&output), output.status.code()), (String::new(), Some(0)));
    assert!(printed.starts_with("bench.csv: 2 runs\n"), "{printed}");
    let pasted: toml::Table = printed[printed.find("[cost]").unwrap()..].parse().unwrap();
    let mac = &pasted["cost"]["mac"];
    assert_eq!((mac["low"].as_float(), mac["high"].as_float()), (Some(2.0), Some(2.4)));
    let source = "blue: the \"blue\" board, C:\\new; 2 models, held-out error median 20 %, max 20 %";
    assert_eq!((mac["source"].as_str(), pasted["cost"].get("cpi")), (Some(source), None));
}

#[test]
fn cycle_counters_of_ones_own_graph_become_tables_to_paste() {
    let desk = Desk::new();
    let graph = file("graphs/denoise.toml").display().to_string();
    desk.write("nodes.csv", "# DWT CYCCNT\nnode,cycles\nstft,27100\nstft,27301\nistft,9000\n");
    let output = desk.calibrate(&["nodes.csv", "--nodes", &graph]);
    let said =
        format!("error: nodes.csv:5: {graph} has no node `istft`, it has stft, wiener, speech; did you mean `stft`?\n");
    assert_eq!((stderr(&output), stdout(&output), output.status.code()), (said, String::new(), Some(1)));

    desk.write("nodes.csv", "node,cycles\nstft,27100\nstft,27301\nspeech,9000\n");
    let output = desk.calibrate(&["nodes.csv", "--nodes", &graph]);
    let printed = stdout(&output);
    assert_eq!((stderr(&output), output.status.code()), (String::new(), Some(0)));
    let pasted: toml::Table = printed.parse().unwrap();
    let wanted = "[[measured]]\nnode = \"stft\"\ncycles = { mean = 27201, max = 27301 }\n\
                  [[measured]]\nnode = \"speech\"\ncycles = { mean = 9000, max = 9000 }\n";
    assert_eq!(pasted, wanted.parse().unwrap());
    assert!(printed.contains("   # 2 calls\n") && printed.contains("   # 1 call: measure more"), "{printed}");
    assert!(printed.ends_with("# not measured, so their cost is counted or guessed: wiener\n"), "{printed}");

    let output = desk.calibrate(&["nodes.csv", "--nodes", &graph, "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((found["measured"][0]["calls"].as_u64(), &found["not_measured"][0]), (Some(2), &"wiener".into()));
}

#[test]
fn runs_that_only_one_of_two_boards_made_are_named() {
    let desk = Desk::new();
    desk.write("new.csv", "name,cycles\na,50\nb,60\nc,1\n");
    desk.write("old.csv", "name,cycles\na,100\nb,100\nd,1\n");
    let output = desk.calibrate(&["new.csv", "--beside", "old.csv"]);
    assert_eq!(stderr(&output), "note: only new.csv has c\nnote: only old.csv has d\n");
    assert!(stdout(&output).starts_with("new.csv beside old.csv: 2 runs of the same\n"), "{}", stdout(&output));
    assert!(stdout(&output).ends_with("\na cycle there takes 0.548 here, at least 0.500 and at most 0.600\n"));
}

#[test]
fn what_cannot_be_fitted_is_refused_with_the_way_out() {
    let desk = Desk::new();
    desk.write("one.csv", "name,macs,cycles\nkws,2656768,21830090\n");
    desk.write("negative.csv", "# of whom\nname,macs,cycles\nkws,2656768,21830090\nad,264192,-5\n");
    desk.write("short.csv", "name,cycles\nkws,1\nad,2\n");
    let cases: [(&[&str], i32, &str); 5] = [
        (
            &["one.csv"],
            1,
            "error: one.csv: one row fits anything, and none is left to try the figure on; measure a second model\n",
        ),
        (&["negative.csv"], 1, "error: negative.csv:4: `cycles` is -5: it cannot be negative; measure again\n"),
        (&["short.csv"], 1, "error: short.csv: no row says `macs` or `instructions`"),
        (&["there is none.csv"], 1, "error: cannot read the measurements in there is none.csv: "),
        (
            &["one.csv", "--beside", "short.csv", "--nodes", "graph.toml"],
            2,
            "error: the argument '--beside <OTHER.csv>' cannot",
        ),
    ];
    for (args, code, said) in cases {
        let output = desk.calibrate(args);
        assert!(stderr(&output).starts_with(said), "{args:?}: {}", stderr(&output));
        assert_eq!((output.status.code(), stdout(&output)), (Some(code), String::new()), "{args:?}");
    }
}
