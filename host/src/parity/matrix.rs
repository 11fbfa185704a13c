//! Which axis of a reference is which: frames, channels, bins.
use crate::io::NpyArray;
use crate::replay::Kept;

/// Frames of a graph, [frames, width]; channels one after the other in a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    /// How many.
    pub count: usize,
    /// The shape of one, without extents of 1.
    pub shape: Vec<usize>,
    /// Values in one.
    pub width: usize,
    /// All values.
    pub data: Vec<f32>,
}

impl From<Kept> for Frames {
    fn from(kept: Kept) -> Self {
        let width = kept.shape.iter().product::<usize>().max(1);
        let shape = kept.shape.into_iter().filter(|&size| size != 1).collect();
        Self { count: kept.data.len() / width, shape, width, data: kept.data }
    }
}

impl Frames {
    /// No more than so many.
    pub fn first(mut self, frames: usize) -> Self {
        self.count = self.count.min(frames);
        self.data.truncate(self.count * self.width);
        self
    }
}

/// Frames of a reference, [frames, width].
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// How many.
    pub frames: usize,
    /// Values in one.
    pub width: usize,
    /// All values.
    pub data: Vec<f64>,
}

impl Matrix {
    /// Frame and bin of the first value that is not finite, and how many there are.
    pub fn not_finite(&self) -> Option<((usize, usize), usize)> {
        let at = self.data.iter().position(|x| !x.is_finite())?;
        let count = self.data.iter().filter(|x| !x.is_finite()).count();
        Some(((at / self.width, at % self.width), count))
    }

    /// No more than so many frames.
    pub fn first(mut self, frames: usize) -> Self {
        self.frames = self.frames.min(frames);
        self.data.truncate(self.frames * self.width);
        self
    }
}

/// Most axes whose orders are tried.
const MOST_AXES: usize = 4;

/// Puts the axes of a reference in the order of `ours`; answers too what had to be done, in words.
///
/// # Errors
/// An array without values, or with more axes than frames, channels, bins and parts.
pub fn arrange(array: &NpyArray, ours: &Frames) -> Result<(Matrix, Option<String>), String> {
    if array.data.is_empty() {
        return Err(format!("holds nothing: its shape is {:?}", array.shape));
    }
    let shape: Vec<usize> = array.shape.iter().copied().filter(|&size| size != 1).collect();
    if shape.len() > MOST_AXES {
        return Err(format!("has the shape {:?}; frames of features are [frames, width]", array.shape));
    }
    if ours.width == 1 && shape.len() <= 1 {
        return Ok((Matrix { frames: array.data.len(), width: 1, data: array.data.clone() }, None));
    }
    if shape == ours.shape {
        return Ok((Matrix { frames: 1, width: ours.width, data: array.data.clone() }, None));
    }
    let fitting = orders(shape.len())
        .into_iter()
        .filter(|order| !order.is_empty() && order[1..].iter().map(|&axis| shape[axis]).eq(ours.shape.iter().copied()));
    let as_frames = |order: &Vec<usize>| ordered(&array.data, &shape, order);
    let off = |order: &Vec<usize>| shape[order[0]].abs_diff(ours.count);
    let fitting: Vec<Vec<usize>> = fitting.collect();
    let least = fitting.iter().map(off).min().unwrap_or(0);
    // As many frames as bins: what the values say decides.
    let far = |order: &&Vec<usize>| {
        as_frames(order).iter().zip(&ours.data).map(|(a, b)| (a - f64::from(*b)).abs()).sum::<f64>()
    };
    let nearest = fitting.iter().filter(|order| off(order) == least).min_by(|a, b| far(a).total_cmp(&far(b)));
    if let Some(order) = nearest {
        let matrix = Matrix { frames: shape[order[0]], width: ours.width, data: as_frames(order) };
        return Ok((matrix, told(&array.shape, order)));
    }
    Ok(nearly(array, &shape, ours))
}

/// What was done with the axes, unless it was nothing.
fn told(shape: &[usize], order: &[usize]) -> Option<String> {
    match order {
        _ if order.is_sorted() => None,
        [1, 0] => Some(format!("the reference is transposed, [width, frames] = {shape:?}; it was turned around")),
        _ => Some(format!("the axes of the reference, {shape:?}, were put in the order of frames, channels, width")),
    }
}

/// A reference of another width: the axis that is most like our number of frames counts them.
fn nearly(array: &NpyArray, shape: &[usize], ours: &Frames) -> (Matrix, Option<String>) {
    let turned = shape.len() == 2 && shape[1].abs_diff(ours.count) < shape[0].abs_diff(ours.count);
    let order: Vec<usize> = if turned { vec![1, 0] } else { (0..shape.len()).collect() };
    let frames = order.first().map_or(1, |&axis| shape[axis]);
    let matrix = Matrix { frames, width: array.data.len() / frames, data: ordered(&array.data, shape, &order) };
    (matrix, told(&array.shape, &order))
}

/// All orders of so many axes, that as they stand first.
fn orders(axes: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![vec![]];
    for _ in 0..axes {
        let longer = |order: Vec<usize>| {
            let free: Vec<usize> = (0..axes).filter(|axis| !order.contains(axis)).collect();
            free.into_iter().map(move |axis| order.iter().copied().chain([axis]).collect())
        };
        orders = orders.into_iter().flat_map(longer).collect();
    }
    orders
}

/// The values with their axes in another order.
fn ordered(data: &[f64], shape: &[usize], order: &[usize]) -> Vec<f64> {
    let stride = |axis: usize| shape[axis + 1..].iter().product::<usize>();
    let mut places = vec![0];
    for &axis in order {
        let steps = |at: usize| (0..shape[axis]).map(move |i| at + i * stride(axis));
        places = places.into_iter().flat_map(steps).collect();
    }
    places.into_iter().map(|at| data[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize]) -> NpyArray {
        let data = (0..shape.iter().product::<usize>()).map(|i| i as f64).collect();
        NpyArray { shape: shape.into(), complex: false, data }
    }

    fn ours(count: usize, shape: &[usize]) -> Frames {
        let width = shape.iter().product();
        Frames { count, shape: shape.into(), width, data: vec![0.0; count * width] }
    }

    #[test]
    fn axes_of_one_are_left_out_and_a_transpose_is_turned_around() {
        let (matrix, note) = arrange(&array(&[1, 3, 2]), &ours(3, &[2])).unwrap();
        assert_eq!((matrix.frames, matrix.data, note), (3, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0], None));
        let (matrix, note) = arrange(&array(&[1, 2, 3]), &ours(3, &[2])).unwrap();
        assert_eq!((matrix.frames, matrix.data), (3, vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        assert!(note.unwrap().contains("transposed"));
    }

    #[test]
    fn channels_may_lead() {
        // [channels, frames, bins] = [2, 3, 4], where the graph gives [frames, channels, bins]
        let (matrix, note) = arrange(&array(&[2, 3, 4]), &ours(3, &[2, 4])).unwrap();
        assert_eq!((matrix.frames, matrix.width), (3, 8));
        assert_eq!(matrix.data[..8], [0.0, 1.0, 2.0, 3.0, 12.0, 13.0, 14.0, 15.0]);
        assert!(note.is_some());
    }

    #[test]
    fn a_square_is_turned_if_its_values_say_so() {
        let ours = Frames { data: vec![0.0, 2.0, 1.0, 3.0], ..ours(2, &[2]) };
        assert_eq!(arrange(&array(&[2, 2]), &ours).unwrap().0.data, [0.0, 2.0, 1.0, 3.0]);
    }

    #[test]
    fn another_width_is_kept_with_frames_first() {
        let (matrix, note) = arrange(&array(&[40, 299]), &ours(300, &[80])).unwrap();
        assert_eq!((matrix.frames, matrix.width), (299, 40));
        assert!(note.unwrap().contains("transposed"));
        assert!(arrange(&array(&[0, 80]), &ours(3, &[80])).unwrap_err().contains("nothing"));
        assert!(arrange(&array(&[2, 2, 2, 2, 2]), &ours(3, &[80])).unwrap_err().contains("[frames, width]"));
    }
}
