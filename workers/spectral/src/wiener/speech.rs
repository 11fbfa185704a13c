//! How much of each bin is speech, and the gain that follows.
use super::arithmetic::{exp_minus, sum, times_exp_e1};

/// The gain of each bin: the log-spectral amplitude estimator where there is speech, a floor where there is none.
///
/// * a-priori signal-to-noise ratio: decision-directed. Ephraim & Malah, "Speech enhancement using a minimum mean-square
///   error short-time spectral amplitude estimator", IEEE TASSP 32(6), 1984, equation 51.
/// * gain: Ephraim & Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude estimator", IEEE
///   TASSP 33(2), 1985, equation 20.
/// * presence of speech: after Cohen, "Optimal speech enhancement under signal presence uncertainty using log-spectral
///   amplitude estimator", IEEE SPL 9(4), 2002. Where that takes logarithms and powers, sums and products measured the
///   same, and so did one neighbour a side instead of a second, wider average. Speech is allowed to be rarer than there:
///   that is what keeps the noise from singing.
pub struct Speech {
    /// |Â|², the power of the speech in the frame before.
    power: Vec<f32>,
    /// ζ, the a-priori signal-to-noise ratio averaged over time, with its first and last value twice: one neighbour a
    /// bin.
    ratio: Vec<f32>,
    /// Noise against speech: how much likelier this frame is if there is only noise. Of this frame only.
    likelihood: Vec<f32>,
}

/// The pace of [`Speech`] at a frame rate.
#[derive(Clone, Copy, Default)]
pub struct Pace {
    /// How much the a-priori signal-to-noise ratio follows the frame before, 0 to 1.
    pub keep: f32,
    /// How much of the old average ratio the next frame keeps, 0 to 1.
    pub keep_ratio: f32,
}

/// Bounds of the a-priori signal-to-noise ratio: −25 dB (Cappé, IEEE TSAP 2(2), 1994) and 60 dB.
const RATIO: [f32; 2] = [0.003_162_277_7, 1e6];
/// Greatest a-posteriori signal-to-noise ratio γ, the power of a bin over that of its noise, that is told apart: 40 dB.
const ABOVE: f32 = 1e4;
/// Average ratios at which speech becomes possible and certain: −10 and −5 dB.
const POSSIBLE: [f32; 2] = [0.1, 0.316_227_77];
/// Least probability of speech beforehand.
const SELDOM: f32 = 0.001;

impl Speech {
    pub fn new(bins: usize) -> Self {
        Self { power: vec![0.0; bins], ratio: vec![0.0; bins + 2], likelihood: vec![0.0; bins] }
    }

    pub fn reset(&mut self) {
        self.power.fill(0.0);
        self.ratio.fill(0.0);
    }

    /// Writes the gain of each bin, from `floor` to 1, for the power and the noise power of each bin of the next frame.
    pub fn gains(&mut self, power: &[f32], noise: &[f32], pace: Pace, floor: f32, gains: &mut [f32]) {
        self.estimate(power, noise, pace, gains);
        self.doubt(floor, gains);
    }

    /// The gain if there is speech in every bin.
    fn estimate(&mut self, power: &[f32], noise: &[f32], Pace { keep, keep_ratio }: Pace, gains: &mut [f32]) {
        let bins = power.len();
        let state = self.power.iter_mut().zip(&mut self.ratio[1..=bins]).zip(&mut self.likelihood);
        for ((((old, mean), likelihood), gain), (power, noise)) in state.zip(gains).zip(power.iter().zip(noise)) {
            let above = (power / noise).min(ABOVE);
            let xi = keep * (*old / noise) + (1.0 - keep) * (above - 1.0).max(0.0);
            let xi = xi.clamp(RATIO[0], RATIO[1]);
            let wiener = xi / (1.0 + xi);
            let nu = wiener * above;
            // (w e^(E1(ν) / 2))², where ν = w γ.
            let squared = (wiener * times_exp_e1(nu) / above.max(1e-8)).min(1.0);
            *gain = squared.sqrt();
            *old = squared * power;
            *mean = xi + keep_ratio * (*mean - xi);
            *likelihood = (1.0 + xi) * exp_minus(nu);
        }
        (self.ratio[0], self.ratio[bins + 1]) = (self.ratio[1], self.ratio[bins]);
    }

    /// Draws the gain to the floor where speech is unlikely: seen from the bin, its neighbours and the whole frame, so
    /// that a lone peak of noise does not sing.
    fn doubt(&mut self, floor: f32, gains: &mut [f32]) {
        let bins = gains.len();
        let possible = |ratio: f32| ((ratio - POSSIBLE[0]) / (POSSIBLE[1] - POSSIBLE[0])).clamp(0.0, 1.0);
        let frame = possible(sum(&self.ratio[1..=bins]) / bins as f32);
        let (left, here, right) = (&self.ratio[..bins], &self.ratio[1..], &self.ratio[2..]);
        let ratios = left.iter().zip(here).zip(right);
        for ((gain, ((left, here), right)), likelihood) in gains.iter_mut().zip(ratios).zip(&self.likelihood) {
            let before = (frame * possible((left + here + right) / 3.0)).max(SELDOM);
            let speech = before / (before + (1.0 - before) * likelihood);
            *gain = (floor + speech * (*gain - floor)).max(floor);
        }
    }

    /// Appends what [`Self::load`] needs: `2 + 2 * bins` words.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.power.iter().chain(&self.ratio).flat_map(|value| value.to_le_bytes()));
    }

    /// Continues from the next words, as [`Self::save`] wrote them.
    pub fn load(&mut self, words: &mut impl Iterator<Item = [u8; 4]>) {
        for values in [&mut self.power, &mut self.ratio] {
            for (value, word) in values.iter_mut().zip(&mut *words) {
                *value = f32::from_le_bytes(word);
            }
        }
    }
}
