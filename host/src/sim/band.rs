//! A number that is not known exactly.
use std::ops::Mul;

/// A number that is not known exactly: it lies between `low` and `high`, and most likely near `typical`.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Band {
    /// It is hardly less.
    pub low: f64,
    /// What is expected.
    pub typical: f64,
    /// It is hardly more.
    pub high: f64,
}

/// Which end of every band is taken at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// All costs are low.
    Low,
    /// All costs are as expected.
    Typical,
    /// All costs are high.
    High,
}

impl Case {
    /// From the best to the worst.
    pub const ALL: [Self; 3] = [Self::Low, Self::Typical, Self::High];
}

impl Band {
    /// A number that is known.
    pub fn exact(value: f64) -> Self {
        Self { low: value, typical: value, high: value }
    }

    /// What is taken in a case.
    pub fn at(&self, case: Case) -> f64 {
        match case {
            Case::Low => self.low,
            Case::Typical => self.typical,
            Case::High => self.high,
        }
    }

    /// So wide that it holds a number, too.
    #[must_use]
    pub fn reaching(&self, number: f64) -> Self {
        Self { low: self.low.min(number), typical: self.typical, high: self.high.max(number) }
    }

    /// Both, where all of one goes with all of the other.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self { low: self.low + other.low, typical: self.typical + other.typical, high: self.high + other.high }
    }

    /// The same, each by a factor.
    #[must_use]
    pub fn map(&self, of: impl Fn(f64) -> f64) -> Self {
        Self { low: of(self.low), typical: of(self.typical), high: of(self.high) }
    }
}

impl Mul<Band> for Band {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self { low: self.low * other.low, typical: self.typical * other.typical, high: self.high * other.high }
    }
}
