//! Slopes over frames.
use crate::choices::DeltaStyle;
use crate::keys::DeltaKeys;
use crate::rows::Rows;

/// Appends slopes, slopes of slopes and so on to features: Σ j x\[t + j\] / Σ j² over `window` frames on each side, for
/// each order of the one below.
pub struct Deltas {
    order: usize,
    window: usize,
    style: DeltaStyle,
    width: usize,
    /// The filter of each order over the features, 2 · [`Self::lookahead`] + 1 numbers.
    filters: Vec<Vec<f64>>,
    /// Filters at an edge, while they are made.
    edge: [Vec<f64>; 2],
}

impl Deltas {
    /// Slopes of features of `width` numbers.
    pub fn new(keys: &DeltaKeys, width: usize) -> Self {
        let reach = keys.order * keys.window;
        let edge = [vec![0.0; 2 * reach + 1], vec![0.0; 2 * reach + 1]];
        let (order, window, style) = (keys.order, keys.window, keys.style);
        let mut deltas = Self { order, window, style, width, filters: Vec::new(), edge };
        // Far from both edges.
        let t = i64::MAX / 2;
        for order in 1..=keys.order {
            deltas.spread(order, t, i64::MAX);
            deltas.filters.push(deltas.edge[0].clone());
        }
        deltas
    }

    /// Numbers of a frame with its slopes.
    pub fn width(&self) -> usize {
        self.width * (self.order + 1)
    }

    /// The features and their slopes: how many parts of equal width a frame has.
    pub fn orders(&self) -> usize {
        self.order + 1
    }

    /// Frames that must have been heard after a frame before its slopes are known, or the end.
    pub fn lookahead(&self) -> usize {
        self.order * self.window
    }

    /// Frames that [`Rows`] must hold.
    pub fn memory(&self) -> usize {
        2 * self.lookahead() + 1
    }

    /// Writes frame t with its slopes. `end` is the number of frames, once it is known.
    pub fn frame(&mut self, rows: &Rows, t: u64, end: Option<u64>, out: &mut [f32]) {
        let (reach, last) = (self.lookahead() as i64, end.map_or(i64::MAX, |end| end as i64 - 1));
        let t = t as i64;
        let inside = t >= reach && t <= last.saturating_sub(reach);
        for (order, out) in out.chunks_exact_mut(self.width).enumerate() {
            if order == 0 {
                rows.read(t as u64, out);
                continue;
            }
            let recursive = self.style == DeltaStyle::Htk && !inside;
            if recursive {
                self.spread(order, t, last);
            }
            let filter = if recursive { &self.edge[0] } else { &self.filters[order - 1] };
            out.fill(0.0);
            for (weight, position) in filter.iter().zip(t - reach..) {
                let row = rows.get(position.clamp(0, last) as u64);
                if let (true, Some(row)) = (*weight != 0.0, row) {
                    for (y, x) in out.iter_mut().zip(row) {
                        *y += *weight as f32 * x;
                    }
                }
            }
        }
    }

    /// Makes the filter of an order at frame t, of which the last is `last`: a slope of slopes takes from its neighbours'
    /// slopes, which take from theirs, each repeated beyond the ends.
    fn spread(&mut self, order: usize, t: i64, last: i64) {
        let (reach, window) = (self.lookahead() as i64, self.window as i64);
        let norm: f64 = (1..=window).map(|j| 2.0 * (j * j) as f64).sum();
        let [filter, next] = &mut self.edge;
        filter.fill(0.0);
        filter[reach as usize] = 1.0;
        for _ in 0..order {
            next.fill(0.0);
            for (weight, position) in filter.iter().zip(t - reach..).filter(|(weight, _)| **weight != 0.0) {
                for j in -window..=window {
                    let place = (position + j).clamp(0, last) - (t - reach);
                    next[place as usize] += weight * j as f64 / norm;
                }
            }
            std::mem::swap(filter, next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slopes of x = 0, 1, 4, 9 … by definition: each order in full, then the next from it.
    fn recursively(x: &[f64], window: i64) -> Vec<f64> {
        let at = |t: i64| x[t.clamp(0, x.len() as i64 - 1) as usize];
        let norm: i64 = (1..=window).map(|j| 2 * j * j).sum();
        let slope = |t: i64| (1..=window).map(|j| j as f64 * (at(t + j) - at(t - j))).sum::<f64>() / norm as f64;
        (0..x.len() as i64).map(slope).collect()
    }

    #[test]
    fn recursive_slopes_are_slopes_of_slopes_up_to_both_ends() {
        for (n, window, order) in [(1, 2, 2), (2, 1, 3), (3, 2, 2), (7, 2, 3), (30, 3, 2)] {
            let keys = DeltaKeys { order, window, style: DeltaStyle::Htk };
            let (mut deltas, mut rows) = (Deltas::new(&keys, 1), Rows::new(1, n));
            let mut expected = vec![(0..n).map(|t| (t * t % 11) as f64).collect::<Vec<_>>()];
            expected[0].iter().for_each(|x| rows.push()[0] = *x as f32);
            for k in 0..order {
                expected.push(recursively(&expected[k], window as i64));
            }
            for t in 0..n {
                let mut out = vec![0.0; order + 1];
                deltas.frame(&rows, t as u64, Some(n as u64), &mut out);
                assert!(out.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b[t]).abs() < 1e-5), "{n} {t} {out:?}");
            }
        }
    }
}
