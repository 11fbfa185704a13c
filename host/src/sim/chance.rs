//! Chance that is the same on every machine: each draw is a function of the seed, of what is drawn, and of when, so that one
//! more fault changes nothing about the others.

/// A number from 0 to below 1, the same for the same seed, stream and number.
///
/// The mixing function is that of SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014).
pub fn draw(seed: u64, stream: u64, number: u64) -> f64 {
    (bits(seed, stream, number) >> 11) as f64 / (1u64 << 53) as f64
}

/// 64 bits, likewise.
pub fn bits(seed: u64, stream: u64, number: u64) -> u64 {
    mix(mix(mix(seed).wrapping_add(stream)).wrapping_add(number))
}

fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{draw, mix};

    #[test]
    fn the_numbers_are_those_of_the_paper() {
        // The first outputs of SplitMix64 from the state 1234567, as published with its reference code.
        let gamma = 0x9E37_79B9_7F4A_7C15_u64;
        let outputs: Vec<u64> = (0..3).map(|n| mix(1_234_567_u64.wrapping_add(gamma.wrapping_mul(n)))).collect();
        assert_eq!(outputs, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn a_share_of_two_percent_is_two_percent() {
        let hits = (0..100_000).filter(|&block| draw(7, 1, block) < 0.02).count();
        assert!((1_850..2_150).contains(&hits), "{hits}");
    }
}
