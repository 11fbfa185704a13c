//! One port of two versions.
use crate::metrics::Difference;
use crate::replay::Kept;

/// How far frames may have moved for it to be said.
const MOST_SHIFT: usize = 64;
/// The part of all frames that must be the same once they are moved back.
const MOST: f64 = 0.9;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The frame, from 0.
    pub frame: usize,
    /// When it is, in seconds.
    pub seconds: f64,
    /// Its place in the frame, the last index fastest.
    pub index: Vec<usize>,
    /// What it is in A and in B.
    pub values: (f32, f32),
}

/// How a port differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// The first value that is not the same; none if only the number of frames or their shape differ.
    pub first: Option<Value>,
    /// The one that is furthest off.
    pub largest: Option<Value>,
    /// Values that differ, and all.
    pub changed: (usize, usize),
    /// Power of A to that of the difference, in dB.
    pub snr_db: f64,
    /// Frames in A and in B.
    pub frames: (usize, usize),
    /// The shape of a frame in A and in B.
    pub shapes: (Vec<usize>, Vec<usize>),
    /// B is A by so many frames later, as far as can be seen.
    pub shift: Option<i64>,
    /// Two channels have changed places, from 1.
    pub swapped: Option<(usize, usize)>,
}

/// Compares a port; nothing if it is the same. `within` is what a value may be off by; 0 is bit for bit.
pub(super) fn compare(a: &Kept, b: &Kept, rate: f64, within: f64) -> Option<Parting> {
    let width = |kept: &Kept| kept.shape.iter().product::<usize>().max(1);
    let (wide_a, wide_b) = (width(a), width(b));
    let frames = (a.data.len() / wide_a, b.data.len() / wide_b);
    let found = Difference::of_frames(&a.data, &b.data, (wide_a, wide_b), within);
    let count = if within > 0.0 { found.beyond } else { found.changed };
    if count == 0 && found.same_shape() && a.shape == b.shape {
        return None;
    }
    let first = if within > 0.0 { found.first_beyond } else { found.first_changed };
    let value = |spot: crate::metrics::Spot| Value {
        frame: spot.frame,
        seconds: spot.seconds(rate),
        index: spot.index(&a.shape),
        values: (spot.expected, spot.actual),
    };
    let same_width = wide_a == wide_b;
    let shift = if same_width { shift(&a.data, &b.data, wide_a) } else { None };
    let swapped = if same_width && shift.is_none() { swapped(a, b, wide_a) } else { None };
    Some(Parting {
        first: first.map(value),
        largest: found.largest.map(value),
        changed: (count, found.compared),
        snr_db: found.sums.snr_db(),
        frames,
        shapes: (a.shape.clone(), b.shape.clone()),
        shift,
        swapped,
    })
}

/// By how many frames B is later than A, if nearly all of it is A then.
fn shift(a: &[f32], b: &[f32], width: usize) -> Option<i64> {
    let same = |a: &[f32], b: &[f32]| {
        let all = (a.len().min(b.len()) / width).max(1);
        let same = a.chunks_exact(width).zip(b.chunks_exact(width)).filter(|(a, b)| same_bits(a, b)).count();
        // Silence is the same wherever it is.
        let sounds = a
            .chunks_exact(width)
            .zip(b.chunks_exact(width))
            .any(|(a, b)| same_bits(a, b) && a.iter().any(|x| *x != 0.0));
        sounds && same as f64 >= MOST * all as f64
    };
    (1..=MOST_SHIFT).find_map(|by| {
        let later = b.get(by * width..).is_some_and(|b| same(a, b));
        let earlier = a.get(by * width..).is_some_and(|a| same(a, b));
        if later { Some(by as i64) } else { earlier.then_some(-(by as i64)) }
    })
}

/// Two channels that have changed places. In a frame they lie one after the other.
fn swapped(a: &Kept, b: &Kept, width: usize) -> Option<(usize, usize)> {
    let channels = *a.shape.first()?;
    let own = width.checked_div(channels)?;
    let plane = |kept: &Kept, channel: usize| -> Vec<u32> {
        let frames = kept.data.chunks_exact(width);
        frames.flat_map(|frame| frame[channel * own..(channel + 1) * own].iter().map(|x| x.to_bits())).collect()
    };
    if !(2..=64).contains(&channels) {
        return None;
    }
    let differs: Vec<usize> = (0..channels).filter(|&channel| plane(a, channel) != plane(b, channel)).collect();
    match differs.as_slice() {
        &[one, other] if plane(a, one) == plane(b, other) && plane(a, other) == plane(b, one) => {
            Some((one + 1, other + 1))
        }
        _ => None,
    }
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}
