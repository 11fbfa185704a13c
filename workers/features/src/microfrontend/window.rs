//! The window: a Hann in 12 bits, and how loud the windowed samples are.

/// Fraction bits of a weight.
const WEIGHT_BITS: u32 = 12;

/// A window, and the samples last seen through it.
#[derive(Clone, Debug)]
pub struct Window {
    weights: Box<[i16]>,
    weighted: Box<[i16]>,
}

impl Window {
    /// Weight n of N is ½ − ½ cos(2π (n + ½) / N), rounded to 12 bits. The step of the angle is one f32: with more digits some
    /// weights would round the other way.
    pub fn new(len: usize) -> Self {
        let step = std::f32::consts::PI * 2.0 / len as f32;
        let weight = |n| 0.5 - 0.5 * libm::cosf(step * (n as f32 + 0.5));
        let quantise = |w: f32| (w * (1 << WEIGHT_BITS) as f32 + 0.5).floor() as i16;
        Self { weights: (0..len).map(|n| quantise(weight(n))).collect(), weighted: vec![0; len].into() }
    }

    /// Samples of a window.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// The samples that [`apply`](Self::apply) weighted, rounded down.
    pub fn weighted(&self) -> &[i16] {
        &self.weighted
    }

    /// Weights `samples`, and returns the bits by which the result can be shifted up: 0 when it is loud, 15 when it is silent.
    pub fn apply(&mut self, samples: &[i16]) -> u32 {
        let given = samples.len().min(self.weighted.len());
        self.weighted[given..].fill(0);
        let mut loudest = 0;
        for ((out, &sample), &weight) in self.weighted.iter_mut().zip(samples).zip(&self.weights) {
            *out = ((i32::from(sample) * i32::from(weight)) >> WEIGHT_BITS) as i16;
            // −32768 has no opposite in 16 bits and stays below every other level: alone, it counts as silence.
            loudest = loudest.max(out.wrapping_abs());
        }
        (loudest as u16).leading_zeros() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headroom_is_what_the_loudest_sample_leaves() {
        let mut window = Window::new(480);
        assert_eq!(window.apply(&[0; 480]), 15);
        assert_eq!(window.apply(&[1; 480]), 14);
        assert_eq!(window.apply(&[-255; 480]), 7);
        assert_eq!(window.apply(&[256; 480]), 6);
        assert_eq!(window.apply(&[i16::MAX; 480]), 0);
    }

    #[test]
    fn a_sample_without_opposite_is_not_heard() {
        let mut window = Window::new(480);
        let mut samples = [0; 480];
        samples[240] = i16::MIN;
        assert_eq!(window.apply(&samples), 15);
        assert_eq!(window.weighted()[240], i16::MIN);
    }

    #[test]
    fn samples_that_are_missing_are_silence() {
        let mut window = Window::new(8);
        window.apply(&[1000; 8]);
        window.apply(&[1000; 5]);
        assert_eq!(window.weighted()[5..], [0; 3]);
        assert_ne!(window.weighted()[4], 0);
    }
}
