//! Numbers that follow a live parameter without a click.

/// Seconds in which a [`Glide`] goes 99 % of its way.
const TIME: f64 = 0.01;
/// Time constants in which two equal one-pole low-passes in a row go 99 % of their way: (1 + x) exp(-x) = 0.01.
const CONSTANTS: f64 = 6.64;
/// The rest of the way that is jumped, as a part of the target, or of 1 for small targets: -120 dB.
const JUMP: f64 = 1e-6;

/// A number on its way to a target: two one-pole low-passes in a row, so that its slope has no corner either, however
/// often the target moves. It advances by one frame a call and so does not depend on how a stream is cut.
#[derive(Clone, Copy, Debug)]
pub struct Glide {
    target: f64,
    near: f64,
    now: f64,
    pull: f64,
}

impl Glide {
    /// A glide that rests at `value`.
    pub fn at(value: f64) -> Self {
        Self { target: value, near: value, now: value, pull: 1.0 }
    }

    /// Sets the frames a second that it advances by.
    pub fn pace(&mut self, rate: f64) {
        self.pull = 1.0 - (-CONSTANTS / (TIME * rate)).exp();
    }

    /// Sets out for another target.
    pub fn go(&mut self, target: f64) {
        self.target = target;
    }

    /// Is at the target at once.
    pub fn arrive(&mut self) {
        (self.near, self.now) = (self.target, self.target);
    }

    /// Whether it rests at its target.
    pub fn rests(&self) -> bool {
        self.now == self.target && self.near == self.target
    }

    /// The value of this frame; then advances to the next.
    pub fn step(&mut self) -> f32 {
        let value = self.value();
        self.near += self.pull * (self.target - self.near);
        self.now += self.pull * (self.near - self.now);
        let close = JUMP * self.target.abs().max(1.0);
        if (self.target - self.now).abs() < close && (self.target - self.near).abs() < close {
            self.arrive();
        }
        value
    }

    /// The value of this frame.
    pub fn value(&self) -> f32 {
        self.now as f32
    }
}

/// The least gain in dB; it and all below are silence.
pub const SILENCE_DB: f64 = -120.0;

/// The factor of a gain in dB.
pub fn factor(db: f64) -> f64 {
    if db <= SILENCE_DB { 0.0 } else { 10f64.powf(db / 20.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glide_is_99_percent_there_after_10_ms_and_arrives_exactly() {
        let mut glide = Glide::at(0.0);
        glide.pace(48000.0);
        glide.go(1.0);
        let path: Vec<f32> = (0..2000).map(|_| glide.step()).collect();
        assert!((path[480] - 0.99).abs() < 1e-3, "{}", path[480]);
        assert!(path.is_sorted() && path[1999] == 1.0 && glide.rests());
    }

    #[test]
    fn decibels_are_of_amplitude() {
        assert_eq!([factor(0.0), factor(20.0), factor(-120.0)], [1.0, 10.0, 0.0]);
        assert!((factor(-6.0) - 0.501_187_2).abs() < 1e-7);
    }
}
