//! The low-pass behind `resample`: a sinc under a Kaiser window, in f64.
//!
//! Formulas: J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function" (1974); also
//! Oppenheim & Schafer, Discrete-Time Signal Processing, 3rd ed., section 7.6.
use std::f64::consts::PI;

/// Modified Bessel function of the first kind and order 0: the sum of ((x/2)^k / k!)^2.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-18 * sum {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

/// Half the length, in samples, of a filter that falls by `attenuation` dB within `transition` cycles a sample.
pub fn half_length(attenuation: f64, transition: f64) -> usize {
    ((attenuation - 7.95) / (2.285 * 2.0 * PI * transition) / 2.0).ceil() as usize
}

/// The 2 `half` + 1 coefficients of a linear-phase low-pass: -6 dB at `cutoff` cycles a sample, a gain of 1 at 0, and a
/// stop band `attenuation` dB (above 50) below.
pub fn low_pass(half: usize, cutoff: f64, attenuation: f64) -> Vec<f64> {
    let beta = 0.1102 * (attenuation - 8.7);
    let tap = |n: usize| {
        let t = n as f64 - half as f64;
        let sinc = if t == 0.0 { 2.0 * cutoff } else { (2.0 * PI * cutoff * t).sin() / (PI * t) };
        sinc * bessel_i0(beta * (1.0 - (t / half as f64).powi(2)).sqrt())
    };
    let taps: Vec<f64> = (0..=2 * half).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| tap / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coefficients_are_those_of_scipy() {
        // from scipy.signal import firwin  # 1.17.1
        // firwin(41, 0.3, window=("kaiser", 0.1102 * (96 - 8.7)))[[0, 1, 7, 13, 19, 20, 21]]
        let theirs = [
            (0, -5.950_804_025_967_934_5e-21),
            (1, -3.377_076_857_199_344e-5),
            (7, -8.660_158_987_270_455e-4),
            (13, 7.908_236_824_791_246e-3),
            (19, 2.545_976_736_225_212e-1),
            (20, 2.999_950_516_245_34e-1),
            (21, 2.545_976_736_225_212e-1),
        ];
        let ours = low_pass(20, 0.15, 96.0);
        for (at, theirs) in theirs {
            assert!((ours[at] - theirs).abs() < 1e-15, "{at}: {} {theirs}", ours[at]);
        }
    }
}
