//! How much noise there is in each bin, while somebody may be speaking.
use super::arithmetic::{exp_minus, sum};

/// Noise power of each bin, followed without waiting for a pause in speech.
///
/// Every frame counts as far as it is likely to be noise: Gerkmann & Hendriks, "Unbiased MMSE-based noise power
/// estimation with low complexity and low tracking delay", IEEE TASLP 20(4), 2012. That alone mistakes noise that jumps
/// up by more than 15 dB for speech. In place of the paper's remedy (equations 23 and 24, which measured too slow) the
/// least power of the last one to two seconds holds the estimate up, in the spirit of Martin, "Noise power spectral
/// density estimation based on optimal smoothing and minimum statistics", IEEE TSAP 9(5), 2001: nobody speaks that long
/// in one bin without a gap.
pub struct Noise {
    /// Frames so far, up to those that start the estimate, and those of them that were not silent.
    seen: u32,
    heard: u32,
    /// Frames since `least` began.
    since: u32,
    /// σ², the power of the noise.
    power: Vec<f32>,
    /// The power of the input, averaged over a short time.
    smooth: Vec<f32>,
    /// Least of `smooth` in this span, and in the span before.
    least: Vec<f32>,
    least_before: Vec<f32>,
}

/// The pace of [`Noise`] at a frame rate.
#[derive(Clone, Copy, Default)]
pub struct Pace {
    /// How many frames start the estimate, at least 1.
    pub start: u32,
    /// How much of the old noise power the next frame keeps, 0 to 1.
    pub keep: f32,
    /// How much of the old short-time power the next frame keeps, 0 to 1.
    pub keep_smooth: f32,
    /// Frames in a span whose least power is remembered.
    pub span: u32,
}

/// Least noise power, and the power below which a frame is digital silence: about −144 dB of full scale.
const LEAST: f32 = 1e-12;
/// ξ_H1, the signal-to-noise ratio that speech is expected to have where there is any: 15 dB (section IV).
const SPEECH: f32 = 31.622_776;
/// The noise is no weaker than this part of the least power. A quarter followed a jump a second later; a half costs clean
/// speech 0.06 of its PESQ at most.
const HOLD: f32 = 0.5;

impl Noise {
    pub fn new(bins: usize) -> Self {
        let [power, smooth, least, least_before] = [(); 4].map(|()| vec![LEAST; bins]);
        Self { seen: 0, heard: 0, since: 0, power, smooth, least, least_before }
    }

    pub fn reset(&mut self) {
        (self.seen, self.heard, self.since) = (0, 0, 0);
        for values in [&mut self.power, &mut self.smooth, &mut self.least, &mut self.least_before] {
            values.fill(LEAST);
        }
    }

    /// σ² of each bin.
    pub fn power(&self) -> &[f32] {
        &self.power
    }

    /// Learns from the power of each bin of the next frame. Digital silence tells nothing of the room: a muted
    /// microphone would otherwise make all that follows look like speech. Only where all the start is silent there is
    /// no room, and what follows is taken for speech until it lasts.
    pub fn update(&mut self, power: &[f32], pace: Pace) {
        let silent = sum(power) < LEAST * power.len() as f32;
        if self.seen < pace.start {
            self.seen += 1;
            if !silent {
                self.average(power);
            }
        } else if !silent {
            self.track(power, pace);
        }
    }

    /// The mean of the first frames.
    fn average(&mut self, power: &[f32]) {
        self.heard += 1;
        let share = 1.0 / self.heard as f32;
        for (noise, power) in self.power.iter_mut().zip(power) {
            *noise = (*noise + share * (power - *noise)).max(LEAST);
        }
        for values in [&mut self.smooth, &mut self.least, &mut self.least_before] {
            values.copy_from_slice(&self.power);
        }
    }

    fn track(&mut self, power: &[f32], Pace { keep, keep_smooth, span, .. }: Pace) {
        let least = self.smooth.iter_mut().zip(&mut self.least).zip(&self.least_before);
        for ((noise, power), ((smooth, least), before)) in self.power.iter_mut().zip(power).zip(least) {
            // Equation 18, where noise and speech are equally likely beforehand.
            let likelihood = (1.0 + SPEECH) * exp_minus(power / *noise * (SPEECH / (1.0 + SPEECH)));
            let speech = 1.0 / (1.0 + likelihood);
            *smooth = power + keep_smooth * (*smooth - power);
            *least = least.min(*smooth);
            // Equations 22 and 8: E[|N|²] = P σ² + (1 − P) |Y|², smoothed over time.
            let next = *noise + (1.0 - keep) * (1.0 - speech) * (power - *noise);
            *noise = next.max(HOLD * least.min(*before)).max(LEAST);
        }
        self.since += 1;
        if self.since >= span {
            self.since = 0;
            self.least_before.copy_from_slice(&self.least);
            self.least.copy_from_slice(&self.smooth);
        }
    }

    /// Appends what [`Self::load`] needs: `3 + 4 * bins` words.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.extend([self.seen, self.heard, self.since].iter().flat_map(|count| count.to_le_bytes()));
        for values in [&self.power, &self.smooth, &self.least, &self.least_before] {
            out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
    }

    /// Continues from the next words, as [`Self::save`] wrote them.
    pub fn load(&mut self, words: &mut impl Iterator<Item = [u8; 4]>) {
        for (count, word) in [&mut self.seen, &mut self.heard, &mut self.since].into_iter().zip(&mut *words) {
            *count = u32::from_le_bytes(word);
        }
        for values in [&mut self.power, &mut self.smooth, &mut self.least, &mut self.least_before] {
            for (value, word) in values.iter_mut().zip(&mut *words) {
                *value = f32::from_le_bytes(word);
            }
        }
    }
}
