//! The keys of a microfrontend, and which values can work.

use super::pcan;

/// The longest FFT: the library counts filter weights in 15 bits, and has one for each of half as many bins.
const MAX_FFT: usize = 32768;
/// The highest sample rate in Hz: a window of 1 ms has as many samples as an FFT.
const MAX_RATE: u64 = MAX_FFT as u64 * 1000;
/// The most channels: each may add 4 weights to those of the bins.
const MAX_CHANNELS: u32 = 4095;

/// What a microfrontend is told, `microfrontend.*` in a preset. The default is the library's.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    /// Length of a window in ms; its samples are rounded down.
    pub size_ms: u32,
    /// From one window to the next in ms; its samples are rounded down.
    pub step_ms: u32,
    /// Mel channels: values in a frame.
    pub channels: u32,
    /// Lower end of the lowest channel in Hz.
    pub lower: f32,
    /// Upper end of the highest channel in Hz, below half the sample rate.
    pub upper: f32,
    /// Fraction bits of the noise estimate.
    pub smoothing_bits: u32,
    /// How much of a new frame enters the noise estimate of channels 0, 2, 4..., from 0 to 1.
    pub even_smoothing: f32,
    /// The same of channels 1, 3, 5...
    pub odd_smoothing: f32,
    /// The part of a level that the noise reduction never takes, from 0 to 1.
    pub min_signal_remaining: f32,
    /// Whether levels are divided by a power of the noise estimate (per-channel amplitude normalisation).
    pub enable_pcan: bool,
    /// That power: 0 does nothing, 1 divides.
    pub strength: f32,
    /// Added to the noise estimate before the power is taken.
    pub offset: f32,
    /// Fraction bits of the gain.
    pub gain_bits: u32,
    /// Whether the output is a logarithm.
    pub enable_log: bool,
    /// The logarithm is multiplied by 2 to this power.
    pub scale_shift: u32,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            size_ms: 25,
            step_ms: 10,
            channels: 32,
            lower: 125.0,
            upper: 7500.0,
            smoothing_bits: 10,
            even_smoothing: 0.025,
            odd_smoothing: 0.06,
            min_signal_remaining: 0.05,
            enable_pcan: false,
            strength: 0.95,
            offset: 80.0,
            gain_bits: 21,
            enable_log: true,
            scale_shift: 6,
        }
    }
}

/// What follows from keys and a sample rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    /// Samples of a window.
    pub window: usize,
    /// Samples from window to window.
    pub step: usize,
    /// Points of the FFT: the next power of two.
    pub fft: usize,
    /// Levels times 2 to this power are as loud as the samples: the FFT divides by `fft`, the root of the filter weights
    /// multiplies by 2^6.
    pub correction_bits: i32,
}

impl Keys {
    /// Checks the keys against each other and the sample rate; the limits of the channels are checked with the filters.
    pub(super) fn plan(&self, sample_rate: u32) -> Result<Plan, String> {
        let (window, step) = self.frames(sample_rate)?;
        let fft = window.next_power_of_two();
        let correction_bits = fft.ilog2() as i32 - 6;
        if self.channels == 0 || self.channels > MAX_CHANNELS {
            return Err(format!("`microfrontend.channels` is {}: from 1 to {MAX_CHANNELS} work", self.channels));
        }
        self.check_noise()?;
        if self.enable_pcan {
            self.check_pcan(correction_bits)?;
        }
        // A logarithm is at most 22.2, and a result has 16 bits.
        at_most("scale_shift", self.scale_shift, 11)?;
        Ok(Plan { window, step, fft, correction_bits })
    }

    /// Samples of a window and of a step.
    fn frames(&self, sample_rate: u32) -> Result<(usize, usize), String> {
        let rate = u64::from(sample_rate);
        if rate == 0 || rate > MAX_RATE {
            return Err(format!("`sample_rate` is {rate} Hz: from 1 to {MAX_RATE} work"));
        }
        let (least, most) = (3000_u64.div_ceil(rate), MAX_FFT as u64 * 1000 / rate);
        let samples = |ms: u32| u64::from(ms) * rate / 1000;
        let (window, step) = (samples(self.size_ms), samples(self.step_ms));
        // Three samples are the fewest with a bin between 0 and half the rate.
        if window < 3 || window > MAX_FFT as u64 {
            return Err(format!(
                "`microfrontend.size_ms` is {}, {window} samples at {rate} Hz: from {least} to {most} work",
                self.size_ms
            ));
        }
        if step == 0 || step > window {
            return Err(format!(
                "`microfrontend.step_ms` is {}, {step} samples at {rate} Hz: from {} to {} work, the size of a window",
                self.step_ms,
                1000_u64.div_ceil(rate),
                self.size_ms
            ));
        }
        Ok((window as usize, step as usize))
    }

    fn check_noise(&self) -> Result<(), String> {
        at_most("smoothing_bits", self.smoothing_bits, 31)?;
        within("even_smoothing", self.even_smoothing, 1.0, 0.025)?;
        within("odd_smoothing", self.odd_smoothing, 1.0, 0.06)?;
        within("min_signal_remaining", self.min_signal_remaining, 1.0, 0.05)
    }

    /// The shifts of the gain control must be possible, and its power a number.
    fn check_pcan(&self, correction_bits: i32) -> Result<(), String> {
        within("strength", self.strength, f32::MAX, 0.95)?;
        within("offset", self.offset, f32::MAX, 80.0)?;
        let shifts = [
            ("smoothing_bits", self.smoothing_bits, correction_bits.max(0), 31 + correction_bits.min(0)),
            ("gain_bits", self.gain_bits, correction_bits + pcan::SNR_BITS, 31),
        ];
        for (key, is, least, most) in shifts {
            if !(least..=most).contains(&(is as i32)) {
                return Err(format!(
                    "`microfrontend.{key}` is {is}: from {least} to {most} work with `microfrontend.enable_pcan` and windows \
                     of {} ms",
                    self.size_ms
                ));
            }
        }
        Ok(())
    }
}

fn at_most(key: &str, is: u32, most: u32) -> Result<(), String> {
    if is <= most { Ok(()) } else { Err(format!("`microfrontend.{key}` is {is}: at most {most} works")) }
}

/// From 0 to `most`; NaN is not.
fn within(key: &str, is: f32, most: f32, works: f32) -> Result<(), String> {
    if (0.0..=most).contains(&is) {
        return Ok(());
    }
    let range = if most < f32::MAX { format!("from 0 to {most}") } else { "a number from 0".into() };
    Err(format!("`microfrontend.{key}` is {is}: it is {range}, and {works} works"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_rounded_down_to_samples() {
        let plan = Keys::default().plan(22050).unwrap();
        assert_eq!(plan, Plan { window: 551, step: 220, fft: 1024, correction_bits: 4 });
    }

    #[test]
    fn any_sample_rate_has_a_size_that_works() {
        for rate in [1, 8000, 44100, 1_000_000, 32_768_000] {
            let error = Keys { size_ms: 0, ..Keys::default() }.plan(rate).unwrap_err();
            let numbers: Vec<u32> = error.split(' ').filter_map(|word| word.parse().ok()).collect();
            for size_ms in [numbers[2], numbers[3]] {
                let keys = Keys { size_ms, step_ms: size_ms, ..Keys::default() };
                assert!(keys.plan(rate).is_ok(), "{rate} Hz: {error}");
            }
        }
        for rate in [0, 32_768_001] {
            assert_eq!(
                Keys::default().plan(rate).unwrap_err(),
                format!("`sample_rate` is {rate} Hz: from 1 to 32768000 work")
            );
        }
    }

    #[test]
    fn a_key_that_cannot_work_is_named_with_one_that_does() {
        type Break = fn(&mut Keys);
        let broken: [(Break, &str, Break); 11] = [
            (
                |k| k.size_ms = 0,
                "`microfrontend.size_ms` is 0, 0 samples at 16000 Hz: from 1 to 2048",
                |k| k.size_ms = 2048,
            ),
            (
                |k| k.step_ms = 26,
                "`microfrontend.step_ms` is 26, 416 samples at 16000 Hz: from 1 to 25",
                |k| k.step_ms = 25,
            ),
            (|k| k.step_ms = 0, "`microfrontend.step_ms` is 0, 0 samples at 16000 Hz: from 1 to 25", |k| k.step_ms = 1),
            (|k| k.channels = 0, "`microfrontend.channels` is 0: from 1 to 4095", |k| k.channels = 1),
            (|k| k.channels = 4096, "`microfrontend.channels` is 4096: from 1 to 4095", |k| k.channels = 4095),
            (|k| k.scale_shift = 12, "`microfrontend.scale_shift` is 12: at most 11", |k| k.scale_shift = 11),
            (
                |k| k.odd_smoothing = 1.5,
                "`microfrontend.odd_smoothing` is 1.5: it is from 0 to 1",
                |k| k.odd_smoothing = 1.0,
            ),
            (
                |k| k.offset = f32::NAN,
                "`microfrontend.offset` is NaN: it is a number from 0, and 80",
                |k| k.offset = 80.0,
            ),
            (|k| k.gain_bits = 14, "`microfrontend.gain_bits` is 14: from 15 to 31", |k| k.gain_bits = 15),
            (|k| k.smoothing_bits = 2, "`microfrontend.smoothing_bits` is 2: from 3 to 31", |k| k.smoothing_bits = 3),
            (|k| k.smoothing_bits = 32, "`microfrontend.smoothing_bits` is 32: at most 31", |k| k.smoothing_bits = 31),
        ];
        for (breaks, says, mends) in broken {
            let mut keys = Keys { enable_pcan: true, ..Keys::default() };
            breaks(&mut keys);
            let error = keys.plan(16000).unwrap_err();
            assert!(error.starts_with(says), "{error}");
            mends(&mut keys);
            keys.step_ms = keys.step_ms.min(keys.size_ms);
            assert_eq!(keys.plan(16000).err().filter(|e| !e.contains("gain_bits")), None, "{says}");
        }
    }
}
