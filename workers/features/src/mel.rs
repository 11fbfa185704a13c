//! From power to bands.
use crate::choices::{EdgeBins, MelNorm, MelScale, Slope};
use crate::keys::Keys;

/// Weights are stored in groups of so many, of which the last is filled up with zeros.
const LANES: usize = 4;

/// Triangles that overlap by half, each with the bins that it weighs only.
pub struct MelBank {
    bands: Vec<Band>,
    weights: Vec<[f32; LANES]>,
}

#[derive(Clone, Copy)]
struct Band {
    /// First bin.
    start: usize,
    /// How many groups of weights it has.
    groups: usize,
}

impl MelBank {
    /// What [`MelBank::apply`] must find behind the last bin.
    pub const MARGIN: usize = LANES;

    /// The filterbank of these keys.
    pub fn new(keys: &Keys) -> Self {
        let (mut bands, mut packed) = (Vec::new(), Vec::new());
        for row in weights(keys) {
            let start = row.iter().position(|w| *w != 0.0).unwrap_or(0);
            let end = row.iter().rposition(|w| *w != 0.0).map_or(start, |last| last + 1);
            for group in row[start..end].chunks(LANES) {
                packed.push(std::array::from_fn(|i| group.get(i).map_or(0.0, |w| *w as f32)));
            }
            bands.push(Band { start, groups: (end - start).div_ceil(LANES) });
        }
        Self { bands, weights: packed }
    }

    /// Σ weight · power of each band. `power` has [`Self::MARGIN`] finite numbers behind its last bin.
    pub fn apply(&self, power: &[f32], out: &mut [f32]) {
        let mut weights = &self.weights[..];
        for (y, band) in out.iter_mut().zip(&self.bands) {
            let (row, rest) = weights.split_at(band.groups);
            let bins = power[band.start..].as_chunks::<LANES>().0;
            let [a, b, c, d] = match (row, bins) {
                ([w], [p, ..]) => times(w, p),
                ([v, w], [o, p, ..]) => plus(times(v, o), times(w, p)),
                _ => row.iter().zip(bins).fold([0.0; LANES], |sums, (w, p)| plus(sums, times(w, p))),
            };
            *y = (a + c) + (b + d);
            weights = rest;
        }
    }
}

#[inline]
fn times(a: &[f32; LANES], b: &[f32; LANES]) -> [f32; LANES] {
    [a[0] * b[0], a[1] * b[1], a[2] * b[2], a[3] * b[3]]
}

#[inline]
fn plus(a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
}

/// Slaney's Auditory Toolbox: 200/3 Hz a mel up to 1 kHz, then 27 mel for each factor of 6.4.
const SLANEY_STEP: f64 = 200.0 / 3.0;
const SLANEY_CORNER: f64 = 15.0;

fn slaney_log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

/// Hertz to mel.
pub fn to_mel(scale: MelScale, hz: f64) -> f64 {
    match scale {
        MelScale::Htk => 1127.0 * (hz / 700.0).ln_1p(),
        MelScale::Slaney if hz < 1000.0 => hz / SLANEY_STEP,
        MelScale::Slaney => SLANEY_CORNER + (hz / 1000.0).ln() / slaney_log_step(),
    }
}

/// Mel to hertz.
pub fn to_hz(scale: MelScale, mel: f64) -> f64 {
    match scale {
        MelScale::Htk => 700.0 * (mel / 1127.0).exp_m1(),
        MelScale::Slaney if mel < SLANEY_CORNER => mel * SLANEY_STEP,
        MelScale::Slaney => 1000.0 * (slaney_log_step() * (mel - SLANEY_CORNER)).exp(),
    }
}

/// One row of weights over all bins for each band.
pub fn weights(keys: &Keys) -> Vec<Vec<f64>> {
    let (mel, rate) = (&keys.mel, f64::from(keys.sample_rate));
    let (low, high) = (to_mel(mel.scale, mel.fmin), to_mel(mel.scale, keys.fmax()));
    let step = (high - low) / (mel.bands + 1) as f64;
    let corners: Vec<f64> = (0..mel.bands + 2).map(|i| low + step * i as f64).collect();
    let hertz: Vec<f64> = corners.iter().map(|m| to_hz(mel.scale, *m)).collect();
    let df = rate / keys.frame.n_fft as f64;
    // Where the corners are, in the unit in which sides are straight; and where the bins are.
    let (corners, bin): (Vec<f64>, &dyn Fn(usize) -> f64) = if mel.edge_bins == EdgeBins::Floor {
        let whole = |hz: &f64| ((keys.frame.n_fft + 1) as f64 * hz / rate).floor();
        (hertz.iter().map(whole).collect(), &|k| k as f64)
    } else if mel.slope == Slope::Mel {
        (corners, &|k| to_mel(mel.scale, k as f64 * df))
    } else {
        (hertz.clone(), &|k| k as f64 * df)
    };
    let bins: Vec<f64> = (0..keys.bins()).map(bin).collect();
    let row = |band: usize| {
        let height = match mel.norm {
            MelNorm::None => 1.0,
            MelNorm::Slaney => 2.0 / (hertz[band + 2] - hertz[band]),
        };
        let mut row: Vec<f64> = bins.iter().map(|x| height * triangle(*x, &corners[band..band + 3])).collect();
        cut_edges(keys, band, df, &mut row);
        row
    };
    (0..mel.bands).map(row).collect()
}

/// 0 at the outer corners and 1 at the middle one.
fn triangle(x: f64, corners: &[f64]) -> f64 {
    let (left, middle, right) = (corners[0], corners[1], corners[2]);
    let (up, down) = (middle - left, right - middle);
    if x < middle {
        if up > 0.0 { ((x - left) / up).max(0.0) } else { 0.0 }
    } else if down > 0.0 {
        ((right - x) / down).max(0.0)
    } else {
        0.0
    }
}

/// Takes out the bins that a library leaves out.
fn cut_edges(keys: &Keys, band: usize, df: f64, row: &mut [f64]) {
    let nyquist = keys.frame.n_fft / 2;
    match keys.mel.edge_bins {
        EdgeBins::Exact | EdgeBins::Floor => {}
        EdgeBins::Kaldi | EdgeBins::KaldiHtk => {
            row[nyquist] = 0.0;
            if keys.mel.edge_bins == EdgeBins::KaldiHtk
                && band == 0
                && keys.mel.fmin > 0.0
                && let Some(first) = row.iter_mut().find(|w| **w != 0.0)
            {
                *first = 0.0;
            }
        }
        EdgeBins::Htk => {
            let (low, high) = ((keys.mel.fmin / df).round() as usize, (keys.fmax() / df).round() as usize);
            for (k, w) in row.iter_mut().enumerate() {
                if k <= low || k >= high.min(nyquist) {
                    *w = 0.0;
                }
            }
        }
    }
}

/// The first band that weighs no bin.
pub fn first_empty(keys: &Keys) -> Option<usize> {
    weights(keys).iter().position(|row| row.iter().all(|w| *w == 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    /// `librosa.hz_to_mel` and `mel_to_hz` of librosa 0.11.
    #[test]
    fn mels_are_those_of_librosa() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 * b, "{a} {b}");
        close(to_mel(MelScale::Slaney, 60.0), 0.9);
        close(to_mel(MelScale::Slaney, 4000.0), 35.163760314616276);
        close(to_hz(MelScale::Slaney, 40.0), 5577.800011749387);
        // 1127 stands for 2595 / ln 10: a factor that no filterbank sees.
        close(to_mel(MelScale::Htk, 1000.0) / 1127.0 * 2595.0 / 10.0_f64.ln(), 999.9855371396244);
        close(to_hz(MelScale::Htk, to_mel(MelScale::Htk, 440.0)), 440.0);
        close(to_hz(MelScale::Slaney, to_mel(MelScale::Slaney, 7000.0)), 7000.0);
    }

    #[test]
    fn packed_bands_weigh_what_the_whole_matrix_weighs() {
        for (n_fft, bands) in [(400, 80), (512, 23), (511, 40), (1024, 128)] {
            let mut keys = Keys::new(Kind::Mel, 16000);
            (keys.frame.n_fft, keys.frame.win_length, keys.mel.bands) = (n_fft, n_fft, bands);
            let mut power: Vec<f32> = (0..keys.bins()).map(|k| 1.0 + (k * k % 17) as f32).collect();
            let dense: Vec<f64> =
                weights(&keys).iter().map(|row| row.iter().zip(&power).map(|(w, p)| w * f64::from(*p)).sum()).collect();
            power.extend([1e9; MelBank::MARGIN]);
            let mut ours = vec![0.0; bands];
            MelBank::new(&keys).apply(&power, &mut ours);
            assert!(ours.iter().zip(&dense).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5 * b.max(1.0)));
        }
    }
}
