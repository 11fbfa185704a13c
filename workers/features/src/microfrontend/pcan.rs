//! Gain control (PCAN): levels over a power of their noise, squeezed at the low end.

use super::Keys;

/// Fraction bits of a level over its noise.
pub const SNR_BITS: i32 = 12;
/// Fraction bits of what comes out.
const OUTPUT_BITS: u32 = 6;
/// Bits of the place between two powers of two.
const PLACE_BITS: u32 = 10;

/// A parabola through the gain at x₀, 1.5 x₀ and 2 x₀: `start + (slope + curve · t) · t` with t from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Arc {
    start: i16,
    slope: i16,
    curve: i16,
}

/// The gain (noise + offset)^−strength, from a table with an arc for each power of two of the noise.
#[derive(Clone, Debug)]
pub struct GainControl {
    /// For noise of so many bits: 0 of none, 1 of 1, arc b from 2^(b−1).
    arcs: [Arc; 33],
    /// Takes the fraction bits of a product down to [`SNR_BITS`].
    shift: u32,
}

impl GainControl {
    /// The gain for noise with `smoothing_bits` fraction bits; levels times 2^`correction_bits` are as loud as the samples.
    /// The keys were checked: both shifts are possible.
    pub fn new(keys: &Keys, correction_bits: i32) -> Self {
        let noise_bits = keys.smoothing_bits as i32 - correction_bits;
        let gain = |noise: u32| {
            let noise = noise as f32 / (1_u32 << noise_bits) as f32;
            let gain = (1_u32 << keys.gain_bits) as f32 * power(noise + keys.offset, -keys.strength);
            if gain > f32::from(i16::MAX) { i16::MAX } else { (gain + 0.5) as i16 }
        };
        let mut arcs = [Arc::default(); 33];
        arcs[0].start = gain(0);
        arcs[1].start = gain(1);
        for (bits, arc) in arcs.iter_mut().enumerate().skip(2) {
            let x = 1_u32 << (bits - 1);
            let [start, middle, end] = [x, x + x / 2, x + (x - 1) + u32::from(bits < 32)].map(gain);
            let (to_middle, to_end) = (i32::from(middle) - i32::from(start), i32::from(end) - i32::from(start));
            let slope = 4 * to_middle - to_end;
            *arc = Arc { start, slope: slope as i16, curve: (to_end - slope) as i16 };
        }
        Self { arcs, shift: (keys.gain_bits as i32 - correction_bits - SNR_BITS) as u32 }
    }

    /// Multiplies each level by the gain of its noise and squeezes it.
    pub fn apply(&self, levels: &mut [u32], noise: &[u32]) {
        for (level, &noise) in levels.iter_mut().zip(noise) {
            // A negative gain, past an arc's end, is a huge one: the library takes its bits as unsigned.
            let gain = i32::from(self.gain(noise)) as u32;
            *level = squeeze(((u64::from(*level) * u64::from(gain)) >> self.shift) as u32);
        }
    }

    fn gain(&self, noise: u32) -> i16 {
        let bits = u32::BITS - noise.leading_zeros();
        let arc = self.arcs[bits as usize];
        if noise <= 2 {
            return arc.start;
        }
        let from_top =
            if bits <= PLACE_BITS { noise << (PLACE_BITS + 1 - bits) } else { noise >> (bits - PLACE_BITS - 1) };
        let place = (from_top & ((1 << PLACE_BITS) - 1)) as i32;
        // Five more bits than the arc has while the two terms are added: t has 10, and 15 are dropped at the end.
        let slope = (i32::from(arc.slope) << 5) + ((i32::from(arc.curve) * place) >> 5);
        let rise = slope.wrapping_mul(place).wrapping_add(1 << 14) >> 15;
        rise.wrapping_add(i32::from(arc.start)) as i16
    }
}

/// x to the power y as f32: computed with more digits than are kept, and the same bits on every system.
fn power(x: f32, y: f32) -> f32 {
    libm::pow(f64::from(x), f64::from(y)) as f32
}

/// x²/4 up to 2, and x − 1 above, where x has [`SNR_BITS`].
fn squeeze(snr: u32) -> u32 {
    if snr < 2 << SNR_BITS {
        (snr * snr) >> (2 + 2 * SNR_BITS as u32 - OUTPUT_BITS)
    } else {
        (snr >> (SNR_BITS as u32 - OUTPUT_BITS)) - (1 << OUTPUT_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_follows_its_formula() {
        let keys = Keys { enable_pcan: true, ..Keys::default() };
        let control = GainControl::new(&keys, 3);
        let mut noise = 0_u32;
        while noise < u32::MAX / 2 {
            let exact = (f64::from(noise) / 128.0 + 80.0).powf(-0.95) * f64::from(1 << 21);
            let gain = f64::from(control.gain(noise));
            assert!((gain - exact).abs() < 2.0 + exact / 50.0, "{noise}: {gain} {exact}");
            noise += 1 + noise / 7;
        }
    }

    #[test]
    fn what_is_below_its_noise_is_squeezed() {
        let one = 1 << SNR_BITS;
        assert_eq!([0, one / 2, one, 2 * one - 1, 2 * one, 10 * one].map(squeeze), [0, 4, 16, 63, 64, 576]);
    }
}
