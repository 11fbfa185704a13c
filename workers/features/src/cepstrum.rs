//! From logarithms of bands to cepstra.
use crate::choices::{C0, C0Position, C0Scale, CepstrumNorm, LifterIndex};
use crate::keys::Keys;
use std::f64::consts::{PI, SQRT_2};

/// A DCT of type II and a lifter, as one matrix.
pub struct Cepstrum {
    /// One row for each band.
    table: Vec<f32>,
    n: usize,
    /// Where the energy goes.
    energy: Option<usize>,
}

impl Cepstrum {
    /// What these keys ask for.
    pub fn new(keys: &Keys) -> Self {
        let (mfcc, bands) = (&keys.mfcc, keys.mel.bands);
        // Which coefficient stands where.
        let order: Vec<usize> = match (mfcc.c0, mfcc.c0_position) {
            (C0::Drop, _) => (1..=mfcc.n).collect(),
            (_, C0Position::First) => (0..mfcc.n).collect(),
            (_, C0Position::Last) => (1..mfcc.n).chain([0]).collect(),
        };
        let table = (0..bands).flat_map(|band| order.iter().map(move |k| coefficient(keys, *k, band) as f32)).collect();
        let energy =
            (mfcc.c0 == C0::Energy).then(|| if mfcc.c0_position == C0Position::First { 0 } else { mfcc.n - 1 });
        Self { table, n: mfcc.n, energy }
    }

    /// The cepstrum of a frame. `energy` is its logarithm.
    pub fn apply(&self, bands: &[f32], energy: f32, out: &mut [f32]) {
        out.fill(0.0);
        for (x, row) in bands.iter().zip(self.table.chunks_exact(self.n)) {
            for (y, c) in out.iter_mut().zip(row) {
                *y += x * c;
            }
        }
        if let Some(place) = self.energy {
            out[place] = energy;
        }
    }
}

/// What coefficient k takes from a band.
fn coefficient(keys: &Keys, k: usize, band: usize) -> f64 {
    let (mfcc, bands) = (&keys.mfcc, keys.mel.bands as f64);
    let scale = match mfcc.norm {
        CepstrumNorm::Ortho if k == 0 => (1.0 / bands).sqrt(),
        CepstrumNorm::Ortho | CepstrumNorm::Htk => (2.0 / bands).sqrt(),
        CepstrumNorm::None => 2.0,
    };
    let index = match mfcc.lifter_index {
        LifterIndex::Zero => k as f64,
        LifterIndex::One => (k + 1) as f64,
    };
    let lifter = if mfcc.lifter > 0.0 { 1.0 + mfcc.lifter / 2.0 * (PI * index / mfcc.lifter).sin() } else { 1.0 };
    let c0 = if k == 0 && mfcc.c0_scale == C0Scale::Sqrt2 { SQRT_2 } else { 1.0 };
    scale * lifter * c0 * (PI * k as f64 * (band as f64 + 0.5) / bands).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn cepstrum(set: impl Fn(&mut Keys)) -> Vec<f32> {
        let mut keys = Keys::new(Kind::Mfcc, 16000);
        (keys.mel.bands, keys.mfcc.n) = (4, 3);
        set(&mut keys);
        let mut out = vec![0.0; 3];
        Cepstrum::new(&keys).apply(&[1.0, 2.0, 4.0, 8.0], 99.0, &mut out);
        out
    }

    /// `scipy.fft.dct([1, 2, 4, 8], norm="ortho")` and without `norm` of scipy 1.17.1.
    #[test]
    fn coefficients_are_those_of_scipy() {
        let close = |ours: Vec<f32>, theirs: [f32; 3]| {
            assert!(
                ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 2e-6 * b.abs().max(1.0)),
                "{ours:?} {theirs:?}"
            )
        };
        close(cepstrum(|_| ()), [7.5, -5.114_166_5, 1.5]);
        close(cepstrum(|keys| keys.mfcc.norm = CepstrumNorm::None), [30.0, -14.465_047, 4.242_640_7]);
        close(cepstrum(|keys| keys.mfcc.c0_position = C0Position::Last), [-5.114_166_5, 1.5, 7.5]);
        close(cepstrum(|keys| keys.mfcc.c0 = C0::Energy), [99.0, -5.114_166_5, 1.5]);
        close(
            cepstrum(|keys| (keys.mfcc.c0, keys.mfcc.c0_position) = (C0::Energy, C0Position::Last)),
            [-5.114_166_5, 1.5, 99.0],
        );
        close(cepstrum(|keys| keys.mfcc.c0_scale = C0Scale::Sqrt2), [10.606_602, -5.114_166_5, 1.5]);
    }
}
