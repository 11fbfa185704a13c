//! What an author saves while it plays is heard without a click; what is broken is told, and changes nothing.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

mod cc;

use aw_host::live::{Act, Scene};
use aw_tests::file;
use aw_tests::rig::{self, RATE, Rig, bend, card, rms, script, side};
use std::fs;
use std::path::PathBuf;

/// A graph whose last node is `end`.
fn graph(head: &str, nodes: &str) -> String {
    format!("[graph]\n{head}\n[input.mic]\nchannels = 1\n{nodes}\n[output.speaker]\nfrom = \"end\"\n")
}

const HEAD: &str = "rate = 48000\nblock = 128";

const GAIN: &str = "[node.end]\nworker = \"gain\"\nin = \"mic\"\ngain_db = -6\n";

const CHAIN: &str = "[node.stft]\nworker = \"stft\"\nin = \"mic\"\nsize = 512\nhop = 128\n\
                     [node.back]\nworker = \"istft\"\nin = \"stft\"\n\
                     [node.end]\nworker = \"gain\"\nin = \"back\"\ngain_db = -6\n";

/// What it hears all the time is noise to it, a sine too.
const DENOISER: &str = "[node.stft]\nworker = \"stft\"\nin = \"mic\"\nsize = 512\nhop = 128\n\
                        [node.learns]\nworker = \"wiener\"\nin = \"stft\"\nreduction_db = 6\nstart_ms = 100\n\
                        [node.back]\nworker = \"istft\"\nin = \"learns\"\n\
                        [node.end]\nworker = \"gain\"\nin = \"back\"\ngain_db = 0\n";

fn low(rate: u32) -> String {
    format!(
        "[node.low]\nworker = \"resample\"\nin = \"mic\"\nrate = {rate}\n\
         [node.up]\nworker = \"resample\"\nin = \"low\"\nrate = 48000\n\
         [node.end]\nworker = \"gain\"\nin = \"up\"\ngain_db = -6\n"
    )
}

struct Bench {
    folder: tempfile::TempDir,
    rig: Rig,
}

/// Seconds after the start until nothing fades any more.
const SETTLED: f64 = 1.0;

impl Bench {
    fn new(text: &str) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), text)
    }

    /// 440 Hz are heard, and what comes of them is played on.
    fn in_folder(folder: tempfile::TempDir, text: &str) -> Self {
        let path = folder.path().join("graph.toml");
        fs::write(&path, text).unwrap();
        let card = card("card", Some(side(Some(440.0), 1, None)), Some(side(None, 2, None)));
        let mut rig = Rig::new(&script(vec![card]), &[&path], rig::workers(&[folder.path()]));
        rig.play_along(SETTLED);
        Self { folder, rig }
    }

    fn graph(&self) -> PathBuf {
        self.folder.path().join("graph.toml")
    }

    fn save(&self, text: &str) {
        fs::write(self.graph(), text).unwrap();
    }

    fn heard(&self) -> Vec<f32> {
        self.rig.heard("card")
    }

    /// Does something, waits until it is heard, and answers the peak second difference against that of the steady
    /// states, and the levels before and after.
    fn click(&mut self, edit: impl FnOnce(&Self)) -> (f32, f64, f64) {
        self.rig.play_along(0.5);
        let before = self.heard().len();
        let news = self.went_over();
        edit(self);
        self.rig.until("it is gone over to", |scene| gone_over(scene) > news);
        self.rig.play_along(2.0);
        let after = self.heard().len();
        self.rig.play_along(0.5);
        let heard = self.heard();
        let half = RATE as usize / 2;
        let (steady, then) = (&heard[before - half + 2048..before], &heard[after..]);
        let ratio = bend(&heard[before..after]) / bend(steady).max(bend(then));
        let silent = heard[before..].chunks(480).position(|chunk| rms(chunk) < 0.02);
        assert_eq!(silent, None, "the sound has stopped, in hundredths of a second");
        (ratio, rms(steady), rms(then))
    }

    fn went_over(&self) -> usize {
        gone_over(&self.rig.session.scene())
    }
}

/// When it went over last: equal notes that follow each other are one, so their times count.
fn gone_over(scene: &Scene) -> usize {
    scene.notes.iter().filter(|note| note.text.contains("gone over to")).count()
}

fn check(name: &str, (ratio, before, after): (f32, f64, f64)) -> Option<String> {
    println!("{name}: {ratio:.3}; level {before:.4} → {after:.4}");
    (ratio > 1.5).then(|| format!("{name} clicks: {ratio}"))
}

#[test]
fn no_edit_is_heard_as_a_click() {
    let end = |nodes: &str, of: &str| format!("{nodes}[node.end]\nworker = \"gain\"\nin = \"{of}\"\ngain_db = -6\n");
    let delay = |ms: f64| end(&format!("[node.d]\nworker = \"delay\"\nin = \"mic\"\nms = {ms}\n"), "d");
    let two = "[node.a]\nworker = \"gain\"\nin = \"mic\"\n[node.b]\nworker = \"delay\"\nin = \"mic\"\nms = 1\n";
    let lane = CHAIN.replace("in = \"stft\"\n", "in = \"stft\"\nrun = { lane = \"side\", delay = 16 }\n");
    let cases: Vec<(&str, String, String)> = vec![
        ("a parameter", graph(HEAD, GAIN), graph(HEAD, &GAIN.replace("-6", "0"))),
        ("a fixed parameter", graph(HEAD, &delay(2.0)), graph(HEAD, &delay(3.0))),
        ("a node added", graph(HEAD, GAIN), graph(HEAD, &delay(2.0))),
        ("a node removed", graph(HEAD, &delay(2.0)), graph(HEAD, GAIN)),
        ("a node replaced", graph(HEAD, GAIN), graph(HEAD, "[node.end]\nworker = \"delay\"\nin = \"mic\"\nms = 0.5\n")),
        ("rewired", graph(HEAD, &end(two, "a")), graph(HEAD, &end(two, "b"))),
        ("a spectral chain added", graph(HEAD, GAIN), graph(HEAD, CHAIN)),
        ("a spectral chain removed", graph(HEAD, CHAIN), graph(HEAD, GAIN)),
        ("a finer hop", graph(HEAD, CHAIN), graph(HEAD, &CHAIN.replace("hop = 128", "hop = 64"))),
        ("the rate of a branch", graph(HEAD, &low(24000)), graph(HEAD, &low(16000))),
        ("the rate of a branch, up", graph(HEAD, &low(16000)), graph(HEAD, &low(24000))),
        ("the graph's rate", graph(HEAD, GAIN), graph("rate = 16000\nblock = 128", GAIN)),
        ("the graph's rate, up", graph("rate = 16000\nblock = 128", CHAIN), graph(HEAD, CHAIN)),
        ("the block", graph(HEAD, CHAIN), graph("rate = 48000\nblock = 480", CHAIN)),
        ("the block, shorter", graph("rate = 48000\nblock = 480", CHAIN), graph(HEAD, CHAIN)),
        ("a denoiser that learns anew", graph(HEAD, DENOISER), graph(HEAD, &DENOISER.replace("= 100", "= 200"))),
        ("a denoiser turned down", graph(HEAD, DENOISER), graph(HEAD, &DENOISER.replace("= 6", "= 3"))),
        ("a denoiser on a finer grid", graph(HEAD, DENOISER), graph(HEAD, &DENOISER.replace("hop = 128", "hop = 64"))),
        ("behind a denoiser", graph(HEAD, DENOISER), graph(HEAD, &DENOISER.replace("gain_db = 0", "gain_db = -3"))),
        ("onto a lane", graph(HEAD, CHAIN), graph(HEAD, &lane)),
        ("from a lane", graph(HEAD, &lane), graph(HEAD, CHAIN)),
        ("on a lane", graph(HEAD, &lane), graph(HEAD, &lane.replace("gain_db = -6", "gain_db = -9"))),
    ];
    let mut clicks = vec![];
    for (name, before, after) in cases {
        let mut bench = Bench::new(&before);
        clicks.extend(check(name, bench.click(|bench| bench.save(&after))));
    }
    assert!(clicks.is_empty(), "{clicks:?}");
}

/// The same network with its taps turned up.
fn louder_model(bytes: &[u8], gain: f32) -> Vec<u8> {
    // Raw data of five floats: field 9 of a tensor, 20 bytes.
    let at = bytes.windows(2).position(|two| two == [0x4a, 20]).unwrap() + 2;
    let mut bytes = bytes.to_vec();
    for tap in bytes[at..at + 20].chunks_exact_mut(4) {
        let value = f32::from_le_bytes(tap.try_into().unwrap()) * gain;
        tap.copy_from_slice(&value.to_le_bytes());
    }
    bytes
}

#[test]
fn a_model_that_is_swapped_under_its_name_is_heard_without_a_click() {
    let folder = tempfile::tempdir().unwrap();
    let (model, fir) = (folder.path().join("fir.onnx"), fs::read(file("workers/model/tests/models/fir.onnx")).unwrap());
    fs::write(&model, louder_model(&fir, 2.0)).unwrap();
    let node = "[node.end]\nworker = \"onnx\"\nmodel = \"fir.onnx\"\nengine = \"tract\"\nin = \"mic\"\n\
                frames = { x = 128 }\ncontext = { x = 4 }\nkind = { y = \"audio\" }\n\
                run = { lane = \"side\", delay = 16 }\n";
    let mut bench = Bench::in_folder(folder, &graph(HEAD, node));
    let seen = bench.click(|_| fs::write(&model, louder_model(&fir, 4.0)).unwrap());
    assert_eq!(check("a model", seen), None);
    assert!((seen.2 / seen.1 - 2.0).abs() < 0.01, "the new model is not what is heard: {seen:?}");
    // Half a model changes nothing, and is told.
    fs::write(&model, &fir[..fir.len() / 2]).unwrap();
    let scene = bench.rig.until("half a model is told", |scene| scene.wrong.is_some());
    println!("{}", scene.wrong.unwrap());
    bench.rig.play_along(0.5);
    let heard = bench.heard();
    assert!((rms(&heard[heard.len() - 9600..]) / seen.2 - 1.0).abs() < 0.01);
    fs::write(&model, louder_model(&fir, 2.0)).unwrap();
    bench.rig.until("a whole one is heard again", |scene| scene.wrong.is_none());
    bench.rig.play_along(1.5);
    let heard = bench.heard();
    assert!((rms(&heard[heard.len() - 9600..]) / seen.1 - 1.0).abs() < 0.01);
}

#[test]
fn a_worker_that_is_built_anew_is_heard_without_a_click() {
    let folder = tempfile::tempdir().unwrap();
    cc::louder(folder.path(), 0.25);
    let node = "[node.end]\nworker = \"louder\"\nin = \"mic\"\n";
    let mut bench = Bench::in_folder(folder, &graph(HEAD, node));
    let seen = bench.click(|bench| drop(cc::louder(bench.folder.path(), 0.5)));
    assert_eq!(check("a worker", seen), None);
    assert!((seen.2 / seen.1 - 2.0).abs() < 0.01, "the new worker is not what is heard: {seen:?}");
}

#[test]
fn a_worker_that_is_built_after_the_graph_names_it_is_found_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::in_folder(folder, &graph(HEAD, GAIN));
    let before = rms(&bench.heard()[bench.heard().len() - 9600..]);
    // The library is there when the graph is saved, beside others that are known.
    cc::called(bench.folder.path(), "first", "first");
    bench.save(&graph(HEAD, &GAIN.replace("\"gain\"", "\"first\"").replace("gain_db = -6", "")));
    bench.rig.until("the first is heard", |scene| gone_over(scene) == 1);
    // And here it is not yet.
    bench.save(&graph(HEAD, "[node.end]\nworker = \"louder\"\nin = \"mic\"\n"));
    let scene = bench.rig.until("it is told", |scene| scene.wrong.is_some());
    assert!(scene.wrong.unwrap().contains("`louder`"));
    cc::louder(bench.folder.path(), 0.5);
    bench.rig.until("the worker is found", |scene| scene.wrong.is_none());
    bench.rig.play_along(1.0);
    let heard = bench.heard();
    let after = rms(&heard[heard.len() - 9600..]);
    assert!((after / before / 0.5 * 10f64.powf(-6.0 / 20.0) - 1.0).abs() < 0.01, "{before} → {after}");
}

#[test]
fn a_slider_is_where_the_file_says_when_it_is_saved() {
    let mut bench = Bench::new(&graph(HEAD, GAIN));
    let level = |bench: &Bench| rms(&bench.heard()[bench.heard().len() - 9600..]);
    let before = level(&bench);
    let set = Act::Set { node: "end".into(), param: "gain_db".into(), value: "-20".into(), ramp_ms: 0.0 };
    bench.rig.act(set);
    bench.rig.play_along(0.5);
    assert!(level(&bench) < before / 4.0);
    // The edit is elsewhere, and the node survives it.
    bench.click(|bench| bench.save(&format!("# A remark.\n{}", graph(HEAD, GAIN))));
    let scene = bench.rig.session.scene();
    assert_eq!(scene.params[0].value, -6.0);
    assert!((level(&bench) / before - 1.0).abs() < 0.01, "what is shown is not what is heard");
}

#[test]
fn what_is_broken_changes_nothing_and_is_told_as_aw_check_does() {
    let good = graph(HEAD, CHAIN);
    let mut bench = Bench::new(&good);
    let steady = bench.heard();
    let steady = bend(&steady[steady.len() - 9600..]);
    let begun = bench.heard().len();
    for (name, text, words) in [
        ("a syntax error", good.replace("size = 512", "size = "), "size"),
        ("an unknown worker", good.replace("\"istft\"", "\"isttf\""), "did you mean `istft`?"),
        ("half a file", good[..good.len() / 2].to_string(), "error"),
        ("an empty file", String::new(), "error"),
    ] {
        bench.save(&text);
        let scene = bench.rig.until(name, |scene| scene.wrong.is_some());
        let wrong = scene.wrong.unwrap();
        assert!(wrong.contains(words), "{name}: {wrong}");
        let said = aw_tests::stdout(&aw_tests::run(["check", bench.graph().to_str().unwrap()]));
        let first = |text: &str| text.lines().find(|line| line.starts_with("error")).map(String::from);
        assert_eq!(first(&wrong), first(&said), "{name}: not what `aw check` says");
        bench.rig.play_along(0.3);
        bench.save(&good);
        bench.rig.until("mended", |scene| scene.wrong.is_none());
    }
    // A file that is deleted is told once, and that it is there again; neither is an edit.
    fs::remove_file(bench.graph()).unwrap();
    bench.rig.play_along(2.0);
    let told = |bench: &Bench, words: &str| bench.rig.notes().iter().filter(|note| note.contains(words)).count();
    assert_eq!(told(&bench, "graph.toml is gone; the graph plays on"), 1, "{:?}", bench.rig.notes());
    bench.save(&good);
    bench.rig.play_along(0.5);
    assert_eq!(told(&bench, "graph.toml is there again"), 1);
    // Editors remove it for a moment as they save: that is not even told.
    fs::remove_file(bench.graph()).unwrap();
    bench.rig.play_along(0.1);
    bench.save(&good);
    bench.rig.play_along(0.7);
    assert_eq!(told(&bench, "is gone"), 1);
    assert_eq!(bench.went_over(), 0, "{:?}", bench.rig.notes());
    let heard = bench.heard();
    assert!(bend(&heard[begun..]) <= steady * 1.01, "it was heard that something was broken");
}
