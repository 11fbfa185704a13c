//! The engine behind `resample`: a polyphase filter.
use crate::kaiser::{half_length, low_pass};

/// Part of the lower Nyquist frequency that passes unchanged.
const FLAT: f64 = 0.9;
/// Attenuation from the lower Nyquist frequency on, in dB.
const ATTENUATION: f64 = 96.0;
/// Taps are summed in so many lanes, which is what makes the sum fast.
const LANES: usize = 16;
/// Input frames after which a [`Line`] starts over.
const RUN: usize = 1024;

/// The low-pass, cut into the taps of each output frame of a firing.
///
/// With L = `give` and M = `take`, output n is the low-pass of the input, thought of at L times its rate with zeros in
/// between, at fine sample n M. Only every L-th tap meets an input that is not such a zero.
#[derive(Default)]
pub struct Bank {
    take: usize,
    /// Taps of an output frame: a multiple of `LANES`.
    taps: usize,
    /// The taps of output frame 0, then those of frame 1, and so on; oldest input first.
    rows: Vec<f32>,
    /// For each output frame, where its inputs end, counted from the first input of the firing: at most M.
    ends: Vec<isize>,
    /// By how many output frames the output lags: the middle of the low-pass.
    pub latency: usize,
    /// For how many output frames the output sounds on: the rest of the low-pass.
    pub tail: usize,
}

impl Bank {
    /// The bank that gives `give` frames for `take`; `whole` makes the latency a whole number of input frames too.
    pub fn new(give: usize, take: usize, whole: bool) -> Self {
        // Frequencies and lengths count in fine samples. The lower Nyquist frequency is:
        let nyquist = 0.5 / give.max(take) as f64;
        let half = half_length(ATTENUATION, (1.0 - FLAT) * nyquist);
        let low_pass = low_pass(half, (1.0 + FLAT) / 2.0 * nyquist, ATTENUATION);
        // An input frame is `give` fine samples, an output frame `take`.
        let grid = if whole { give * take } else { take };
        let delay = half.div_ceil(grid) * grid;
        let wait = (delay - half) as isize;
        let taps = (2 * half / give + 1).next_multiple_of(LANES);
        let mut bank = Self { take, taps, latency: delay / take, tail: half.div_ceil(take), ..Self::default() };
        for output in 0..give {
            // Input j meets tap `output take - wait - j give`: the newest is the last that meets a tap at all.
            let at = (output * take) as isize - wait;
            let (newest, phase) = (at.div_euclid(give as isize), at.rem_euclid(give as isize) as usize);
            // Zeros between the input samples take away energy: the gain is L.
            let tap = |age: usize| low_pass.get(phase + age * give).map_or(0.0, |tap| (tap * give as f64) as f32);
            bank.rows.extend((0..taps).rev().map(tap));
            bank.ends.push(newest + 1);
        }
        bank
    }

    /// Input frames before a firing that it looks back at.
    fn past(&self) -> usize {
        self.ends.first().map_or(0, |end| self.taps.saturating_add_signed(-end))
    }
}

/// The inputs of one channel that firings look back at, always in one piece of memory.
pub struct Line {
    frames: Vec<f32>,
    /// Where the frames of the next firing go.
    at: usize,
}

impl Line {
    /// A line of silence.
    pub fn new(bank: &Bank) -> Self {
        Self { frames: vec![0.0; bank.past() + RUN.max(bank.take)], at: bank.past() }
    }

    /// Takes M frames and gives L.
    pub fn fire(&mut self, bank: &Bank, x: &[f32], y: &mut [f32]) {
        let past = bank.past();
        if self.at + x.len() > self.frames.len() {
            self.frames.copy_within(self.at - past..self.at, 0);
            self.at = past;
        }
        self.frames[self.at..self.at + x.len()].copy_from_slice(x);
        for ((y, row), end) in y.iter_mut().zip(bank.rows.chunks_exact(bank.taps)).zip(&bank.ends) {
            let end = self.at.saturating_add_signed(*end);
            *y = dot(row, &self.frames[end - bank.taps..end]);
        }
        self.at += x.len();
    }

    /// Silence again.
    pub fn clear(&mut self) {
        self.frames.fill(0.0);
    }
}

/// The sum of the products of two slices of one length, a multiple of [`LANES`].
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}
