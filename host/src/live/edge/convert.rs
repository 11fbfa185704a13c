//! RT — from one rate to another, by a ratio that may move.
use super::ring::RingOut;
use super::spec::EdgeError;
use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{
    Adjustable, Async, FixedAsync, Resampler, Resizable, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

/// A windowed sinc. At 48 kHz it is flat to 20 kHz (−0.04 dB at 21 kHz), and noise and distortion of a sine at 10 kHz
/// are 120 dB below it; half as long, it lost 3 dB at 20 kHz and cost nearly as much.
const TAPS: usize = 128;
/// Positions between two frames for which the sinc is tabled; between those it is interpolated linearly.
const POSITIONS: usize = 256;
/// By how much the ratio may move.
pub const MOST: f64 = 0.01;
/// Frames that are given at once, at most.
pub const PIECE: usize = 512;

/// Frames of one rate out of a ring with frames of another.
pub struct Convert {
    resampler: Async<f32>,
    /// Frames that it takes for one that it gives.
    step: f64,
    /// The same, as it is steered.
    pub steered: f64,
    /// By how many frames that it takes it lags.
    pub delay: f64,
    input: Vec<Vec<f32>>,
}

impl Convert {
    /// From so many frames a second to so many.
    ///
    /// # Errors
    /// [`EdgeError::Ratio`].
    pub fn new(from: u32, to: u32, channels: usize) -> Result<Self, EdgeError> {
        let step = f64::from(from) / f64::from(to);
        let taps = (TAPS as f64 * step.max(1.0)).ceil() as usize; // of the lower rate
        let sinc = SincInterpolationParameters::new(taps.next_multiple_of(8), WindowFunction::Blackman2)
            .oversampling_factor(POSITIONS)
            .interpolation(SincInterpolationType::Linear);
        let resampler = Async::new_sinc(1.0 / step, 1.0 + MOST, &sinc, PIECE, channels, FixedAsync::Output)
            .map_err(|_| EdgeError::Ratio { from, to })?;
        Ok(Self::of(resampler, step, channels))
    }

    pub(super) fn of(resampler: Async<f32>, step: f64, channels: usize) -> Self {
        let input = vec![vec![0.0; resampler.input_frames_max()]; channels];
        let delay = (resampler.output_delay() as f64 * step).round();
        Self { resampler, step, steered: step, delay, input }
    }

    /// RT — forgets what it took.
    pub fn reset(&mut self) {
        self.resampler.reset();
    }

    /// Frames that it gives, after it has forgotten, of which silence is a part: they ring where the sound begins.
    pub fn rings(&self) -> usize {
        (2.0 * self.delay / self.step).ceil() as usize
    }

    /// RT — takes frames by so much faster than the nominal rates say: 100 ppm are 1e-4.
    pub fn steer(&mut self, faster: f64) {
        let steered = self.step * (1.0 + faster);
        if self.resampler.set_resample_ratio(1.0 / steered, false).is_ok() {
            self.steered = steered;
        }
    }

    /// RT — frames that it takes to give so many; at most [`PIECE`].
    pub fn need(&mut self, frames: usize) -> usize {
        let _fits = self.resampler.set_chunk_size(frames);
        self.resampler.input_frames_next()
    }

    /// RT — gives so many frames out of those that wait; they must be there. Answers how far it went in them.
    pub fn give(&mut self, from: &mut RingOut, planes: &mut [Vec<f32>], frames: usize) -> f64 {
        let need = self.need(frames);
        let channels = self.input.len();
        for (channel, plane) in self.input.iter_mut().enumerate() {
            from.pop(channel, &mut plane[..need]);
        }
        let input = SequentialSliceOfVecs::new(&self.input, channels, need);
        let output = SequentialSliceOfVecs::new_mut(planes, channels, frames);
        if let (Ok(input), Ok(mut output)) = (input, output) {
            let _all_sizes_fit = self.resampler.process_into_buffer(&input, &mut output, None);
        }
        frames as f64 * self.steered
    }

    /// Frames that it takes for one that it gives, by the nominal rates.
    pub fn step(&self) -> f64 {
        self.step
    }
}
