//! Clocks of cards, and chance.

/// A clock that counts frames: it stands still at times, and is never quite as fast as it says.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// Frames a second, in truth.
    rate: f64,
    /// Where it was, and when.
    frame: f64,
    ns: f64,
}

impl Clock {
    pub fn new(rate: u32, ppm: f64, now_ns: f64) -> Self {
        Self { rate: f64::from(rate) * (1.0 + ppm * 1e-6), frame: 0.0, ns: now_ns }
    }

    /// Frames so far.
    pub fn frame_at(&self, ns: f64) -> f64 {
        self.frame + (ns - self.ns).max(0.0) * self.rate / 1e9
    }

    /// When a frame begins, in nanoseconds.
    pub fn time_of(&self, frame: f64) -> f64 {
        self.ns + (frame - self.frame) * 1e9 / self.rate
    }

    /// It stands still from now until then.
    pub fn stall(&mut self, now: f64, until: f64) {
        (self.frame, self.ns) = (self.frame_at(now), until);
    }
}

/// Pseudorandom numbers: splitmix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub(super) struct Chance(pub u64);

impl Chance {
    /// From 0 to 1.
    pub fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_fast_gains_what_it_is_said_to() {
        let clock = Clock::new(48000, 100.0, 0.0);
        assert!((clock.frame_at(3600e9) - 48000.0 * 3600.0 * 1.0001).abs() < 1e-3);
        assert!((clock.time_of(clock.frame_at(5e9)) - 5e9).abs() < 1.0);
    }

    #[test]
    fn a_clock_that_stands_still_goes_on_where_it_stood() {
        let mut clock = Clock::new(1000, 0.0, 0.0);
        clock.stall(2e9, 10e9);
        assert_eq!((clock.frame_at(2e9), clock.frame_at(9e9)), (2000.0, 2000.0));
        assert_eq!(clock.frame_at(11e9), 3000.0);
    }
}
