//! `aw live` on a real JACK server without hardware: what is heard is what `aw replay` writes, to the bit, as late as the
//! screen says; also when the server dies in between.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

use aw_host::io::{AudioReader, AudioWriter, Encoding};
use aw_tests::jack::{JackServer, Take};
use aw_tests::live::{Program, noise};
use std::path::{Path, PathBuf};

const RATE: u32 = 48000;

/// A mask that follows the sound and forgets it within a window: what was before the recording makes no difference.
fn masked(block: usize) -> String {
    format!(
        "[graph]\nrate = {RATE}\nblock = {block}\n[input.mic]\nchannels = 1\n\
         [node.stft]\nworker = \"stft\"\nin = \"mic\"\nsize = 512\nhop = 64\nwindow = \"sqrt_hann\"\n\
         [node.level]\nworker = \"magnitude\"\nin = \"stft\"\n\
         [node.clean]\nworker = \"apply_mask\"\nin = {{ spectrum = \"stft\", mask = \"level\" }}\nfloor = 0.05\n\
         [node.speech]\nworker = \"istft\"\nin = \"clean\"\nwindow = \"sqrt_hann\"\n\
         [output.speaker]\nfrom = \"speech\"\n"
    )
}

/// The sound goes by the ports as it is.
fn plain(block: usize) -> String {
    format!(
        "[graph]\nrate = {RATE}\nblock = {block}\n[input.mic]\nchannels = 1\n\
         [node.same]\nworker = \"gain\"\nin = \"mic\"\n[output.speaker]\nfrom = \"same\"\n"
    )
}

struct Place {
    folder: tempfile::TempDir,
    server: JackServer,
    period: usize,
}

impl Place {
    fn new(period: usize) -> Option<Self> {
        let server = JackServer::start(RATE, period as u32)?;
        Some(Self { folder: tempfile::tempdir().unwrap(), server, period })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn graph(&self, text: &str) -> PathBuf {
        let path = self.at("graph.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// `aw live`, heard by JACK.
    fn live(&self, graph: &Path) -> Program {
        let mut aw = aw_tests::aw();
        self.server.known_to(&mut aw).args(["live", "--host", "jack", "--json", "--ordinary"]).arg(graph);
        aw.arg("--dump-dir").arg(graph.parent().unwrap());
        let mut program = Program::start(aw);
        program.wait_for("it plays", |scene| scene["time"].as_f64().unwrap() > 0.2);
        program
    }

    /// What comes out of a program while a tape is played into it.
    fn take(&self, program: &Program, tape: &[f32], freewheel: bool) -> Vec<f32> {
        let (play, record) = (self.at("play.wav"), self.at("record.wav"));
        write(&play, tape);
        let (into, from) = (format!("cpal_client_{}_in", program.id()), format!("cpal_client_{}_out", program.id()));
        let take = Take { play: &play, record: &record, into: &into, from: &from, tail: TAIL, freewheel };
        let output = self.server.play(&take);
        assert!(output.status.success(), "{}", aw_tests::stderr(&output));
        print!("period {}: {}", self.period, aw_tests::stderr(&output));
        read(&record)
    }

    /// What was heard is what a replay makes of the tape, as late as the scene says; answers how late beside the graph.
    fn assert_same(&self, heard: &[f32], graph: &Path, program: &mut Program) -> usize {
        let replayed = self.replay(graph);
        // jackmic writes before aw hears and hears after aw has written, all in one cycle.
        let late = stated(program) - planned(graph);
        // A machine that stalls at the moment when a stream begins may cost a cycle more, and then for good.
        let lates = [late, late + self.period];
        let differ = |late: usize| {
            let frames = (heard.len() - late).min(replayed.len());
            (0..frames).find(|&at| heard[late + at] != replayed[at])
        };
        let same = lates.into_iter().find(|late| differ(*late).is_none());
        let same = same.unwrap_or_else(|| panic!("late by {late}, they differ from frame {:?} on", differ(late)));
        if same > late {
            println!("the machine stalled as the sound began: a cycle later than it says");
        }
        let after = (same + replayed.len()).min(heard.len());
        assert!(heard[after..].iter().all(|x| *x == 0.0), "more is heard than was played");
        same
    }

    /// What `aw replay` makes of the tape that was played last.
    fn replay(&self, graph: &Path) -> Vec<f32> {
        let out = self.at("replay.wav");
        let (graph, play) = (graph.to_str().unwrap(), self.at("play.wav"));
        let args = ["replay", graph, "--in", play.to_str().unwrap(), "--out", out.to_str().unwrap()];
        let done = aw_tests::run(args.into_iter().chain(["--encoding", "f32", "--tail", "100"]));
        assert!(done.status.success(), "{}", aw_tests::stderr(&done));
        read(&out)
    }
}

/// Frames recorded after the tape.
const TAIL: usize = 9600;

fn write(path: &Path, tape: &[f32]) {
    let mut file = AudioWriter::create(path, RATE, 1, Encoding::F32).unwrap();
    file.write(&[tape]).unwrap();
    file.finish().unwrap();
}

fn read(path: &Path) -> Vec<f32> {
    let mut file = AudioReader::open(path).unwrap();
    let (mut all, mut planes) = (vec![], vec![vec![0.0; 65536]; file.spec().channels]);
    while let frames @ 1.. = file.read(&mut planes).unwrap() {
        all.extend_from_slice(&planes[0][..frames]);
    }
    all
}

/// Frames that the scene says the sound takes from port to port: all but what lies between a port and its plug.
fn stated(program: &mut Program) -> usize {
    let scene = program.scene();
    let parts = scene["latency"].as_array().unwrap();
    let of_port = |what: &str| what.starts_with("input `") || what.starts_with("output `");
    let between = parts.iter().filter(|part| !of_port(part["what"].as_str().unwrap()));
    let ms: f64 = between.map(|part| part["ms"].as_f64().unwrap()).sum();
    let frames = ms * f64::from(RATE) / 1000.0;
    assert!((frames - frames.round()).abs() < 1e-6, "{parts:?}");
    frames.round() as usize
}

/// Frames that `aw plan` says the graph is late.
fn planned(graph: &Path) -> usize {
    let plan = aw_tests::run(["plan", "--json", graph.to_str().unwrap()]);
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    let ms = plan["outputs"][0]["latency_ms"].as_f64().unwrap_or_else(|| panic!("{plan}"));
    (ms * f64::from(RATE) / 1000.0).round() as usize
}

#[test]
fn what_is_heard_is_what_a_replay_writes_at_every_period() {
    for period in [64, 128, 256, 1024] {
        let Some(place) = Place::new(period) else { return };
        for (graph, block) in [(masked(128), 128), (masked(64), 64)] {
            let graph = place.graph(&graph);
            let mut program = place.live(&graph);
            let tape = noise(RATE as usize, 1);
            let heard = place.take(&program, &tape, false);
            let late = place.assert_same(&heard, &graph, &mut program);
            println!("period {period}, block {block}: late by {late} frames beside the graph's {}", planned(&graph));
            program.end();
        }
    }
}

#[test]
fn an_impulse_is_as_late_as_the_plan_says_and_a_block() {
    for (period, block) in [(128, 128), (64, 128), (256, 128), (128, 96), (256, 480), (1024, 480)] {
        let Some(place) = Place::new(period) else { return };
        for (kind, graph) in [("plain", plain(block)), ("masked", masked(block))] {
            let graph = place.graph(&graph);
            let mut program = place.live(&graph);
            let mut tape = vec![0.0; 24000];
            tape[4800] = 1.0;
            let heard = place.take(&program, &tape, false);
            let peak = |x: &[f32]| (0..x.len()).max_by(|a, b| x[*a].abs().total_cmp(&x[*b].abs())).unwrap();
            let (late, stated) = (peak(&heard) - 4800, stated(&mut program));
            // As above: a stall as the sound begins costs a cycle.
            assert!([stated, stated + period].contains(&late), "{kind}, {period}, {block}: {late}, not {stated}");
            let added = stated - planned(&graph);
            println!("{kind}, period {period}, block {block}: {added} frames beside the plan's; heard after {late}");
            // Its two clients come the one after the other, in either order.
            assert!(added <= block + period, "{kind}, period {period}, block {block}: {added}");
            program.end();
        }
    }
}

#[test]
fn faster_than_the_clock_not_a_sample_is_lost() {
    let minutes: f64 = std::env::var("AW_TESTS_MINUTES").map_or(1.0, |minutes| minutes.parse().unwrap());
    let Some(place) = Place::new(128) else { return };
    let graph = place.graph(&masked(128));
    let mut program = place.live(&graph);
    let tape = noise((minutes * 60.0 * f64::from(RATE)) as usize, 7);
    let heard = place.take(&program, &tape, true);
    place.assert_same(&heard, &graph, &mut program);
    program.end();
}

#[test]
fn a_server_that_is_killed_is_waited_for_and_the_sound_is_the_same_again() {
    let Some(mut place) = Place::new(128) else { return };
    let graph = place.graph(&masked(128));
    let mut program = place.live(&graph);
    let tape = noise(RATE as usize / 2, 3);
    place.take(&program, &tape, false);

    place.server.kill();
    program.wait_for("the death of the server is told", |scene| !scene["outputs"][0]["waits"].is_null());
    let before = program.scene()["time"].as_f64().unwrap();
    place.server.restart();
    program.wait_for("it plays again", |scene| {
        scene["outputs"][0]["waits"].is_null() && scene["time"].as_f64().unwrap() > before + 0.3
    });
    let notes: Vec<String> = program.notes();
    for words in ["is gone", "is back"] {
        assert!(notes.iter().any(|note| note.contains(words)), "{words}: {notes:?}");
    }
    let heard = place.take(&program, &tape, false);
    place.assert_same(&heard, &graph, &mut program);
    program.end();
}
