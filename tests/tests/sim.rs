//! `aw sim` and `aw fit`, as an embedded engineer meets them: whether a graph fits a device, what is late on it, and what
//! that sounds like.
#![allow(clippy::unwrap_used)] // helpers of tests, too
use aw_tests::{aw, file, stderr, stdout};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A microcontroller whose nodes take what the test says.
const DEVICE: &str = "[device]\nclock_hz = 100_000_000\ncalibrated = true\nsource = \"a test\"\n\
     [audio]\nrates = [16000]\nblock = 160\nblocks = [80]\nformat = \"s16\"\n\
     [interrupt]\ncycles = 1000\nswitch_cycles = 500\n\
     [[heap]]\nname = \"sram\"\nkib = 256\nholds = [\"streams\", \"state\"]\n";

/// The sound as it is, and beside it the same through a lane whose answers are due two blocks later.
const LANE: &str = "[graph]\nrate = 16000\nblock = 160\n[input.mic]\n\
     [node.own]\nworker = \"gain\"\nin = \"mic\"\n\
     [node.slow]\nworker = \"gain\"\nin = \"mic\"\nrun = { lane = \"nn\", delay = 2, late = \"zero\" }\n\
     [output.out]\nfrom = \"own\"\n[output.lane]\nfrom = \"slow\"\n";

/// A folder with a graph, a device and ten seconds of speech; commands run in it.
struct Room(tempfile::TempDir);

impl Room {
    fn new(graph: &str, device: &str) -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        room.write("graph.toml", graph);
        room.write("device.toml", device);
        std::fs::copy(file("tests/wav/noisy.wav"), room.path("in.wav")).unwrap();
        room
    }

    /// The lane takes so many cycles, of 1 000 000 a block.
    fn with_lane(cycles: u64) -> Self {
        let measured =
            |node: &str, cycles| format!("[[measured]]\nnode = \"{node}\"\ncycles = {{ mean = {cycles} }}\n");
        Self::new(LANE, &[DEVICE, &measured("own", 100_000), &measured("slow", cycles)].concat())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn run(&self, args: &[&str]) -> Output {
        aw().current_dir(self.0.path()).args(args).output().unwrap()
    }

    /// `aw sim graph.toml --device device.toml --in in.wav` with more words: what it says as JSON.
    fn sim(&self, more: &[&str]) -> Value {
        let args = ["sim", "graph.toml", "--device", "device.toml", "--in", "in.wav", "--json", "-q"];
        let output = self.run(&[&args, more].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    fn wav(&self, name: &str) -> Vec<f32> {
        let mut reader = aw_host::io::AudioReader::open(self.path(name)).unwrap();
        let mut planes = vec![vec![0.0; 200_000]];
        let frames = reader.read(&mut planes).unwrap();
        planes[0].truncate(frames);
        planes.remove(0)
    }
}

fn missed(report: &Value, task: &str) -> [u64; 3] {
    let task = report["tasks"].as_array().unwrap().iter().find(|of| of["name"] == task).unwrap();
    [0, 1, 2].map(|case| task["missed"][case].as_u64().unwrap())
}

#[test]
fn a_lane_that_is_in_time_is_heard_as_in_a_replay() {
    // 1 000 000 cycles a block: 0.1 for the audio task, 0.7 for the lane.
    let room = Room::with_lane(700_000);
    let report = room.sim(&["--out", "out=own.wav", "lane=lane.wav"]);
    assert_eq!(report["verdict"]["answer"], "fits", "{}", report["verdict"]);
    assert_eq!(missed(&report, "nn"), [0, 0, 0]);
    let replayed =
        room.run(&["replay", "graph.toml", "--in", "in.wav", "--out", "out=own0.wav", "lane=lane0.wav", "-q"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    // The recording has 16 bits, so rounding at the edges changes nothing of a gain of 0 dB.
    for (one, other) in [("own.wav", "own0.wav"), ("lane.wav", "lane0.wav")] {
        assert!(room.wav(one) == room.wav(other), "{one} is not as in a replay");
    }
    let [own, slow] = ["own", "slow"]
        .map(|name| report["nodes"].as_array().unwrap().iter().find(|node| node["name"] == name).unwrap().clone());
    assert_eq!((&own["tier"], &slow["task"]), (&"measured".into(), &"nn".into()));
    assert_eq!(own["percent"]["typical"], 10.0);
    assert_eq!(slow["cycles"], serde_json::json!([700_000.0, 700_000.0, 700_000.0]));
    // From when the block is there: the interrupt and 0.1 of a block, then the lane takes 0.7 and a switch of tasks.
    let response = report["tasks"][1]["response_ms"][2].as_f64().unwrap();
    assert!((response - 8.015).abs() < 1e-6, "{response}");
}

#[test]
fn the_engine_itself_takes_part_of_each_task_and_the_rows_of_a_task_add_up_to_it() {
    let cost = "[cost]\ncpi = { low = 1.0, typical = 1.0, high = 1.0, source = \"a test\" }\n";
    let room = Room::new(LANE, &[&DEVICE.replace("[device]", "[device]\nisa = \"thumb\""), cost].concat());
    let report = room.sim(&[]);
    assert_eq!(report["verdict"]["answer"], "fits", "{}", report["verdict"]);
    let number = |value: &Value| value.as_f64().unwrap();
    // Of 1 000 000 cycles a block: the interrupt, or two switches, and nodes.
    for (task, own) in [("audio", 0.1), ("nn", 0.05)] {
        let nodes = report["nodes"].as_array().unwrap().iter().filter(|node| node["task"] == task);
        let nodes: Vec<&Value> = nodes.collect();
        let engine = nodes.iter().find(|node| node["name"] == "the engine").unwrap();
        let least = if task == "audio" { 4000.0 } else { 500.0 };
        assert!((least..60_000.0).contains(&number(&engine["cycles"][0])), "{engine}");
        let sum: f64 = nodes.iter().map(|node| number(&node["percent"]["typical"])).sum();
        let of_task = report["tasks"].as_array().unwrap().iter().find(|of| of["name"] == task).unwrap();
        let percent = number(&of_task["percent"]["typical"]);
        assert!((percent - sum - own).abs() < 1e-3, "{task}: {percent}, {sum}");
    }
    let text = stdout(&room.run(&["sim", "graph.toml", "--device", "device.toml", "--in", "in.wav"]));
    assert!(text.contains("the engine  aw") && text.contains("a node in it"), "{text}");

    // A set of instructions without what one costs says nothing of the engine, and so of the graph.
    let measured =
        "[[measured]]\nnode = \"own\"\ncycles = { mean = 10 }\n[[measured]]\nnode = \"slow\"\ncycles = { mean = 10 }\n";
    room.write("device.toml", &[&DEVICE.replace("[device]", "[device]\nisa = \"thumb\""), measured].concat());
    let report = room.sim(&[]);
    assert_eq!(report["verdict"]["answer"], "cannot_tell", "{}", report["verdict"]);
    assert!(report["verdict"].to_string().contains("the engine itself: the profile does not say what an instruction"));
}

#[test]
fn a_lane_that_takes_too_long_misses_and_the_miss_is_heard() {
    // With 60 % of a core on average nothing looks wrong; but one answer in ten takes six blocks.
    let graph = LANE.replace(
        "worker = \"gain\"\nin = \"mic\"\nrun",
        "worker = \"stft\"\nin = \"mic\"\nsize = 1600\nhop = 1600\nwindow = \"rect\"\nrun",
    );
    let graph = graph.replace(
        "[output.lane]\nfrom = \"slow\"\n",
        "[node.back]\nworker = \"istft\"\nin = \"slow\"\nwindow = \"rect\"\n[output.lane]\nfrom = \"back\"\n",
    );
    let measured = "[[measured]]\nnode = \"own\"\ncycles = { mean = 100_000 }\n[[measured]]\nnode = \"back\"\ncycles = { mean = 10 }\n\
         [[measured]]\nnode = \"slow\"\ncycles = { mean = ";
    let room = Room::new(&graph.replace("delay = 2", "delay = 1"), &format!("{DEVICE}{measured}5_500_000 }}\n"));
    let report = room.sim(&[]);
    let percent = report["tasks"][1]["percent"]["typical"].as_f64().unwrap();
    assert!((50.0..60.0).contains(&percent), "{percent}");
    assert_eq!(missed(&report, "nn")[1], 0);
    // The same, inline: each inference misses the deadline of its block, and so do those behind it.
    room.write("graph.toml", &graph.replace("\nrun = { lane = \"nn\", delay = 2, late = \"zero\" }", ""));
    let inline = room.sim(&[]);
    let load: f64 = inline["tasks"][0]["percent"]["typical"].as_f64().unwrap();
    assert!((55.0..70.0).contains(&load), "{load}");
    assert!(missed(&inline, "audio")[0] >= 99, "{}", inline["tasks"]);
    assert_eq!(inline["verdict"]["answer"], "does_not_fit");
    assert!(inline["verdict"]["reasons"][0].as_str().unwrap().contains("`slow` weighs most"), "{}", inline["verdict"]);

    // 0.95 of a core beside 0.1: the lane falls behind, is late at the third block, and silence is heard there.
    let room = Room::with_lane(950_000);
    let report = room.sim(&["--out", "out=own.wav", "lane=lane.wav"]);
    let [low, typical, high] = missed(&report, "nn");
    assert!(low > 500 && low == typical && typical == high, "{low} {typical} {high}");
    assert_eq!(report["verdict"]["answer"], "does_not_fit");
    let (own, lane) = (room.wav("own.wav"), room.wav("lane.wav"));
    let silent = |block: &[f32]| block.iter().all(|sample| *sample == 0.0);
    let blocks = own.chunks(160).zip(lane[320..].chunks(160)).filter(|(own, _)| !silent(own));
    let (all, quiet) = blocks.fold((0, 0), |(all, quiet), (_, lane)| (all + 1, quiet + u64::from(silent(lane))));
    assert!(quiet > all / 3 && quiet < typical + 10, "{quiet} of {all} blocks are silent, {typical} are told");
}

#[test]
fn the_same_seed_gives_the_same_trace_and_the_same_bits_under_any_load() {
    let room = Room::with_lane(600_000);
    let faults = ["--fault", "jitter,us=2000", "--fault", "late,share=0.05,ms=15", "--fault", "lost,share=0.02"];
    let run = |seed: &str, name: &str| {
        let out = [format!("out={name}"), format!("lane=lane-{name}")];
        room.sim(&[&faults[..], &["--seed", seed, "--out", &out[0], &out[1]]].concat())
    };
    let alone = run("7", "alone.wav");
    // Two programs that never rest, on as many cores as there are here.
    let mut burners: Vec<_> = (0..2 * std::thread::available_parallelism().unwrap().get())
        .map(|_| Command::new("sh").args(["-c", "while :; do :; done"]).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    let busy = run("7", "busy.wav");
    burners.iter_mut().for_each(|burner| burner.kill().unwrap());
    burners.iter_mut().for_each(|burner| drop(burner.wait()));
    assert_eq!(alone["trace"], busy["trace"]);
    assert_eq!(alone, busy);
    for name in ["alone.wav", "lane-alone.wav"] {
        let [one, other] =
            [name.to_string(), name.replace("alone", "busy")].map(|name| std::fs::read(room.path(&name)).unwrap());
        assert!(one == other, "{name}");
    }
    let other = run("8", "other.wav");
    assert_ne!(alone["trace"], other["trace"]);
    // The same run on another machine, another day: whole picoseconds, and no clock.
    assert_eq!(alone["trace"], "2494f6257a79a232");
}

#[test]
fn a_test_says_what_lost_blocks_may_do_to_the_sound() {
    let device = format!(
        "{}[[measured]]\nnode = \"own\"\ncycles = {{ mean = 100_000 }}\n",
        DEVICE.replace("format = \"s16\"", "format = \"s16\"\nunderrun = \"silence\"")
    );
    let graph = LANE
        .replace(
            "[node.slow]\nworker = \"gain\"\nin = \"mic\"\nrun = { lane = \"nn\", delay = 2, late = \"zero\" }\n",
            "",
        )
        .replace("[output.lane]\nfrom = \"slow\"\n", "");
    let test = "[[test]]\nname = \"lost blocks do not click\"\nplay = { mic = \"in.wav\" }\ndevice = \"./device.toml\"\nseed = 3\n\
         faults = [{ kind = \"lost\", share = 0.02 }]\nexpect = [{ fits = true, late = 0, load_percent = 12 }, { click_db = 12, recovery_ms = 150 }]\n";
    let room = Room::new(&format!("{graph}\n{test}"), &device);
    let tone: Vec<f32> =
        (0..80_000).map(|at| 0.5 * (at as f32 * 440.0 / 16_000.0 * std::f32::consts::TAU).sin()).collect();
    let mut wav = aw_host::io::AudioWriter::create(room.path("in.wav"), 16_000, 1, aw_host::io::Encoding::S16).unwrap();
    wav.write(&[&tone]).unwrap();
    wav.finish().unwrap();
    let output = room.run(&["test", "graph.toml", "--repeat", "2"]);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed, 0 failed"), "{said}");
    // Hardware that plays the buffer again clicks.
    room.write("device.toml", &device.replace("underrun = \"silence\"", "underrun = \"stale\""));
    let output = room.run(&["test", "graph.toml"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains("click_db") && said.contains("without faults"), "{said}");
}

#[test]
fn memory_that_finds_no_room_is_named_and_so_is_what_is_allocated_later() {
    let room = Room::with_lane(100_000);
    room.write(
        "device.toml",
        &std::fs::read_to_string(room.path("device.toml")).unwrap().replace("kib = 256", "kib = 1"),
    );
    let report = room.sim(&[]);
    assert_eq!(report["verdict"]["answer"], "does_not_fit");
    let reason = report["verdict"]["reasons"][0].as_str().unwrap();
    assert!(reason.contains("find no room; sram of 1.0 KiB has"), "{reason}");
    // A fault that holds memory does the same.
    let room = Room::with_lane(100_000);
    let report = room.sim(&["--fault", "hog,heap=sram,kib=255"]);
    assert_eq!(
        (&report["verdict"]["answer"], &report["memory"]["heaps"][0]["held"]),
        (&"does_not_fit".into(), &(255 * 1024).into())
    );

    // A worker that allocates after it was made is in no account.
    let bad = aw_tests::library("bad_workers");
    std::fs::copy(&bad, room.path(&format!("aw_{}", bad.file_name().unwrap().to_str().unwrap()))).unwrap();
    room.write("graph.toml", "[graph]\nrate = 16000\nblock = 160\n[input.mic]\n[node.own]\nworker = \"bad_alloc\"\nin = \"mic\"\n[output.out]\nfrom = \"own\"\n");
    let report = room.sim(&["--workers", "."]);
    let reason = report["verdict"]["reasons"][0].as_str().unwrap();
    assert!(reason.contains("`own` allocated or freed memory") && reason.contains("after it was made"), "{reason}");
    assert_eq!(report["verdict"]["answer"], "does_not_fit");
}

#[test]
fn what_goes_wrong_is_told_with_the_way_out() {
    let room = Room::with_lane(100_000);
    let said = |args: &[&str]| {
        let output = room.run(args);
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let base = ["sim", "graph.toml", "--in", "in.wav", "--device"];
    for (more, code, words) in [
        (vec!["cortex-m4"], 1, "there is no device `cortex-m4`; did you mean `cortex-m4-120`?"),
        (vec!["none.toml"], 1, "cannot read none.toml"),
        (vec!["device.toml", "--fault", "losst,share=1"], 2, "there is no fault `losst`"),
        (vec!["device.toml", "--fault", "lost,share=2"], 2, "`share` cannot be 2"),
        (vec!["device.toml", "--fault", "lost"], 2, "the fault `lost` needs `share`"),
        (vec!["device.toml", "--fault", "hog,heap=ram,kib=1"], 1, "has no heap `ram`; it has sram"),
        (vec!["device.toml", "--block", "99"], 1, "has buffers of 160, 80 samples, and 99 are asked for"),
    ] {
        let (found, text) = said(&[&base[..], &more[..]].concat());
        assert!(found == code && text.contains(words), "{more:?}: {found}, {text}");
    }
    let device = std::fs::read_to_string(room.path("device.toml")).unwrap();
    room.write("device.toml", &device.replace("rates = [16000]", "rates = [48000]"));
    let (code, text) = said(&[&base[..], &["device.toml"]].concat());
    assert!(code == 1 && text.contains("has 48000 Hz, and 16000 Hz are asked for by what `mic` plays"), "{text}");
    // All mistakes of a profile at once, on their lines.
    room.write(
        "device.toml",
        &device.replace("clock_hz", "clok_hz").replace("\"s16\"", "\"s15\"").replace("kib = 256", "kib = \"256\""),
    );
    let (code, text) = said(&[&base[..], &["device.toml"]].concat());
    assert!(code == 1 && text.contains("device.toml has 3 errors"), "{text}");
    for words in ["did you mean `clock_hz`?", "s16, s24, s32, f32 are known", "leave the quotes out"] {
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[test]
fn fit_answers_before_anything_runs_and_agrees_with_what_happens_then() {
    for (cycles, answer, code) in [(700_000, "FITS", 0), (950_000, "DOES NOT FIT", 1)] {
        let room = Room::with_lane(cycles);
        let output = room.run(&["fit", "graph.toml", "--device", "device.toml"]);
        assert!(
            output.status.code() == Some(code) && String::from_utf8_lossy(&output.stdout).contains(answer),
            "{output:?}"
        );
        assert_eq!(room.sim(&[])["verdict"]["answer"], answer.to_lowercase().replace(' ', "_"));
    }
    // What is not known cannot be told.
    let room = Room::new(LANE, DEVICE);
    let output = room.run(&["fit", "graph.toml", "--device", "device.toml"]);
    let text = stdout_of(&output);
    assert!(output.status.code() == Some(1) && text.contains("CANNOT TELL\n  `own`: its cost is unknown"), "{text}");
}

fn stdout_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn shipped_graphs_are_judged_on_shipped_devices() {
    let list = stdout(&aw_tests::run(["sim", "--list"]));
    for device in ["cortex-m4-120", "cortex-m7-480", "cortex-a53", "audio-dsp", "desktop"] {
        assert!(list.contains(device), "{list}");
        let mut aw = aw();
        let output = aw.args(["fit", "graphs/denoise.toml", "--json", "--device", device]).output().unwrap();
        let fit: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}"));
        let answer = &fit["verdict"]["answer"];
        assert!(["fits", "does_not_fit", "cannot_tell"].iter().any(|known| answer == known), "{fit}");
        assert!(!fit["verdict"]["reasons"].as_array().unwrap().is_empty(), "{fit}");
    }
    assert!(list.contains("not calibrated"), "{list}");
    assert!(Path::new(&file("graphs/devices/README.md")).is_file());
}
