//! Two signals, or two arrays of frames, value by value.

/// A value and its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// The frame, from 0.
    pub frame: usize,
    /// The channel, or the place in the frame as it lies in memory, from 0.
    pub at: usize,
    /// What it should be.
    pub expected: f32,
    /// What it is.
    pub actual: f32,
}

/// How two signals differ, as far as both go.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Frames expected, and there.
    pub frames: (usize, usize),
    /// Channels, or values a frame, expected, and there.
    pub width: (usize, usize),
    /// Values compared.
    pub compared: usize,
    /// Values that are not the same, bit for bit: a NaN is itself, and −0 is not 0.
    pub changed: usize,
    /// The first of them: of the first frame, the first channel.
    pub first_changed: Option<Spot>,
    /// Values that are off by more than the bound.
    pub beyond: usize,
    /// The first of them.
    pub first_beyond: Option<Spot>,
    /// The value that is furthest off; none if none is off.
    pub largest: Option<Spot>,
    /// What is expected, and what is off.
    pub sums: Sums,
}

/// Squares of what is expected, and of what another is off by, over a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    expected: f64,
    off: f64,
    count: u64,
}

impl Spot {
    /// By how much it is off, at least 0. Infinite if only one of the two is a number, 0 if neither is.
    pub fn error(&self) -> f64 {
        error(self.expected, self.actual)
    }

    /// Its time in seconds, of so many frames a second.
    pub fn seconds(&self, rate: f64) -> f64 {
        self.frame as f64 / rate
    }

    /// Its place in a frame of this shape, the last index fastest.
    pub fn index(&self, shape: &[usize]) -> Vec<usize> {
        let mut left = self.at;
        let mut index: Vec<usize> = shape.iter().rev().map(|&extent| rest(&mut left, extent.max(1))).collect();
        index.reverse();
        index
    }
}

fn rest(left: &mut usize, extent: usize) -> usize {
    let at = *left % extent;
    *left /= extent;
    at
}

fn error(expected: f32, actual: f32) -> f64 {
    if expected.to_bits() == actual.to_bits() || (expected.is_nan() && actual.is_nan()) {
        return 0.0;
    }
    let off = (f64::from(expected) - f64::from(actual)).abs();
    if off.is_nan() { f64::INFINITY } else { off }
}

impl Sums {
    /// Adds a value.
    #[inline]
    pub fn add(&mut self, expected: f32, actual: f32) {
        let off = error(expected, actual);
        self.off += off * off;
        if expected.is_finite() {
            self.expected += f64::from(expected) * f64::from(expected);
        }
        self.count += 1;
    }

    /// 10 log10(Σ expected² / Σ (expected − actual)²), in dB: infinite if nothing is off, minus infinity if a number stands
    /// against none or something against silence.
    pub fn snr_db(&self) -> f64 {
        if self.off == 0.0 { f64::INFINITY } else { 10.0 * (self.expected / self.off).log10() }
    }

    /// The RMS of what is off, in dB re 1: minus infinity if nothing is.
    pub fn rms_db(&self) -> f64 {
        if self.off == 0.0 { f64::NEG_INFINITY } else { 10.0 * (self.off / self.count as f64).log10() }
    }
}

impl Difference {
    /// Compares planes, one a channel, as many channels and frames as both have. `bound` is what a sample may be off by,
    /// absolutely.
    pub fn of_planes(expected: &[Vec<f32>], actual: &[Vec<f32>], bound: f64) -> Self {
        let frames = |planes: &[Vec<f32>]| planes.iter().map(Vec::len).min().unwrap_or(0);
        let mut all = Self::nothing((frames(expected), frames(actual)), (expected.len(), actual.len()));
        for frame in 0..all.frames.0.min(all.frames.1) {
            for (at, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                all.take(Spot { frame, at, expected: expected[frame], actual: actual[frame] }, bound);
            }
        }
        all
    }

    /// Compares frames that lie one after the other, of so many values each, as many frames as both have; nothing if their
    /// widths differ.
    pub fn of_frames(expected: &[f32], actual: &[f32], width: (usize, usize), bound: f64) -> Self {
        let frames = (expected.len() / width.0.max(1), actual.len() / width.1.max(1));
        let mut all = Self::nothing(frames, width);
        if width.0 == width.1 {
            let both = frames.0.min(frames.1) * width.0;
            for (place, (&expected, &actual)) in expected.iter().zip(actual).take(both).enumerate() {
                all.take(Spot { frame: place / width.0, at: place % width.0, expected, actual }, bound);
            }
        }
        all
    }

    fn nothing(frames: (usize, usize), width: (usize, usize)) -> Self {
        let (first_changed, first_beyond, largest) = (None, None, None);
        let sums = Sums::default();
        Self { frames, width, compared: 0, changed: 0, first_changed, beyond: 0, first_beyond, largest, sums }
    }

    fn take(&mut self, spot: Spot, bound: f64) {
        self.compared += 1;
        self.sums.add(spot.expected, spot.actual);
        if spot.expected.to_bits() == spot.actual.to_bits() {
            return;
        }
        self.changed += 1;
        self.first_changed = self.first_changed.or(Some(spot));
        let off = spot.error();
        if off > bound {
            self.beyond += 1;
            self.first_beyond = self.first_beyond.or(Some(spot));
        }
        if off > self.max() {
            self.largest = Some(spot);
        }
    }

    /// By how much the worst value is off; 0 if none is.
    pub fn max(&self) -> f64 {
        self.largest.map_or(0.0, |spot| spot.error())
    }

    /// Whether both have as many frames, and as many values in each.
    pub fn same_shape(&self) -> bool {
        self.frames.0 == self.frames.1 && self.width.0 == self.width.1
    }

    /// Whether both are the same, bit for bit, from the first frame to the last.
    pub fn same_bits(&self) -> bool {
        self.same_shape() && self.changed == 0
    }

    /// Whether both have one shape and nothing is off by more than the bound.
    pub fn within(&self) -> bool {
        self.same_shape() && self.beyond == 0
    }
}

/// For a picture: the RMS of what is off in every `hop` frames, over all channels, in dB re 1; minus infinity where nothing
/// is. As far as both go, the last hop may be shorter.
pub fn error_over_time(expected: &[Vec<f32>], actual: &[Vec<f32>], hop: usize) -> Vec<f64> {
    let hop = hop.max(1);
    let frames =
        expected.iter().zip(actual).map(|(expected, actual)| expected.len().min(actual.len())).min().unwrap_or(0);
    let of_hop = |from: usize| {
        let to = frames.min(from + hop);
        let mut sums = Sums::default();
        for (expected, actual) in expected.iter().zip(actual) {
            expected[from..to]
                .iter()
                .zip(&actual[from..to])
                .for_each(|(expected, actual)| sums.add(*expected, *actual));
        }
        sums.rms_db()
    };
    (0..frames).step_by(hop).map(of_hop).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_worst_are_named_with_their_channel() {
        let expected = vec![vec![0.5, 0.5, 0.5, 0.5], vec![0.0; 4]];
        let mut actual = expected.clone();
        (actual[0][2], actual[1][1], actual[1][3]) = (0.5 - 1e-6, 0.25, -0.5);
        let found = Difference::of_planes(&expected, &actual, 1e-3);
        let place = |spot: Option<Spot>| spot.map(|spot| (spot.frame, spot.at));
        assert_eq!((found.compared, found.changed, found.beyond), (8, 3, 2));
        assert_eq!((place(found.first_changed), place(found.first_beyond)), (Some((1, 1)), Some((1, 1))));
        assert_eq!((place(found.largest), found.max()), (Some((3, 1)), 0.5));
        let snr = 10.0 * (1.0f64 / (0.0625 + 0.25)).log10();
        assert!((found.sums.snr_db() - snr).abs() < 1e-9 && (found.sums.rms_db() + snr + 9.0309).abs() < 1e-4);
        assert!(found.same_shape() && !found.within() && !found.same_bits());
    }

    #[test]
    fn bits_are_told_apart_and_no_number_is_infinitely_off() {
        let nan = f32::from_bits(f32::NAN.to_bits() ^ 1);
        let planes = |values: &[f32]| vec![values.to_vec()];
        let found = Difference::of_planes(&planes(&[0.0, f32::NAN, f32::NAN]), &planes(&[-0.0, nan, f32::NAN]), 0.0);
        assert_eq!((found.changed, found.beyond, found.max()), (2, 0, 0.0));
        assert!(found.within() && !found.same_bits() && found.sums.snr_db() == f64::INFINITY);
        for (expected, actual) in [(0.0, f32::NAN), (f32::NAN, 1.0), (f32::INFINITY, f32::NEG_INFINITY)] {
            let found = Difference::of_planes(&planes(&[1.0, expected]), &planes(&[1.0, actual]), 1e9);
            assert_eq!((found.max(), found.sums.snr_db()), (f64::INFINITY, f64::NEG_INFINITY));
            assert_eq!(found.first_beyond.map(|spot| spot.frame), Some(1));
        }
    }

    #[test]
    fn another_length_or_shape_is_never_the_same() {
        let two = vec![vec![0.1, 0.2], vec![0.3, 0.4]];
        for other in [vec![two[0].clone()], vec![vec![0.1], vec![0.3]], vec![]] {
            let found = Difference::of_planes(&two, &other, 1.0);
            assert!(!found.same_bits() && !found.within() && found.changed == 0);
        }
        assert_eq!(Difference::of_frames(&[0.0; 6], &[0.0; 6], (3, 2), 0.0).compared, 0);
    }

    #[test]
    fn a_place_in_a_frame_has_an_index() {
        let (expected, mut actual) = (vec![0.0; 24], vec![0.0; 24]);
        actual[12 + 7] = 1.0;
        let found = Difference::of_frames(&expected, &actual, (12, 12), 0.5);
        let spot = found.first_beyond.unwrap();
        assert_eq!((spot.frame, spot.index(&[2, 3, 2]), spot.seconds(62.5)), (1, vec![1, 0, 1], 0.016));
        assert!(!found.same_bits() && Difference::of_frames(&actual, &actual, (12, 12), 0.0).same_bits());
    }

    #[test]
    fn the_error_is_seen_when_it_is() {
        let expected = vec![vec![0.0; 100], vec![0.0; 100]];
        let mut actual = expected.clone();
        actual[1][40..45].fill(0.1);
        let curve = error_over_time(&expected, &actual, 20);
        assert_eq!(curve.iter().filter(|db| db.is_finite()).count(), 1);
        assert!((curve[2] - 10.0 * (0.05f64 / 40.0).log10()).abs() < 1e-6, "{curve:?}");
        assert_eq!(error_over_time(&expected, &actual, 30).len(), 4);
    }
}
