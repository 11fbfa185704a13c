//! What is seen, as text; and what keys ask for.
use super::{Ink, Look, Page, View};
use crate::live::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn meter(rms: f64, peak: f64, hold: f64, clipped: u64) -> Meter {
    Meter { rms, peak, hold, clipped }
}

fn load(node: &str, worker: &str, hears: &[&str], us: [f64; 3]) -> Load {
    Load {
        node: node.into(),
        worker: worker.into(),
        hears: hears.iter().map(|node| node.to_string()).collect(),
        mean_us: us[0],
        p99_us: us[1],
        max_us: us[2],
        deadline_us: 8000.0,
        ..Load::default()
    }
}

fn param(node: &str, param: &str, value: f64, start: f64, range: [f64; 2], unit: &str) -> Param {
    let at = Where { node: node.into(), param: param.into() };
    Param { at, value, start, range: Some(range), unit: unit.into(), ..Param::default() }
}

/// A denoiser at work: a node that allocates, a lane that missed, a worker that crashed.
fn scene() -> Scene {
    let mask = Load { allocations: 206, sleeps: 1, ..load("mask", "onnx", &["stft"], [3100.0, 5200.0, 7900.0]) };
    let vad = Load {
        lane: Some("slow".into()),
        missed: 3,
        notes: vec!["runs on the engine of the system, with 1 thread".into()],
        ..load("vad", "onnx", &["mic"], [900.0, 1500.0, 2000.0])
    };
    let broken = Load { failed: Some("it crashed (SIGSEGV)".into()), ..load("tilt", "shelf", &["speech"], [0.0; 3]) };
    Scene {
        title: "denoise".into(),
        time: 723.456,
        rate: 16000,
        block: 128,
        inputs: vec![Port {
            name: "mic".into(),
            device: "USB Audio: Mono".into(),
            rate: 48000,
            waits: None,
            meters: vec![meter(-18.2, -12.1, -10.3, 0)],
        }],
        outputs: vec![Port {
            name: "speaker".into(),
            device: "Built-in Audio".into(),
            rate: 48000,
            waits: None,
            meters: vec![meter(-24.0, -3.2, -0.1, 12), meter(f64::NEG_INFINITY, f64::NEG_INFINITY, -48.0, 0)],
        }],
        loads: vec![load("stft", "stft", &["mic"], [120.0, 200.0, 900.0]), mask, vad, broken],
        whole: load("", "", &[], [3300.0, 5600.0, 8800.0]),
        latency: [("input", 5.3), ("block", 8.0), ("graph", 24.0), ("output", 10.7)]
            .map(|(what, ms)| Latency { what: what.into(), ms })
            .into(),
        round_trip_ms: Some(49.2),
        xruns: 1,
        gaps: vec![Xrun { time: 61.5, whose: Whose::Node("mask".into()) }],
        clocks: vec![Clock { device: "Built-in Audio".into(), ppm: 12.34, settled: true }],
        events: vec![
            Happening { time: 720.1, output: "speech".into(), label: "on".into(), value: 0.93 },
            Happening { time: 722.8, output: "speech".into(), label: "off".into(), value: 0.12 },
        ],
        notes: vec![Note {
            time: 61.6,
            text: "`mask` was late once: a larger block gives it more time".into(),
            warns: true,
        }],
        params: vec![
            param("gain", "gain", -3.0, 0.0, [-60.0, 24.0], "dB"),
            param("high", "cutoff", 632.0, 80.0, [20.0, 20_000.0], "Hz"),
            Param {
                choices: vec!["false".into(), "true".into()],
                range: None,
                ..param("mask", "soft", 1.0, 1.0, [0.0, 1.0], "")
            },
        ],
        spectrum: tone(),
        ..Scene::default()
    }
}

/// 1 kHz at −20 dB over a floor of −80 dB, half a second of it.
fn tone() -> Spectrum {
    let column: Vec<f32> = (0..=64).map(|bin| if bin == 8 { -20.0 } else { -80.0 }).collect();
    Spectrum { made: 10, columns: vec![column; 10], hop: 0.05, top: 8000.0 }
}

fn drawn(view: &mut View, scene: &Scene, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view.draw(scene, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y: u16| {
        let text: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        text.trim_end().to_string()
    };
    (0..height).map(row).collect::<Vec<_>>().join("\n")
}

fn view() -> View {
    View::new(Look { ink: Ink::True, ascii: false })
}

fn press(view: &mut View, scene: &Scene, code: KeyCode) -> Option<Act> {
    view.key(KeyEvent::new(code, KeyModifiers::NONE), scene)
}

fn typed(view: &mut View, scene: &Scene, text: &str) -> Vec<Act> {
    text.chars().filter_map(|letter| press(view, scene, KeyCode::Char(letter))).collect()
}

fn snapshot(name: &str, text: String) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn a_terminal_of_24_lines_shows_all_that_matters() {
    snapshot("all_80x24", drawn(&mut view(), &scene(), 80, 24));
}

#[test]
fn a_larger_terminal_adds_the_spectrum_and_more_of_the_log() {
    snapshot("all_120x40", drawn(&mut view(), &scene(), 120, 40));
}

#[test]
fn a_small_one_keeps_the_levels() {
    snapshot("all_40x12", drawn(&mut view(), &scene(), 40, 12));
}

#[test]
fn every_page_has_its_screen() {
    let scene =
        Scene { wrong: Some("error[param]: worker `stft` has no parameter `hopp`\n --> d.toml:9:1".into()), ..scene() };
    for (page, _, name) in Page::ALL.into_iter().skip(1) {
        let mut view = View { page, ..view() };
        snapshot(&format!("page_{name}"), drawn(&mut view, &scene, 80, 24));
    }
    snapshot("page_help", drawn(&mut View { help: true, ..view() }, &scene, 80, 24));
}

#[test]
fn without_colours_and_without_utf8_it_is_all_ascii() {
    let plain = Look { ink: Ink::None, ascii: true };
    let scene = Scene { title: "Rauschunterdrückung".into(), ..scene() };
    for (page, ..) in Page::ALL {
        let mut view = View { page, ..View::new(plain) };
        let mut terminal = Terminal::new(TestBackend::new(80, 40)).unwrap();
        terminal.draw(|frame| view.draw(&scene, frame)).unwrap();
        for cell in terminal.backend().buffer().content() {
            assert!(cell.symbol().is_ascii(), "{page:?} {cell:?}");
            assert_eq!((cell.fg, cell.bg), Default::default(), "{page:?}");
        }
    }
    snapshot("ascii_80x40", drawn(&mut View::new(plain), &scene, 80, 40));
}

#[test]
fn no_size_and_no_scene_is_too_small() {
    let broken = Scene {
        spectrum: Spectrum { made: 1, columns: vec![vec![]; 3], hop: f64::NAN, top: 0.0 },
        params: vec![param("a", "b", f64::NAN, f64::NAN, [f64::NEG_INFINITY, f64::INFINITY], "")],
        inputs: vec![Port { waits: Some("no device".into()), ..Port::default() }, Port::default()],
        loads: vec![load("", "", &[], [f64::NAN; 3])],
        ..Scene::default()
    };
    for scene in [scene(), Scene::default(), broken] {
        for (page, ..) in Page::ALL {
            for (width, height) in (0..14).flat_map(|width| (0..14).map(move |height| (width, height))) {
                drawn(&mut View { page, ..view() }, &scene, width, height);
            }
            for size in [(300, 4), (5, 100), (200, 80), (110, 30), (41, 21)] {
                drawn(&mut View { page, scroll: 1000, ..view() }, &scene, size.0, size.1);
            }
        }
    }
}

/// Where each character of a row stands, but for figures, which may be any or none.
fn shape(screen: &str) -> String {
    let keep = |letter: char| if letter.is_ascii_digit() || "-.+∞ k>".contains(letter) { ' ' } else { letter };
    screen.lines().map(|row| row.chars().map(keep).collect::<String>().trim_end().to_string() + "\n").collect()
}

#[test]
fn nothing_moves_when_numbers_get_longer() {
    let mut quiet = scene();
    quiet.spectrum = Spectrum::default();
    let mut loud = quiet.clone();
    for load in loud.loads.iter_mut().chain([&mut loud.whole]) {
        load.missed = 12_345;
        load.deadline_us /= 40.0;
    }
    quiet.loads.iter_mut().chain([&mut quiet.whole]).for_each(|load| load.deadline_us *= 1000.0);
    loud.xruns = 99_999;
    loud.clocks[0].ppm = -1234.5;
    let bars = |text: String| shape(&text).replace(['█', '▉', '▊', '▋', '▌', '▍', '▎', '▏', '░', '│'], " ");
    let shape = |scene: &Scene| {
        bars(drawn(&mut view(), scene, 80, 24)).lines().map(|row| row.trim_end().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(shape(&quiet), shape(&loud));
}

#[test]
fn keys_ask_for_what_they_say() {
    let (mut view, scene) = (view(), scene());
    assert_eq!(
        typed(&mut view, &scene, " mdrc"),
        [Act::Bypass(true), Act::Mute(true), Act::Dump, Act::Reload, Act::Clear]
    );
    let bypassed = Scene { hearing: Hearing { bypassed: true, ..Hearing::default() }, ..scene.clone() };
    assert_eq!(typed(&mut view, &bypassed, " "), [Act::Bypass(false)]);
    // One graph plays: nothing to compare, and it is said.
    assert_eq!(typed(&mut view, &scene, "abxt"), []);
    assert!(drawn(&mut view, &scene, 80, 24).contains("needs two graphs"));
    assert_eq!(typed(&mut view, &scene, "q"), [Act::Quit]);
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    typed(&mut view, &scene, "s");
    assert_eq!(view.key(ctrl_c, &scene), Some(Act::Quit));
}

#[test]
fn a_blind_test_is_heard_guessed_and_scored() {
    let (mut view, mut scene) = (view(), scene());
    scene.hearing.decks = Some(["denoise.toml".into(), "other.toml".into()]);
    assert_eq!(typed(&mut view, &scene, "AbXt"), [Act::Hear(Deck::A), Act::Hear(Deck::B), Act::Blind(true)]);
    scene.hearing.blind = Some(Score { right: 7, of: 10, p: 0.171875 });
    scene.hearing.deck = Deck::X;
    assert_eq!(
        typed(&mut view, &scene, "axABt"),
        [Act::Hear(Deck::A), Act::Hear(Deck::X), Act::Guess(Deck::A), Act::Guess(Deck::B), Act::Blind(false)]
    );
    let screen = drawn(&mut view, &scene, 80, 24);
    assert!(screen.contains("X   blind: 7 of 10 right, p = 0.172"), "{screen}");
    // X is told neither by name nor to the eye: no level but that of the input, no load, no spectrum.
    for sign in ["denoise.toml", "-24.0", "-0.1", "stft", "NODE", "▀"] {
        assert!(!screen.contains(sign), "{sign} tells:\n{screen}");
    }
    assert!(screen.contains("-18.2") && screen.contains("gain.gain"), "{screen}");
}

fn set(node: &str, param: &str, value: &str, ramp_ms: f64) -> Act {
    Act::Set { node: node.into(), param: param.into(), value: value.into(), ramp_ms }
}

#[test]
fn sliders_move_by_steps_by_typing_and_back() {
    let (mut view, scene) = (view(), scene());
    // Two presses before the scene shows the first are two steps.
    assert_eq!(press(&mut view, &scene, KeyCode::Right), Some(set("gain", "gain", "-2.5", 30.0)));
    assert_eq!(press(&mut view, &scene, KeyCode::Right), Some(set("gain", "gain", "-2", 30.0)));
    // Once it has settled, what the scene says counts.
    let later = Scene { time: scene.time + 1.0, ..scene.clone() };
    assert_eq!(typed(&mut view, &later, "["), [set("gain", "gain", "-8", 30.0)]);
    assert_eq!(press(&mut view, &later, KeyCode::Delete), Some(set("gain", "gain", "0", 30.0)));
    press(&mut view, &scene, KeyCode::Tab);
    press(&mut view, &scene, KeyCode::Enter);
    assert_eq!(typed(&mut view, &scene, "50000q"), []);
    assert_eq!(press(&mut view, &scene, KeyCode::Enter), None);
    assert!(drawn(&mut view, &scene, 80, 24).contains("a number from 20 to 20000"));
    "0000q".chars().for_each(|_| drop(press(&mut view, &scene, KeyCode::Backspace)));
    typed(&mut view, &scene, "0");
    assert_eq!(press(&mut view, &scene, KeyCode::Enter), Some(set("high", "cutoff", "50", 30.0)));
    press(&mut view, &scene, KeyCode::Down);
    assert_eq!(press(&mut view, &scene, KeyCode::Left), Some(set("mask", "soft", "false", 0.0)));
}

#[test]
fn closing_the_keys_does_nothing_else() {
    let (mut view, scene) = (view(), scene());
    assert_eq!(typed(&mut view, &scene, "?d"), []);
    assert!(!view.help);
    typed(&mut view, &scene, "?");
    (0..40).for_each(|_| drop(press(&mut view, &scene, KeyCode::Down)));
    let screen = drawn(&mut view, &scene, 80, 8);
    assert!(screen.contains("Ctrl-Z stops"), "the last of the keys is reached:\n{screen}");
}

#[test]
fn presets_go_to_the_file_that_is_typed() {
    let (mut view, scene) = (view(), scene());
    typed(&mut view, &scene, "s");
    assert_eq!(press(&mut view, &scene, KeyCode::Enter), Some(Act::Save("preset.toml".into())));
    typed(&mut view, &scene, "l");
    view.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL), &scene);
    typed(&mut view, &scene, "quiet room.toml");
    assert_eq!(press(&mut view, &scene, KeyCode::Enter), Some(Act::Load("quiet room.toml".into())));
    typed(&mut view, &scene, "s");
    assert_eq!(press(&mut view, &scene, KeyCode::Esc), None);
    assert_eq!(typed(&mut view, &scene, "m"), [Act::Mute(true)]);
}

#[test]
fn the_spectrum_changes_one_column_a_frame() {
    let mut scene = Scene { spectrum: tone(), ..Scene::default() };
    let mut view = View { page: Page::Spectrum, ..view() };
    let cells = |view: &mut View, scene: &Scene| {
        let mut terminal = Terminal::new(TestBackend::new(40, 20)).unwrap();
        terminal.draw(|frame| view.draw(scene, frame)).unwrap();
        terminal.backend().buffer().clone()
    };
    let before = cells(&mut view, &scene);
    // Two columns are one of cells: 0.1 s.
    let column = scene.spectrum.columns[0].clone();
    scene.spectrum.columns.extend([column.clone(), column]);
    scene.spectrum.made += 2;
    let after = cells(&mut view, &scene);
    let changed: std::collections::BTreeSet<u16> = before.diff(&after).into_iter().map(|(x, ..)| x).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
}
