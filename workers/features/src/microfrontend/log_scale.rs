//! The logarithm of levels, in integers.

use super::Keys;

/// Fraction bits of a logarithm.
const FRACTION_BITS: u32 = 16;
/// Bits of the segment of a mantissa: its table has 128 and an end.
const SEGMENT_BITS: u32 = 7;
/// ln 2 with [`FRACTION_BITS`].
const LN_2: u64 = 45426;

/// How levels become the values of a frame.
#[derive(Clone, Debug)]
pub struct LogScale {
    /// How far log₂(1 + x) lies above x, with [`FRACTION_BITS`], for x in steps of 1/128.
    bulge: [i32; 129],
    correction_bits: i32,
    scale_shift: u32,
    enabled: bool,
}

impl LogScale {
    /// The table; levels times 2^`correction_bits` are as loud as the samples.
    pub fn new(keys: &Keys, correction_bits: i32) -> Self {
        let one = f64::from(1 << FRACTION_BITS);
        let bulge = std::array::from_fn(|n| {
            let x = n as f64 / 128.0;
            libm::round((libm::log2(1.0 + x) - x) * one) as i32
        });
        Self { bulge, correction_bits, scale_shift: keys.scale_shift, enabled: keys.enable_log }
    }

    /// Writes 2^`scale_shift` · ln(level), 0 where that is negative, or the level itself without a logarithm; at most 65535.
    pub fn write(&self, levels: &[u32], out: &mut [u16]) {
        for (out, &level) in out.iter_mut().zip(levels) {
            let value = if self.enabled { self.log(level) } else { level };
            *out = u16::try_from(value).unwrap_or(u16::MAX);
        }
    }

    fn log(&self, level: u32) -> u32 {
        let up = self.correction_bits;
        // Bits shifted out at the top are lost: the library loses them.
        let level = if up < 0 { level >> -up } else { level << up };
        if level <= 1 {
            return 0;
        }
        let half = 1 << (FRACTION_BITS - 1);
        let ln = ((LN_2 * u64::from(self.log2(level)) + half) >> FRACTION_BITS) as u32;
        ((ln << self.scale_shift) + half as u32) >> FRACTION_BITS
    }

    /// log₂ of a number that is not 0, with [`FRACTION_BITS`].
    fn log2(&self, x: u32) -> u32 {
        let whole = x.ilog2();
        let above = u64::from(x) - (1 << whole);
        let mantissa = ((above << FRACTION_BITS) >> whole) as i32;
        let segment = (mantissa >> (FRACTION_BITS - SEGMENT_BITS)) as usize;
        let place = mantissa & ((1 << (FRACTION_BITS - SEGMENT_BITS)) - 1);
        // Between two steps of the table the library goes 1/128 of the way at most: it shifts by the bits of a whole mantissa
        // instead of those of a segment. Models are trained on it.
        let between = ((self.bulge[segment + 1] - self.bulge[segment]) * place) >> FRACTION_BITS;
        (whole << FRACTION_BITS) + (mantissa + self.bulge[segment] + between) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_that_of_the_sound_within_its_table() {
        let scale = LogScale::new(&Keys::default(), 3);
        for level in (0..26).flat_map(|bits| [1_u32 << bits, (1 << bits) + (1 << bits) / 3]) {
            let mut out = [0];
            scale.write(&[level], &mut out);
            let exact = 64.0 * f64::from(level * 8).ln();
            assert!((f64::from(out[0]) - exact).abs() < 0.8, "{level}: {} {exact}", out[0]);
        }
    }

    #[test]
    fn without_a_log_levels_stop_at_the_largest_value() {
        let scale = LogScale::new(&Keys { enable_log: false, ..Keys::default() }, 3);
        let mut out = [0; 3];
        scale.write(&[7, 65535, 65536], &mut out);
        assert_eq!(out, [7, 65535, 65535]);
    }

    #[test]
    fn nothing_is_zero() {
        let mut out = [9; 2];
        LogScale::new(&Keys::default(), -1).write(&[0, 3], &mut out);
        assert_eq!(out, [0; 2], "3 / 2 counts as 1");
    }
}
