//! What the engine costs, as ratios against a floor in the same run: `cargo bench -p aw-tests`, or a part of it:
//! `cargo bench -p aw-tests -- chain`.
//!
//! Floor and subject take turns, and medians are compared, so that a noisy machine slows both alike.
use aw_host::control::Engine;
use aw_host::graph::{Compiled, Device, Diags, GraphFile, compile};
use aw_host::plugin::{Format, Frames, FramesMut, Instance, Moment, OutBuffer, SearchPath, Value, Workers, flushed};
use aw_host::render::Renderer;
use realfft::RealFftPlanner;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const ROUNDS: usize = 41;

fn main() {
    let path = SearchPath { given: vec![], own: vec![aw_tests::built_release(&["aw-basics", "aw-spectral"])] };
    let (workers, errors) = Workers::find(&path);
    for error in errors {
        eprintln!("{error}");
    }
    let parts: [Part; 4] =
        [("overhead", node_overhead), ("many", many_nodes), ("compile", compile_time), ("chain", spectral_chain)];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (_, part) in parts.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|word| word == name)) {
        part(&workers);
    }
}

/// A part of the benchmark and its name.
type Part = (&'static str, fn(&Workers));

fn compiled(workers: &Workers, text: &str) -> Compiled {
    let (file, mut diags) = GraphFile::parse(Path::new("bench.toml"), text.into());
    let compiled = compile(&file, workers, &Device::default(), &[], &mut diags);
    compiled.unwrap_or_else(|| panic!("{}", render(&diags, &file)))
}

fn render(diags: &Diags, file: &GraphFile) -> String {
    diags.render(&file.path, &file.text, false)
}

fn block(renderer: &mut Renderer) {
    renderer.render(
        |_, room| room.data[..room.frames].fill(0.25),
        |_, frames| {
            black_box(frames.data[0]);
        },
    );
}

/// Medians of seconds of two things that take turns.
fn medians(mut a: impl FnMut(), mut b: impl FnMut()) -> (f64, f64) {
    let time = |f: &mut dyn FnMut()| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    let (mut of_a, mut of_b): (Vec<f64>, Vec<f64>) = (0..ROUNDS).map(|_| (time(&mut a), time(&mut b))).unzip();
    of_a.sort_by(f64::total_cmp);
    of_b.sort_by(f64::total_cmp);
    (of_a[ROUNDS / 2], of_b[ROUNDS / 2])
}

fn gains(count: usize, block: usize, chain: bool) -> String {
    let mut text = format!("[graph]\nrate = 48000\nblock = {block}\n[input.mic]\n");
    for i in 0..count {
        let from = if chain && i > 0 { format!("g{}", i - 1) } else { "mic".into() };
        text += &format!("[node.g{i}]\nworker = \"gain\"\nin = \"{from}\"\n");
    }
    text + &format!("[output.speaker]\nfrom = \"g{}\"\n", count - 1)
}

/// A chain of gains in the engine, against the same functions called in a loop.
fn node_overhead(workers: &Workers) {
    const NODES: usize = 100;
    const BLOCKS: usize = 200;
    let (_engine, mut renderer) = Engine::start(compiled(workers, &gains(NODES, 128, true)), false);
    let worker = &workers.get("gain").expect("the gain worker").worker;
    let values: Vec<Value> = worker.params.iter().map(|param| param.default.clone()).collect();
    let mut instances: Vec<Instance> = (0..NODES)
        .map(|_| {
            let mut instance = Instance::create(worker, &values).expect("a gain");
            instance.prepare(48000, 128, &[("in", Format::audio(1, 48000))], &["out"]).expect("formats");
            instance
        })
        .collect();
    let (mut x, mut y) = (vec![0.25f32; 128], vec![0.0f32; 128]);
    let direct = || {
        flushed(|| {
            for time in 0..BLOCKS {
                for instance in &mut instances {
                    let input = [Frames { data: &x, stride: 128, frames: 128 }];
                    let out = FramesMut { data: &mut y, stride: 128, frames: 128 };
                    instance.process(Moment::at(time as u64), &input, &mut [OutBuffer::Frames(out)]).expect("process");
                    std::mem::swap(&mut x, &mut y);
                }
            }
        });
    };
    let engine = || (0..BLOCKS).for_each(|_| block(&mut renderer));
    let (direct, engine) = medians(direct, engine);
    let per = |seconds: f64| seconds / (NODES * BLOCKS) as f64 * 1e9;
    println!(
        "node overhead, gain of 128 samples: {:.0} ns in the engine, {:.0} ns called directly: {:.0} ns over",
        per(engine),
        per(direct),
        per(engine) - per(direct)
    );
}

fn many_nodes(workers: &Workers) {
    for (name, chain) in [("in a chain", true), ("in parallel", false)] {
        let (_engine, mut renderer) = Engine::start(compiled(workers, &gains(1000, 64, chain)), false);
        let (seconds, _) = medians(|| (0..100).for_each(|_| block(&mut renderer)), || ());
        println!("1000 gains {name}, block 64: {:.0}× real time", 100.0 * 64.0 / 48000.0 / seconds);
    }
}

fn compile_time(workers: &Workers) {
    let text = gains(1000, 64, true);
    let (seconds, _) = medians(|| drop(black_box(compiled(workers, &text))), || ());
    println!("compile of 1000 nodes: {:.1} ms", seconds * 1e3);
}

/// STFT → mask → ISTFT, 512/128, against a bare loop over the same FFTs.
fn spectral_chain(workers: &Workers) {
    const BLOCKS: usize = 500;
    let text = r#"
[graph]
rate = 16000
[input.mic]
[node.stft]
worker = "stft"
in = "mic"
size = 512
hop = 128
[node.level]
worker = "magnitude"
in = "stft"
[node.clean]
worker = "apply_mask"
in = { spectrum = "stft", mask = "level" }
[node.speech]
worker = "istft"
in = "clean"
[output.speaker]
from = "speech"
"#;
    let (_engine, mut renderer) = Engine::start(compiled(workers, text), false);
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(512), planner.plan_fft_inverse(512));
    let window: Vec<f32> = (0..512).map(|i| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / 512.0).cos()).collect();
    let (mut history, mut frame, mut sum) = (vec![0.0f32; 512], forward.make_input_vec(), vec![0.0f32; 512]);
    let (mut spectrum, mut mask) = (forward.make_output_vec(), vec![0.0f32; 257]);
    let (mut scratch, mut scratch_back) = (forward.make_scratch_vec(), inverse.make_scratch_vec());
    let mut hop = |input: f32| {
        history.copy_within(128.., 0);
        history[384..].fill(input);
        frame.iter_mut().zip(&history).zip(&window).for_each(|((f, x), w)| *f = x * w);
        forward.process_with_scratch(&mut frame, &mut spectrum, &mut scratch).expect("fft");
        mask.iter_mut().zip(&spectrum).for_each(|(m, bin)| *m = (bin.re * bin.re + bin.im * bin.im).sqrt());
        spectrum.iter_mut().zip(&mask).for_each(|(bin, m)| *bin *= *m);
        (spectrum[0].im, spectrum[256].im) = (0.0, 0.0);
        inverse.process_with_scratch(&mut spectrum, &mut frame, &mut scratch_back).expect("fft");
        sum.iter_mut().zip(&frame).zip(&window).for_each(|((s, x), w)| *s += x * w / 512.0);
        black_box(sum[0]);
        sum.copy_within(128.., 0);
        sum[384..].fill(0.0);
    };
    let (floor, engine) =
        medians(|| (0..BLOCKS).for_each(|_| hop(0.25)), || (0..BLOCKS).for_each(|_| block(&mut renderer)));
    let per = |seconds: f64| seconds / BLOCKS as f64 * 1e6;
    println!("512/128 chain: {:.2} µs a hop, bare loop {:.2} µs: {:.2}×", per(engine), per(floor), engine / floor);
}
