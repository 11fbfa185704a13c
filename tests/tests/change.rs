//! A graph author saves the file while it plays: no click, and what did not change does not notice.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed
use aw_host::control::{Engine, Report};
use aw_host::graph::{Compiled, Device, Diags, GraphFile, compile};
use aw_host::plugin::{SearchPath, Workers};
use aw_host::render::Renderer;
use std::path::Path;
use std::sync::LazyLock;

static WORKERS: LazyLock<Workers> = LazyLock::new(|| {
    let path = SearchPath { given: vec![], own: vec![aw_tests::built()] };
    let (workers, errors) = Workers::find(&path);
    assert!(errors.is_empty(), "{errors:?}");
    workers
});

const RATE: u32 = 16000;
const BLOCK: usize = 128;

fn graph(nodes: &str) -> Compiled {
    let text =
        format!("[graph]\nrate = {RATE}\nblock = {BLOCK}\n[input.mic]\n{nodes}\n[output.speaker]\nfrom = \"end\"\n");
    let (file, mut diags) = GraphFile::parse(Path::new("change.toml"), text);
    let compiled = compile(&file, &WORKERS, &Device::default(), &[], &mut diags);
    compiled.unwrap_or_else(|| panic!("{}", render(&diags, &file)))
}

fn render(diags: &Diags, file: &GraphFile) -> String {
    diags.render(&file.path, &file.text, false)
}

/// Plays `seconds` of a 440 Hz sine from sample `at` on.
fn play(renderer: &mut Renderer, engine: &mut Engine, at: &mut usize, seconds: f64) -> Vec<f32> {
    let mut heard = vec![];
    for _ in 0..(seconds * f64::from(RATE) / BLOCK as f64) as usize {
        renderer.render(
            |_, room| {
                for (i, sample) in room.data[..room.frames].iter_mut().enumerate() {
                    *sample = (0.5 * (std::f64::consts::TAU * 440.0 * (*at + i) as f64 / f64::from(RATE)).sin()) as f32;
                }
            },
            |_, frames| heard.extend(&frames.data[..frames.frames]),
        );
        *at += BLOCK;
        for report in engine.reports() {
            assert!(!matches!(report, Report::Failed { .. }), "{report:?}");
        }
    }
    heard
}

fn peak_second_difference(x: &[f32]) -> f32 {
    x.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max)
}

/// Goes over from one graph to the other; answers the peak second difference against that of the steady states.
fn click(before: &str, after: &str) -> f32 {
    let (mut engine, mut renderer) = Engine::start(graph(before), false);
    let mut at = 0;
    play(&mut renderer, &mut engine, &mut at, 1.0);
    let steady = play(&mut renderer, &mut engine, &mut at, 0.5);
    engine.change(graph(after)).unwrap();
    let during = play(&mut renderer, &mut engine, &mut at, 3.0);
    assert!(!engine.is_changing(), "the change is not through after three seconds");
    let then = play(&mut renderer, &mut engine, &mut at, 0.5);
    let fresh = {
        let (mut engine, mut renderer) = Engine::start(graph(after), false);
        let mut at = 0;
        play(&mut renderer, &mut engine, &mut at, 3.0)
    };
    let level = |x: &[f32]| (x.iter().map(|v| v * v).sum::<f32>() / x.len() as f32).sqrt();
    let tail = &fresh[fresh.len() - then.len()..];
    assert!(
        (level(&then) - level(tail)).abs() <= 0.02 * level(tail) + 1e-4,
        "the new graph is not what plays: {} {}",
        level(&then),
        level(tail)
    );
    let calm = peak_second_difference(&steady).max(peak_second_difference(&then));
    peak_second_difference(&during) / calm
}

const CHAIN: &str = r#"
[node.stft]
worker = "stft"
in = "mic"
size = 512
hop = 128
[node.back]
worker = "istft"
in = "stft"
"#;

#[test]
fn no_edit_is_heard_as_a_click() {
    let gain = "[node.end]\nworker = \"gain\"\nin = \"mic\"\ngain_db = -6\n";
    let louder = "[node.end]\nworker = \"gain\"\nin = \"mic\"\ngain_db = 0\n";
    let inserted = "[node.eq]\nworker = \"delay\"\nin = \"mic\"\nms = 2\n[node.end]\nworker = \"gain\"\nin = \"eq\"\ngain_db = -6\n";
    let longer = "[node.eq]\nworker = \"delay\"\nin = \"mic\"\nms = 3\n[node.end]\nworker = \"gain\"\nin = \"eq\"\ngain_db = -6\n";
    let mixed = "[node.end]\nworker = \"mix\"\nin = [\"mic\", \"mic\"]\n";
    let other = "[node.a]\nworker = \"gain\"\nin = \"mic\"\n[node.end]\nworker = \"mix\"\nin = [\"a\", \"mic\"]\ngains_db = [-6, -6]\n";
    let chain = format!("{CHAIN}[node.end]\nworker = \"gain\"\nin = \"back\"\n");
    let finer = chain.replace("hop = 128", "hop = 64");
    let coarser = chain.replace("hop = 128", "hop = 256");
    let wider = chain.replace("size = 512", "size = 1024");
    let cases: Vec<(&str, &str, &str)> = vec![
        ("nothing", gain, gain),
        ("a live parameter", gain, louder),
        ("a node inserted", gain, inserted),
        ("a node removed", inserted, gain),
        ("a fixed parameter", inserted, longer),
        ("a mixer for a gain", gain, mixed),
        ("another mixer", mixed, other),
        ("a spectral chain inserted", gain, &chain),
        ("a spectral chain removed", &chain, gain),
        ("a finer hop", &chain, &finer),
        ("a coarser hop", &chain, &coarser),
        ("a wider window", &chain, &wider),
    ];
    let clicks: Vec<(&str, f32)> = cases.iter().map(|(name, a, b)| (*name, click(a, b))).collect();
    for (name, ratio) in &clicks {
        println!("{name}: {ratio:.3}");
    }
    for (name, ratio) in clicks {
        assert!(ratio <= 1.5, "{name} clicks: {ratio}");
    }
}

/// Plays noise through two outputs, and changes the graph on the way if there is one to change to; answers the first.
fn first_of_two(before: &str, after: Option<&str>) -> Vec<f32> {
    let (mut engine, mut renderer) = Engine::start(two_outputs(before), false);
    let (mut heard, mut noise) = (vec![], 1u32);
    for block in 0..400 {
        if let Some(after) = after.filter(|_| block == 100) {
            engine.change(two_outputs(after)).unwrap();
        }
        renderer.render(
            |_, room| {
                for sample in &mut room.data[..room.frames] {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *sample = noise as i32 as f32 / i32::MAX as f32;
                }
            },
            |output, frames| {
                if output == 0 {
                    heard.extend(&frames.data[..frames.frames]);
                }
            },
        );
        engine.reports();
    }
    assert!(!engine.is_changing());
    heard
}

fn two_outputs(nodes: &str) -> Compiled {
    let echo = "[node.echo]\nworker = \"delay\"\nin = \"mic\"\nms = 250\nfeedback = 0.8\nmix = 0.5\n";
    let outputs = "[output.a]\nfrom = \"echo\"\n[output.b]\nfrom = \"end\"\n";
    let text = format!("[graph]\nrate = {RATE}\nblock = {BLOCK}\n[input.mic]\n{echo}{nodes}{outputs}");
    let (file, mut diags) = GraphFile::parse(Path::new("change.toml"), text);
    let compiled = compile(&file, &WORKERS, &Device::default(), &[], &mut diags);
    compiled.unwrap_or_else(|| panic!("{}", render(&diags, &file)))
}

#[test]
fn what_did_not_change_does_not_notice() {
    let gain = "[node.end]\nworker = \"gain\"\nin = \"mic\"\n";
    let chain = format!("{CHAIN}[node.end]\nworker = \"gain\"\nin = \"back\"\n");
    assert!(first_of_two(gain, None) == first_of_two(gain, Some(&chain)), "the echo beside it is another");
}

#[test]
fn a_second_change_waits_for_the_first_and_then_goes_through() {
    let gain = "[node.end]\nworker = \"gain\"\nin = \"mic\"\n";
    let delay = "[node.end]\nworker = \"delay\"\nin = \"mic\"\nms = 5\n";
    let (mut engine, mut renderer) = Engine::start(graph(gain), false);
    let mut at = 0;
    play(&mut renderer, &mut engine, &mut at, 0.1);
    engine.change(graph(delay)).unwrap();
    assert_eq!(engine.change(graph(gain)).err(), Some(aw_host::control::ChangeError::Busy));
    play(&mut renderer, &mut engine, &mut at, 2.0);
    engine.change(graph(gain)).unwrap();
    play(&mut renderer, &mut engine, &mut at, 2.0);
    assert!(!engine.is_changing());
    assert_eq!(engine.set("end", "gain_db", "-6"), Ok(()));
    let calm = play(&mut renderer, &mut engine, &mut at, 1.0);
    let level = calm[8000..].iter().fold(0.0f32, |a, b| a.max(b.abs()));
    assert!((level - 0.5 * 0.501_187).abs() < 1e-3, "a live parameter reaches the node after two changes: {level}");
}
