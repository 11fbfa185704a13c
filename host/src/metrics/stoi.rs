//! Short-time objective intelligibility, and its extended form.
use super::resample::resample;
use realfft::RealFftPlanner;
use std::f64::consts::TAU;
use std::ops::RangeInclusive;

/// Rates it is computed at: below, the bands of speech are not there; above, nothing is gained.
pub const RATES: RangeInclusive<u32> = 8000..=192_000;

const RATE: u32 = 10000;
/// Samples of a frame, from one to the next, and of its transform.
const FRAME: usize = 256;
const HOP: usize = FRAME / 2;
const FFT: usize = 512;
/// Third-octave bands; the centre of the first, in Hz.
const BANDS: usize = 15;
const LOWEST: f64 = 150.0;
/// Frames that are judged together.
const SEGMENT: usize = 30;
/// Frames that are so far below the loudest are pauses, in dB.
const RANGE: f64 = 40.0;
/// The lowest signal-to-distortion ratio, in dB: one that is worse changes nothing.
const WORST: f64 = -15.0;

/// Magnitudes by frame and band.
type Bands = Vec<[f64; BANDS]>;
/// Magnitudes of a segment, by band and frame.
type Segment = [[f64; SEGMENT]; BANDS];

/// The fewest samples: as many frames as are judged together.
pub fn shortest(rate: u32) -> usize {
    let samples = (SEGMENT - 1) * HOP + FRAME + 1;
    samples * rate as usize / RATE as usize + 1
}

/// From −1 to 1, mostly above 0 (C. Taal et al., "An algorithm for intelligibility prediction of time-frequency weighted
/// noisy speech", IEEE TASLP 2011; `extended`: J. Jensen and C. Taal, "An algorithm for predicting the intelligibility of
/// speech masked by modulated noise maskers", IEEE/ACM TASLP 2016), as pystoi computes it. Where that adds noise of 1e-16 so
/// that nothing is divided by zero, a band without any change counts as unlike all others. `Err`: how many frames there
/// are without pauses, if too few.
pub fn stoi(reference: &[f32], signal: &[f32], rate: u32, extended: bool) -> Result<f64, usize> {
    let (clean, noisy) = (resample(reference, rate, RATE), resample(signal, rate, RATE));
    let (clean, noisy) = without_pauses(&clean, &noisy);
    let (clean, noisy) = (bands(&clean), bands(&noisy));
    if clean.len() < SEGMENT {
        return Err(clean.len());
    }
    let of_segment = if extended { correlation_of_spectra } else { correlation_of_bands };
    let segments = clean.windows(SEGMENT).zip(noisy.windows(SEGMENT));
    let sum: f64 = segments.map(|(clean, noisy)| of_segment(&turned(clean), &turned(noisy))).sum();
    Ok(sum / (clean.len() - SEGMENT + 1) as f64)
}

/// Hann without its zeros.
fn window() -> [f64; FRAME] {
    std::array::from_fn(|at| 0.5 - 0.5 * (TAU * (at + 1) as f64 / (FRAME + 1) as f64).cos())
}

/// Where frames begin: one that would just fit is left out, as in the original.
fn starts(samples: usize) -> impl Iterator<Item = usize> {
    (0..samples.saturating_sub(FRAME)).step_by(HOP)
}

/// Both without the frames in which the first pauses: what is left moves together, with overlapping frames.
fn without_pauses(clean: &[f64], noisy: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let window = window();
    let level = |start: usize| {
        let squares = clean[start..].iter().zip(&window).map(|(sample, weight)| (sample * weight).powi(2));
        20.0 * (squares.sum::<f64>().sqrt() + f64::EPSILON).log10()
    };
    let levels: Vec<f64> = starts(clean.len()).map(level).collect();
    let loudest = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let heard = |level: &f64| loudest - RANGE - level < 0.0;
    let kept: Vec<usize> =
        starts(clean.len()).zip(&levels).filter(|(_, level)| heard(level)).map(|(at, _)| at).collect();
    let joined = |samples: &[f64]| {
        let mut joined = vec![0.0; (kept.len() + 1) * HOP];
        for (to, from) in kept.iter().enumerate() {
            let to = joined[to * HOP..].iter_mut();
            to.zip(&samples[*from..]).zip(&window).for_each(|((to, sample), weight)| *to += sample * weight);
        }
        joined
    };
    (joined(clean), joined(noisy))
}

/// Magnitudes in third-octave bands.
fn bands(samples: &[f64]) -> Bands {
    let (window, edges) = (window(), edges());
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(FFT);
    let (mut time, mut bins, mut scratch) = (fft.make_input_vec(), fft.make_output_vec(), fft.make_scratch_vec());
    let frame = |start: usize| {
        time.fill(0.0);
        for ((time, sample), weight) in time.iter_mut().zip(&samples[start..]).zip(&window) {
            *time = sample * weight;
        }
        // The lengths are its own.
        let _cannot_fail = fft.process_with_scratch(&mut time, &mut bins, &mut scratch);
        edges.map(|(from, to)| bins[from..to].iter().map(|bin| bin.norm_sqr()).sum::<f64>().sqrt())
    };
    starts(samples.len()).map(frame).collect()
}

/// The bins of each band, without the last: the bins nearest to its edges.
fn edges() -> [(usize, usize); BANDS] {
    let bin = |hz: f64| (hz * FFT as f64 / f64::from(RATE)).round() as usize;
    let edge = |sixths: usize| LOWEST * 2f64.powf((sixths as f64 - 1.0) / 6.0);
    std::array::from_fn(|band| (bin(edge(2 * band)), bin(edge(2 * band + 2))))
}

fn turned(frames: &[[f64; BANDS]]) -> Segment {
    std::array::from_fn(|band| std::array::from_fn(|frame| frames[frame][band]))
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

fn centre(values: &mut [f64]) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter_mut().for_each(|value| *value -= mean);
}

/// The mean over bands of the correlation in time, with what is distorted beyond hearing held (Taal, eqs. 2 to 5).
fn correlation_of_bands(clean: &Segment, noisy: &Segment) -> f64 {
    let held = 1.0 + 10f64.powf(-WORST / 20.0);
    let of_band = |(clean, noisy): (&[f64; SEGMENT], &[f64; SEGMENT])| {
        let gain = norm(clean) / (norm(noisy) + f64::EPSILON);
        let (mut x, mut y) = (*clean, *noisy);
        y.iter_mut().zip(clean).for_each(|(y, x)| *y = (*y * gain).min(x * held));
        centre(&mut x);
        centre(&mut y);
        let norms = (norm(&x) + f64::EPSILON) * (norm(&y) + f64::EPSILON);
        x.iter().zip(&y).map(|(x, y)| x * y).sum::<f64>() / norms
    };
    clean.iter().zip(noisy).map(of_band).sum::<f64>() / BANDS as f64
}

/// The mean over frames of the correlation of spectra, of bands that are normalised in time (Jensen, eqs. 3 to 6).
fn correlation_of_spectra(clean: &Segment, noisy: &Segment) -> f64 {
    let (clean, noisy) = (normalised(clean), normalised(noisy));
    clean.as_flattened().iter().zip(noisy.as_flattened()).map(|(x, y)| x * y).sum::<f64>() / SEGMENT as f64
}

/// Mean 0 and norm 1 of each band, then of each frame, which are the rows of what is returned.
fn normalised(segment: &Segment) -> [[f64; BANDS]; SEGMENT] {
    let normal = |values: &mut [f64]| {
        centre(values);
        let norm = norm(values);
        values.iter_mut().for_each(|value| *value = if norm > f64::EPSILON { *value / norm } else { 0.0 });
    };
    let mut bands = *segment;
    bands.iter_mut().for_each(|band| normal(band));
    let mut frames: [[f64; BANDS]; SEGMENT] = std::array::from_fn(|frame| bands.map(|band| band[frame]));
    frames.iter_mut().for_each(|frame| normal(frame));
    frames
}
