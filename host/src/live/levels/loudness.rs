//! How loud sound is to an ear, by ITU-R BS.1770-4: what is matched when two graphs are compared.
use crate::metrics::{Weighting, WeightingState, gated, lufs};
use crate::render::Frames;
use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::collections::VecDeque;

/// Pieces of 100 ms that may wait for the control side.
const WAITING: usize = 600;
/// Pieces of a short-term loudness (3 s, EBU Tech 3341).
const SHORT: usize = 30;
/// Pieces that are remembered: the last 30 s.
const MEMORY: usize = 300;

/// RT — weighs frames as they pass.
pub struct Weigher {
    weighting: Weighting,
    /// By channel.
    states: Vec<WeightingState>,
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
        weighting: Weighting::new(rate),
        states: vec![WeightingState::default(); channels],
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
                    let weighed = self.weighting.pass(*sample, state);
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
            self.states.fill(WeightingState::default());
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
        gated(&pieces)
    }
}
