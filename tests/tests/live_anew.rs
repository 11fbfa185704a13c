//! What ends a session elsewhere is healed by `aw live`: a worker that hangs in the callback is left out, and a graph
//! that needs other devices gets them.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

mod cc;

use aw_host::io::{AudioReader, AudioWriter, Encoding};
use aw_host::live::{Act, Deck, Scene, Setup};
use aw_host::sound::simulated::{CardScript, Pace, Script};
use aw_tests::rig::{self, RATE, Rig, bend, card, db, rms, script, side};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Half of full scale, as it is heard.
const SINE: f64 = 0.5 * std::f64::consts::FRAC_1_SQRT_2;

fn cards() -> Vec<CardScript> {
    let box_ = card("box", Some(side(Some(440.0), 1, Some(128))), Some(side(None, 2, Some(128))));
    vec![box_, card("other", None, Some(side(None, 2, Some(128))))]
}

fn level(heard: &[f32], seconds: f64) -> f64 {
    rms(&heard[heard.len() - (seconds * f64::from(RATE)) as usize..])
}

/// A session on cards that go by the clock, as a callback that hangs keeps who calls.
struct Clocked(Rig);

impl Clocked {
    fn until(&mut self, what: &str, holds: impl Fn(&Scene) -> bool) -> Scene {
        let begun = Instant::now();
        loop {
            self.0.session.turn(Instant::now());
            let scene = self.0.session.scene();
            if holds(&scene) {
                return scene;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}: it is not; {:#?}", self.0.notes());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn play(&mut self, seconds: f64) {
        let until = self.0.session.scene().time + seconds;
        self.until("it plays on", |scene| scene.time > until);
    }
}

/// A worker that does not come back from its third second, in whichever instance.
const STUCK: &str = "#define _POSIX_C_SOURCE 200809L\n#include <unistd.h>\n#include \"good.h\"\n\
    static int blocks;\n\
    static aw_status stuck(aw_instance *it, const aw_block *block) {\n\
      while (++blocks > 750) pause();\n\
      return process(it, block);\n\
    }\n\
    static void spoil(void) { worker.id = \"stuck\", worker.process = stuck; }\n";

#[test]
fn a_worker_that_hangs_in_the_callback_is_named_and_left_out_and_the_sound_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (source, path) = (folder.path().join("stuck.c"), folder.path().join("graph.toml"));
    fs::write(&source, STUCK).unwrap();
    cc::library(&source, folder.path(), "stuck");
    let graph = "[graph]\nrate = 48000\nblock = 128\n[input.mic]\nchannels = 1\n\
                 [node.stuck]\nworker = \"stuck\"\nin = \"mic\"\n\
                 [node.end]\nworker = \"gain\"\nin = \"mic\"\ngain_db = 0\n\
                 [output.speaker]\nfrom = \"end\"\n[output.more]\nfrom = \"stuck\"\n";
    fs::write(&path, graph).unwrap();
    let script = Script { pace: Pace::Real, ..script(cards()) };
    let record = folder.path().join("kept");
    let dumps = folder.path().join("dumps");
    let ask = |setup: &mut Setup| {
        (setup.record, setup.dumps) = (Some(record.clone()), dumps.clone());
    };
    let mut live = Clocked(Rig::with(&script, &[&path], rig::workers(&[folder.path()]), ask));
    let set = Act::Set { node: "end".into(), param: "gain_db".into(), value: "-12".into(), ramp_ms: 0.0 };
    live.0.act(set);
    live.play(1.0);
    assert!(level(&live.0.heard("box"), 0.3) > SINE, "both paths are heard");
    let scene = live.until("it is told who hangs", |scene| {
        scene
            .notes
            .iter()
            .any(|note| note.text.contains("`stuck` hangs") && note.text.contains("began anew without it"))
    });
    let failed = |scene: &Scene| scene.loads.iter().find(|load| load.node == "stuck").unwrap().failed.clone();
    assert_eq!(failed(&scene), Some("hangs".into()));
    live.until("the devices are there", |scene| {
        scene.inputs.iter().chain(&scene.outputs).all(|port| port.waits.is_none())
    });
    live.play(1.5);
    // As loud as the slider says, and what goes into the worker that hung is passed through in its place.
    let heard = live.0.heard("box");
    let off = db(level(&heard, 0.5) / (SINE * (1.0 + 10f64.powf(-12.0 / 20.0))));
    assert!(off.abs() < 0.2, "{off} dB");
    let scene = live.0.session.scene();
    assert!(scene.time > 3.0 && scene.params.iter().any(|param| param.value == -12.0));
    assert_eq!(fs::read_dir(&dumps).unwrap().count(), 1, "the last seconds are kept");
    // The graph that goes without it is saved: nothing is left out.
    fs::write(&path, graph.replace("worker = \"stuck\"", "worker = \"gain\"\ngain_db = -20")).unwrap();
    live.until("the edit is heard", |scene| failed(scene).is_none());
    live.play(0.7);
    println!("{:#?}", live.0.notes());
    let said = live.0.session.close();
    assert!(said.iter().all(|said| !said.contains("mistake")), "{said:?}");
    // What was recorded until then is whole, and what came after plays again, bit for bit, without the worker too.
    assert!(record.join("session.jsonl").exists());
    let after = format!("{}-2", record.display());
    let ran = aw_tests::run(["replay", &after, "--workers", folder.path().to_str().unwrap()]);
    assert!(ran.status.success(), "{}\n{}", aw_tests::stdout(&ran), String::from_utf8_lossy(&ran.stderr));
}

/// All that is heard was said half a second ago: a graph that has forgotten is silent for that long.
const ECHO: &str = "[graph]\nrate = 48000\nblock = 128\n[input.mic]\nchannels = 1\n\
                    [node.echo]\nworker = \"delay\"\nin = \"mic\"\nms = 500\nmix = 1\n\
                    [output.speaker]\nfrom = \"echo\"\ndevice = \"box\"\n";

struct Bench {
    folder: tempfile::TempDir,
    path: PathBuf,
    rig: Rig,
}

impl Bench {
    fn new() -> Self {
        Self::recorded(None)
    }

    /// Recorded to this place in the folder.
    fn recorded(place: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("graph.toml");
        fs::write(&path, ECHO).unwrap();
        let record = place.map(|place| folder.path().join(place));
        let mut rig =
            Rig::with(&script(cards()), &[&path], rig::workers(&[]), |setup: &mut Setup| setup.record = record);
        rig.play_along(1.5);
        Self { folder, path, rig }
    }

    /// Saves, waits until it plays with the new output, and answers what was heard of a card meanwhile and half a second
    /// before.
    fn edit(&mut self, text: &str, card: &str, output: [&str; 2]) -> Vec<f32> {
        let from = self.rig.heard(card).len();
        fs::write(&self.path, text).unwrap();
        self.rig.until("it is gone over to", |scene| {
            [&scene.outputs[0].name, &scene.outputs[0].device] == output && scene.outputs[0].waits.is_none()
        });
        self.rig.play_along(0.4);
        self.rig.heard(card)[from.saturating_sub(RATE as usize / 2)..].to_vec()
    }
}

#[test]
fn an_edit_that_needs_other_devices_gets_them_and_unchanged_nodes_remember() {
    let mut bench = Bench::new();
    // Another name: the devices are opened anew, and the delay is not empty.
    let renamed = ECHO.replace("output.speaker", "output.monitor");
    let heard = bench.edit(&renamed, "box", ["monitor", "box"]);
    let steady = bend(&heard[..RATE as usize / 4]);
    assert!(bend(&heard) <= 1.5 * steady, "it clicks: {}", bend(&heard) / steady);
    let silent = heard.chunks(480).filter(|chunk| rms(chunk) < 0.02).count();
    println!("silent for {silent} hundredths of a second");
    assert!((1..50).contains(&silent), "the delay has forgotten");
    assert!((level(&heard, 0.1) / SINE - 1.0).abs() < 0.01);
    // Another device, and more channels: those of a card that has one only.
    let moved = renamed.replace("\"box\"", "\"other\"").replace("channels = 1", "channels = 2");
    bench.edit(&moved, "other", ["monitor", "other"]);
    bench.rig.play_along(0.6);
    let (was, now) = (bench.rig.heard("box").len(), bench.rig.heard("other"));
    assert!((level(&now, 0.1) / SINE - 1.0).abs() < 0.01);
    bench.rig.play_along(0.2);
    assert_eq!(bench.rig.heard("box").len(), was, "the device before is closed");
}

#[test]
fn a_device_that_is_not_there_leaves_the_graph_before_as_it_is() {
    let mut bench = Bench::new();
    let from = bench.rig.heard("box").len();
    fs::write(&bench.path, ECHO.replace("\"box\"", "\"nowhere\"")).unwrap();
    let scene = bench.rig.until("it is told", |scene| scene.wrong.is_some());
    let wrong = scene.wrong.unwrap();
    println!("{wrong}");
    assert!(wrong.contains("`nowhere`") && wrong.contains("the graph before plays on"), "{wrong}");
    bench.rig.until("its devices are there again", |scene| scene.outputs[0].waits.is_none());
    bench.rig.play_along(0.3);
    let heard = bench.rig.heard("box");
    assert!((level(&heard, 0.1) / SINE - 1.0).abs() < 0.01, "the graph before is not heard: {}", level(&heard, 0.1));
    let silent = heard[from..].chunks(480).filter(|chunk| rms(chunk) < 0.02).count();
    assert!(silent < 45, "the graph before has forgotten: {silent}");
    fs::write(&bench.path, ECHO).unwrap();
    bench.rig.until("mended", |scene| scene.wrong.is_none());
    assert!(bench.rig.notes().iter().all(|note| !note.contains("gone over to")));
}

#[test]
fn a_recording_goes_on_beside_the_first_and_where_it_cannot_the_sound_does() {
    let mut bench = Bench::recorded(Some("kept/all"));
    let names = ["one", "two"].map(|name| ECHO.replace("output.speaker", &format!("output.{name}")));
    bench.edit(&names[0], "box", ["one", "box"]);
    let second = bench.folder.path().join("kept/all-2");
    assert!(second.join("session.jsonl").exists());
    assert!(bench.rig.notes().iter().any(|note| note.contains("the recording goes on in") && note.contains("all-2")));
    bench.rig.play_along(3.0);
    // The disk is gone.
    fs::rename(bench.folder.path().join("kept"), bench.folder.path().join("gone")).unwrap();
    fs::write(bench.folder.path().join("kept"), "").unwrap();
    let heard = bench.edit(&names[1], "box", ["two", "box"]);
    assert!((level(&heard, 0.1) / SINE - 1.0).abs() < 0.01, "{:#?}", bench.rig.notes());
    assert!(bench.rig.notes().iter().any(|note| note.contains("cannot record to") && note.contains("all-2")));
    // What was kept until then plays again; the delay had a past, so it is as it was in the end.
    bench.rig.session.close();
    let second = bench.folder.path().join("gone/all-2");
    let ran = aw_tests::run(["replay", second.to_str().unwrap()]);
    println!("{}", aw_tests::stdout(&ran));
    assert!(ran.status.success(), "{}\n{}", aw_tests::stdout(&ran), String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn two_graphs_that_are_compared_get_other_inputs_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a.toml", "b.toml"].map(|name| folder.path().join(name));
    paths.iter().for_each(|path| fs::write(path, ECHO).unwrap());
    let mut rig = Rig::new(&script(cards()), &[&paths[0], &paths[1]], rig::workers(&[]));
    rig.play_along(1.5);
    rig.act(Act::Hear(Deck::B));
    let renamed = ECHO.replace("output.speaker", "output.monitor");
    fs::write(&paths[0], &renamed).unwrap();
    let scene = rig.until("it is told", |scene| scene.wrong.is_some());
    assert!(scene.wrong.unwrap().contains("cannot be compared"));
    assert_eq!(rig.session.scene().outputs[0].name, "speaker");
    fs::write(&paths[1], &renamed).unwrap();
    let scene = rig.until("both are gone over to", |scene| scene.outputs[0].name == "monitor");
    assert_eq!((scene.hearing.deck, scene.wrong), (Deck::B, None));
    rig.play_along(1.0); // the seam is heard half a second later
    let off = db(level(&rig.heard("box"), 0.1) / SINE);
    assert!(off.abs() < 0.2, "{off} dB, {:+} dB to be as loud as A", rig.session.scene().hearing.matched_db);
}

#[test]
fn a_file_in_the_place_of_a_device_is_played_once_and_another_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.toml");
    let graph = "[graph]\nrate = 48000\nblock = 128\n[input.mic]\nchannels = 1\n[input.far]\nwav = \"far.wav\"\n\
                 [node.near]\nworker = \"gain\"\nin = \"mic\"\n[node.end]\nworker = \"gain\"\nin = \"far\"\ngain_db = -6\n\
                 [output.speaker]\nfrom = \"near\"\n[output.kept]\nfrom = \"end\"\nwav = \"kept.wav\"\n";
    fs::write(&path, graph).unwrap();
    // Two channels, the second softer, at a rate of their own.
    let sine = |n: usize, peak: f64| (peak * (std::f64::consts::TAU * 1000.0 * n as f64 / 44100.0).sin()) as f32;
    let planes = [0.5, 0.25].map(|peak| (0..44100).map(|n| sine(n, peak)).collect::<Vec<_>>());
    let mut far = AudioWriter::create(folder.path().join("far.wav"), 44100, 2, Encoding::F32).unwrap();
    far.write(&[&planes[0], &planes[1]]).unwrap();
    far.finish().unwrap();
    let script = Script { pace: Pace::Real, ..script(cards()) };
    let mut live = Clocked(Rig::new(&script, &[&path], rig::workers(&[])));
    let scene =
        live.until("it ends", |scene| scene.notes.iter().any(|note| note.text.contains("far.wav is at its end")));
    assert!(scene.inputs[1].device.ends_with("far.wav"), "{}", scene.inputs[1].device);
    live.play(0.5);
    assert!((level(&live.0.heard("box"), 0.2) / SINE - 1.0).abs() < 0.01, "the microphone is heard all the while");
    let said = live.0.session.close();
    assert!(said.is_empty(), "{said:?}");
    let mut kept = AudioReader::open(folder.path().join("kept.wav")).unwrap();
    assert_eq!((kept.spec().rate, kept.spec().channels), (48000, 2));
    let (mut heard, mut piece) = (vec![vec![]; 2], vec![vec![0.0; 48000]; 2]);
    while let frames @ 1.. = kept.read(&mut piece).unwrap() {
        heard.iter_mut().zip(&piece).for_each(|(all, piece)| all.extend_from_slice(&piece[..frames]));
    }
    for (plane, peak) in heard.iter().zip([0.5, 0.25]) {
        let sound = plane.iter().position(|x| x.abs() > 0.01).expect("nothing is written");
        let all = db(rms(&plane[sound + 4800..sound + 43200]) / (peak * std::f64::consts::FRAC_1_SQRT_2)) + 6.0;
        assert!(all.abs() < 0.1, "{all} dB");
        let ended = plane.iter().rposition(|x| x.abs() > 0.01).unwrap() - sound;
        assert!(ended.abs_diff(48000) < 480, "{ended} frames are heard");
        assert!(rms(&plane[plane.len() - 4800..]) < 1e-4, "it is silent from then on");
    }
}
