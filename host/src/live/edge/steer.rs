//! RT — how much faster frames must be taken than the nominal rates say, so that as many go as come.
use super::convert::MOST;
use std::f64::consts::TAU;

/// A loop of second order on the distance between what has come and what has been taken, both as the clocks have it: the
/// jitter of callbacks is out of it already (after F. Adriaensen, "Controlling adaptive resampling", 2012). Its bandwidth
/// goes down as the time grows for which it runs, like that of the clocks, and ends below theirs: what is left of the
/// jitter must not move the pitch. 200 µs of it leave more than 85 dB of a note at 10 kHz after half a minute; with a
/// bandwidth as that of the clocks it were 76 dB (`tests/tests/live_devices.rs`). While the drift is not known, it is what
/// the clocks say.
#[derive(Clone, Debug)]
pub struct Steer {
    /// Frames a second that come, nominally.
    rate: f64,
    /// Frames by which what is taken is to lag what comes.
    pub lag: f64,
    /// Frames taken, with fractions.
    pub taken: f64,
    /// Where the rate settles.
    drift: f64,
    /// Frames by which it lags too much.
    pub error: f64,
    /// The same without what is left of the jitter.
    smooth: f64,
    /// Seconds since it began.
    known: f64,
    /// Seconds for which the error has been small.
    calm: f64,
    /// The drift is known.
    learned: bool,
}

/// Bandwidth at first, in Hz.
const FAST: f64 = 0.2;
/// Bandwidth in the end.
const SLOW: f64 = 0.005;
/// The product of bandwidth and time on the way from one to the other.
const SHRINK: f64 = 0.4;
/// Seconds for which it is new.
const NEW: f64 = 12.0;
/// Damping.
const DAMPING: f64 = 0.8;
/// A pole so far above the bandwidth takes out what is left of the jitter.
const SMOOTH: f64 = 5.0;
/// Frames of error below which it is calm.
const CALM: f64 = 2.0;
/// Seconds of calm after which it has settled.
const SETTLED: f64 = 3.0;
/// An error of so many seconds is no drift: the sound is taken up elsewhere.
const ELSEWHERE: f64 = 0.02;

impl Steer {
    /// For so many frames a second that come.
    pub fn new(rate: u32, lag: f64) -> Self {
        let (taken, drift, error, smooth, known, calm, learned) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, false);
        Self { rate: f64::from(rate), lag, taken, drift, error, smooth, known, calm, learned }
    }

    /// Begins anew after so many frames. What is known of the drift is kept.
    pub fn begin(&mut self, taken: f64) {
        (self.taken, self.error, self.smooth, self.known, self.calm) = (taken, 0.0, 0.0, 0.0, 0.0);
    }

    /// How much faster frames must be taken for the next `seconds`, when so many have come, and come faster by `clocks` than
    /// they are taken, nominally, as the two clocks have it by now.
    pub fn follow(&mut self, come: f64, seconds: f64, clocks: f64) -> f64 {
        self.error = come - self.taken - self.lag;
        self.known += seconds;
        self.calm = if self.error.abs() < CALM { self.calm + seconds } else { 0.0 };
        self.learned |= self.known > NEW;
        let omega = TAU * (SHRINK / self.known.max(1e-9)).clamp(SLOW, FAST);
        self.smooth += (SMOOTH * omega * seconds).min(1.0) * (self.error - self.smooth);
        let drift = match self.learned {
            true => self.drift + omega * omega * seconds * self.error / self.rate,
            false => clocks,
        };
        self.drift = drift.clamp(-MOST / 2.0, MOST / 2.0);
        (self.drift + 2.0 * DAMPING * omega * self.smooth / self.rate).clamp(-MOST * 0.99, MOST * 0.99)
    }

    /// The sound must be taken up elsewhere.
    pub fn is_lost(&self, come: f64) -> bool {
        (come - self.taken - self.lag).abs() > ELSEWHERE * self.rate
    }

    /// By how many parts in a million what comes is faster than what is taken, nominally.
    pub fn ppm(&self) -> f64 {
        self.drift * 1e6
    }

    /// Whether that is known well.
    pub fn settled(&self) -> bool {
        self.known > NEW && self.calm > SETTLED
    }
}
