//! Noise reduction: each channel less its own slow average.

use super::Keys;

/// Fraction bits of the smoothing and of the part that remains.
const FACTOR_BITS: u32 = 14;

/// The averages, and how fast they follow.
#[derive(Clone, Debug)]
pub struct NoiseReduction {
    /// [channels], with `fraction_bits`.
    estimates: Box<[u32]>,
    fraction_bits: u32,
    /// Of even and of odd channels: how much of a new level enters the average.
    smoothing: [u64; 2],
    least_remaining: u64,
}

impl NoiseReduction {
    /// For the channels of `keys`, with no noise heard yet.
    pub fn new(keys: &Keys) -> Self {
        let quantise = |factor: f32| (factor * (1 << FACTOR_BITS) as f32) as u64;
        Self {
            estimates: vec![0; keys.channels as usize].into(),
            fraction_bits: keys.smoothing_bits,
            smoothing: [quantise(keys.even_smoothing), quantise(keys.odd_smoothing)],
            least_remaining: quantise(keys.min_signal_remaining),
        }
    }

    /// The averages after the last frame, [channels], with `smoothing_bits` fraction bits.
    pub fn estimates(&self) -> &[u32] {
        &self.estimates
    }

    /// Moves each average towards its level and takes it away, but leaves the least that remains.
    pub fn subtract(&mut self, levels: &mut [u32]) {
        for (pair, estimates) in levels.chunks_mut(2).zip(self.estimates.chunks_mut(2)) {
            for ((level, estimate), &smoothing) in pair.iter_mut().zip(estimates).zip(&self.smoothing) {
                // A level above 2^(32 − fraction bits) loses its top bits: the library does.
                let now = *level << self.fraction_bits;
                let kept = (1 << FACTOR_BITS) - smoothing;
                *estimate = ((u64::from(now) * smoothing + u64::from(*estimate) * kept) >> FACTOR_BITS) as u32;
                let least = ((u64::from(*level) * self.least_remaining) >> FACTOR_BITS) as u32;
                *level = (now.saturating_sub(*estimate) >> self.fraction_bits).max(least);
            }
        }
    }

    /// Forgets the noise.
    pub fn reset(&mut self) {
        self.estimates.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_noise_sinks_to_the_least_that_remains() {
        let mut noise = NoiseReduction::new(&Keys { channels: 3, ..Keys::default() });
        let mut first = [1000; 3];
        noise.subtract(&mut first);
        assert_eq!(first, [975, 940, 975], "an even channel learns 2.5 %, an odd one 6 %");
        for _ in 0..400 {
            noise.subtract(&mut [1000; 3]);
        }
        let mut last = [1000; 3];
        noise.subtract(&mut last);
        assert_eq!(last, [49; 3], "5 %, rounded down");
        noise.reset();
        let mut again = [1000; 3];
        noise.subtract(&mut again);
        assert_eq!(again, first);
    }

    #[test]
    fn levels_beyond_the_fraction_bits_wrap() {
        let mut noise = NoiseReduction::new(&Keys { channels: 1, min_signal_remaining: 0.0, ..Keys::default() });
        let mut level = [1 << 22];
        noise.subtract(&mut level);
        assert_eq!(level, [0]);
    }
}
