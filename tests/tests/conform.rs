//! `aw check` on a worker library: good ones pass, and every kind of badness is found and named.
#![allow(clippy::unwrap_used)]

mod cc;

use aw_tests::{aw, file, library, run, stderr, stdout};
use serde_json::Value;
use std::path::Path;

/// Findings of a check as `verdict worker.check: what was seen`.
fn findings(library: &Path, more: &[&str]) -> (bool, Vec<String>) {
    let output = aw().arg("check").arg(library).arg("--json").args(more).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    let passed = report["passed"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(if passed { 0 } else { 1 }));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_string();
    let line =
        |f: &Value| format!("{} {}.{}: {}", text(f, "verdict"), text(f, "worker"), text(f, "check"), text(f, "saw"));
    (passed, report["findings"].as_array().unwrap().iter().map(line).collect())
}

#[test]
fn our_own_workers_keep_every_promise() {
    for name in ["aw_basics", "aw_spectral"] {
        let (passed, found) = findings(&library(name), &["--timeout", "30"]);
        let wrong: Vec<_> = found.iter().filter(|f| f.starts_with("fail") || f.starts_with("warn")).collect();
        // How long a call takes is the machine's affair, too.
        let wrong: Vec<_> = wrong.into_iter().filter(|finding| !finding.contains(".time: ")).collect();
        assert!(passed && wrong.is_empty(), "{name}: {wrong:#?}");
        assert!(found.len() > 150 && found.iter().filter(|f| f.starts_with("pass")).count() > 100, "{found:#?}");
    }
}

#[test]
fn workers_in_c_keep_every_promise_too() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["smooth", "control", "future", "normalize"] {
        let library = cc::library(&file("tests/workers").join(format!("{name}.c")), folder.path(), name);
        let (passed, found) = findings(&library, &[]);
        assert!(passed, "{name}: {found:#?}");
        assert!(
            found.iter().any(|f| f.starts_with("pass") && f.contains(".latency: as heard: it lags by [0]")),
            "{found:#?}"
        );
    }
}

/// What each bad worker is caught at: values, `verdict worker.check`, part of what is seen.
const BAD: &[(&[&str], &str, &str)] = &[
    (&[], "fail bad_format.prepare", "port `out` has a format with a zero in it"),
    (&["bad_format.how=huge"], "fail bad_format.prepare", "absurdly large"),
    (&["bad_format.how=overflow"], "fail bad_format.prepare", "absurdly large"),
    (&["bad_format.how=many_channels"], "fail bad_format.prepare", "absurdly large"),
    (&["bad_format.how=wide_audio"], "fail bad_format.prepare", "more than one value"),
    (&["bad_format.how=other_kind"], "fail bad_format.prepare", "another kind than it declares"),
    (&["bad_format.how=kind_unknown"], "fail bad_format.prepare", "another kind than it declares"),
    (&["bad_format.how=max_frames"], "fail bad_format.prepare", "absurd number of frames"),
    (&["bad_format.how=max_latency"], "fail bad_format.prepare", "absurd latency"),
    (&["bad_format.how=mixed"], "fail bad_format.prepare", "give both a number"),
    (&[], "fail bad_rate.rate", "gives 64 frames where `in` takes 64, but claims 32000 a second for 16000"),
    (&["bad_rate.how=claims_double_free"], "fail bad_rate.rate", "as many as there are"),
    (&["bad_rate.how=gives_double"], "fail bad_rate.rate", "gives 128 frames where `in` takes 64"),
    (&[], "fail bad_latency.latency", "`out` lags `in` by 64 samples and claims 0"),
    (&["bad_latency.claims=100", "bad_latency.has=7"], "fail bad_latency.latency", "by 7 samples and claims 100"),
    (&["bad_latency.claims=99", "bad_latency.has=99"], "pass bad_latency.latency", "[99]"),
    (&["bad_refuse.when=load"], "fail bad_refuse.state", "`load` refuses what `save` gave: it would rather not"),
    (&["bad_refuse.when=create"], "skip bad_refuse.prepare", "it says: it would rather not"),
    (&["bad_refuse.when=create", "bad_refuse.why="], "fail bad_refuse.create", "`create` refused and gave no reason"),
    (
        &["bad_refuse.when=prepare", "bad_refuse.why="],
        "fail bad_refuse.prepare",
        "`prepare` refused and gave no reason",
    ),
    (&[], "fail bad_crash.finite", "aborted (SIGABRT): `process` with its defaults; `in` = 1 × audio at 16000 Hz"),
    (&["bad_crash.how=exit"], "fail bad_crash.finite", "ended the whole process (exit status: 0): `process`"),
    (&["bad_crash.how=overflow"], "fail bad_crash.finite", "`process`"),
    (&["bad_crash.when=prepare"], "fail bad_crash.prepare", "aborted (SIGABRT): `prepare` with `in` = 1 × audio"),
    (&[], "fail bad_crash.create", "aborted (SIGABRT): `create` with `when = \"create\"`"),
    (&["--timeout=0.5"], "fail bad_hang.finite", "no end after 0.5 s: `process`"),
    (&["--timeout=0.5"], "fail bad_hang.create", "no end after 0.5 s: `create` with `when = \"create\"`"),
    (&[], "fail bad_events.events", "an event says NaN"),
    (&["bad_events.how=inf"], "fail bad_events.events", "an event says inf"),
    (&["bad_events.how=past"], "fail bad_events.events", "samples before the first frame"),
    (&["bad_events.how=future"], "fail bad_events.events", "samples after the last frame heard"),
    (&["bad_events.how=label"], "fail bad_events.events", "label 4294967295"),
    (&["bad_events.how=flood"], "fail bad_events.events", "every call fills all the room for events"),
    (&[], "fail bad_alloc.heap", "times in `process`"),
    (&["bad_alloc.when=set_param"], "fail bad_alloc.heap", "times in `set_param`"),
    (&["bad_alloc.when=reset"], "fail bad_alloc.heap", "times in `reset`"),
    (&["bad_alloc.when=never"], "pass bad_alloc.heap", ""),
    (&[], "fail bad_leak.leak", "bytes more are held after 6 more lives"),
    (&["bad_leak.when=create"], "fail bad_leak.leak", "24576 bytes more"),
    (&["bad_leak.when=prepare"], "fail bad_leak.leak", "49152 bytes more"),
    (&["bad_leak.when=never"], "pass bad_leak.leak", ""),
    (&[], "fail bad_panic.finite", "told to panic in Process"),
    (&[], "fail bad_panic.create", "told to panic in Create (with `when = \"create\"`)"),
    (&["bad_panic.when=prepare"], "fail bad_panic.prepare", "told to panic in Prepare"),
    (&["bad_panic.when=set_param"], "fail bad_panic.live", "told to panic in SetParam"),
    (&["bad_panic.when=reset"], "fail bad_panic.reset", "told to panic in Reset"),
    (&["bad_panic.when=save"], "fail bad_panic.state", "told to panic in Save"),
    (&["bad_panic.when=load"], "fail bad_panic.state", "told to panic in Load"),
    (&["bad_panic.when=drop"], "fail bad_panic.create", "`destroy` fails: panicked"),
    (&[], "fail bad_nan.finite", "NaN at `out`, channel 0, frame 0"),
    (&["bad_nan.value=minus_inf", "bad_nan.after=700"], "fail bad_nan.finite", "-inf at `out`, channel 0, frame 700"),
    (&["bad_nan.value=denormal"], "warn bad_nan.finite", "too small for full precision"),
    (&["bad_nan.channel=1"], "fail bad_nan.finite", "channel 1"),
    (&[], "fail bad_cut.cut", "it differs at `out`, channel 0, frame 1"),
    (&[], "warn bad_slow.time", "% of the time there is"),
    (&[], "fail bad_state.state", "goes on otherwise at `out`, channel 0, frame 0"),
    (&["bad_state.how=mistakes"], "fail bad_state.state", "goes on otherwise"),
    (&["bad_state.how=refuses"], "fail bad_state.state", "it will not be told what to remember"),
    (&["bad_state.how=grows"], "fail bad_state.state", "asks for more room each time"),
    (&["bad_state.how=restores"], "pass bad_state.state", "goes on bit by bit"),
    (&[], "fail bad_preset.preset", "preset `loud`: `level.gain` cannot be 3; 0 to 2 are allowed"),
    (&[], "fail bad_preset.preset", "preset `wordy`: `level.gain` takes a number"),
    (&[], "fail bad_preset.preset", "preset `unwanted`: it will not be muted"),
    (&[], "fail bad_extent.extent", "`out` has 600 frames of 1000, and 400 of 1200"),
    (&["bad_extent.how=wavers"], "fail bad_extent.extent", "and then"),
    (&["bad_extent.how=sometimes"], "fail bad_extent.extent", "leaves it to the rates"),
    (&["bad_extent.how=panics"], "fail bad_extent.extent", "`extent` fails: panicked"),
    (&["bad_extent.how=never"], "pass bad_extent.extent", "counts"),
    (&[], "fail bad_rewind.rewind", "after `rewind` it sounds other than at first at `out`, channel 0, frame 0"),
    (&["bad_rewind.how=forgets"], "pass bad_rewind.rewind", "the same bits"),
    (&["bad_rewind.how=panics"], "fail bad_rewind.rewind", "told to panic"),
    (&["bad_rewind.how=learns"], "skip bad_rewind.rewind", "learns"),
];

#[test]
fn every_bad_worker_is_caught_at_what_it_does() {
    let bad = library("bad_workers");
    let mut missed = vec![];
    for (values, expected, saw) in BAD {
        let (verdict, check) = expected.split_once(' ').unwrap();
        let mut args = vec!["--only", check];
        for value in *values {
            match value.strip_prefix("--timeout=") {
                Some(seconds) => args.extend(["--timeout", seconds]),
                None => args.extend(["--set", value]),
            }
        }
        let (_, found) = findings(&bad, &args);
        let start = format!("{verdict} {check}: ");
        if !found.iter().any(|finding| finding.starts_with(&start) && finding.contains(saw)) {
            missed.push(format!("{args:?} {expected} {saw:?} in {:#?}", &found[1..]));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn one_crash_hides_nothing_and_only_the_polite_worker_passes() {
    let (_, found) = findings(&library("bad_workers"), &["--timeout", "4"]);
    let with = |verdict: &str| {
        let mut workers: Vec<String> = vec![];
        for finding in found.iter().filter_map(|finding| finding.strip_prefix(verdict)) {
            let worker = finding.trim().split('.').next().unwrap().to_string();
            if !workers.contains(&worker) {
                workers.push(worker);
            }
        }
        workers
    };
    let failed = [
        "bad_format",
        "bad_latency",
        "bad_rate",
        "bad_crash",
        "bad_hang",
        "bad_events",
        "bad_alloc",
        "bad_leak",
        "bad_panic",
        "bad_preset",
        "bad_extent",
        "bad_rewind",
        "bad_cut",
        "bad_nan",
        "bad_slow",
        "bad_state",
    ];
    assert_eq!(with("fail"), failed, "{found:#?}");
    assert!(with("pass").contains(&"bad_refuse".to_string()), "refusing is no fault");
    let of_crash = found.iter().filter(|finding| finding.contains(" bad_crash.")).count();
    assert_eq!(of_crash, 22, "every check of a worker that crashes is reported: {found:#?}");
    let hung = found.iter().filter(|finding| finding.contains(" bad_hang.") && finding.contains("no end after"));
    assert!(hung.count() <= 3, "a worker that hangs is given up: {found:#?}");
}

/// What each rogue library in C is caught at; "pass" for what a host must bear in silence.
const ROGUE: &[(&str, &str, &str)] = &[
    ("block_scrambled", "pass", ""),
    ("crash", "fail victim.again", "bad address (SIGSEGV): `process`"),
    ("create_nothing", "fail victim.create", "`create` says it is done, but gives nothing"),
    ("events_overrun", "fail victim.events", "an event says NaN"),
    ("half_a_table", "pass", ""),
    ("hang_in_entry", "fail .open", "no end after 4 s: opening the library: its initialisers and `aw_entry`"),
    ("logs_flood", "warn victim.quiet", "messages in"),
    ("logs_garbage", "fail victim.create", "(with its defaults)"),
    ("refuses_mutely", "fail victim.prepare", "`prepare` refused and gave no reason"),
    (
        "rehearsals_endless",
        "fail victim.prepare",
        "against the ABI, it wants to hear the input 4294967295 times before",
    ),
    ("save_endless", "fail victim.state", "`save` asks for more room each time"),
    ("save_too_long", "fail victim.state", "`save` says it is done, but gives nothing that can be used"),
    ("setup_scrambled", "pass", ""),
    ("status_unknown", "fail victim.again", "`process` returned an error"),
];

#[test]
fn rogue_libraries_are_survived_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<&str> = ROGUE.iter().map(|(name, ..)| *name).collect();
    assert_eq!(cc::files("rogue"), names, "every file has a line in the table");
    for (name, expected, saw) in ROGUE {
        let library = cc::library(&file("tests/workers/rogue").join(format!("{name}.c")), folder.path(), name);
        let (passed, found) = findings(&library, &["--timeout", "4"]);
        match *expected {
            "pass" => assert!(passed, "{name}: {found:#?}"),
            _ => assert!(
                found.iter().any(|f| f.starts_with(&format!("{expected}: ")) && f.contains(saw)),
                "{name}: {found:#?}"
            ),
        }
    }
}

#[test]
fn writing_outside_the_frames_or_into_the_input_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let worker = |name: &str, process: &str| {
        let source = folder.path().join(format!("{name}.c"));
        let text = format!(
            "#include \"good.h\"\nstatic aw_status wrong(aw_instance *it, const aw_block *block) {{\n  process(it, block);\n  \
             aw_buffer in = block->inputs[0], out = block->outputs[0];\n  (void)in, (void)out;\n  {process}\n  return aw_status_OK;\n}}\n\
             static void spoil(void) {{ worker.process = wrong; }}\n"
        );
        std::fs::write(&source, text).unwrap();
        let (_, found) = findings(&cc::library(&source, folder.path(), name), &["--only", "victim.written"]);
        found[1].clone()
    };
    assert!(worker("good_after_all", "").starts_with("pass"));
    let after = worker("one_too_many", "((float *)out.data)[out.frames] = 0;");
    assert!(after.starts_with("fail") && after.contains("wrote outside the frames of `out`"), "{after}");
    let before = worker("one_before", "((float *)out.data)[-1] = 0;");
    assert!(before.starts_with("fail") && before.contains("wrote outside the frames of `out`"), "{before}");
    let input = worker("into_the_input", "((float *)in.data)[0] += 1;");
    assert!(input.starts_with("fail") && input.contains("wrote to its input `in`"), "{input}");
    let source = "uint32_t bits = 0x7fc05afe; memcpy((float *)out.data + out.frames - 1, &bits, 4);";
    let unwritten = worker("one_too_few", source);
    assert!(unwritten.starts_with("fail") && unwritten.contains("nothing was written at `out`"), "{unwritten}");
}

#[test]
fn state_that_instances_share_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("shared.c");
    let text = "#include \"good.h\"\nstatic float last;\n\
        static aw_status shared(aw_instance *it, const aw_block *block) {\n  process(it, block);\n\
        float *y = block->outputs[0].data;\n  for (uint32_t i = 0; i < block->outputs[0].frames; i++) y[i] += last, last = y[i] / 2;\n\
        return aw_status_OK;\n}\nstatic void spoil(void) { worker.process = shared; }\n";
    std::fs::write(&source, text).unwrap();
    let (_, found) = findings(&cc::library(&source, folder.path(), "shared"), &[]);
    assert!(found.iter().any(|f| f.starts_with("fail victim.twin: two instances differ")), "{found:#?}");
    assert!(found.iter().any(|f| f.starts_with("fail victim.reset: after `reset`")), "{found:#?}");
}

#[test]
fn a_worker_that_needs_a_file_is_checked_when_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let spoil = "params[1] = (aw_param){.name = \"model\", .ty = aw_type_PATH, .flags = aw_param_REQUIRED};";
    let library = cc::spoilt(folder.path(), "needs", spoil);
    let (passed, found) = findings(&library, &["--only", "victim.finite"]);
    assert!(
        passed && found[1].starts_with("skip victim.finite: needs `model`: give it with --set victim.model=FILE"),
        "{found:#?}"
    );
    let model = file("Cargo.toml");
    let (_, found) =
        findings(&library, &["--only", "victim.finite", "--set", &format!("victim.model={}", model.display())]);
    assert!(found[1].starts_with("pass victim.finite"), "{found:#?}");
    let (_, found) = findings(&library, &["--only", "victim.finite", "--set", "victim.model=nowhere.onnx"]);
    assert!(found[1].starts_with("fail") && found[1].contains("nowhere.onnx"), "{found:#?}");
}

#[test]
fn the_text_is_one_line_a_check_with_the_way_out_below() {
    let bad = library("bad_workers");
    let text = stdout(&run(["check".as_ref(), bad.as_os_str(), "--only".as_ref(), "bad_latency.latency".as_ref()]));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("✓ open: ") && lines[0].contains("worker ABI 1.1: bad_format, "), "{text}");
    assert!(lines[1].starts_with("✗ bad_latency.latency: `out` lags `in` by 64 samples and claims 0 (with "), "{text}");
    assert!(lines[2].starts_with("    say it with `setup.latency`"), "{text}");
    assert!(lines[3].ends_with(": 1 checks passed, 1 failed, 0 doubtful, 0 not applicable"), "{text}");
    assert_eq!(lines.len(), 4, "{text}");
}

#[test]
fn what_cannot_be_checked_is_said() {
    let bad = library("bad_workers");
    let output = run(["check".as_ref(), bad.as_os_str(), "--only".as_ref(), "bad_latncy".as_ref()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--only bad_latncy names no worker") && stderr(&output).contains("latency, tail"));
    let output = run(["check", "nowhere/libnone.so"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("✗ open: cannot load "), "{}", stdout(&output));
    let (_, found) = findings(&bad, &["--only", "bad_slow.create", "--set", "bad_slow.us=-1"]);
    assert!(found[1].contains("`us` cannot be -1 us"), "{found:#?}");
    // A graph is still a graph.
    let folder = tempfile::tempdir().unwrap();
    let graph = folder.path().join("g.toml");
    std::fs::write(&graph, "[graph]\nrate = 16000\nblock = 128\n[input.mic]\n[output.out]\nfrom = \"mic\"\n").unwrap();
    let output = aw().arg("check").arg(&graph).output().unwrap();
    assert!(stdout(&output).contains("g.toml"), "{} {}", stdout(&output), stderr(&output));
}
