//! The microfrontend: features of small keyword models, in integers from the samples to the last bit.
//!
//! It computes what the `microfrontend` of TensorFlow Lite for Microcontrollers computes, bit for bit: models are trained on
//! exactly these integers, wrap-arounds and table errors included. One window of samples becomes one frame of channels:
//!
//! | stage        | in → out                                                |
//! | ------------ | ------------------------------------------------------- |
//! | `window`     | i16 samples → i16, weighted; and their headroom in bits |
//! | `fft`        | i16, shifted up by the headroom → i16 complex bins / N  |
//! | `filterbank` | bins → u32 magnitude of each mel channel, shifted back  |
//! | `noise`      | less the slow average of the channel: the only state    |
//! | `pcan`       | times a gain that falls with that average (optional)    |
//! | `log_scale`  | natural logarithm · 2^`scale_shift` (optional), as u16  |

mod fft;
mod filterbank;
mod keys;
mod ln_1p;
mod log_scale;
mod noise;
mod pcan;
mod window;

pub use keys::Keys;

use fft::RealFft;
use filterbank::Filterbank;
use log_scale::LogScale;
use noise::NoiseReduction;
use pcan::GainControl;
use window::Window;

/// The features of one stream of 16-bit mono samples, one frame after the other.
#[derive(Clone, Debug)]
pub struct Microfrontend {
    step: usize,
    window: Window,
    fft: RealFft,
    filterbank: Filterbank,
    noise: NoiseReduction,
    pcan: Option<GainControl>,
    log_scale: LogScale,
    /// One frame on its way through the stages, [channels].
    levels: Box<[u32]>,
}

impl Microfrontend {
    /// Tables and memory for a stream of `sample_rate` Hz; all that [`frame`](Self::frame) needs.
    ///
    /// # Errors
    /// A key that cannot work, in words: its name in backticks, and a value that would work.
    pub fn new(keys: &Keys, sample_rate: u32) -> Result<Self, String> {
        let plan = keys.plan(sample_rate)?;
        Ok(Self {
            step: plan.step,
            window: Window::new(plan.window),
            fft: RealFft::new(plan.fft),
            filterbank: Filterbank::new(keys, sample_rate, plan.fft)?,
            noise: NoiseReduction::new(keys),
            pcan: keys.enable_pcan.then(|| GainControl::new(keys, plan.correction_bits)),
            log_scale: LogScale::new(keys, plan.correction_bits),
            levels: vec![0; keys.channels as usize].into(),
        })
    }

    /// The samples of one window: what a frame is made of.
    pub fn window_samples(&self) -> usize {
        self.window.len()
    }

    /// The samples from the start of one window to the start of the next.
    pub fn step_samples(&self) -> usize {
        self.step
    }

    /// The values in a frame.
    pub fn channels(&self) -> usize {
        self.levels.len()
    }

    /// Makes the frame of the next window: `samples` has [`window_samples`](Self::window_samples) values, `out` has
    /// [`channels`](Self::channels). Windows come in the order of time, a step apart, as each frame moves the noise estimate
    /// on. It never allocates or panics: samples that are missing count as silence, what is too much is left alone.
    pub fn frame(&mut self, samples: &[i16], out: &mut [u16]) {
        let headroom = self.window.apply(samples);
        let bins = self.fft.transform(self.window.weighted(), headroom);
        self.filterbank.magnitudes(bins, headroom, &mut self.levels);
        self.noise.subtract(&mut self.levels);
        if let Some(pcan) = &self.pcan {
            pcan.apply(&mut self.levels, self.noise.estimates());
        }
        self.log_scale.write(&self.levels, out);
    }

    /// Forgets the noise heard so far, as before the first frame.
    pub fn reset(&mut self) {
        self.noise.reset();
    }
}
