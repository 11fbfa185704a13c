//! How loud sound is to an ear, by ITU-R BS.1770-4: what is matched when two graphs are compared.
use crate::render::Frames;
use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::collections::VecDeque;
use std::f64::consts::PI;

/// Pieces of 100 ms that may wait for the control side.
const WAITING: usize = 600;
/// Pieces of a short-term loudness (3 s, EBU Tech 3341).
const SHORT: usize = 30;
/// Pieces of a gated block (400 ms, overlapping by 75 %).
const BLOCK: usize = 4;
/// Pieces that are remembered: the last 30 s.
const MEMORY: usize = 300;
/// Below this a block is silence, in LUFS.
const SILENCE: f64 = -70.0;
/// So far below the mean a block is a pause, in LU.
const PAUSE: f64 = -10.0;

/// RT — weighs frames as they pass.
pub struct Weigher {
    shelf: Biquad,
    high_pass: Biquad,
    /// By channel, the state of both filters.
    states: Vec<[[f64; 2]; 2]>,
    /// Frames of a piece, and those of the present one so far.
    piece: usize,
    filled: usize,
    sum: f64,
    pieces: HeapProd<f64>,
}

/// The control side's half: the last 30 seconds.
pub struct Loudness {
    pieces: HeapCons<f64>,
    /// Mean squares of 100 ms each, of all channels together; the newest comes last.
    last: VecDeque<f64>,
}

/// For so many channels at so many frames a second. All channels weigh the same, as left, right and centre do.
pub fn loudness(channels: usize, rate: u32) -> (Weigher, Loudness) {
    let (to, from) = HeapRb::new(WAITING).split();
    let weigher = Weigher {
        shelf: Biquad::shelf(f64::from(rate)),
        high_pass: Biquad::high_pass(f64::from(rate)),
        states: vec![[[0.0; 2]; 2]; channels],
        piece: (rate as usize / 10).max(1),
        filled: 0,
        sum: 0.0,
        pieces: to,
    };
    (weigher, Loudness { pieces: from, last: VecDeque::with_capacity(MEMORY + 1) })
}

impl Weigher {
    /// RT — frames of all channels.
    pub fn planar(&mut self, frames: &Frames) {
        let mut from = 0;
        while from < frames.frames {
            let to = frames.frames.min(from + self.piece - self.filled);
            for (channel, state) in self.states.iter_mut().enumerate() {
                let at = channel * frames.stride;
                for sample in frames.data.get(at + from..at + to).unwrap_or_default() {
                    let shelved = self.shelf.pass(f64::from(*sample), &mut state[0]);
                    let weighed = self.high_pass.pass(shelved, &mut state[1]);
                    self.sum += weighed * weighed;
                }
            }
            self.filled += to - from;
            from = to;
            if self.filled == self.piece {
                // Nobody who reads so seldom wants to know how loud it is now.
                let _room_for_a_minute = self.pieces.try_push(self.sum / self.piece as f64);
                (self.filled, self.sum) = (0, 0.0);
            }
        }
        if !self.sum.is_finite() {
            self.states.fill([[0.0; 2]; 2]);
            self.sum = 0.0;
        }
    }
}

impl Loudness {
    /// Reads what has been weighed.
    pub fn update(&mut self) {
        while let Some(piece) = self.pieces.try_pop() {
            self.last.push_back(piece);
            if self.last.len() > MEMORY {
                self.last.pop_front();
            }
        }
    }

    /// Forgets what was heard.
    pub fn clear(&mut self) {
        self.update();
        self.last.clear();
    }

    /// The last 3 seconds, in LUFS; `None` before.
    pub fn short_term(&self) -> Option<f64> {
        let pieces = self.last.len().checked_sub(SHORT)?;
        Some(lufs(self.last.range(pieces..).sum::<f64>() / SHORT as f64))
    }

    /// The last 30 seconds without silence and pauses, in LUFS; `None` if there was nothing else. To hear two graphs as
    /// loud as each other, make the second louder by the difference.
    pub fn gated(&self) -> Option<f64> {
        let pieces: Vec<f64> = self.last.iter().copied().collect();
        let blocks: Vec<f64> = pieces.windows(BLOCK).map(|block| block.iter().sum::<f64>() / BLOCK as f64).collect();
        let loud = mean(blocks.iter().copied().filter(|block| lufs(*block) > SILENCE))?;
        let gate = (lufs(loud) + PAUSE).max(SILENCE);
        mean(blocks.into_iter().filter(|block| lufs(*block) > gate)).map(lufs)
    }
}

fn lufs(power: f64) -> f64 {
    -0.691 + 10.0 * power.log10()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// Two poles and two zeros, in transposed direct form II.
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
