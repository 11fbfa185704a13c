//! RT — a gain that goes from one value to another without a bend.

/// A gain.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    from: f32,
    to: f32,
    at: u32,
    length: u32,
}

impl Ramp {
    /// A gain that rests.
    pub fn at(value: f32) -> Self {
        Self { from: value, to: value, at: 0, length: 0 }
    }

    /// Goes to another value from where it is now, in so many frames.
    pub fn go(&mut self, to: f32, frames: u32) {
        if to != self.to {
            *self = Self { from: self.value(), to, at: 0, length: frames };
        }
    }

    /// Its value now: a raised cosine between its ends.
    pub fn value(&self) -> f32 {
        if self.at >= self.length {
            return self.to;
        }
        let share = 0.5 - 0.5 * (core::f32::consts::PI * self.at as f32 / self.length as f32).cos();
        self.from + (self.to - self.from) * share
    }

    /// Whether nothing is heard through it, now and for as long as it is not told to go elsewhere.
    pub fn is_shut(&self) -> bool {
        self.at >= self.length && self.to == 0.0
    }

    /// The value it has, if it rests.
    pub fn rests(&self) -> Option<f32> {
        (self.at >= self.length).then_some(self.to)
    }

    /// Writes the values of the next frames.
    pub fn write(&mut self, to: &mut [f32]) {
        for value in to {
            *value = self.value();
            self.at = self.at.saturating_add(1).min(self.length);
        }
    }
}
