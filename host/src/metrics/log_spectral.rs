//! Log-spectral distance.
use realfft::RealFftPlanner;
use std::f64::consts::{LN_10, TAU};

/// Seconds of a frame, and from one to the next.
const FRAME: f64 = 0.032;
const HOP: f64 = 0.016;
/// What is added so that silence has a logarithm.
const FLOOR: f64 = 1e-8;

/// Samples of a frame.
pub fn frame(rate: u32) -> usize {
    (f64::from(rate) * FRAME) as usize
}

/// The mean over frames of the RMS over bins of 10 log10(|S|² / |Y|²), in dB (A. Gray and J. Markel, "Distance measures for
/// speech processing", IEEE TASSP 1976), with the frames, the matched gain and the floor of the URGENT challenge's
/// `lsd_metric`, which takes natural logarithms.
pub fn distance(reference: &[f32], signal: &[f32], rate: u32) -> f64 {
    let (size, hop) = (frame(rate), (f64::from(rate) * HOP) as usize);
    let (cross, power) = reference.iter().zip(signal).fold((0.0, 0.0), |(cross, power), (&s, &y)| {
        let (s, y) = (f64::from(s), f64::from(y));
        (cross + s * y, power + y * y)
    });
    let gain = cross / (power + FLOOR);
    let window: Vec<f64> = (0..size).map(|at| 0.5 - 0.5 * (TAU * at as f64 / size as f64).cos()).collect();
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(size);
    let (mut time, mut bins) = (fft.make_input_vec(), fft.make_output_vec());
    let (mut scratch, mut of_reference) = (fft.make_scratch_vec(), vec![0.0; bins.len()]);
    // Frames are centred: the sound has half a frame of zeros on both sides.
    let frames = 1 + (reference.len() + 2 * (size / 2) - size) / hop;
    let mut sum = 0.0;
    for at in 0..frames {
        let mut magnitudes = |samples: &[f32], gain: f64, to: &mut [f64]| {
            for (k, (time, weight)) in time.iter_mut().zip(&window).enumerate() {
                let sample = (at * hop + k).checked_sub(size / 2).and_then(|place| samples.get(place));
                *time = weight * gain * f64::from(sample.copied().unwrap_or(0.0));
            }
            // The lengths are its own.
            let _cannot_fail = fft.process_with_scratch(&mut time, &mut bins, &mut scratch);
            to.iter_mut().zip(&bins).for_each(|(to, bin)| *to = bin.norm());
        };
        let mut of_signal = vec![0.0; of_reference.len()];
        magnitudes(reference, 1.0, &mut of_reference);
        magnitudes(signal, gain, &mut of_signal);
        let squares = of_reference.iter().zip(&of_signal).map(|(s, y)| {
            let ratio = (s * s) / ((y + FLOOR) * (y + FLOOR)) + FLOOR;
            ratio.ln().powi(2)
        });
        sum += (squares.sum::<f64>() / of_reference.len() as f64).sqrt();
    }
    sum / frames as f64 * 10.0 / LN_10
}
