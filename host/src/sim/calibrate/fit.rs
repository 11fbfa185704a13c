//! One figure for many ratios, and how far off it is where it was not fitted.

/// A ratio of cycles to something counted, fitted to rows of measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The lowest ratio of all rows.
    pub low: f64,
    /// The geometric mean of all ratios: a row that is twice off and one that is half off weigh the same.
    pub typical: f64,
    /// The highest ratio of all rows.
    pub high: f64,
    /// The rows, in order.
    pub rows: Vec<HeldOut>,
}

/// A row that was predicted without itself.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// Its name.
    pub name: String,
    /// Measured, divided by counted.
    pub ratio: f64,
    /// What the geometric mean of all other rows says, against what was measured: 0.1 is ten per cent too much.
    pub by_the_rest: f64,
    /// The same, with each other row alone.
    pub by_each: Vec<f64>,
}

impl Fit {
    /// Of names and ratios above zero. Nothing below two of them, as none would be left to predict.
    ///
    /// A row with ratio r is predicted from another with ratio q by an error of q / r - 1.
    pub fn of(ratios: &[(String, f64)]) -> Option<Self> {
        if ratios.len() < 2 {
            return None;
        }
        let but =
            |left_out: usize| ratios.iter().enumerate().filter(move |(at, _)| *at != left_out).map(|(_, of)| of.1);
        let rows = ratios.iter().enumerate().map(|(at, (name, ratio))| HeldOut {
            name: name.clone(),
            ratio: *ratio,
            by_the_rest: mean(but(at)) / ratio - 1.0,
            by_each: but(at).map(|other| other / ratio - 1.0).collect(),
        });
        let all = || ratios.iter().map(|of| of.1);
        Some(Self {
            low: all().fold(f64::INFINITY, f64::min),
            typical: mean(all()),
            high: all().fold(0.0, f64::max),
            rows: rows.collect(),
        })
    }

    /// The middle and the greatest of the errors, without sign, of rows predicted from one other.
    pub fn error_of_one(&self) -> (f64, f64) {
        middle_and_most(self.rows.iter().flat_map(|row| row.by_each.iter().copied()))
    }

    /// The middle and the greatest of the errors, without sign, of rows predicted from all others.
    pub fn error_of_rest(&self) -> (f64, f64) {
        middle_and_most(self.rows.iter().map(|row| row.by_the_rest))
    }

    /// How likely one more row is to lie within the band, if it is like the others: (n - 1) / (n + 1), as each of n + 1
    /// rows is as likely as the others to be the lowest or the highest.
    pub fn chance_within(&self) -> f64 {
        let rows = self.rows.len() as f64;
        (rows - 1.0) / (rows + 1.0)
    }
}

/// The geometric mean.
fn mean(ratios: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = ratios.fold((0.0, 0.0), |(sum, count), ratio| (sum + ratio.ln(), count + 1.0));
    f64::exp(sum / count)
}

/// Of two in the middle the greater: no figure is made rosier than it is.
fn middle_and_most(errors: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut sorted: Vec<f64> = errors.map(f64::abs).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |at: usize| sorted.get(at).copied().unwrap_or_default();
    (at(sorted.len() / 2), at(sorted.len().saturating_sub(1)))
}
