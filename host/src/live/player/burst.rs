//! RT — a burst of noise that goes out, and what comes in from then on: how long the way from the loudspeaker back to the
//! microphone takes.
use realfft::RealFftPlanner;

/// Registers of the shift register: the burst has 2^n − 1 samples.
const REGISTERS: u32 = 13;
/// How loud it is: loud enough to be found below a voice, and no shock.
const LEVEL: f32 = 0.1;
/// Seconds that are listened to.
const LISTENS: f64 = 1.5;
/// Frames in which what was heard is faded in and out before it is compared.
const FADED: usize = 1024;
/// How far what comes back must stand out of all else, as a ratio of amplitudes.
const CLEAR: f32 = 8.0;

/// A burst on its way.
pub struct Burst {
    /// A maximum-length sequence: like noise, and like nothing but itself.
    sent: Vec<f32>,
    at: usize,
    heard: Vec<f32>,
    filled: usize,
}

impl Burst {
    /// At so many frames a second.
    pub fn new(rate: u32) -> Box<Self> {
        let sent = sequence();
        let listens = (f64::from(rate) * LISTENS) as usize + sent.len();
        Box::new(Self { sent, at: 0, heard: vec![0.0; listens], filled: 0 })
    }

    /// RT — takes what comes in.
    pub fn hear(&mut self, input: &[f32]) {
        let count = input.len().min(self.heard.len() - self.filled);
        self.heard[self.filled..self.filled + count].copy_from_slice(&input[..count]);
        self.filled += count;
    }

    /// RT — the next frames, to be added to what goes out; none when it is over.
    pub fn speak(&mut self, frames: usize) -> &[f32] {
        let from = self.at;
        self.at = (from + frames).min(self.sent.len());
        &self.sent[from..self.at]
    }

    /// RT — whether all has been listened to.
    pub fn is_over(&self) -> bool {
        self.filled == self.heard.len()
    }

    /// Frames from the loudspeaker back to the microphone; nothing if it did not come back.
    pub fn round_trip(&self) -> Option<usize> {
        let length = (self.heard.len() + self.sent.len()).next_power_of_two();
        let mut planner = RealFftPlanner::<f32>::new();
        let (forward, back) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let spectrum = |samples: &[f32]| {
            let (mut padded, mut spectrum) = (samples.to_vec(), forward.make_output_vec());
            padded.resize(length, 0.0);
            forward.process(&mut padded, &mut spectrum).ok().map(|()| spectrum)
        };
        // Where it is cut off, what was heard would have a step, which has all frequencies.
        let mut faded = self.heard.clone();
        let gain = |at: usize| (at as f32 / FADED as f32).min(1.0);
        let ends = self.heard.len();
        faded.iter_mut().enumerate().for_each(|(at, sample)| *sample *= gain(at) * gain(ends - 1 - at));
        let (sent, mut heard) = (spectrum(&self.sent)?, spectrum(&faded)?);
        // All frequencies count alike, or a voice, loud where it sounds, would hide what comes back beside it (the phase
        // transform: C. Knapp and G. Carter, "The generalized correlation method for estimation of time delay", 1976).
        for (heard, sent) in heard.iter_mut().zip(&sent) {
            *heard = *heard * sent.conj() / heard.norm().max(f32::MIN_POSITIVE);
        }
        // What is real must be so exactly for the transform back.
        for end in [0, heard.len() - 1] {
            heard[end].im = 0.0;
        }
        let mut like = back.make_output_vec();
        back.process(&mut heard, &mut like).ok()?;
        let like = &like[..self.heard.len() - self.sent.len()];
        let (at, peak) = like.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        let mean = (like.iter().map(|x| x * x).sum::<f32>() / like.len() as f32).sqrt();
        (peak.abs() > CLEAR * mean).then_some(at)
    }
}

/// A maximum-length sequence of a linear feedback shift register: x^13 + x^12 + x^11 + x^8 + 1.
fn sequence() -> Vec<f32> {
    let mut state = 1u32;
    let step = |_| {
        let bit = (state ^ (state >> 1) ^ (state >> 2) ^ (state >> 5)) & 1;
        state = (state >> 1) | (bit << (REGISTERS - 1));
        if state & 1 == 1 { LEVEL } else { -LEVEL }
    };
    (0..(1 << REGISTERS) - 1).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_of_maximum_length() {
        let sequence = sequence();
        assert_eq!(sequence.iter().filter(|x| **x > 0.0).count(), 1 << (REGISTERS - 1));
        // Unlike itself at any other lag, taken round: -1 against 2^n - 1.
        let at = |lag: usize| -> f32 {
            (0..sequence.len()).map(|i| sequence[i] * sequence[(i + lag) % sequence.len()]).sum::<f32>()
                / (LEVEL * LEVEL)
        };
        [1, 2, 17, 4000].iter().for_each(|&lag| assert!((at(lag) + 1.0).abs() < 0.1, "{lag}: {}", at(lag)));
    }

    fn measured(comes_back: impl Fn(&[f32], usize) -> f32) -> Option<usize> {
        let mut burst = Burst::new(48000);
        let mut out = vec![];
        while !burst.is_over() {
            let end = out.len() + 128;
            let input: Vec<f32> = (out.len()..end).map(|at| comes_back(&out, at)).collect();
            burst.hear(&input);
            out.extend_from_slice(burst.speak(128));
            out.resize(end, 0.0);
        }
        burst.round_trip()
    }

    #[test]
    fn a_faint_echo_behind_a_voice_is_found_and_no_echo_is_not() {
        let voice = |at: usize| (at as f32 * 0.03).sin() * 0.3 * (at as f32 * 0.0007).sin();
        let late = |out: &[f32], at: usize| at.checked_sub(1234).and_then(|at| out.get(at)).copied().unwrap_or(0.0);
        assert_eq!(measured(|out, at| 0.05 * late(out, at) + voice(at)), Some(1234));
        assert_eq!(measured(|_, at| voice(at)), None);
        assert_eq!(measured(|_, _| 0.0), None);
    }
}
