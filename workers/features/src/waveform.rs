//! A frame of samples before its window.
use crate::choices::{EnergyMode, PreemphasisScope};
use crate::geometry::Frames;
use crate::history::History;
use crate::keys::Keys;
use crate::lanes;

/// How samples are scaled.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    None,
    By(f32),
    /// To whole numbers of 16 bits.
    Int16,
}

/// Fetches the samples of a frame and prepares them: scale, dither, mean, raw energy, pre-emphasis, in Kaldi's order.
pub struct Waveform {
    frames: Frames,
    scale: Scale,
    dither: f32,
    remove_dc: bool,
    raw_energy: bool,
    preemphasis: f32,
    /// Whether pre-emphasis runs over the recording, not over each frame.
    stream: bool,
    /// The frame, and one sample more for what precedes it.
    fetched: Vec<f32>,
    prepared: Vec<f32>,
}

impl Waveform {
    /// What these keys ask for.
    pub fn new(keys: &Keys) -> Self {
        let frames = Frames::new(keys);
        let scale = match keys.input_scale {
            1.0 => Scale::None,
            32768.0 => Scale::Int16,
            other => Scale::By(other as f32),
        };
        let span = frames.span();
        Self {
            scale,
            dither: keys.frame.dither as f32,
            remove_dc: keys.frame.remove_dc,
            raw_energy: keys.energy.mode == EnergyMode::Raw,
            preemphasis: keys.frame.preemphasis as f32,
            stream: keys.frame.preemphasis_scope == PreemphasisScope::Stream && keys.frame.preemphasis != 0.0,
            fetched: vec![0.0; span + 1],
            prepared: vec![0.0; span],
            frames,
        }
    }

    /// The samples of frame t, and their energy where it is asked for.
    pub fn frame<'a>(&'a mut self, history: &'a History, t: u64, end: Option<u64>) -> (&'a [f32], f32) {
        let (span, first) = (self.frames.span(), self.frames.first(t));
        let limit = end.unwrap_or(history.heard()).min(history.heard());
        let margin = usize::from(self.frames.reads_before());
        let inside = first >= margin as i64 && first as u64 + span as u64 <= limit;
        let whole = inside.then(|| history.slice(first as u64 - margin as u64, span + margin)).flatten();
        match whole {
            Some(samples) if self.plain() => return (samples, self.energy(samples)),
            Some(samples) => self.fetch(samples, first as u64 - margin as u64),
            None => self.fetch_padded(history, first, limit),
        }
        if self.remove_dc {
            let mean = lanes::sum(&self.fetched[..span]) / span as f32;
            for x in &mut self.fetched[..span] {
                *x -= mean;
            }
        }
        let energy = self.energy(&self.fetched[..span]);
        if self.preemphasis == 0.0 || self.stream {
            return (&self.fetched[..span], energy);
        }
        self.prepared[0] = self.fetched[0] * (1.0 - self.preemphasis);
        emphasise(&self.fetched[..span], self.preemphasis, &mut self.prepared[1..]);
        (&self.prepared, energy)
    }

    /// Whether frames are the samples as they are.
    fn plain(&self) -> bool {
        self.scale == Scale::None && self.dither == 0.0 && !self.remove_dc && self.preemphasis == 0.0
    }

    fn energy(&self, samples: &[f32]) -> f32 {
        if self.raw_energy { lanes::energy(samples) } else { 0.0 }
    }

    /// Scales samples from absolute position `from` on; with pre-emphasis of the recording the first only precedes.
    fn fetch(&mut self, samples: &[f32], from: u64) {
        let scaled = if self.stream { &mut self.prepared[..] } else { &mut self.fetched[..] };
        let (head, tail) = samples.split_at(samples.len() - self.frames.span());
        let before = head.first().map_or(0.0, |x| sample(self.scale, self.dither, *x, from));
        match self.scale {
            Scale::None => scaled[..tail.len()].copy_from_slice(tail),
            Scale::By(factor) => {
                for (y, x) in scaled.iter_mut().zip(tail) {
                    *y = x * factor;
                }
            }
            Scale::Int16 => {
                for (y, x) in scaled.iter_mut().zip(tail) {
                    *y = int16(*x);
                }
            }
        }
        if self.dither != 0.0 {
            for (position, y) in (from + head.len() as u64..).zip(&mut scaled[..tail.len()]) {
                *y += self.dither * noise(position);
            }
        }
        if self.stream {
            self.fetched[0] = self.prepared[0] - self.preemphasis * before;
            emphasise(&self.prepared, self.preemphasis, &mut self.fetched[1..]);
        }
    }

    /// As [`Self::fetch`] sample by sample, where some lie beyond an end of the recording.
    fn fetch_padded(&mut self, history: &History, first: i64, limit: u64) {
        let at = |position| sample(self.scale, self.dither, history.at(position), position);
        for (position, y) in (first..).zip(&mut self.fetched[..self.frames.span()]) {
            *y = match self.frames.fold(position, limit) {
                None => 0.0,
                Some(place) if self.stream && place > 0 => at(place) - self.preemphasis * at(place - 1),
                Some(place) => at(place),
            };
        }
    }
}

/// y\[i\] = x\[i + 1\] − k x\[i\].
fn emphasise(x: &[f32], k: f32, y: &mut [f32]) {
    for ((y, x), before) in y.iter_mut().zip(&x[1..]).zip(x) {
        *y = x - k * before;
    }
}

/// A sample of the recording, scaled and dithered.
fn sample(scale: Scale, dither: f32, x: f32, position: u64) -> f32 {
    let scaled = match scale {
        Scale::None => x,
        Scale::By(factor) => x * factor,
        Scale::Int16 => int16(x),
    };
    if dither == 0.0 { scaled } else { scaled + dither * noise(position) }
}

/// ±1 as a number of 16 bits: rounded to the nearest, halves to even, saturated. Adding and taking away 1.5 · 2²³ leaves
/// no room for a fraction.
fn int16(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let scaled = x * 32768.0;
    let low = if scaled > -32768.0 { scaled } else { -32768.0 };
    let clamped = if low < 32767.0 { low } else { 32767.0 };
    (clamped + ROUND) - ROUND
}

/// Noise of deviation 1 that depends on the position only, as if the recording had been dithered: the sum of four
/// uniform numbers (within 3.5, kurtosis 2.7), drawn by `SplitMix64` (Steele, Lea and Flood 2014).
fn noise(position: u64) -> f32 {
    let mut z = position.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let sum = (z & 0xffff) + (z >> 16 & 0xffff) + (z >> 32 & 0xffff) + (z >> 48);
    // The variance of each is 65536² / 12.
    (sum as f32 - 131_070.0) * (1.732_050_8 / 65536.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Edges, Kind};

    fn keys(n: usize) -> Keys {
        let mut keys = Keys::new(Kind::Spectrogram, 16000);
        (keys.frame.n_fft, keys.frame.win_length, keys.frame.hop, keys.frame.edges) = (n, n, n, Edges::Snip);
        keys
    }

    #[test]
    fn samples_of_16_bits_are_rounded_and_saturated() {
        let x = [0.0, 1.0, -1.0, 2.0, -2.0, 0.4 / 32768.0, 0.6 / 32768.0, 1.5 / 32768.0, -1.5 / 32768.0];
        let expected = [0.0, 32767.0, -32768.0, 32767.0, -32768.0, 0.0, 1.0, 2.0, -2.0];
        assert_eq!(x.map(int16), expected);
        assert!((-32768..=32767).all(|i| int16(i as f32 / 32768.0) == i as f32));
    }

    #[test]
    fn dither_is_noise_that_each_frame_hears_alike() {
        let mut keys = keys(64);
        (keys.frame.dither, keys.frame.hop) = (2.0, 16);
        let mut waveform = Waveform::new(&keys);
        let mut history = History::new(128);
        history.push(&[0.0; 128]);
        let first = waveform.frame(&history, 0, None).0.to_vec();
        assert_eq!(first[16..], waveform.frame(&history, 1, None).0[..48]);
        let many: Vec<f32> = (0..100_000).map(noise).collect();
        let (mean, power) = (lanes::sum(&many) / 1e5, lanes::energy(&many) / 1e5);
        assert!(mean.abs() < 0.01 && (power - 1.0).abs() < 0.02, "{mean} {power}");
        let apart: f32 = many.iter().zip(&many[1..]).map(|(a, b)| a * b).sum();
        assert!(apart.abs() / 1e5 < 0.02, "neighbours are alike: {apart}");
    }

    #[test]
    fn preemphasis_of_the_recording_starts_with_its_first_sample() {
        let mut keys = keys(3);
        (keys.frame.preemphasis, keys.frame.preemphasis_scope) = (0.5, PreemphasisScope::Stream);
        let mut history = History::new(8);
        history.push(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
        let mut waveform = Waveform::new(&keys);
        assert_eq!(waveform.frame(&history, 0, None).0, [1.0, 1.5, 3.0]);
        assert_eq!(waveform.frame(&history, 1, None).0, [6.0, 12.0, 24.0]);
        keys.frame.preemphasis_scope = PreemphasisScope::Frame;
        assert_eq!(Waveform::new(&keys).frame(&history, 1, None).0, [4.0, 12.0, 24.0]);
    }
}
