//! Reads references, computes the same in blocks of any size, and compares.
mod keys;
mod npy;

use aw_features::*;
pub use npy::Array;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What one library computed.
pub struct Case {
    pub name: String,
    pub json: Value,
    pub keys: Keys,
    pub folder: PathBuf,
    /// Channels of samples; or frames of features, each one "channel".
    pub input: Array,
    pub expected: Array,
}

impl Case {
    /// From a JSON file of its own.
    pub fn load(path: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path);
        let json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        Self::new(path.parent().unwrap(), json)
    }

    /// From its description, with files in a folder.
    pub fn new(folder: &Path, json: Value) -> Self {
        let file = |what: &str| folder.join(json[what]["file"].as_str().unwrap());
        let input = file("input");
        let input = if input.extension().is_some_and(|e| e == "wav") { wav(&input) } else { Array::read(&input) };
        let expected = Array::read(&file("output"));
        let (name, keys) = (json["name"].as_str().unwrap().into(), keys::read(&json["worker_params"]));
        Self { name, keys, folder: folder.into(), input, expected, json }
    }

    /// All frames of all channels, fed in blocks of this size; 0: of random sizes.
    pub fn run(&self, block: usize) -> Vec<f32> {
        if self.json["worker_params"]["type"] == "post" {
            return self.post(&self.input);
        }
        let channels = self.input.shape[0];
        let channel = |c: usize| {
            let samples = self.input.data.chunks_exact(self.input.data.len() / channels).nth(c).unwrap();
            self.post(&self.statics(samples, block))
        };
        (0..channels).flat_map(channel).collect()
    }

    /// Static features of one channel, once to learn where that is needed.
    fn statics(&self, samples: &[f32], block: usize) -> Array {
        let mut extractor = Extractor::new(&self.keys).unwrap_or_else(|why| panic!("{}: {why}", self.name));
        let width = extractor.width();
        if extractor.needs_learning() {
            stream(extractor.frames().clone(), samples, block, |history, t, end| extractor.learn(history, t, end));
        }
        let mut data = Vec::new();
        stream(extractor.frames().clone(), samples, block, |history, t, end| {
            let at = data.len();
            data.resize(at + width, f32::NAN);
            extractor.frame(history, t, end, &mut data[at..]);
        });
        Array { shape: vec![data.len() / width, width], data }
    }

    /// Slopes and normalisation of static features, each with rows of no more than it asks for.
    fn post(&self, statics: &Array) -> Vec<f32> {
        let count = statics.shape[0] as u64;
        let mut deltas = Deltas::new(&self.keys.deltas, statics.shape[1]);
        let (mut wide, width, ahead) = (Vec::new(), deltas.width(), deltas.lookahead() as u64);
        let rows = Rows::new(statics.shape[1], deltas.memory());
        each_frame(
            statics,
            rows,
            |t| t + ahead + 1,
            |rows, t, end| {
                let at = wide.len();
                wide.resize(at + width, f32::NAN);
                deltas.frame(rows, t, end, &mut wide[at..]);
            },
        );
        let wide = Array { shape: vec![count as usize, width], data: wide };
        let file = self.keys.cmvn.file.as_str();
        let stats = (!file.is_empty()).then(|| Stats::parse(&std::fs::read(self.folder.join(file)).unwrap()).unwrap());
        let mut cmvn = Cmvn::new(&self.keys.cmvn, width, stats.as_ref()).unwrap();
        wide.data.chunks_exact(width).for_each(|frame| cmvn.learn(frame));
        let mut out = Vec::new();
        let (rows, needs) =
            (Rows::new(width, cmvn.memory()), Cmvn::new(&self.keys.cmvn, width, stats.as_ref()).unwrap());
        each_frame(
            &wide,
            rows,
            |t| needs.needs(t),
            |rows, t, end| {
                let at = out.len();
                out.resize(at + width, f32::NAN);
                cmvn.frame(rows, t, end, &mut out[at..]);
            },
        );
        out
    }

    /// Panics where one number is further from the library's than the case allows.
    pub fn compare(&self, ours: &[f32]) {
        let (rule, reference) = (&self.json["compare"], &self.expected.data);
        assert_eq!(
            ours.len(),
            reference.len(),
            "{}: another number of frames than {:?}",
            self.name,
            self.expected.shape
        );
        let axes = rule["frame_axes"].as_u64().unwrap_or(1) as usize;
        let width: usize = self.expected.shape[self.expected.shape.len() - axes..].iter().product();
        let skipped = rule["skip_tail_frames"].as_u64().unwrap_or(0) as usize * width;
        let number = |key: &str| rule[key].as_f64().unwrap_or(0.0);
        let mut worst = (0.0, 0, 0.0, 0.0);
        let frames = ours.chunks_exact(width).zip(reference.chunks_exact(width));
        for (t, (a, r)) in frames.take((ours.len() - skipped) / width).enumerate() {
            let largest = r.iter().fold(0.0_f64, |most, x| most.max(f64::from(x.abs())));
            let top = r.iter().fold(f64::NEG_INFINITY, |most, x| most.max(f64::from(*x)));
            for (a, r) in a.iter().zip(r).map(|(a, r)| (f64::from(*a), f64::from(*r))) {
                let allowed = number("atol")
                    + match rule["metric"].as_str().unwrap() {
                        "abs" => 0.0,
                        "frame" => number("rel") * largest,
                        "log" => {
                            let (s, k) = (number("unit"), if rule["amp_domain"] == true { 1.0 } else { 2.0 });
                            s * number("c") * 2.0_f64.powi(-24) * ((top - r) / (k * s)).min(60.0).exp()
                        }
                        other => panic!("no metric {other}"),
                    };
                let ratio = (a - r).abs() / allowed;
                if ratio > worst.0 || ratio.is_nan() {
                    worst = (ratio, t, a, r);
                }
            }
        }
        let (ratio, t, a, r) = worst;
        println!("{}: worst {ratio:.3} of what is allowed, in frame {t}: {a} for {r}", self.name);
        assert!(
            (0.0..=1.0).contains(&ratio),
            "{}: {ratio} times what is allowed, in frame {t}: {a} for {r}",
            self.name
        );
    }
}

/// Pushes samples block by block and calls `frame` for each frame as soon as it can be computed, or at the end.
pub fn stream(frames: Frames, samples: &[f32], block: usize, mut frame: impl FnMut(&History, u64, Option<u64>)) {
    let random = |seed: u64| (seed.wrapping_mul(0x5851_f42d_4c95_7f2d) >> 40) as usize % 700 + 1;
    let longest = if block == 0 { 700 } else { block.min(samples.len()) };
    let mut history = History::new(frames.memory() + longest);
    let (mut t, mut rest) = (0, samples);
    while !rest.is_empty() {
        let size = if block == 0 { random(rest.len() as u64) } else { block };
        let (now, later) = rest.split_at(size.min(rest.len()));
        history.push(now);
        while frames.needs(t) <= history.heard() {
            frame(&history, t, None);
            t += 1;
        }
        rest = later;
    }
    for t in t..frames.count(history.heard()) {
        frame(&history, t, Some(history.heard()));
    }
}

/// As [`stream`] with frames of features, one after the other.
fn each_frame(
    frames: &Array,
    mut rows: Rows,
    needs: impl Fn(u64) -> u64,
    mut frame: impl FnMut(&Rows, u64, Option<u64>),
) {
    let (mut t, count) = (0, frames.shape[0] as u64);
    for row in frames.data.chunks_exact(frames.shape[1]) {
        rows.push().copy_from_slice(row);
        while needs(t) <= rows.heard() {
            frame(&rows, t, None);
            t += 1;
        }
    }
    for t in t..count {
        frame(&rows, t, Some(count));
    }
}

/// Channels of samples of ±1.
fn wav(path: &Path) -> Array {
    let mut reader = hound::WavReader::open(path).unwrap();
    let channels = usize::from(reader.spec().channels);
    let mixed: Vec<f32> = reader.samples::<i16>().map(|x| f32::from(x.unwrap()) / 32768.0).collect();
    let data = (0..channels).flat_map(|c| mixed.iter().skip(c).step_by(channels).copied()).collect();
    Array { shape: vec![channels, mixed.len() / channels], data }
}
