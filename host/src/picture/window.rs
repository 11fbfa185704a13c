//! What a frame of sound is multiplied with before its Fourier transform.
use std::f64::consts::TAU;

/// A window, periodic: its period is its size. Names and coefficients are those of Harris, "On the use of windows for
/// harmonic analysis with the discrete Fourier transform", 1978.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// 0.5 - 0.5 cos.
    Hann,
    /// 0.54 - 0.46 cos.
    Hamming,
    /// 0.42 - 0.5 cos + 0.08 cos of twice the angle.
    Blackman,
    /// Ones.
    Rect,
}

impl Window {
    /// All, by their names.
    pub const ALL: [(&'static str, Self); 4] =
        [("hann", Self::Hann), ("hamming", Self::Hamming), ("blackman", Self::Blackman), ("rect", Self::Rect)];

    /// The name it is called by.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, window)| *window == self).map_or("", |(name, _)| name)
    }

    pub(super) fn samples(self, size: usize) -> Vec<f32> {
        let [a, b, c] = match self {
            Self::Hann => [0.5, 0.5, 0.0],
            Self::Hamming => [0.54, 0.46, 0.0],
            Self::Blackman => [0.42, 0.5, 0.08],
            Self::Rect => [1.0, 0.0, 0.0],
        };
        let angle = |i: usize| TAU * i as f64 / size as f64;
        (0..size).map(|i| (a - b * angle(i).cos() + c * (2.0 * angle(i)).cos()) as f32).collect()
    }
}
