//! What a difference looks like, in words: where it is, and whether a factor, an offset or a shift explains it.
use super::{Difference, Frames, Matrix};

/// Whole frames by which a reference may be shifted.
const MOST_SHIFT: usize = 10;

/// All that can be said of a difference.
pub fn patterns(ours: &Frames, reference: &Matrix, tolerances: &[f64], found: &Difference) -> Vec<String> {
    let mut said = vec![];
    if ours.width != reference.width {
        return said;
    }
    if found.differ == 0 {
        return said;
    }
    let simple = shift(ours, reference, found).or_else(|| line(ours, reference, found));
    let places: Vec<(usize, usize)> = ours
        .data
        .iter()
        .zip(&reference.data)
        .zip(tolerances)
        .enumerate()
        .filter_map(|(at, ((a, r), tolerance))| {
            let off = (f64::from(*a) - r).abs();
            (off.is_nan() || off > *tolerance).then_some((at / ours.width, at % ours.width))
        })
        .collect();
    said.extend(in_time(&places, ours.count.min(reference.frames)));
    said.extend(in_frequency(&places, ours, reference));
    said.extend(simple);
    said
}

/// "only the first 2 and the last 3 frames differ"
fn in_time(places: &[(usize, usize)], frames: usize) -> Option<String> {
    let mut wrong: Vec<usize> = places.iter().map(|(frame, _)| *frame).collect();
    wrong.dedup();
    let edge = (frames / 20).max(4);
    let before = wrong.iter().filter(|frame| **frame < edge).max().map_or(0, |last| last + 1);
    let behind = wrong.iter().find(|frame| **frame + edge >= frames).map_or(0, |first| frames - first);
    let inside = wrong.iter().any(|frame| *frame >= edge && *frame + edge < frames);
    match (inside, before, behind) {
        (true, ..) if wrong.len() == frames => Some(format!("all {frames} frames differ")),
        (true, ..) => Some(format!("{} of {frames} frames differ", wrong.len())),
        (false, 0, _) => Some(format!("only the last {behind} frames differ: the end of the recording")),
        (false, _, 0) => Some(format!("only the first {before} frames differ: the start of the recording")),
        _ => Some(format!("only the first {before} and the last {behind} frames differ: the edges of the recording")),
    }
}

/// "only bin 3 differs", "the difference grows with the bin"
fn in_frequency(places: &[(usize, usize)], ours: &Frames, reference: &Matrix) -> Option<String> {
    let width = ours.width;
    let mut wrong = vec![0usize; width];
    places.iter().for_each(|(_, bin)| wrong[*bin] += 1);
    let bins: Vec<usize> = (0..width).filter(|bin| wrong[*bin] > 0).collect();
    match bins.as_slice() {
        _ if width < 4 => return None,
        [bin] => return Some(format!("only bin {bin} differs")),
        [first, .., last] if last - first < width / 4 => {
            return Some(format!("only bins {first} to {last} of {width} differ"));
        }
        _ => {}
    }
    let mut mean = vec![0.0; width];
    for (at, (a, r)) in ours.data.iter().zip(&reference.data).enumerate() {
        mean[at % width] += (f64::from(*a) - r).abs();
    }
    let slope = correlation(&(0..width).map(|bin| bin as f64).collect::<Vec<_>>(), &ranks(&mean));
    match slope {
        up if up > 0.8 => Some("the difference grows with the bin".into()),
        down if down < -0.8 => Some("the difference shrinks with the bin".into()),
        _ => None,
    }
}

/// The place of each number in the sorted row.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
    let mut ranks = vec![0.0; numbers.len()];
    order.into_iter().enumerate().for_each(|(rank, at)| ranks[at] = rank as f64);
    ranks
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| f(x - mean_x, y - mean_y)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt().max(1e-300)
}

/// "the reference is 2 frames later"
fn shift(ours: &Frames, reference: &Matrix, found: &Difference) -> Option<String> {
    let width = ours.width;
    let mean = |ours: &[f32], reference: &[f64]| {
        let (count, off) = (ours.len().min(reference.len()), ours.iter().zip(reference));
        off.map(|(a, r)| (f64::from(*a) - r).abs()).sum::<f64>() / count.max(1) as f64
    };
    let cut = |frames: usize| (MOST_SHIFT < ours.count.min(reference.frames)).then_some(frames * width);
    let later = (1..=MOST_SHIFT).filter_map(|by| Some((mean(&ours.data, &reference.data[cut(by)?..]), by, "later")));
    let earlier =
        (1..=MOST_SHIFT).filter_map(|by| Some((mean(&ours.data[cut(by)?..], &reference.data), by, "earlier")));
    let (mean, by, which) = later.chain(earlier).min_by(|a, b| a.0.total_cmp(&b.0))?;
    let frames = if by == 1 { "frame" } else { "frames" };
    (mean < 0.1 * found.mean).then(|| format!("the reference has the same {by} {frames} {which}"))
}

/// Factors that are met, and why.
const FACTORS: [(f64, &str); 12] = [
    (std::f64::consts::LOG10_E, "log10 where the graph has ln"),
    (std::f64::consts::LN_10, "ln where the graph has log10"),
    (4.342_944_819, "dB where the graph has ln"),
    (0.230_258_509, "ln where the graph has dB"),
    (10.0, "dB of power where the graph has log10"),
    (20.0, "dB of magnitudes where the graph has log10"),
    (0.1, "log10 where the graph has dB"),
    (2.0, "power where the graph has magnitudes, before the logarithm; or another norm"),
    (0.5, "magnitudes where the graph has power, before the logarithm; or another norm"),
    (32768.0, "samples of 16 bits where the graph has those up to 1"),
    (1073741824.0, "the power of samples of 16 bits where the graph has those up to 1"),
    (1.0 / 32768.0, "samples up to 1 where the graph has those of 16 bits"),
];
/// Offsets of logarithms of power, and why.
const OFFSETS: [(f64, &str); 3] = [
    (20.794_415_4, "ln of the power of samples of 16 bits"),
    (9.030_899_9, "log10 of the power of samples of 16 bits"),
    (90.308_999, "dB of samples of 16 bits"),
];

/// "the reference is the graph × 0.4343", where a straight line explains nearly all.
fn line(ours: &Frames, reference: &Matrix, found: &Difference) -> Option<String> {
    // Values at a floor say nothing of what lies above it.
    let floor = ours.data.iter().copied().fold(f32::INFINITY, f32::min);
    let floor_reference = reference.data.iter().copied().fold(f64::INFINITY, f64::min);
    let above = |(x, y): &(&f32, &f64)| **x > floor && **y > floor_reference;
    let pairs = || ours.data.iter().zip(&reference.data).filter(above).map(|(x, y)| (f64::from(*x), *y));
    let n = pairs().count() as f64;
    let (mean_x, mean_y) = pairs().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x / n, sy + y / n));
    let sum = |f: &dyn Fn(f64, f64) -> f64| pairs().map(|(x, y)| f(x - mean_x, y - mean_y)).sum::<f64>();
    let scale = sum(&|x, y| x * y) / sum(&|x, _| x * x).max(1e-300);
    let offset = mean_y - scale * mean_x;
    let left = pairs().map(|(x, y)| (y - scale * x - offset).abs()).sum::<f64>() / n;
    if !left.is_finite() || left > 0.02 * found.mean || scale.abs() < 1e-12 {
        return None;
    }
    let spread = (sum(&|_, y| y * y) / n).sqrt();
    let why = |table: &[(f64, &str)], x: f64| {
        let known = table.iter().find(|(known, _)| (x.abs() / known - 1.0).abs() < 2e-3);
        known.map_or(String::new(), |(_, why)| format!(": {why}"))
    };
    let scaled = (scale - 1.0).abs() > 1e-3;
    let moved = offset.abs() > 1e-2 * spread;
    Some(match (scaled, moved) {
        (true, false) => format!("the reference is the graph × {scale:.5}{}", why(&FACTORS, scale)),
        (false, _) => format!("the reference is the graph {offset:+.4}{}", why(&OFFSETS, offset)),
        (true, true) => format!("the reference is the graph × {scale:.5} {offset:+.4}{}", why(&FACTORS, scale)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of a reference that wanders, and a graph made of it.
    fn said(graph: impl Fn(usize, usize, &dyn Fn(usize, usize) -> f64) -> f64) -> Vec<String> {
        let (frames, width) = (60, 8);
        let value = |t: usize, b: usize| ((t * 7 + b * 3) as f64 * 0.61).sin() * 4.0 - b as f64;
        let cells = || (0..frames).flat_map(|t| (0..width).map(move |b| (t, b)));
        let reference = Matrix { frames, width, data: cells().map(|(t, b)| value(t, b)).collect() };
        let data = cells().map(|(t, b)| graph(t, b, &value) as f32).collect();
        let ours = Frames { count: frames, shape: vec![width], width, data };
        let tolerances = vec![1e-3; frames * width];
        let found = Difference::of(&ours, &reference, &tolerances);
        patterns(&ours, &reference, &tolerances, &found)
    }

    fn contains(said: &[String], words: &str) {
        assert!(said.iter().any(|line| line.contains(words)), "{said:?} does not say {words:?}");
    }

    #[test]
    fn a_factor_an_offset_and_a_shift_are_recognised() {
        contains(&said(|t, b, value| value(t, b) * std::f64::consts::LN_10), "log10 where the graph has ln");
        contains(&said(|t, b, value| value(t, b) - 20.7944154), "+20.7944: ln of the power of samples of 16 bits");
        contains(&said(|t, b, value| value(t + 2, b)), "the reference has the same 2 frames later");
        contains(&said(|t, b, value| value(t.max(1) - 1, b)), "the reference has the same 1 frame earlier");
    }

    #[test]
    fn places_are_recognised() {
        contains(&said(|t, b, value| value(t, b) + f64::from(u8::from(t < 2))), "only the first 2 frames differ");
        contains(&said(|t, b, value| value(t, b) + f64::from(u8::from(t == 59))), "only the last 1 frames differ");
        contains(&said(|t, b, value| value(t, b) + f64::from(u8::from(b == 5))), "only bin 5 differs");
        let up = said(|t, b, value| value(t, b) + (t as f64).cos() * b as f64);
        contains(&up, "grows with the bin");
    }

    #[test]
    fn what_fits_has_no_pattern() {
        assert!(said(|t, b, value| value(t, b)).is_empty());
    }
}
