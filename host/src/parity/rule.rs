//! How far from a reference is still the same.
use super::Matrix;

/// Steps of an f32 at 1, by which sums in an FFT of several hundred points may be off.
const STEPS: f64 = 16.0;
/// Nepers of power between the loudest and the quietest of a log spectrogram: eight decades, as far as f32 reaches.
const NEPERS: f64 = 18.4;

/// A value a may be off by atol + rtol · (loudest value of the frame) + noise.
///
/// The noise is that of a logarithm: an FFT in f32 has a noise floor 2⁻²⁴ below the loudest band of a frame, and the
/// logarithm makes it large in quiet bands, by unit · exp((loudest − value) / (2 unit)). The unit is 1 for ln of power,
/// 0.43 for log10, 4.3 for decibels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Everywhere, in units of the features.
    pub atol: f64,
    /// Relative to the largest magnitude of the frame.
    pub rtol: f64,
    /// What a neper of power is, where the features are logarithms.
    pub unit: Option<f64>,
}

impl Rule {
    /// What suits the values of a reference: a few times what well-kept libraries differ among themselves.
    pub fn of(reference: &Matrix) -> Self {
        let mut sorted = reference.data.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else {
            return Self { atol: 0.0, rtol: 0.0, unit: None };
        };
        let (largest, middle) = (most.abs().max(least.abs()), sorted[sorted.len() / 2]);
        let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
        let low = |x: f64, share: f64| x.abs() < share * largest;
        // Powers and magnitudes: most values are small beside the loudest. Slopes and spectra: about zero.
        if *least >= 0.0 && low(middle, 0.05) || low(middle, 0.02) && low(mean, 0.02) {
            return Self { atol: 1e-6 * largest, rtol: 2e-5, unit: None };
        }
        let range = most - least;
        Self { atol: 5e-5 * range, rtol: 0.0, unit: Some(range / NEPERS).filter(|unit| *unit > 0.0) }
    }

    /// How far each value may be off.
    pub fn tolerances(&self, reference: &Matrix) -> Vec<f64> {
        let frame = |frame: &[f64]| {
            let loudest = frame.iter().fold(0.0, |loudest: f64, x| loudest.max(x.abs()));
            let most = frame.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let (flat, unit) = (self.atol + self.rtol * loudest, self.unit);
            let noise = move |x: f64| {
                unit.map_or(0.0, |unit| unit * STEPS * 2f64.powi(-24) * ((most - x) / (2.0 * unit)).min(60.0).exp())
            };
            frame.iter().map(move |x| flat + noise(*x)).collect::<Vec<_>>()
        };
        reference.data.chunks(reference.width.max(1)).flat_map(frame).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_bands_of_a_logarithm_may_be_off_by_more() {
        let reference = Matrix { frames: 1, width: 3, data: vec![0.0, -9.2, -18.4] };
        let rule = Rule::of(&reference);
        let allowed = rule.tolerances(&reference);
        assert_eq!(rule.unit, Some(1.0));
        assert!(allowed[0] < 1e-3 && allowed[2] > 5e-3 && allowed[2] < 2e-2, "{allowed:?}");
    }

    #[test]
    fn powers_are_measured_against_the_loudest_of_their_frame() {
        let reference = Matrix { frames: 2, width: 4, data: vec![0.0, 0.1, 0.2, 900.0, 0.0, 0.1, 0.1, 1.0] };
        let rule = Rule::of(&reference);
        let allowed = rule.tolerances(&reference);
        assert_eq!(rule.unit, None);
        assert!(allowed[0] > 15.0 * allowed[4], "{allowed:?}");
    }
}
