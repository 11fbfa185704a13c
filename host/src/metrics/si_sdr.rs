//! Scale-invariant signal-to-distortion ratio.

/// Scale-invariant signal-to-distortion ratio (J. Le Roux et al., "SDR – Half-baked or Well Done?", ICASSP 2019, eq. 2),
/// over a stream: the sums are kept, not the signals.
#[derive(Clone, Copy, Debug, Default)]
pub struct SiSdr {
    reference: f64,
    cross: f64,
    signal: f64,
}

impl SiSdr {
    /// Adds as many samples as both slices have.
    pub fn add(&mut self, reference: &[f32], signal: &[f32]) {
        for (&s, &y) in reference.iter().zip(signal) {
            let (s, y) = (f64::from(s), f64::from(y));
            self.reference += s * s;
            self.cross += s * y;
            self.signal += y * y;
        }
    }

    /// In dB. Infinite for equal signals, minus infinity for one that has nothing of the reference, such as silence; NaN if
    /// the reference is silent.
    pub fn db(&self) -> f64 {
        let target = self.cross * self.cross / self.reference;
        if target == 0.0 {
            return f64::NEG_INFINITY;
        }
        10.0 * (target / (self.signal - target).max(0.0)).log10()
    }
}
