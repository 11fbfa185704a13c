//! Devices that vanish, change, stall and come back under `aw live`: it heals within a second, the graph remembers, and
//! nothing clicks.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

use aw_host::live::Scene;
use aw_host::sound::simulated::{CardScript, Deed, Event, Script};
use aw_tests::rig::{self, RATE, Rig, bend, card, rms, script, side};
use std::path::PathBuf;

/// All that is heard was said half a second ago: a graph that has forgotten is silent for that long.
const ECHO: &str = "[graph]\nrate = 48000\nblock = 128\n[input.mic]\nchannels = CHANNELS\n\
                    [node.echo]\nworker = \"delay\"\nin = \"mic\"\nms = 500\nmix = 1\n\
                    [output.speaker]\nfrom = \"echo\"\n";

fn event(card: Option<&str>, does: Deed) -> Event {
    Event { card: card.map(String::from), does, ..Event::default() }
}

/// A microphone and a loudspeaker that are cards of their own.
fn two() -> Vec<CardScript> {
    let mic = card("mic", Some(side(Some(440.0), 1, Some(128))), None);
    vec![mic, card("box", None, Some(side(None, 2, Some(128))))]
}

/// A card that is both.
fn one() -> Vec<CardScript> {
    vec![card("box", Some(side(Some(440.0), 1, Some(128))), Some(side(None, 2, Some(128))))]
}

struct Place {
    _folder: tempfile::TempDir,
    rig: Rig,
    steady: f32,
}

fn waits(scene: &Scene) -> bool {
    scene.inputs.iter().chain(&scene.outputs).any(|port| port.waits.is_some())
}

impl Place {
    fn new(cards: Vec<CardScript>) -> Self {
        Self::of(&script(cards), 1)
    }

    fn of(script: &Script, channels: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("graph.toml");
        std::fs::write(&path, ECHO.replace("CHANNELS", &channels.to_string())).unwrap();
        let mut rig = Rig::new(script, &[&path], rig::workers(&[]));
        rig.play_along(1.5);
        let heard = rig.heard("box");
        let end = &heard[heard.len() - RATE as usize / 2..];
        assert!(rms(end) > 0.3, "the sine is not heard: {}", rms(end));
        Self { steady: bend(end), _folder: folder, rig }
    }

    /// What must be told, in words.
    fn assert_told(&self, words: &[&str]) {
        let notes = self.rig.notes();
        for words in words {
            assert!(notes.iter().any(|note| note.contains(words)), "`{words}` is not told: {notes:#?}");
        }
    }

    /// It heals within a second from now on; answers the frame where that began.
    fn heals(&mut self, card: &str) -> usize {
        let (at, begun) = (self.rig.heard(card).len(), self.rig.world.now());
        self.rig.until("all is there again", |scene| !waits(scene));
        let took = self.rig.world.now() - begun;
        println!("  healed in {took:.2} s");
        assert!(took <= 1.0, "{took} s");
        at
    }

    /// What is heard from a frame on has no click.
    fn assert_smooth(&self, card: &str, from: usize) {
        let heard = self.rig.heard(card);
        let ratio = bend(&heard[from..]) / self.steady;
        let at = (from + 2..heard.len()).max_by(|a, b| bend(&heard[a - 2..=*a]).total_cmp(&bend(&heard[b - 2..=*b])));
        let around = at.map(|at| &heard[at - 6..heard.len().min(at + 4)]);
        println!("  peak second difference ÷ steady state: {ratio:.3} at {:?}: {around:?}", at.map(|at| at - from));
        assert!(ratio <= 1.5, "it clicks: {ratio}");
    }

    /// The level of the last half second.
    fn level(&self, card: &str) -> f64 {
        let heard = self.rig.heard(card);
        rms(&heard[heard.len() - RATE as usize / 2..])
    }

    /// What was heard first after it had been gone for so many seconds from a frame on: something, if the graph remembers.
    fn assert_remembers(&self, card: &str, from: usize, gone: f64) {
        let heard = self.rig.heard(card);
        let first = from + heard[from..].iter().position(|x| x.abs() > 1e-4).expect("nothing is heard");
        let level = rms(&heard[first + 2400..first + 2400 + 9600]);
        let silent = (first - from) as f64 / f64::from(RATE) - gone;
        println!("  silent for {silent:.2} s, then at {level:.3}");
        assert!(level > 0.3, "the graph has forgotten: {level}");
        assert!(silent < 1.0, "silent for {silent} s after the return");
    }
}

#[test]
fn a_microphone_that_is_pulled_out_falls_silent_and_comes_back() {
    for silent in [false, true] {
        let mut place = Place::new(two());
        let from = place.rig.heard("box").len();
        place.rig.happen(Event { silent, ..event(Some("mic"), Deed::Vanish) });
        place.rig.until("it is missed", |scene| scene.inputs[0].waits.is_some());
        assert!(place.rig.session.scene().outputs[0].waits.is_none());
        place.rig.play_along(1.5);
        assert!(place.level("box") < 1e-4, "something is heard of nothing: {}", place.level("box"));
        place.rig.happen(event(Some("mic"), Deed::Return));
        place.heals("box");
        place.rig.play_along(1.5);
        assert!(place.level("box") > 0.3);
        place.assert_smooth("box", from);
        place.assert_told(&["the input `mic` is gone", "the input `mic` is back"]);
    }
}

#[test]
fn a_loudspeaker_that_is_pulled_out_holds_the_graph_until_it_is_back() {
    for (cards, silent) in [(two(), false), (two(), true), (one(), false)] {
        let mut place = Place::new(cards);
        place.rig.happen(Event { silent, ..event(Some("box"), Deed::Vanish) });
        place.rig.until("it is missed", |scene| scene.outputs[0].waits.is_some());
        let held = place.rig.session.scene().time;
        let (from, gone) = (place.rig.heard("box").len(), place.rig.world.now());
        place.rig.play_along(1.5);
        assert_eq!(place.rig.session.scene().time, held, "the graph plays on unheard");
        let gone = place.rig.world.now() - gone;
        place.rig.happen(event(Some("box"), Deed::Return));
        place.heals("box");
        place.rig.play_along(1.5);
        place.assert_remembers("box", from, gone);
        place.assert_smooth("box", from);
        assert!(place.level("box") > 0.3);
        place.assert_told(&["the output `box` is gone", "the output `box` is back"]);
    }
}

#[test]
fn all_devices_vanish_and_come_back_one_after_the_other() {
    let mut place = Place::new(two());
    place.rig.happen(event(None, Deed::Vanish));
    place.rig.until("both are missed", |scene| scene.outputs[0].waits.is_some() && scene.inputs[0].waits.is_some());
    let from = place.rig.heard("box").len();
    place.rig.play_along(1.0);
    place.rig.happen(event(Some("mic"), Deed::Return));
    place.rig.play_along(0.5);
    place.rig.happen(event(Some("box"), Deed::Return));
    place.heals("box");
    place.rig.play_along(1.5);
    place.assert_remembers("box", from, 1.5);
    place.assert_smooth("box", from);
    assert!(place.level("box") > 0.3);
}

#[test]
fn a_device_comes_back_with_another_rate_or_other_channels() {
    let rate = |card, rate| Event { rate: Some(rate), ..event(Some(card), Deed::Return) };
    let cases: Vec<(&str, Vec<CardScript>, Event)> = vec![
        ("a microphone at 44.1 kHz", two(), rate("mic", 44100)),
        ("a loudspeaker at 44.1 kHz", two(), rate("box", 44100)),
        ("a card at 44.1 kHz", one(), rate("box", 44100)),
        ("a card at 16 kHz", one(), rate("box", 16000)),
        ("a stereo microphone", two(), Event { input_channels: Some(2), ..event(Some("mic"), Deed::Return) }),
        ("a mono loudspeaker", two(), Event { output_channels: Some(1), ..event(Some("box"), Deed::Return) }),
        ("six loudspeakers", two(), Event { output_channels: Some(6), ..event(Some("box"), Deed::Return) }),
    ];
    for (name, cards, returns) in cases {
        println!("{name}");
        let mut place = Place::new(cards);
        let gone = returns.card.clone().unwrap();
        place.rig.happen(event(Some(&gone), Deed::Vanish));
        place.rig.until("it is missed", waits);
        place.rig.play_along(1.0);
        let (from, raw) = (place.rig.heard("box").len(), place.rig.world.heard("box").len());
        let (slower, width) = (
            returns.rate.map_or(1.0, |rate| f64::from(RATE) / f64::from(rate)),
            returns.output_channels.map(usize::from),
        );
        place.rig.happen(returns);
        place.heals("box");
        place.rig.play_along(2.0);
        if let Some(width) = width {
            // What is played from then on has as many channels.
            let all = place.rig.world.heard("box").split_off(raw);
            let first: Vec<f32> = all.chunks(width).map(|frame| frame[0]).collect();
            let level = rms(&first[first.len() - RATE as usize / 2..]);
            assert!(level > 0.3 && bend(&first) <= 1.5 * place.steady, "{name}: {level}, {}", bend(&first));
            continue;
        }
        assert!(place.level("box") > 0.3, "{name}: {}", place.level("box"));
        // At a lower rate the same sine bends more from sample to sample, by the square.
        let allowed = if gone == "box" { slower.powi(2) as f32 } else { 1.0 };
        place.steady *= allowed;
        place.assert_smooth("box", from);
        if gone == "box" {
            place.assert_remembers("box", from, 1.0);
        }
    }
}

#[test]
fn a_mono_microphone_is_heard_on_both_channels_of_a_stereo_port() {
    let place = Place::of(&script(two()), 2);
    let heard = place.rig.world.heard("box");
    let end = &heard[heard.len() - 9600..];
    assert!(end.chunks(2).all(|frame| frame[0] == frame[1]));
    let mut place = Place::of(&script(two()), 2);
    place.rig.happen(event(Some("mic"), Deed::Vanish));
    place.rig.until("it is missed", waits);
    place.rig.happen(Event { input_channels: Some(2), ..event(Some("mic"), Deed::Return) });
    place.heals("box");
    place.rig.play_along(2.0);
    assert!(place.level("box") > 0.3);
}

#[test]
fn a_sound_server_that_restarts_is_waited_for() {
    for cards in [one(), two()] {
        let mut place = Place::new(cards);
        place.rig.happen(Event { duration: Some(2.0), ..event(None, Deed::Restart) });
        place.rig.until("it is missed", waits);
        let until = place.rig.world.now() + 2.0;
        let from = place.rig.heard("box").len();
        while place.rig.world.now() < until {
            place.rig.play_along(0.01);
        }
        place.heals("box");
        place.rig.play_along(1.5);
        place.assert_remembers("box", from.max(1), 2.0);
        place.assert_smooth("box", from);
        place.assert_told(&["is gone", "is back"]);
    }
}

#[test]
fn a_card_that_somebody_else_has_is_waited_for_and_the_screen_says_so() {
    let mut place = Place::new(one());
    place.rig.happen(event(Some("box"), Deed::Vanish));
    place.rig.until("it is missed", waits);
    place.rig.happen(Event { duration: Some(2.0), ..event(Some("box"), Deed::Refuse) });
    place.rig.happen(event(Some("box"), Deed::Return));
    let until = place.rig.world.now() + 2.0;
    place.rig.play_along(1.0);
    let waits = place.rig.session.scene().outputs[0].waits.clone();
    println!("{waits:?}");
    assert!(waits.is_some());
    while place.rig.world.now() < until {
        place.rig.play_along(0.01);
    }
    let from = place.heals("box");
    place.rig.play_along(1.5);
    place.assert_remembers("box", from, 2.0);
}

#[test]
fn a_machine_that_sleeps_for_a_minute_plays_on() {
    for cards in [one(), two()] {
        let mut place = Place::new(cards);
        place.rig.happen(Event { duration: Some(60.0), ..event(None, Deed::Stall) });
        place.rig.world.step_seconds(60.0); // nobody looks
        let from = place.rig.heard("box").len();
        place.rig.play_along(0.3);
        place.heals("box");
        place.rig.play_along(2.0);
        assert!(place.level("box") > 0.3, "{:#?}", place.rig.notes());
        place.assert_smooth("box", from + 1);
    }
}

#[test]
fn a_clock_that_stands_still_for_a_minute_is_told_once_and_heals() {
    let mut place = Place::new(one());
    place.rig.happen(Event { duration: Some(60.0), ..event(None, Deed::Stall) });
    for _ in 0..1000 {
        place.rig.play(0.06);
        std::thread::sleep(std::time::Duration::from_millis(2)); // devices are opened on a thread
    }
    let told = place.rig.notes().len();
    println!("{told} notes");
    assert!(told < 10, "{:#?}", place.rig.notes());
    place.rig.play_along(2.0);
    place.rig.until("all is there again", |scene| !waits(scene));
    place.rig.play_along(2.0);
    assert!(place.level("box") > 0.3, "{:#?}", place.rig.notes());
}

#[test]
fn a_flood_of_errors_is_told_and_survived() {
    let mut place = Place::new(one());
    place.rig.happen(Event { duration: Some(3.0), ..event(Some("box"), Deed::Flood) });
    place.rig.play_along(3.5);
    place.rig.until("all is there again", |scene| !waits(scene));
    place.rig.play_along(2.0);
    println!("{:#?}", place.rig.notes());
    assert!(place.level("box") > 0.3);
    assert!(place.rig.notes().len() < 40);
}

#[test]
fn another_card_takes_the_place_of_the_default_one() {
    let mut place = Place::new(one());
    place.rig.happen(event(Some("box"), Deed::Vanish));
    place.rig.until("it is missed", waits);
    let other = Event { id: Some("other".into()), name: Some("Other".into()), ..event(Some("box"), Deed::Return) };
    place.rig.happen(other);
    place.heals("other");
    place.rig.play_along(1.5);
    assert!(place.level("other") > 0.3);
    assert_eq!(place.rig.session.scene().outputs[0].device, "Other");
    place.assert_told(&["`Other` is back"]);
}

#[test]
fn a_lost_callback_is_counted() {
    let mut place = Place::new(one());
    assert_eq!(place.rig.session.scene().xruns, 0, "{:?}", place.rig.session.scene().gaps);
    place.rig.happen(Event { callbacks: Some(3), ..event(Some("box"), Deed::Lose) });
    place.rig.play_along(1.0);
    let scene = place.rig.session.scene();
    assert!((1..=3).contains(&scene.xruns), "{} {:?}", scene.xruns, scene.gaps);
    assert!(place.level("box") > 0.3);
}

/// The signal against all else, in dB, of a sine of any frequency near `hz`: the best fit over a second.
fn sinad(sound: &[f32], hz: f64) -> f64 {
    let fit = |hz: f64| {
        let w = std::f64::consts::TAU * hz / f64::from(RATE);
        let (mut cc, mut ss, mut cs, mut xc, mut xs, mut xx) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (n, x) in sound.iter().enumerate() {
            let (s, c) = (w * n as f64).sin_cos();
            let x = f64::from(*x);
            (cc, ss, cs, xc, xs, xx) = (cc + c * c, ss + s * s, cs + c * s, xc + x * c, xs + x * s, xx + x * x);
        }
        let det = cc * ss - cs * cs;
        let (a, b) = ((xc * ss - xs * cs) / det, (xs * cc - xc * cs) / det);
        (a * xc + b * xs, xx)
    };
    let low = hz - 5.0;
    // Coarse first: the main lobe of a second is 2 Hz wide.
    let coarse = (0..40).map(|n| low + f64::from(n) * 0.25).max_by(|a, b| fit(*a).0.total_cmp(&fit(*b).0)).unwrap();
    let (mut low, mut high) = (coarse - 0.3, coarse + 0.3);
    for _ in 0..40 {
        let (a, b) = (low + (high - low) * 0.382, low + (high - low) * 0.618);
        if fit(a).0 > fit(b).0 { high = b } else { low = a }
    }
    let (signal, all) = fit((low + high) / 2.0);
    10.0 * (signal / (all - signal).max(1e-30)).log10()
}

#[test]
fn two_clocks_that_drift_starve_nobody_and_are_told() {
    // Callbacks that come late by up to so many µs, and the SINAD that is left, in dB.
    for (ppm, jitter_us, least) in
        [(300.0, 0.0, 80.0), (-300.0, 0.0, 80.0), (300.0, 200.0, 75.0), (-300.0, 200.0, 75.0)]
    {
        let mut mic = side(Some(10000.0), 1, Some(128));
        (mic.ppm, mic.jitter_us) = (ppm, jitter_us);
        let cards = vec![card("mic", Some(mic), None), card("box", None, Some(side(None, 2, Some(128))))];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("graph.toml");
        std::fs::write(&path, ECHO.replace("CHANNELS", "1").replace("ms = 500", "ms = 1")).unwrap();
        let mut rig = Rig::new(&script(cards), &[&path], rig::workers(&[]));
        rig.play(120.0);
        let scene = rig.session.scene();
        let clock = &scene.clocks[0];
        println!(
            "{ppm} ppm, late by up to {jitter_us} µs: shown {:.3}, settled {}, xruns {}",
            clock.ppm, clock.settled, scene.xruns
        );
        assert_eq!(scene.xruns, 0, "{:?}", scene.gaps);
        assert!(clock.settled && (clock.ppm - ppm).abs() < 1.0, "{clock:?}");
        let heard = rig.heard("box");
        for second in 1..4 {
            let end = heard.len() - second * RATE as usize;
            let sinad = sinad(&heard[end - RATE as usize..end], 10000.0);
            println!("  SINAD {sinad:.1} dB");
            assert!(sinad >= least, "{sinad}");
        }
    }
}
