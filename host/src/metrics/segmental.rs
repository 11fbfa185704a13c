//! Segmental signal-to-noise ratio.
use std::f64::consts::TAU;

/// Seconds of a frame, and the part of it that the next one has in common with it.
const FRAME: f64 = 0.03;
const OVERLAP: f64 = 0.75;
/// What the ratio of a frame is held to, in dB.
const LOWEST: f64 = -10.0;
const HIGHEST: f64 = 35.0;

/// Samples of a frame, and from one to the next.
fn geometry(rate: u32) -> (usize, usize) {
    let rate = f64::from(rate);
    ((FRAME * rate).round_ties_even() as usize, ((1.0 - OVERLAP) * FRAME * rate) as usize)
}

/// The fewest samples: two frames, of which the last is left out.
pub fn shortest(rate: u32) -> usize {
    let (frame, hop) = geometry(rate);
    frame + hop
}

/// The mean over frames of 10 log10(Σ s² / Σ (s − y)²), in dB (J. Hansen and B. Pellom, "An effective quality evaluation
/// protocol for speech enhancement algorithms", ICSLP 1998, with the settings of P. Loizou, "Speech Enhancement", 2nd ed.,
/// ch. 11, as pysepm computes it). The last frame is left out, as there.
pub fn snr(reference: &[f32], signal: &[f32], rate: u32) -> f64 {
    let (size, hop) = geometry(rate);
    let window: Vec<f64> = (1..=size)
        .map(|at| 0.5 - 0.5 * (TAU * at as f64 / (size + 1) as f64).cos())
        .map(|weight| weight * weight)
        .collect();
    let frames = reference.len().saturating_sub(size - hop) / hop;
    let frames = frames.saturating_sub(1);
    let of_frame = |at: usize| {
        let (mut clean, mut noise) = (0.0, 0.0);
        let samples = reference[at * hop..].iter().zip(&signal[at * hop..]);
        for ((&s, &y), weight) in samples.zip(&window) {
            let (s, y) = (f64::from(s), f64::from(y));
            clean += weight * s * s;
            noise += weight * (s - y) * (s - y);
        }
        let ratio = clean / (noise + f64::EPSILON) + f64::EPSILON;
        (10.0 * ratio.log10()).clamp(LOWEST, HIGHEST)
    };
    (0..frames).map(of_frame).sum::<f64>() / frames as f64
}
