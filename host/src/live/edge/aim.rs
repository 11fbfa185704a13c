//! RT — how much must wait before the first frame is taken, so that none is ever missing.
use super::ring::Mark;

/// Frames are those that are fed.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    /// By how much the edge lags.
    pub lag: usize,
    first: First,
}

/// Who comes first in a cycle.
#[derive(Clone, Copy, Debug)]
enum First {
    /// None must wait: those who take ask for them to be rendered.
    AtOnce,
    /// The one who feeds, always.
    Feeds,
    /// Either. The frames and the seconds of a callback of the one who feeds.
    Either(usize, f64),
}

impl Aim {
    /// For those who ask for frames to be rendered.
    pub fn at_once() -> Self {
        Self { lag: 0, first: First::AtOnce }
    }

    /// For those who are fed before they take, in each cycle.
    pub fn fed_first(lag: usize) -> Self {
        Self { lag, first: First::Feeds }
    }

    /// For those who are fed before or after they take, by callbacks of so many frames.
    pub fn either(lag: usize, frames: usize, rate: u32) -> Self {
        Self { lag, first: First::Either(frames, frames as f64 / f64::from(rate)) }
    }

    /// Whether frames are asked for.
    pub fn asks(&self) -> bool {
        matches!(self.first, First::AtOnce)
    }

    /// Frames that must wait now, if it matters. If the one who feeds has been first in this cycle, what it fed last is
    /// there already. `at`: now; `ahead`: by how much the next frame is due after the beat.
    pub fn waiting(&self, mark: &Mark, at: f64, ahead: f64) -> Option<usize> {
        let fed = match self.first {
            First::AtOnce => return None,
            First::Feeds => mark.ahead,
            First::Either(frames, seconds) if at - mark.at > seconds / 2.0 => mark.ahead.saturating_sub(frames),
            First::Either(..) => mark.ahead,
        };
        Some((self.lag + fed).saturating_sub(ahead as usize))
    }
}
