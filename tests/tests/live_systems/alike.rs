//! Whether a recording is of what was played, though a sound system may have lost or repeated some of it.
use realfft::RealFftPlanner;

/// Samples of a piece: short, so that what is lost or wavers spoils few.
const PIECE: usize = 2000;
/// By how much a piece may lie elsewhere than the whole: what a sound system lost before it.
const AWAY: usize = 3200;

/// The share of the pieces of `played`, of those in which something is said, that are found in `heard`: with a
/// correlation of so much, where they belong or nearby.
pub fn found(played: &[f32], heard: &[f32], correlation: f64) -> f64 {
    let late = lag(played, heard);
    let pieces = (0..played.len() / PIECE).map(|at| at * PIECE..(at + 1) * PIECE);
    let loud: Vec<_> = pieces.filter(|piece| power(&played[piece.clone()]) > 1e-4).collect();
    let best = |piece: &std::ops::Range<usize>| {
        let (first, last) = ((late + piece.start).saturating_sub(AWAY), late + piece.start + AWAY);
        let windows = (first..=last).filter_map(|start| heard.get(start..start + PIECE));
        windows.map(|window| alike(&played[piece.clone()], window)).fold(0.0, f64::max)
    };
    let right = loud.iter().filter(|piece| best(piece) >= correlation).count();
    right as f64 / loud.len().max(1) as f64
}

/// By how many samples `heard` is later than `played`, where they are most alike: the peak of their cross-correlation.
fn lag(played: &[f32], heard: &[f32]) -> usize {
    let size = (played.len() + heard.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let spectrum = |samples: &[f32]| {
        let mut padded = samples.to_vec();
        padded.resize(size, 0.0);
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut padded, &mut spectrum).unwrap();
        spectrum
    };
    let mut both = spectrum(heard);
    both.iter_mut().zip(spectrum(played)).for_each(|(heard, played)| *heard *= played.conj());
    let mut correlation = back.make_output_vec();
    back.process(&mut both, &mut correlation).unwrap();
    let lags = correlation[..heard.len().max(1)].iter().enumerate();
    lags.max_by(|one, other| one.1.total_cmp(other.1)).map_or(0, |(lag, _)| lag)
}

fn power(samples: &[f32]) -> f64 {
    dot(samples, samples) / samples.len() as f64
}

fn dot(one: &[f32], other: &[f32]) -> f64 {
    f64::from(one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>())
}

fn alike(one: &[f32], other: &[f32]) -> f64 {
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt().max(1e-12)
}

#[test]
fn what_was_played_is_found_and_what_was_not_is_not() {
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let played: Vec<f32> = (0..5 * PIECE).map(|_| noise()).collect();
    let other: Vec<f32> = (0..5 * PIECE).map(|_| noise()).collect();
    // 700 samples late, and 100 are lost at the end of the third piece.
    let mut heard = vec![0.0; 700];
    heard.extend_from_slice(&played[..3 * PIECE - 100]);
    heard.extend_from_slice(&played[3 * PIECE..]);
    assert!(found(&played, &heard, 0.9) == 1.0);
    assert!(found(&played, &other, 0.2) == 0.0);
    assert!(found(&played, &heard[..heard.len() / 2], 0.9) < 0.6);
    assert!(found(&played, &[], 0.9) == 0.0);
}
