//! How long a frame takes: `cargo bench -p aw-features`. 80-band log-mel of 25 ms every 10 ms against its floor, a loop of
//! nothing but window, FFT, power, bands and logarithm; then other features.
use aw_features::*;
use aw_host::plugin::{Format, Frames as Block, FramesMut, Instance, Moment, OutBuffer, SearchPath, Value, Workers};
use realfft::RealFftPlanner;
use std::hint::black_box;
use std::time::Instant;

const SECONDS: usize = 2;
const ROUNDS: usize = 400;

fn main() {
    let noise = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
    let samples: Vec<f32> = (0..SECONDS * 16000).map(noise).collect();
    let mut worker = Loaded::new();
    let (floor, time) = best(|| bare(&samples), || worker.run(&samples));
    println!("log-mel 80, worker   {time:.3} us a frame, {:.2} of the bare loop's {floor:.3}", time / floor);
    for (name, keys) in features() {
        let mut live = Live::new(&keys);
        let (floor, time) = best(|| bare(&samples), || live.run(&samples));
        println!("{name:20} {time:.3} us a frame, {:.2} of the bare loop's {floor:.3}", time / floor);
    }
}

/// Microseconds a frame of two things that take turns, the best of many short runs: other programs slow some of them only.
fn best(mut a: impl FnMut() -> usize, mut b: impl FnMut() -> usize) -> (f64, f64) {
    let time = |run: &mut dyn FnMut() -> usize| {
        let start = Instant::now();
        let frames = run();
        start.elapsed().as_secs_f64() * 1e6 / frames as f64
    };
    let rounds = (0..ROUNDS).map(|_| (time(&mut a), time(&mut b)));
    rounds.fold((f64::INFINITY, f64::INFINITY), |best, now| (best.0.min(now.0), best.1.min(now.1)))
}

fn features() -> Vec<(&'static str, Keys)> {
    let mut mel = Keys::new(Kind::Mel, 16000);
    mel.log.kind = LogKind::Ln;
    let mut whisper = mel.clone();
    (whisper.frame.pad, whisper.mel.norm, whisper.log.kind) = (Pad::Reflect, MelNorm::Slaney, LogKind::Log10);
    (whisper.log.range, whisper.log.range_scope) = (8.0, RangeScope::Running);
    let mut kaldi = mel.clone();
    kaldi.input_scale = 32768.0;
    (kaldi.frame.n_fft, kaldi.frame.edges, kaldi.frame.window_place) = (512, Edges::Snip, WindowPlace::Start);
    (kaldi.frame.window, kaldi.frame.remove_dc, kaldi.frame.preemphasis) = (Window::Povey, true, 0.97);
    (kaldi.mel.scale, kaldi.mel.slope, kaldi.mel.edge_bins) = (MelScale::Htk, Slope::Mel, EdgeBins::Kaldi);
    let mut mfcc = kaldi.clone();
    (mfcc.kind, mfcc.mel.bands, mfcc.mfcc.n, mfcc.mfcc.lifter) = (Kind::Mfcc, 23, 13, 22.0);
    vec![("log-mel 80", mel), ("whisper 80, running", whisper), ("kaldi fbank 80", kaldi), ("kaldi mfcc 13", mfcc)]
}

/// An extractor and its samples.
struct Live {
    extractor: Extractor,
    history: History,
    out: Vec<f32>,
}

impl Live {
    fn new(keys: &Keys) -> Self {
        let extractor = Extractor::new(keys).expect("these keys make sense");
        let history = History::new(extractor.frames().memory() + 160);
        Self { out: vec![0.0; extractor.width()], extractor, history }
    }

    /// All frames, pushed in blocks of 10 ms as a live stream is.
    fn run(&mut self, samples: &[f32]) -> usize {
        self.history.reset();
        self.extractor.reset();
        let mut t = 0;
        for block in samples.chunks(160) {
            self.history.push(block);
            while self.extractor.frames().needs(t) <= self.history.heard() {
                self.extractor.frame(&self.history, t, None, &mut self.out);
                black_box(&self.out);
                t += 1;
            }
        }
        t as usize
    }
}

/// The worker in its library, called as the renderer calls it.
struct Loaded {
    instance: Instance,
    out: Vec<f32>,
}

impl Loaded {
    fn new() -> Self {
        let path = SearchPath { given: vec![], own: vec![aw_tests::built_release(&["aw-features"])] };
        let (workers, _) = Workers::find(&path);
        let worker = &workers.get("features").expect("the library has been built").worker;
        let value = |param: &aw_host::plugin::Param| match param.name.as_str() {
            "log.kind" => Value::Text("ln".into()),
            _ => param.default.clone(),
        };
        let values: Vec<Value> = worker.params.iter().map(value).collect();
        let mut instance = Instance::create(worker, &values).expect("these keys make sense");
        instance.prepare(16000, 160, &[("in", Format::audio(1, 16000))], &["out"]).expect("so does the format");
        Self { instance, out: vec![0.0; 80] }
    }

    fn run(&mut self, samples: &[f32]) -> usize {
        self.instance.reset();
        for (hop, block) in samples.as_chunks::<160>().0.iter().enumerate() {
            let input = [Block { data: block, stride: 160, frames: 160 }];
            let out = FramesMut { data: &mut self.out, stride: 80, frames: 1 };
            let moment = Moment::at(hop as u64 * 160);
            self.instance.process(moment, &input, &mut [OutBuffer::Frames(out)]).expect("it plays");
            black_box(&self.out);
        }
        samples.len() / 160
    }
}

/// What no implementation can leave out, on samples that lie in one piece.
fn bare(samples: &[f32]) -> usize {
    let plan = RealFftPlanner::<f32>::new().plan_fft_forward(400);
    let (mut time, mut bins, mut scratch) = (plan.make_input_vec(), plan.make_output_vec(), plan.make_scratch_vec());
    let window: Vec<f32> = (0..400).map(|n| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / 400.0).cos()).collect();
    // Each bin is in two bands of 80, as in a filterbank.
    let rows: Vec<(usize, Vec<f32>)> = (0..80).map(|band| (band * 196 / 80, vec![0.5; 5])).collect();
    let (mut power, mut out, mut count) = (vec![0.0; 201], vec![0.0_f32; 80], 0);
    for frame in samples.windows(400).step_by(160) {
        for ((y, x), w) in time.iter_mut().zip(frame).zip(&window) {
            *y = x * w;
        }
        plan.process_with_scratch(&mut time, &mut bins, &mut scratch).expect("the sizes are the plan's");
        for (p, bin) in power.iter_mut().zip(&bins) {
            *p = bin.re * bin.re + bin.im * bin.im;
        }
        for (y, (start, row)) in out.iter_mut().zip(&rows) {
            *y = row.iter().zip(&power[*start..]).map(|(w, p)| w * p).sum();
        }
        for y in &mut out {
            *y = fast_ln(y.max(1e-10));
        }
        black_box(&out);
        count += 1;
    }
    count
}

/// A logarithm of four terms: what speed alone would take.
fn fast_ln(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits as i32 >> 23) - 127;
    let m = f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000) - 1.0;
    let p = m * (1.0 + m * (-0.5 + m * (0.28 - m * 0.09)));
    p + exponent as f32 * std::f32::consts::LN_2
}
