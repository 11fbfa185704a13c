//! The level of a band of frequencies.
use realfft::RealFftPlanner;
use std::f64::consts::TAU;

/// Seconds of a frame; it is as long as the nearest power of two, and never longer than the sound.
const FRAME: f64 = 0.128;

/// The RMS of what lies between `low_hz` and `high_hz`, in dB re 1: −3.01 of a sine at full scale in the middle of it; minus
/// infinity of silence, NaN if a sample is.
///
/// P. Welch's average of periodograms ("The use of fast Fourier transform for the estimation of power spectra", IEEE TAU
/// 1967): Hann frames of about 128 ms that overlap by half, the last one moved so that it ends with the sound. A bin stands
/// for the frequencies that are nearer to it than to others, and counts by the part of them that is in the band: bands side
/// by side add up to all there is. A tone is seen within two bins of its place, 16 Hz at 16 kHz.
pub fn band_db(samples: &[f32], rate: u32, low_hz: f64, high_hz: f64) -> f64 {
    let frame = 2f64.powf((f64::from(rate.max(1)) * FRAME).log2().round()) as usize;
    let size = frame.clamp(1, samples.len().max(1));
    let powers = powers(samples, size);
    let width = f64::from(rate) / size as f64;
    let top = f64::from(rate) / 2.0;
    let in_band = |bin: usize| {
        let (from, to) = (((bin as f64 - 0.5) * width).max(0.0), ((bin as f64 + 0.5) * width).min(top));
        ((to.min(high_hz) - from.max(low_hz)) / (to - from)).max(0.0)
    };
    let sum: f64 = powers
        .iter()
        .enumerate()
        .map(|(bin, power)| (bin, power, in_band(bin)))
        .filter(|part| part.2 > 0.0)
        .map(|(_, power, part)| power * part)
        .sum();
    10.0 * sum.log10()
}

/// The mean power of each bin: their sum is the mean square of the sound.
fn powers(samples: &[f32], size: usize) -> Vec<f64> {
    let window: Vec<f64> = (0..size).map(|at| 0.5 - 0.5 * (TAU * at as f64 / size as f64).cos()).collect();
    // Of one or two samples, Hann leaves nothing.
    let window = if size < 4 { vec![1.0; size] } else { window };
    let energy: f64 = window.iter().map(|weight| weight * weight).sum();
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(size);
    let (mut time, mut bins, mut scratch) = (fft.make_input_vec(), fft.make_output_vec(), fft.make_scratch_vec());
    let mut powers = vec![0.0; bins.len()];
    let Some(last) = samples.len().checked_sub(size) else { return powers };
    let mut starts: Vec<usize> = (0..=last).step_by((size / 2).max(1)).collect();
    if starts.last() != Some(&last) {
        starts.push(last);
    }
    for start in &starts {
        for ((time, sample), weight) in time.iter_mut().zip(&samples[*start..]).zip(&window) {
            *time = f64::from(*sample) * weight;
        }
        // The lengths are its own.
        let _cannot_fail = fft.process_with_scratch(&mut time, &mut bins, &mut scratch);
        powers.iter_mut().zip(&bins).for_each(|(power, bin)| *power += bin.norm_sqr());
    }
    // All but the first and, of an even size, the last bin stand for a negative frequency too.
    let both = |bin: usize| if bin == 0 || 2 * bin == size { 1.0 } else { 2.0 };
    let scale = |bin: usize| both(bin) / (energy * size as f64 * starts.len() as f64);
    powers.iter().enumerate().map(|(bin, power)| power * scale(bin)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, rate: f64, frames: usize) -> Vec<f32> {
        (0..frames).map(|at| (TAU * hz * at as f64 / rate).sin() as f32).collect()
    }

    #[test]
    fn a_sine_is_in_its_band_and_not_beside() {
        for rate in [8000, 16000, 44100, 48000, 192000] {
            let sound = sine(1000.0, f64::from(rate), rate as usize);
            let level = |low, high| band_db(&sound, rate, low, high);
            assert!((level(900.0, 1100.0) + 3.01).abs() < 0.01, "{rate}: {}", level(900.0, 1100.0));
            assert!(level(1200.0, 3000.0) < -80.0 && level(0.0, 800.0) < -80.0, "{rate}: {}", level(0.0, 800.0));
        }
    }

    #[test]
    fn bands_side_by_side_add_up_to_the_whole() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1664525).wrapping_add(1013904223);
            (f64::from(state) / 2f64.powi(31) - 1.0) as f32
        };
        let sound: Vec<f32> = (0..16384).map(|_| noise()).collect();
        let power = |low, high| 10f64.powf(band_db(&sound, 16000, low, high) / 10.0);
        let parts = power(0.0, 1.5) + power(1.5, 433.3) + power(433.3, 5000.0) + power(5000.0, 9000.0);
        assert!((parts / power(0.0, 8000.0) - 1.0).abs() < 1e-9);
        assert!((power(0.0, 8000.0) * 3.0 - 1.0).abs() < 0.02, "the power of noise is a third: {}", power(0.0, 8000.0));
    }

    #[test]
    fn what_is_short_silent_or_no_number_is_seen() {
        let mut late = vec![0.0; 5000];
        late[4800..4900].copy_from_slice(&sine(2000.0, 16000.0, 100));
        assert!(
            band_db(&late, 16000, 500.0, 4000.0) > -45.0,
            "the end counts: {}",
            band_db(&late, 16000, 500.0, 4000.0)
        );
        for frames in 1..6 {
            assert!((band_db(&vec![0.5; frames], 16000, 0.0, 8000.0) + 6.02).abs() < 0.01, "{frames}");
        }
        assert_eq!(band_db(&[], 16000, 0.0, 8000.0), f64::NEG_INFINITY);
        assert_eq!(band_db(&[0.0; 4096], 16000, 0.0, 8000.0), f64::NEG_INFINITY);
        assert_eq!(band_db(&[0.5; 4096], 16000, 9000.0, 9500.0), f64::NEG_INFINITY);
        assert!(band_db(&[f32::NAN; 4096], 16000, 100.0, 200.0).is_nan());
    }
}
