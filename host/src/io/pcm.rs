//! Samples as WAV files store them: the decoding of every layout, with exact scaling.
//!
//! A sample of n bits becomes x / 2^(n-1), so -1 is the lowest code and 1 is never reached. A narrow sample in a wider
//! container sits at its high end (WAVEFORMATEX), which makes the container's own scale the right one for it.

/// How a sample is coded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Coding {
    /// Two's complement, or offset binary in a container of one byte.
    Integer,
    /// IEEE 754.
    Float,
    /// ITU-T G.711, A-law.
    ALaw,
    /// ITU-T G.711, mu-law.
    MuLaw,
}

/// Interleaved little-endian frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub coding: Coding,
    /// Bytes from one sample to the next: integers 1 to 4, floats 4 or 8, G.711 1.
    pub bytes: usize,
    /// Bits that carry the sample.
    pub bits: u16,
    pub channels: usize,
}

impl Layout {
    /// Bytes in a frame.
    pub fn frame(&self) -> usize {
        self.bytes * self.channels
    }

    /// The encoding in a reader's words: "PCM 24 bit".
    pub fn text(&self) -> String {
        match self.coding {
            Coding::Integer if usize::from(self.bits.div_ceil(8)) < self.bytes => {
                format!("PCM {} bit in {}", self.bits, 8 * self.bytes)
            }
            Coding::Integer => format!("PCM {} bit", self.bits),
            Coding::Float => format!("float {} bit", self.bits),
            Coding::ALaw => "A-law 8 bit".into(),
            Coding::MuLaw => "mu-law 8 bit".into(),
        }
    }

    /// Decodes whole frames into `planes`, starting at frame `at` of each. Returns how many samples were no finite
    /// number; they become 0, because one of them would spoil every filter behind it for good.
    pub fn decode(&self, bytes: &[u8], planes: &mut [Vec<f32>], at: usize) -> u64 {
        let mut not_finite = 0;
        let mut finite = |sample: f32| {
            if sample.is_finite() {
                return sample;
            }
            not_finite += 1;
            0.0
        };
        match (self.coding, self.bytes) {
            (Coding::ALaw, _) => spread(bytes, planes, at, |[a]| unit(a_law(a) << 16)),
            (Coding::MuLaw, _) => spread(bytes, planes, at, |[a]| unit(mu_law(a) << 16)),
            (Coding::Integer, 1) => spread(bytes, planes, at, |[a]| unit((i32::from(a) - 128) << 24)),
            (Coding::Integer, 2) => spread(bytes, planes, at, |[a, b]| unit(i32::from_le_bytes([0, 0, a, b]))),
            (Coding::Integer, 3) => spread(bytes, planes, at, |[a, b, c]| unit(i32::from_le_bytes([0, a, b, c]))),
            (Coding::Integer, _) => spread(bytes, planes, at, |four| unit(i32::from_le_bytes(four))),
            (Coding::Float, 4) => spread(bytes, planes, at, |four| finite(f32::from_le_bytes(four))),
            (Coding::Float, _) => spread(bytes, planes, at, |eight| finite(f64::from_le_bytes(eight) as f32)),
        }
        not_finite
    }
}

/// Deals samples of N bytes out to the planes.
fn spread<const N: usize>(bytes: &[u8], planes: &mut [Vec<f32>], at: usize, mut decode: impl FnMut([u8; N]) -> f32) {
    let (samples, _) = bytes.as_chunks::<N>();
    let channels = planes.len();
    for (channel, plane) in planes.iter_mut().enumerate() {
        let own = samples.iter().skip(channel).step_by(channels);
        for (to, from) in plane.iter_mut().skip(at).zip(own) {
            *to = decode(*from);
        }
    }
}

/// A left-justified sample on the scale of -1 to 1. The product with a power of two is exact; the only rounding is that
/// of 32 bits to the 24 that f32 holds.
fn unit(sample: i32) -> f32 {
    const SCALE: f32 = 1.0 / (1u32 << 31) as f32;
    sample as f32 * SCALE
}

/// ITU-T G.711 table 1a: 13 bits, left-justified in 16.
fn a_law(code: u8) -> i32 {
    let code = code ^ 0x55;
    let (exponent, mantissa) = (i32::from(code >> 4 & 7), i32::from(code & 15));
    let magnitude = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// ITU-T G.711 table 2a: 14 bits, left-justified in 16.
fn mu_law(code: u8) -> i32 {
    const BIAS: i32 = 0x84;
    let code = !code;
    let (exponent, mantissa) = (i32::from(code >> 4 & 7), i32::from(code & 15));
    let magnitude = (((mantissa << 3) + BIAS) << exponent) - BIAS;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}
