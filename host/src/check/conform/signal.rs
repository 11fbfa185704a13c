//! Test signals: what a worker may meet at any port.

/// A test signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Zeros.
    Silence,
    /// White noise, evenly spread from -0.5 to 0.5.
    Noise,
    /// Ones, far apart.
    Impulses,
    /// Steps between -1 and 1.
    FullScale,
    /// Numbers too small for full precision.
    Denormals,
    /// Ones: a level that opens, a mask that passes.
    Ones,
}

impl Signal {
    /// Those that any port must bear.
    pub const ALL: [Self; 5] = [Self::Silence, Self::Noise, Self::Impulses, Self::FullScale, Self::Denormals];

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Noise => "noise",
            Self::Impulses => "impulses",
            Self::FullScale => "full scale",
            Self::Denormals => "denormals",
            Self::Ones => "ones",
        }
    }

    /// `len` values; `seed` makes noises differ.
    pub fn values(self, len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
        let value = |i: usize| match self {
            Self::Silence => 0.0,
            Self::Ones => 1.0,
            Self::Impulses => f32::from(u8::from(i.is_multiple_of(331))),
            Self::FullScale => [1.0, -1.0][i / 50 % 2],
            Self::Denormals => [1e-40, -1e-40][i % 2],
            Self::Noise => {
                // Numerical Recipes' quick generator; its upper bits are noise enough for a test signal.
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32 - 0.5
            }
        };
        (0..len).map(value).collect()
    }
}
