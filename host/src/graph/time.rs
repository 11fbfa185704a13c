//! Exact time: seconds as a fraction, so that frames of different rates meet without rounding.
use crate::plugin::Format;
use num_integer::Integer;
use num_rational::Ratio;

/// A time or a span, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(Ratio<i128>);

/// Denominators beyond this are refused, long before arithmetic could overflow.
const FINEST: i128 = 1 << 60;

impl Time {
    /// No time.
    pub const ZERO: Self = Self(Ratio::new_raw(0, 1));

    /// The time that `frames` of a format take.
    pub fn of(frames: u64, format: &Format) -> Self {
        Self(Ratio::new(i128::from(frames) * i128::from(format.rate_den), i128::from(format.rate_num)))
    }

    /// `samples` at a rate in Hz.
    pub fn of_samples(samples: u64, rate: u32) -> Self {
        Self(Ratio::new(i128::from(samples), i128::from(rate)))
    }

    /// The sum; `None` if it cannot be held exactly.
    pub fn plus(self, other: Self) -> Option<Self> {
        let common = self.0.denom().lcm(other.0.denom());
        (common < FINEST).then(|| Self(self.0 + other.0))
    }

    /// The difference; `None` if it cannot be held exactly.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self(-other.0))
    }

    /// How many frames of a format it is; `None` unless whole and not negative.
    pub fn in_frames(self, format: &Format) -> Option<u64> {
        let frames = self.0 * Ratio::new(i128::from(format.rate_num), i128::from(format.rate_den));
        frames.is_integer().then(|| u64::try_from(frames.to_integer()).ok()).flatten()
    }

    /// How many frames of a format it is at least, none if negative.
    pub fn in_frames_up(self, format: &Format) -> u64 {
        let frames = self.0 * Ratio::new(i128::from(format.rate_num), i128::from(format.rate_den));
        u64::try_from(frames.ceil().to_integer()).unwrap_or(0)
    }

    /// As samples at a rate, rounded down.
    pub fn in_samples(self, rate: u32) -> u64 {
        u64::try_from((self.0 * Ratio::from(i128::from(rate))).floor().to_integer()).unwrap_or(0)
    }

    /// In milliseconds, for people.
    pub fn ms(self) -> f64 {
        *self.0.numer() as f64 / *self.0.denom() as f64 * 1000.0
    }

    /// In seconds, for people.
    pub fn seconds(self) -> f64 {
        *self.0.numer() as f64 / *self.0.denom() as f64
    }
}
