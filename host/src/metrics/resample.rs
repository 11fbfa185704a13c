//! Another rate, by the filter that STOI's figures are defined with.
use num_integer::gcd;
use std::f64::consts::PI;

/// Samples at `to` Hz of samples at `from` Hz: Octave's `resample`, a sinc under a Kaiser window with 60 dB of rejection, as
/// pystoi's `resample_oct`. Sample 0 stays where it is; what is beyond both ends is zero.
pub fn resample(samples: &[f32], from: u32, to: u32) -> Vec<f64> {
    if from == to {
        return samples.iter().map(|sample| f64::from(*sample)).collect();
    }
    let common = gcd(from, to);
    let (up, down) = ((to / common) as usize, (from / common) as usize);
    let filter = filter(up.max(down));
    let half = filter.len() / 2;
    let gain = up as f64 / filter.iter().sum::<f64>();
    // Of all taps, those that meet samples when the first of them is `phase`; the last sample they meet comes first.
    let phase = |phase: usize| filter.iter().skip(phase).step_by(up).map(|tap| tap * gain).collect::<Vec<f64>>();
    let phases: Vec<Vec<f64>> = (0..up).map(phase).collect();
    let length = (samples.len() * up).div_ceil(down);
    let sample = |at: usize| {
        let moment = at * down + half;
        let (newest, taps) = (moment / up, &phases[moment % up]);
        // Taps before the end of the samples, and as many as there are samples before it.
        let beyond = newest.saturating_sub(samples.len() - 1).min(taps.len());
        let from_newest = samples[..=newest.min(samples.len() - 1)].iter().rev();
        taps[beyond..].iter().zip(from_newest).map(|(tap, sample)| tap * f64::from(*sample)).sum()
    };
    (0..length).map(sample).collect()
}

/// The taps of a low-pass at 1/`factor` of half the rate.
fn filter(factor: usize) -> Vec<f64> {
    const REJECTION: f64 = 60.0;
    let cutoff = 1.0 / (2.0 * factor as f64);
    let half = ((REJECTION - 8.0) / (28.714 * (cutoff / 10.0))).ceil();
    let beta = 0.1102 * (REJECTION - 8.7);
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    let tap = |at: i64| {
        let at = at as f64;
        bessel(beta * (1.0 - (at / half).powi(2)).max(0.0).sqrt()) / bessel(beta) * sinc(2.0 * cutoff * at)
    };
    (-(half as i64)..=half as i64).map(tap).collect()
}

/// The modified Bessel function of the first kind, of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}
