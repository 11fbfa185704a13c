//! How frames lie in a tensor.
use crate::shapes::values;

/// Where the values of consecutive frames lie in a tensor.
///
/// Frames have three extents: how many there are, their cells, and the parts of a cell (2 where it is complex). A
/// tensor has them in any order, with any axes of 1 between, and one extent may be spread over neighbouring axes. For 6
/// frames of 40 values that is 6×40, 1×6×40, 6×10×4, 1×40×6 (transposed) or 240; for a spectrum of 257 bins 1×257×1×2
/// (our own order) or 1×2×257 (the parts apart). Where extents are equal, frames come first and parts last.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Frames, cells, parts.
    extents: [usize; 3],
    /// Of each extent, in the tensor.
    strides: [usize; 3],
}

const FRAMES: usize = 0;
const CELLS: usize = 1;
const PARTS: usize = 2;

impl Layout {
    /// The layout of a tensor of this `shape`, or `None` if such frames cannot lie in it, or are too many.
    pub fn of(shape: &[usize], frames: usize, cells: usize, parts: usize) -> Option<Self> {
        const ORDERS: [[usize; 3]; 6] = [
            [FRAMES, CELLS, PARTS],
            [FRAMES, PARTS, CELLS],
            [PARTS, FRAMES, CELLS],
            [PARTS, CELLS, FRAMES],
            [CELLS, FRAMES, PARTS],
            [CELLS, PARTS, FRAMES],
        ];
        let extents = [frames, cells, parts];
        if values(&extents)? != values(shape)? {
            return None;
        }
        let axes: Vec<usize> = shape.iter().copied().filter(|n| *n != 1).collect();
        let flat = axes.len() <= 1 && parts == 1;
        let order = ORDERS.into_iter().find(|order| flat || reads_as(&axes, order.map(|role| extents[role])))?;
        let mut strides = [0; 3];
        let mut stride = 1;
        for role in order.into_iter().rev() {
            strides[role] = stride;
            stride *= extents[role];
        }
        Some(Self { extents, strides })
    }

    /// Floats in all the frames.
    pub fn len(&self) -> usize {
        self.extents.iter().product()
    }

    /// Writes frames into a tensor.
    pub fn write(&self, frames: &[f32], tensor: &mut [f32]) {
        match self.is_straight() {
            true => tensor.copy_from_slice(frames),
            false => self.pairs(|at, there| tensor[there] = frames[at]),
        }
    }

    /// Reads frames out of a tensor.
    pub fn read(&self, tensor: &[f32], frames: &mut [f32]) {
        match self.is_straight() {
            true => frames.copy_from_slice(tensor),
            false => self.pairs(|at, there| frames[at] = tensor[there]),
        }
    }

    /// Whether frames lie in the tensor as they come.
    fn is_straight(&self) -> bool {
        let [_, cells, parts] = self.extents;
        self.strides == [cells * parts, parts, 1]
    }

    fn pairs(&self, mut f: impl FnMut(usize, usize)) {
        let ([frames, cells, parts], [by_frame, by_cell, by_part]) = (self.extents, self.strides);
        let mut at = 0;
        for frame in 0..frames {
            for cell in 0..cells {
                for part in 0..parts {
                    f(at, frame * by_frame + cell * by_cell + part * by_part);
                    at += 1;
                }
            }
        }
    }
}

/// Whether axes, multiplied with their neighbours, are these extents.
fn reads_as(axes: &[usize], extents: [usize; 3]) -> bool {
    let mut axes = axes.iter();
    for extent in extents {
        let mut product = 1;
        while product < extent {
            match axes.next() {
                Some(n) => product *= n,
                None => return false,
            }
        }
        if product != extent {
            return false;
        }
    }
    axes.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(shape: &[usize], extents: [usize; 3]) -> Option<Vec<f32>> {
        let layout = Layout::of(shape, extents[0], extents[1], extents[2])?;
        let frames: Vec<f32> = (0..layout.len()).map(|n| n as f32).collect();
        let mut tensor = vec![f32::NAN; frames.len()];
        layout.write(&frames, &mut tensor);
        let mut back = vec![f32::NAN; frames.len()];
        layout.read(&tensor, &mut back);
        assert_eq!(back, frames);
        Some(tensor)
    }

    #[test]
    fn features_go_in_as_they_are_or_with_time_last() {
        let straight = Some(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        for shape in [&[1, 2, 3][..], &[2, 1, 3, 1], &[6], &[1, 6]] {
            assert_eq!(written(shape, [2, 3, 1]), straight, "{shape:?}");
        }
        assert_eq!(written(&[1, 3, 2], [2, 3, 1]), Some(vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        assert_eq!(written(&[1, 2, 2, 2], [2, 4, 1]).map(|t| t[4]), Some(4.0), "4 values spread over 2×2");
    }

    #[test]
    fn a_spectrum_goes_in_with_its_parts_last_or_first() {
        assert_eq!(written(&[1, 3, 1, 2], [1, 3, 2]), Some(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!(written(&[1, 2, 3], [1, 3, 2]), Some(vec![0.0, 2.0, 4.0, 1.0, 3.0, 5.0]));
        // 2 frames of 3 bins as bins × frames × parts
        let turned = vec![0.0, 1.0, 6.0, 7.0, 2.0, 3.0, 8.0, 9.0, 4.0, 5.0, 10.0, 11.0];
        assert_eq!(written(&[1, 3, 2, 2], [2, 3, 2]), Some(turned));
        assert_eq!(written(&[1, 6], [1, 3, 2]), None, "it would be a guess which part is which");
    }

    #[test]
    fn what_does_not_fit_has_no_layout() {
        assert_eq!(written(&[1, 1, 257], [1, 129, 1]), None);
        assert_eq!(written(&[1, 3, 4], [2, 6, 1]), None);
        assert_eq!(written(&[0, 3], [1, 3, 1]), None);
        assert_eq!(written(&[1 << 33, 1 << 31], [1, 0, 1]), None);
    }
}
