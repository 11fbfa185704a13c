//! RT — a few frames of sound, one plane a channel.
use crate::plugin::Frames;
use ringbuf::traits::Observer;
use ringbuf::{LocalRb, storage::Heap};

/// Room for a few frames: plane c begins at `c * room`.
#[derive(Clone, Debug, Default)]
pub struct Planes {
    data: Vec<f32>,
    channels: usize,
    room: usize,
}

impl Planes {
    /// Silence.
    pub fn new(channels: usize, room: usize) -> Self {
        Self { data: vec![0.0; channels * room], channels, room }
    }

    /// How many there are.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Frames for which there is room, from one plane to the next.
    pub fn stride(&self) -> usize {
        self.room
    }

    /// All planes, to be written.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The first frames, as others see them.
    pub fn frames(&self, frames: usize) -> Frames<'_> {
        Frames { data: &self.data, stride: self.room, frames }
    }

    /// The first frames of a channel.
    pub fn plane(&self, channel: usize, frames: usize) -> &[f32] {
        &self.data[channel * self.room..][..frames]
    }

    /// The first frames of a channel, to be written.
    pub fn plane_mut(&mut self, channel: usize, frames: usize) -> &mut [f32] {
        &mut self.data[channel * self.room..][..frames]
    }

    /// Silences the first frames.
    pub fn silence(&mut self, frames: usize) {
        (0..self.channels).for_each(|channel| self.plane_mut(channel, frames).fill(0.0));
    }
}

/// The sample that a channel of something with `of` channels hears of something with `from`: one channel is heard on
/// all; many are heard on one as their mean; otherwise each is heard on its like, and one without a like is silent.
pub fn heard(channel: usize, of: usize, from: usize) -> std::ops::Range<usize> {
    match (of, from) {
        (_, 1) => 0..1,
        (1, from) => 0..from,
        _ if channel < from => channel..channel + 1,
        _ => 0..0,
    }
}

/// Frames that wait, in order: a ring a channel.
pub struct Queue {
    rings: Vec<LocalRb<Heap<f32>>>,
}

impl Queue {
    /// Room for so many frames, of which the first `silent` are there already.
    pub fn new(channels: usize, room: usize, silent: usize) -> Self {
        let ring = || {
            let mut ring = LocalRb::new((room + silent).max(1));
            ring.push_iter(std::iter::repeat_n(0.0, silent));
            ring
        };
        Self { rings: (0..channels).map(|_| ring()).collect() }
    }

    /// How many there are.
    pub fn channels(&self) -> usize {
        self.rings.len()
    }

    /// Frames that wait.
    pub fn waits(&self) -> usize {
        self.rings.first().map_or(usize::MAX, |ring| ring.occupied_len())
    }

    /// Puts frames of a channel in the queue; every channel gets as many.
    pub fn push(&mut self, channel: usize, samples: &[f32]) {
        self.rings[channel].push_slice(samples);
    }

    /// Takes the oldest frames of a channel; what is missing is silent.
    pub fn pop(&mut self, channel: usize, to: &mut [f32]) {
        let there = self.rings[channel].pop_slice(to);
        to[there..].fill(0.0);
    }
}
