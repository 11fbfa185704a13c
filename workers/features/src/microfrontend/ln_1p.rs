//! ln(1 + x) in f32, with the rounding errors that the library's tables have.
//!
//! Filter weights are rounded from mel frequencies, and one more correct digit in the logarithm moves some of them. The library
//! takes it from the C library: Sun's fdlibm in f32, in newlib as in glibc (2.36 gives the same for every x that was tried). The
//! one of crate `libm` has a shorter polynomial: 1 result in 2000 is another.

/// ln 2 in two parts: the high one has few enough bits that a multiple of it is exact.
const LN_2: (f32, f32) = (f32::from_bits(0x3f31_7180), f32::from_bits(0x3717_f7d1));

/// Minimax coefficients of (ln(1 + f) − f + f²/2) / s − f²/2 in z = s² with s = f / (2 + f), from z up: near 2/3, 2/5, 2/7...
const COEFFICIENTS: [f32; 7] = [
    f32::from_bits(0x3f2a_aaab),
    f32::from_bits(0x3ecc_cccd),
    f32::from_bits(0x3e92_4925),
    f32::from_bits(0x3e63_8e29),
    f32::from_bits(0x3e3a_3325),
    f32::from_bits(0x3e1c_d04f),
    f32::from_bits(0x3e17_8897),
];

/// 1 + x as 2^power · (1 + rest), with 1 + rest between the roots of a half and of 2.
struct Reduced {
    power: f32,
    rest: f32,
    /// What the sum 1 + x lost to rounding, over the sum.
    lost: f32,
}

/// ln(1 + x) for x from 0.
pub fn ln_1p(x: f32) -> f32 {
    let Reduced { power, rest, lost } = reduce(x);
    let half_square = 0.5 * rest * rest;
    let s = rest / (2.0 + rest);
    let z = s * s;
    let series = COEFFICIENTS.iter().rev().fold(0.0, |sum, c| z * (c + sum));
    let curved = s * (half_square + series);
    if power == 0.0 {
        return rest - (half_square - curved);
    }
    power * LN_2.0 - ((half_square - (curved + (power * LN_2.1 + lost))) - rest)
}

fn reduce(x: f32) -> Reduced {
    const MANTISSA: u32 = 0x007f_ffff;
    const ROOT_OF_2: u32 = 0x0035_04f7;
    // Up to √2 − 1 nothing needs to be taken out.
    if x < f32::from_bits(0x3ed4_13d7) {
        return Reduced { power: 0.0, rest: x, lost: 0.0 };
    }
    let sum = 1.0 + x;
    let power = (sum.to_bits() >> 23) as i32 - 127;
    let lost = if power > 0 { 1.0 - (sum - x) } else { x - (sum - 1.0) } / sum;
    let mantissa = sum.to_bits() & MANTISSA;
    let (exponent, power) = if mantissa < ROOT_OF_2 { (0x3f80_0000, power) } else { (0x3f00_0000, power + 1) };
    Reduced { power: power as f32, rest: f32::from_bits(mantissa | exponent) - 1.0, lost }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_logarithm_within_a_unit_in_the_last_place() {
        let mut x = 1e-9_f32;
        while x < 1e6 {
            let (is, exact) = (ln_1p(x), f64::from(x).ln_1p());
            let unit = f64::from(f32::from_bits((exact as f32).to_bits() + 1) - exact as f32);
            assert!((f64::from(is) - exact).abs() < unit, "{x}: {is} {exact}");
            x *= 1.000_37;
        }
        assert_eq!(ln_1p(0.0), 0.0);
    }
}
