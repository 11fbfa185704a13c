//! How loud sound is to an ear, by ITU-R BS.1770-4.
use std::f64::consts::PI;

/// Pieces of 100 ms of a gated block (400 ms, overlapping by 75 %).
const BLOCK: usize = 4;
/// Below this a block is silence, in LUFS.
const SILENCE: f64 = -70.0;
/// So far below the mean a block is a pause, in LU.
const PAUSE: f64 = -10.0;

/// The filters that weigh as an ear does (K-weighting), for one rate.
#[derive(Clone, Debug)]
pub struct Weighting {
    shelf: Biquad,
    high_pass: Biquad,
}

/// What both filters remember of one channel.
pub type WeightingState = [[f64; 2]; 2];

impl Weighting {
    /// For so many frames a second.
    pub fn new(rate: u32) -> Self {
        Self { shelf: Biquad::shelf(f64::from(rate)), high_pass: Biquad::high_pass(f64::from(rate)) }
    }

    /// RT — weighs the next sample.
    #[inline]
    pub fn pass(&self, sample: f32, state: &mut WeightingState) -> f64 {
        let shelved = self.shelf.pass(f64::from(sample), &mut state[0]);
        self.high_pass.pass(shelved, &mut state[1])
    }
}

/// A weighed mean square, summed over channels, in LUFS.
pub fn lufs(power: f64) -> f64 {
    -0.691 + 10.0 * power.log10()
}

/// The loudness without silence and pauses, in LUFS, of weighed mean squares of 100 ms each, summed over channels; `None` if
/// there is nothing else.
pub fn gated(pieces: &[f64]) -> Option<f64> {
    let blocks: Vec<f64> = pieces.windows(BLOCK).map(|block| block.iter().sum::<f64>() / BLOCK as f64).collect();
    let loud = mean(blocks.iter().copied().filter(|block| lufs(*block) > SILENCE))?;
    let gate = (lufs(loud) + PAUSE).max(SILENCE);
    mean(blocks.into_iter().filter(|block| lufs(*block) > gate)).map(lufs)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// The integrated loudness of a whole recording, one plane a channel, in LUFS. All channels weigh the same, as left, right
/// and centre do. `None` if it is shorter than 400 ms, silent, or at a rate below 4 kHz, where the filters are not defined.
pub fn loudness(planes: &[Vec<f32>], rate: u32) -> Option<f64> {
    if rate < 4000 {
        return None;
    }
    let (weighting, piece) = (Weighting::new(rate), rate as usize / 10);
    let mut pieces = vec![0.0; planes.iter().map(Vec::len).min().unwrap_or(0) / piece];
    for plane in planes {
        let mut state = WeightingState::default();
        for (sum, samples) in pieces.iter_mut().zip(plane.chunks_exact(piece)) {
            *sum +=
                samples.iter().map(|sample| weighting.pass(*sample, &mut state).powi(2)).sum::<f64>() / piece as f64;
        }
    }
    gated(&pieces)
}

/// Two poles and two zeros, in transposed direct form II.
#[derive(Clone, Debug)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

impl Biquad {
    /// The head, as a shelf of +4 dB above 1.7 kHz. The standard tables it for 48 kHz; the analogue filter behind the
    /// table, by which it is found for any rate, is that of B. De Man, "Evaluation of implementations of the EBU R128
    /// loudness measurement", 2018.
    fn shelf(rate: f64) -> Self {
        let (hz, db, q) = (1681.974450955533, 3.999843853973347, 0.7071752369554196);
        let k = (PI * hz / rate).tan();
        let high = 10f64.powf(db / 20.0);
        let band = high.powf(0.4996667741545416);
        let a0 = 1.0 + k / q + k * k;
        Self {
            b: [(high + band * k / q + k * k) / a0, 2.0 * (k * k - high) / a0, (high - band * k / q + k * k) / a0],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
        }
    }

    /// What is below 38 Hz is hardly heard; likewise.
    fn high_pass(rate: f64) -> Self {
        let (hz, q) = (38.13547087602444, 0.5003270373238773);
        let k = (PI * hz / rate).tan();
        let a0 = 1.0 + k / q + k * k;
        Self { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0] }
    }

    #[inline]
    fn pass(&self, x: f64, state: &mut [f64; 2]) -> f64 {
        let y = self.b[0] * x + state[0];
        *state = [self.b[1] * x - self.a[0] * y + state[1], self.b[2] * x - self.a[1] * y];
        y
    }
}
