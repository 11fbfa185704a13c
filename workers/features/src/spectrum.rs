//! From samples to power.
use crate::choices::SpectrumScale;
use crate::keys::Keys;
use crate::{lanes, window};
use num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Window, FFT, power or magnitude.
pub struct Spectrum {
    window: Vec<f32>,
    plan: Arc<dyn RealToComplex<f32>>,
    time: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// What bins are multiplied by.
    scale: f32,
    eps: f32,
    /// Whether the root of the power is asked for.
    magnitude: bool,
}

impl Spectrum {
    /// What these keys ask for.
    pub fn new(keys: &Keys) -> Self {
        let window = window::table(keys);
        let n_fft = keys.frame.n_fft;
        let scale = match keys.spectrum.scale {
            SpectrumScale::None => 1.0,
            SpectrumScale::FrameLength => 1.0 / (n_fft as f64).sqrt(),
            SpectrumScale::WindowRms => 1.0 / window.iter().map(|w| w * w).sum::<f64>().sqrt(),
        };
        let plan = RealFftPlanner::new().plan_fft_forward(n_fft);
        Self {
            window: window.into_iter().map(|w| w as f32).collect(),
            time: plan.make_input_vec(),
            bins: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
            scale: scale as f32,
            eps: keys.spectrum.eps as f32,
            magnitude: keys.spectrum.power == 1.0,
        }
    }

    /// Puts a frame under the window.
    pub fn load(&mut self, frame: &[f32]) {
        let (head, tail) = self.time.split_at_mut(self.window.len());
        for ((y, x), w) in head.iter_mut().zip(frame).zip(&self.window) {
            *y = x * w;
        }
        tail.fill(0.0);
    }

    /// The energy of what was loaded.
    pub fn energy(&self) -> f32 {
        lanes::energy(&self.time)
    }

    /// Transforms what was loaded.
    pub fn transform(&mut self) {
        let done = self.plan.process_with_scratch(&mut self.time, &mut self.bins, &mut self.scratch);
        debug_assert!(done.is_ok(), "{done:?}");
    }

    /// The bins, re and im interleaved.
    pub fn complex(&self, out: &mut [f32]) {
        for (pair, bin) in out.as_chunks_mut::<2>().0.iter_mut().zip(&self.bins) {
            *pair = [bin.re * self.scale, bin.im * self.scale];
        }
    }

    /// Power or magnitude of each bin; what is left of `out` stays as it is.
    pub fn power(&self, out: &mut [f32]) {
        let (scale, eps) = (self.scale * self.scale, self.eps);
        for (y, bin) in out.iter_mut().zip(&self.bins) {
            *y = (bin.re * bin.re + bin.im * bin.im) * scale + eps;
        }
        if self.magnitude {
            for y in &mut out[..self.bins.len()] {
                *y = y.sqrt();
            }
        }
    }
}
