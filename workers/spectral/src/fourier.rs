//! Real FFTs with the memory they need.
use num_complex::Complex;
use pulp::Arch;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// From `size` samples to `size / 2 + 1` bins, without scaling: `numpy.fft.rfft`.
pub struct Forward {
    plan: Arc<dyn RealToComplex<f32>>,
    time: Vec<f32>,
    scratch: Vec<Complex<f32>>,
}

impl Forward {
    /// Plans transforms of `size` samples; `size` is even.
    pub fn new(size: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(size);
        let (time, scratch) = (plan.make_input_vec(), plan.make_scratch_vec());
        Self { plan, time, scratch }
    }

    /// Transforms `frame · window` into `out`: re, im interleaved.
    pub fn run(&mut self, frame: &[f32], window: &[f32], out: &mut [f32]) {
        let time = self.time.iter_mut().zip(frame).zip(window);
        Arch::new().dispatch(|| time.for_each(|((y, x), w)| *y = x * w));
        let done = self.plan.process_with_scratch(&mut self.time, bytemuck::cast_slice_mut(out), &mut self.scratch);
        debug_assert!(done.is_ok(), "{done:?}");
    }
}

/// From `size / 2 + 1` bins to `size` samples, without scaling: `size · numpy.fft.irfft`.
pub struct Inverse {
    plan: Arc<dyn ComplexToReal<f32>>,
    bins: Vec<Complex<f32>>,
    time: Vec<f32>,
    scratch: Vec<Complex<f32>>,
}

impl Inverse {
    /// Plans transforms to `size` samples; `size` is even.
    pub fn new(size: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_inverse(size);
        let (bins, time, scratch) = (plan.make_input_vec(), plan.make_output_vec(), plan.make_scratch_vec());
        Self { plan, bins, time, scratch }
    }

    /// Transforms `spectrum`, re, im interleaved, and lends the samples, `size` times too large. The imaginary parts of
    /// the first and the last bin, which no real signal has, are left out.
    pub fn run(&mut self, spectrum: &[f32]) -> &[f32] {
        self.bins.copy_from_slice(bytemuck::cast_slice(spectrum));
        for edge in [0, self.bins.len() - 1] {
            self.bins[edge].im = 0.0;
        }
        let done = self.plan.process_with_scratch(&mut self.bins, &mut self.time, &mut self.scratch);
        debug_assert!(done.is_ok(), "{done:?}");
        &self.time
    }
}
