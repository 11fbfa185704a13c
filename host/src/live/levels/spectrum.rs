//! Columns of a spectrogram of what is heard.
use crate::live::Spectrum;
use crate::render::Frames;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::f64::consts::TAU;
use std::sync::Arc;

/// Samples a frame at 48 kHz; at other rates, the power of two that is nearest to the same time.
const SIZE: f64 = 1024.0 / 48000.0;
/// The lowest level that is shown, in dB.
const FLOOR: f32 = -160.0;
/// Samples that are copied at once.
const PIECE: usize = 256;

/// RT — copies what is heard.
pub struct Tap {
    ring: HeapProd<f32>,
}

/// The control side's half.
pub struct Analyser {
    ring: HeapCons<f32>,
    /// Samples that wait for their frame to be whole, and how many there are.
    waiting: Vec<f32>,
    filled: usize,
    window: Vec<f32>,
    frame: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    fourier: Arc<dyn RealToComplex<f32>>,
    /// 2 / Σw: a sine at full scale has 0 dB.
    scale: f32,
}

/// A spectrum of sound with so many frames a second: Hann windows that overlap by half.
pub fn spectrum(rate: u32) -> (Tap, Analyser) {
    let size = 2usize.pow((f64::from(rate) * SIZE).log2().round().max(4.0) as u32);
    let (to, from) = HeapRb::new((rate as usize).max(size)).split();
    let fourier = RealFftPlanner::new().plan_fft_forward(size);
    let window: Vec<f32> = (0..size).map(|at| (0.5 - 0.5 * (TAU * at as f64 / size as f64).cos()) as f32).collect();
    let analyser = Analyser {
        ring: from,
        waiting: vec![0.0; size],
        filled: 0,
        scale: 2.0 / window.iter().sum::<f32>(),
        window,
        frame: fourier.make_input_vec(),
        bins: fourier.make_output_vec(),
        scratch: fourier.make_scratch_vec(),
        fourier,
    };
    (Tap { ring: to }, analyser)
}

impl Tap {
    /// RT — the mean of so many channels. If nobody has looked for a second, it is not copied.
    pub fn planar(&mut self, frames: &Frames, channels: usize) {
        if self.ring.vacant_len() < frames.frames || channels == 0 {
            return;
        }
        let share = 1.0 / channels as f32;
        for from in (0..frames.frames).step_by(PIECE) {
            let mut piece = [0.0; PIECE];
            let piece = &mut piece[..PIECE.min(frames.frames - from)];
            for channel in 0..channels {
                let at = channel * frames.stride + from;
                let plane = frames.data.get(at..at + piece.len()).unwrap_or_default();
                piece.iter_mut().zip(plane).for_each(|(sum, sample)| *sum += share * sample);
            }
            self.ring.push_slice(piece);
        }
    }
}

impl Analyser {
    /// A spectrum without columns for sound with so many frames a second.
    pub fn empty(&self, rate: u32) -> Spectrum {
        let hop = self.window.len() as f64 / 2.0 / f64::from(rate.max(1));
        Spectrum { made: 0, columns: vec![], hop, top: f64::from(rate) / 2.0 }
    }

    /// Adds the columns of what was heard since the last call, and keeps the newest `most`.
    pub fn update(&mut self, spectrum: &mut Spectrum, most: usize) {
        loop {
            self.filled += self.ring.pop_slice(&mut self.waiting[self.filled..]);
            if self.filled < self.waiting.len() {
                break;
            }
            spectrum.columns.push(self.column());
            spectrum.made += 1;
            let hop = self.waiting.len() / 2;
            self.waiting.copy_within(hop.., 0);
            self.filled -= hop;
        }
        let old = spectrum.columns.len().saturating_sub(most);
        spectrum.columns.drain(..old);
    }

    /// In dB, from 0 Hz to half the rate, those included.
    fn column(&mut self) -> Vec<f32> {
        for ((to, sample), weight) in self.frame.iter_mut().zip(&self.waiting).zip(&self.window) {
            *to = sample * weight;
        }
        let _all_sizes_fit = self.fourier.process_with_scratch(&mut self.frame, &mut self.bins, &mut self.scratch);
        let ends = self.bins.len() - 1;
        let level = |(at, bin): (usize, &Complex<f32>)| {
            // At the ends there is no partner of negative frequency that holds the other half.
            let scale = if at == 0 || at == ends { self.scale / 2.0 } else { self.scale };
            (20.0 * (bin.norm() * scale).log10()).max(FLOOR)
        };
        self.bins.iter().enumerate().map(level).collect()
    }
}
