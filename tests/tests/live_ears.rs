//! What a user asks of a graph that plays, by ear: bypass, mute, two graphs compared, sliders, presets; and what the
//! watchdog sees of it.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

use aw_host::live::{Act, Deck};
use aw_tests::rig::{self, RATE, Rig, bend, card, db, rms, script, side};
use std::path::{Path, PathBuf};

/// A spectrum there and back, which is the same sound later; then a gain.
fn chain(size: u32, gain: f64) -> String {
    format!(
        "[graph]\nrate = 48000\nblock = 128\n[input.mic]\nchannels = 1\n\
         [node.stft]\nworker = \"stft\"\nin = \"mic\"\nsize = {size}\nhop = 128\n\
         [node.back]\nworker = \"istft\"\nin = \"stft\"\n\
         [node.end]\nworker = \"gain\"\nin = \"back\"\ngain_db = {gain}\n\
         [output.speaker]\nfrom = \"end\"\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn rig(graphs: &[&Path]) -> Rig {
    let card = card("card", Some(side(Some(440.0), 1, None)), Some(side(None, 2, None)));
    let mut rig = Rig::new(&script(vec![card]), graphs, rig::workers(&[]));
    rig.play(1.0);
    rig
}

/// What is heard in so many seconds, after as many as a fade takes.
fn after(rig: &mut Rig, seconds: f64) -> Vec<f32> {
    rig.play(0.1);
    let from = rig.heard("card").len();
    rig.play(seconds);
    rig.heard("card").split_off(from)
}

fn set(node: &str, param: &str, value: &str, ramp_ms: f64) -> Act {
    Act::Set { node: node.into(), param: param.into(), value: value.into(), ramp_ms }
}

#[test]
fn bypass_is_the_same_sound_as_late_and_no_click() {
    let folder = tempfile::tempdir().unwrap();
    let graph = write(folder.path(), "g.toml", &chain(1024, 0.0));
    let (mut dry, mut wet) = (rig(&[&graph]), rig(&[&graph]));
    let from = dry.heard("card").len();
    for on in [true, false, true, false] {
        dry.act(Act::Bypass(on));
        assert_eq!(dry.session.scene().hearing.bypassed, on);
        dry.play(0.3);
        wet.play(0.3);
    }
    let (dry, wet) = (dry.heard("card"), wet.heard("card"));
    let most = dry[from..].iter().zip(&wet[from..]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("the input and the graph differ by {most:e} at most");
    assert!(most < 1e-4, "bypass is not as late as the graph: {most}");
    assert!(dry[from..].iter().zip(&wet[from..]).any(|(a, b)| a != b), "bypass does nothing");

    // A graph that is much softer.
    let graph = write(folder.path(), "soft.toml", &chain(1024, -20.0));
    let mut rig = rig(&[&graph]);
    let from = rig.heard("card").len();
    for on in [true, false, true] {
        rig.act(Act::Bypass(on));
        rig.play(0.3);
    }
    let heard = rig.heard("card");
    let steady = bend(&heard[heard.len() - 4800..]);
    let ratio = bend(&heard[from..]) / steady;
    assert!(ratio <= 1.5, "bypass clicks: {ratio}");
    assert!(db(rms(&heard[heard.len() - 4800..]) / (0.5 / 2f64.sqrt())).abs() < 0.01);
}

#[test]
fn mute_fades_to_silence_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let graph = write(folder.path(), "g.toml", &chain(512, -6.0));
    let mut rig = rig(&[&graph]);
    let from = rig.heard("card").len();
    let steady = bend(&rig.heard("card")[from - 4800..]);
    rig.act(Act::Mute(true));
    assert!(after(&mut rig, 0.3).iter().all(|x| *x == 0.0), "mute lets something through");
    rig.act(Act::Mute(false));
    let again = after(&mut rig, 0.3);
    assert!(db(rms(&again) / (0.5 / 2f64.sqrt())).abs() - 6.0 < 0.01);
    let ratio = bend(&rig.heard("card")[from..]) / steady;
    assert!(ratio <= 1.5, "mute clicks: {ratio}");
}

#[test]
fn two_graphs_are_compared_equally_late_and_equally_loud() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) =
        (write(folder.path(), "a.toml", &chain(512, -3.0)), write(folder.path(), "b.toml", &chain(2048, -15.5)));
    let mut rig = rig(&[&a, &b]);
    rig.play(5.0);
    let matched = rig.session.scene().hearing.matched_db;
    println!("matched by {matched:.3} dB");
    assert!((matched - 12.5).abs() < 0.1, "{matched}");
    let from = rig.heard("card").len();
    let mut levels = vec![];
    for deck in [Deck::A, Deck::B, Deck::A, Deck::B] {
        rig.act(Act::Hear(deck));
        assert_eq!(rig.session.scene().hearing.deck, deck);
        levels.push(db(rms(&after(&mut rig, 1.0))));
    }
    println!("{levels:.3?} dB");
    let most = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = levels.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(most - least < 0.1, "A and B are not equally loud: {levels:?}");
    assert!((levels[0] - db(0.5 / 2f64.sqrt()) + 3.0).abs() < 0.05, "A is not as it is: {levels:?}");
    // Equally late: while one goes over to the other, the sine is not bent.
    let heard = rig.heard("card");
    let ratio = bend(&heard[from..]) / bend(&heard[from - 4800..from]);
    assert!(ratio <= 1.1, "A and B are not equally late: {ratio}");
    // Nothing of it changes when the level changes in both.
    let quiet = heard.len();
    rig.play(1.0);
    assert!(rms(&rig.heard("card")[quiet..]) > 0.1);
}

#[test]
fn a_blind_test_is_scored_and_does_not_tell() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (write(folder.path(), "a.toml", &chain(512, 0.0)), write(folder.path(), "b.toml", &chain(512, -6.0)));
    let mut rig = rig(&[&a, &b]);
    assert!(rig.session.act(Act::Guess(Deck::A)).is_err(), "no test is under way");
    rig.act(Act::Blind(true));
    for of in 1..=12 {
        let hearing = rig.session.scene().hearing;
        assert_eq!(hearing.deck, Deck::X);
        rig.act(Act::Guess(Deck::A));
        let score = rig.session.scene().hearing.blind.unwrap();
        assert_eq!(score.of, of);
        assert!(score.right <= of && (0.0..=1.0).contains(&score.p));
        rig.play(0.1);
    }
    rig.act(Act::Blind(false));
    assert!(rig.session.scene().hearing.blind.is_none());
    let one = rig_of_one(folder.path());
    let mut one = one;
    assert!(one.session.act(Act::Hear(Deck::B)).unwrap_err().contains("one graph only"));
}

fn rig_of_one(folder: &Path) -> Rig {
    rig(&[&write(folder, "one.toml", &chain(512, 0.0))])
}

#[test]
fn a_slider_that_is_moved_goes_there_smoothly() {
    let folder = tempfile::tempdir().unwrap();
    let graph = write(folder.path(), "g.toml", &chain(512, 0.0));
    let mut rig = rig(&[&graph]);
    let from = rig.heard("card").len();
    let steady = bend(&rig.heard("card")[from - 4800..]);
    rig.act(set("end", "gain_db", "-20", 1000.0));
    rig.play(0.5);
    let half = rig.session.scene().params.iter().find(|param| param.at.param == "gain_db").unwrap().value;
    assert!((half + 10.0).abs() < 1.0, "half of the way is {half} dB");
    rig.play(0.6);
    let soft = after(&mut rig, 0.3);
    assert!((db(rms(&soft) / (0.5 / 2f64.sqrt())) + 20.0).abs() < 0.01);
    rig.act(set("end", "gain_db", "0", 0.0));
    let loud = after(&mut rig, 0.3);
    assert!(db(rms(&loud) / (0.5 / 2f64.sqrt())).abs() < 0.01);
    let ratio = bend(&rig.heard("card")[from..]) / steady;
    assert!(ratio <= 1.5, "a slider clicks: {ratio}");

    let why = rig.session.act(set("ende", "gain_db", "0", 0.0)).unwrap_err();
    assert!(why.contains("did you mean `end`?"), "{why}");
    let why = rig.session.act(set("end", "gain_bd", "0", 0.0)).unwrap_err();
    assert!(why.contains("did you mean `gain_db`?"), "{why}");
    let why = rig.session.act(set("end", "gain_db", "loud", 0.0)).unwrap_err();
    assert!(why.contains("gain_db"), "{why}");
    let why = rig.session.act(set("end", "gain_db", "1e9", 500.0)).unwrap_err();
    assert!(why.contains("gain_db"), "{why}");
    let why = rig.session.act(set("stft", "size", "1024", 0.0)).unwrap_err();
    println!("{why}");
}

#[test]
fn a_preset_brings_back_what_was_heard() {
    let folder = tempfile::tempdir().unwrap();
    let graph = write(folder.path(), "g.toml", &chain(512, 0.0));
    let preset = folder.path().join("soft.toml");
    let mut rig = rig(&[&graph]);
    rig.act(set("end", "gain_db", "-12", 0.0));
    let soft = rms(&after(&mut rig, 0.3));
    rig.act(Act::Save(preset.clone()));
    rig.act(set("end", "gain_db", "0", 0.0));
    let loud = rms(&after(&mut rig, 0.3));
    assert!((db(loud / soft) - 12.0).abs() < 0.01);
    rig.act(Act::Load(preset.clone()));
    assert!(db(rms(&after(&mut rig, 0.3)) / soft).abs() < 0.01);
    assert!(rig.notes().iter().any(|note| note.contains("saved in")), "{:?}", rig.notes());
    std::fs::write(&preset, "[ende]\ngain_db = 3\n").unwrap();
    let why = rig.session.act(Act::Load(preset)).unwrap_err();
    assert!(why.contains("did you mean `end`?"), "{why}");
    assert!(db(rms(&after(&mut rig, 0.3)) / soft).abs() < 0.01, "a broken preset sets nothing");
}

#[test]
fn what_was_counted_can_be_cleared() {
    use aw_host::sound::simulated::{Deed, Event};
    let folder = tempfile::tempdir().unwrap();
    let mut rig = rig_of_one(folder.path());
    rig.act(set("end", "gain_db", "12", 0.0));
    rig.happen(Event { callbacks: Some(2), does: Deed::Lose, ..Event::default() });
    rig.play(0.5);
    let scene = rig.session.scene();
    let clipped = |scene: &aw_host::live::Scene| scene.outputs[0].meters.iter().map(|meter| meter.clipped).sum::<u64>();
    assert!(scene.xruns > 0 && clipped(&scene) > 0, "{} {}", scene.xruns, clipped(&scene));
    rig.act(set("end", "gain_db", "-12", 0.0));
    rig.play(0.5);
    rig.act(Act::Clear);
    rig.play(0.3);
    let scene = rig.session.scene();
    assert_eq!((scene.xruns, clipped(&scene)), (0, 0));
    assert!(scene.gaps.is_empty());
}

#[test]
fn the_render_thread_asks_for_no_memory_once_it_plays() {
    let folder = tempfile::tempdir().unwrap();
    let voice = "[graph]\nrate = 16000\nblock = 256\n[input.mic]\nchannels = 1\n\
                 [node.level]\nworker = \"meter\"\nin = \"mic\"\nwindow_ms = 20\n\
                 [node.gated]\nworker = \"gate\"\nin = { in = \"mic\", level = \"level.rms\" }\nthreshold = 0.02\n\
                 [node.claps]\nworker = \"peaks\"\nin = \"level.peak\"\nlabels = \"clap\"\nthreshold = 0.3\n\
                 [output.speaker]\nfrom = \"gated\"\n[output.heard]\nfrom = \"claps.events\"\nto = \"stdout\"\n";
    let voice = write(folder.path(), "voice.toml", voice);
    let denoise = aw_tests::file("graphs/denoise.toml");
    let chain = write(folder.path(), "chain.toml", &chain(512, 0.0));
    for graph in [&voice, &denoise, &chain] {
        let mut rig = rig(&[graph]);
        rig.act(Act::Clear);
        rig.play(5.0);
        let scene = rig.session.scene();
        println!("{}: {:?}", scene.title, scene.whole);
        assert_eq!(scene.whole.allocations, 0, "{}: {:?}", scene.title, scene.loads);
        assert!(scene.loads.iter().all(|load| load.allocations == 0), "{:?}", scene.loads);
        assert!(scene.outputs[0].meters[0].peak > -60.0 || scene.title.contains("Noise"), "{:?}", scene.outputs);
    }
}

#[test]
fn a_node_that_asks_for_memory_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let bad = chain(512, 0.0)
        .replace("worker = \"gain\"\nin = \"back\"\ngain_db = 0", "worker = \"bad_alloc\"\nin = \"back\"");
    let workers = folder.path().join("workers");
    std::fs::create_dir(&workers).unwrap();
    let library = aw_tests::library("bad_workers");
    std::fs::copy(&library, workers.join(library.file_name().unwrap())).unwrap();
    let card = card("card", Some(side(Some(440.0), 1, None)), Some(side(None, 2, None)));
    let mut rig = Rig::new(&script(vec![card]), &[&write(folder.path(), "bad.toml", &bad)], rig::workers(&[&workers]));
    rig.play(0.5);
    rig.act(Act::Clear);
    rig.play(1.0);
    let scene = rig.session.scene();
    let named: Vec<&str> =
        scene.loads.iter().filter(|load| load.allocations > 0).map(|load| load.node.as_str()).collect();
    assert_eq!(named, ["end"], "{:#?}", scene.loads);
    let blocks = u64::from(RATE) / 128;
    assert!(scene.loads.last().unwrap().allocations >= blocks / 2, "{:#?}", scene.loads);
    assert!(scene.whole.allocations >= blocks / 2, "{:?}", scene.whole);
}
