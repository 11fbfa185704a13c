//! Frames of a graph against those of a reference.
use super::{Frames, Matrix};

/// A value and its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The frame, from 0.
    pub frame: usize,
    /// The place in the frame, from 0.
    pub bin: usize,
    /// What the graph gives.
    pub graph: f64,
    /// What it should be.
    pub reference: f64,
}

/// How two matrices differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Frames of the graph and of the reference.
    pub frames: (usize, usize),
    /// Values a frame of the graph and of the reference.
    pub width: (usize, usize),
    /// Values that were compared: none if the widths differ.
    pub cells: usize,
    /// Values beyond their tolerance.
    pub differ: usize,
    /// The first of them.
    pub first: Option<Cell>,
    /// The one that is furthest off, in tolerances.
    pub worst: Option<Cell>,
    /// The largest difference.
    pub max: f64,
    /// The mean difference.
    pub mean: f64,
    /// How many tolerances the worst is off.
    pub ratio: f64,
    /// How far all are off: 0 is not at all. The mean of the logarithm, so that many good values outweigh a few bad ones.
    pub distance: f64,
}

impl Difference {
    /// Compares value by value, as far as both have frames.
    pub fn of(ours: &Frames, reference: &Matrix, tolerances: &[f64]) -> Self {
        let (frames, width) = ((ours.count, reference.frames), (ours.width, reference.width));
        let (cells, differ, first, worst) = (0, 0, None, None);
        let far = 1e3 + ours.width.abs_diff(reference.width) as f64;
        let mut all =
            Self { frames, width, cells, differ, first, worst, max: 0.0, mean: 0.0, ratio: 0.0, distance: far };
        // Of nothing, nothing is wrong: that would be the best there is.
        if ours.width != reference.width || ours.count.min(reference.frames) == 0 {
            return all;
        }
        let (mut sum, mut logs) = (0.0, 0.0);
        for (at, ((a, r), tolerance)) in ours.data.iter().zip(&reference.data).zip(tolerances).enumerate() {
            let off = (f64::from(*a) - r).abs();
            let off = if off.is_finite() { off } else { f64::MAX.sqrt() };
            let ratio = off / tolerance.max(1e-300);
            (sum, logs, all.cells) = (sum + off, logs + ratio.ln_1p(), all.cells + 1);
            if off <= *tolerance {
                all.ratio = all.ratio.max(ratio);
                continue;
            }
            let (frame, bin) = (at / width.0, at % width.0);
            let cell = Cell { frame, bin, graph: f64::from(*a), reference: *r };
            all.differ += 1;
            all.first = all.first.or(Some(cell));
            if ratio > all.ratio || all.worst.is_none() {
                (all.ratio, all.worst) = (ratio, Some(cell));
            }
            all.max = all.max.max(off);
        }
        all.max = largest(ours, reference);
        let count = all.cells.max(1) as f64;
        let missing = frames.0.abs_diff(frames.1) as f64 / frames.0.max(frames.1).max(1) as f64;
        let miscounted = if frames.0 == frames.1 { 0.0 } else { 0.01 };
        (all.mean, all.distance) = (sum / count, logs / count + miscounted + 10.0 * missing);
        all
    }

    /// Whether nothing is wrong.
    pub fn fits(&self) -> bool {
        self.differ == 0 && self.frames.0 == self.frames.1 && self.width.0 == self.width.1 && self.cells > 0
    }
}

fn largest(ours: &Frames, reference: &Matrix) -> f64 {
    let off = ours.data.iter().zip(&reference.data).map(|(a, r)| (f64::from(*a) - r).abs());
    off.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(width: usize, data: &[f32]) -> Frames {
        Frames { count: data.len() / width, shape: vec![width], width, data: data.into() }
    }

    fn matrix(width: usize, data: &[f64]) -> Matrix {
        Matrix { frames: data.len() / width, width, data: data.into() }
    }

    #[test]
    fn the_first_and_the_worst_are_named() {
        let reference = matrix(2, &[0.0, 0.0, 0.0, 0.0]);
        let found = Difference::of(&frames(2, &[0.0, 0.05, 0.5, -1.0]), &reference, &[0.1; 4]);
        assert_eq!((found.differ, found.cells, found.max), (2, 4, 1.0));
        assert_eq!(found.first.map(|cell| (cell.frame, cell.bin, cell.graph)), Some((1, 0, 0.5)));
        assert_eq!(found.worst.map(|cell| (cell.frame, cell.bin)), Some((1, 1)));
        assert!((found.ratio - 10.0).abs() < 1e-9 && !found.fits());
    }

    #[test]
    fn a_frame_too_many_or_a_nan_fits_nothing() {
        let reference = matrix(1, &[0.0, 0.0]);
        assert!(Difference::of(&frames(1, &[0.0, 0.0]), &reference, &[0.1; 2]).fits());
        assert!(!Difference::of(&frames(1, &[0.0, 0.0, 0.0]), &reference, &[0.1; 2]).fits());
        let nan = Difference::of(&frames(1, &[0.0, f32::NAN]), &reference, &[0.1; 2]);
        assert!(nan.differ == 1 && nan.distance.is_finite());
        assert!(!Difference::of(&frames(2, &[0.0, 0.0]), &reference, &[0.1; 2]).fits());
        let (none, bad) = (Difference::of(&frames(1, &[]), &reference, &[0.1; 2]), [9e9, 9e9]);
        assert!(!none.fits() && none.distance > Difference::of(&frames(1, &bad), &reference, &[0.1; 2]).distance);
    }
}
