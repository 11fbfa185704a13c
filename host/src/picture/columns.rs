//! Values over time in bounded memory.

/// What stands for several values that share a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// The largest: nothing short is lost, as for levels.
    Max,
    /// The mean: as for values of both signs.
    Mean,
}

impl Reduce {
    /// Its name in a sentence.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Max => "maximum",
            Self::Mean => "mean",
        }
    }

    /// Of many values; those that are not finite do not count. NaN if none is.
    pub(super) fn of(self, values: impl Iterator<Item = f32>) -> f32 {
        let finite = values.filter(|value| value.is_finite());
        match self {
            Self::Max => finite.fold(f32::NAN, f32::max),
            Self::Mean => {
                let (sum, count) = finite.fold((0.0, 0.0), |(sum, count), value| (sum + f64::from(value), count + 1.0));
                (sum / count) as f32
            }
        }
    }
}

/// Frames × bands that come one frame after the other. However many there are, at most 4096 columns are kept: when
/// they are full, neighbours become one, and from then on a column takes twice as many frames.
#[derive(Clone, Debug)]
pub struct Columns {
    bands: usize,
    reduce: Reduce,
    /// Columns × bands, row-major.
    values: Vec<f32>,
    frames: u64,
    /// Frames that a column takes.
    per_column: u64,
    /// The frames that the last column has so far.
    open: u64,
    /// Finite values so far in each band of the last column.
    counts: Vec<u64>,
    /// Values that were NaN or infinite.
    not_finite: u64,
}

impl Columns {
    /// Columns kept at most: more than a picture is wide.
    const MOST: usize = 4096;

    /// For frames of so many bands, at least one.
    pub fn new(bands: usize, reduce: Reduce) -> Self {
        let bands = bands.max(1);
        let counts = vec![0; bands];
        Self { bands, reduce, values: Vec::new(), frames: 0, per_column: 1, open: 0, counts, not_finite: 0 }
    }

    /// Frames × bands that are all there, row-major. A last frame that is not whole is left out.
    pub fn of(values: &[f32], bands: usize, reduce: Reduce) -> Self {
        let mut columns = Self::new(bands, reduce);
        values.chunks_exact(columns.bands).for_each(|frame| columns.push(frame));
        columns
    }

    /// Appends a frame; what it lacks in bands is NaN, what it has too many is left out.
    pub fn push(&mut self, frame: &[f32]) {
        if self.open == self.per_column {
            self.open_another();
        }
        if self.open == 0 {
            self.values.resize(self.values.len() + self.bands, f32::NAN);
            self.counts.fill(0);
        }
        let start = self.values.len() - self.bands;
        let padded = frame.iter().copied().chain(std::iter::repeat(f32::NAN));
        for ((kept, count), value) in self.values[start..].iter_mut().zip(&mut self.counts).zip(padded) {
            if !value.is_finite() {
                self.not_finite += 1;
                continue;
            }
            *count += 1;
            *kept = match self.reduce {
                _ if *count == 1 => value,
                Reduce::Max => kept.max(value),
                Reduce::Mean => *kept + (value - *kept) / *count as f32,
            };
        }
        self.open += 1;
        self.frames += 1;
    }

    /// The last column has all its frames: makes room for another.
    fn open_another(&mut self) {
        self.open = 0;
        if self.len() < Self::MOST {
            return;
        }
        let halved = (0..self.len() / 2).flat_map(|pair| {
            let (left, right) = (self.column(2 * pair), self.column(2 * pair + 1));
            left.iter().zip(right).map(|(left, right)| self.reduce.of([*left, *right].into_iter()))
        });
        self.values = halved.collect();
        self.per_column *= 2;
    }

    /// Columns kept.
    pub(super) fn len(&self) -> usize {
        self.values.len() / self.bands
    }

    /// The bands of a column.
    pub(super) fn column(&self, at: usize) -> &[f32] {
        &self.values[at * self.bands..(at + 1) * self.bands]
    }

    /// Values a frame.
    pub fn bands(&self) -> usize {
        self.bands
    }

    /// Frames that came.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames that a column takes; the last may have fewer.
    pub(super) fn per_column(&self) -> u64 {
        self.per_column
    }

    /// Values that came and were NaN or infinite.
    pub(super) fn not_finite(&self) -> u64 {
        self.not_finite
    }

    pub(super) fn reduce(&self) -> Reduce {
        self.reduce
    }

    /// The smallest and the largest of what is kept; `None` if nothing is finite.
    pub fn range(&self) -> Option<(f32, f32)> {
        let finite = self.values.iter().copied().filter(|value| value.is_finite());
        finite.fold(None, |range, value| match range {
            None => Some((value, value)),
            Some((low, high)) => Some((value.min(low), value.max(high))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_frames_takes_no_more_memory_than_a_minute_and_loses_no_click() {
        let mut columns = Columns::new(2, Reduce::Max);
        for frame in 0..360_000 {
            columns.push(&[if frame == 123_456 { 1.0 } else { 0.0 }, -1.0]);
        }
        assert_eq!((columns.frames(), columns.per_column()), (360_000, 128));
        assert_eq!(columns.len(), 360_000usize.div_ceil(128));
        let loud: Vec<_> = (0..columns.len()).filter(|at| columns.column(*at)[0] == 1.0).collect();
        assert_eq!(loud, [123_456 / 128]);
        assert!(columns.values.capacity() <= 4 * Columns::MOST);
    }

    #[test]
    fn the_mean_counts_every_frame_once() {
        let mut columns = Columns::new(1, Reduce::Mean);
        (0..16 * 1024).for_each(|frame| columns.push(&[(frame % 4) as f32]));
        assert_eq!(columns.per_column(), 4);
        assert!((0..columns.len()).all(|at| columns.column(at) == [1.5]));
    }

    #[test]
    fn what_is_not_finite_spoils_no_neighbour() {
        let mut columns = Columns::of(&[1.0, f32::NAN, f32::INFINITY, 2.0], 2, Reduce::Max);
        assert_eq!((columns.range(), columns.not_finite()), (Some((1.0, 2.0)), 2));
        assert!(columns.column(0)[1].is_nan() && columns.column(1)[0].is_nan());
        columns.push(&[7.0]);
        assert_eq!((columns.column(2)[0], columns.not_finite()), (7.0, 3), "a band that is missing is not finite");
        assert_eq!(Columns::new(0, Reduce::Max).range(), None);
    }
}
