//! Frames between guards: whoever writes too much or too little is seen.
use crate::plugin::{AgreedPort, Frames, FramesMut, Kind};

/// What an output holds before it is written, and what lies around it: a number that no worker makes, and no number.
const GUARD: u32 = 0x7fc0_5afe;
/// Floats of guard behind every plane.
const GAP: usize = 13;
/// Frames of a port with guards around them.
pub struct Guarded {
    pub data: Vec<f32>,
    plane: usize,
    frames: usize,
}

impl Guarded {
    fn blank(port: &AgreedPort, n: usize) -> Self {
        let frames = if port.format.kind == Kind::EVENTS { 0 } else { n * port.frames.max(1) as usize };
        let plane = frames * port.format.width();
        let len = GAP + port.format.channels as usize * (plane + GAP);
        Self { data: vec![f32::from_bits(GUARD); len], plane, frames }
    }

    /// An output: all of it is guard.
    pub fn output(port: &AgreedPort, n: usize) -> Self {
        Self::blank(port, n)
    }

    /// An input: `n` turns of `planes` from `done` on.
    pub fn input(port: &AgreedPort, planes: &[Vec<f32>], done: usize, n: usize) -> Self {
        let mut it = Self::blank(port, n);
        let from = done * port.frames.max(1) as usize * port.format.width();
        let (plane, stride) = (it.plane, it.stride());
        for (to, from) in it.data[GAP..].chunks_mut(stride).zip(planes.iter().map(|p| &p[from..from + plane])) {
            to[..plane].copy_from_slice(from);
        }
        it
    }

    fn stride(&self) -> usize {
        self.plane + GAP
    }

    /// As the worker gets it.
    pub fn frames(&self) -> Frames<'_> {
        Frames { data: &self.data[GAP..], stride: self.stride(), frames: self.frames }
    }

    /// As the worker gets it, to be written.
    pub fn frames_mut(&mut self) -> FramesMut<'_> {
        let (stride, frames) = (self.stride(), self.frames);
        FramesMut { data: &mut self.data[GAP..], stride, frames }
    }

    /// What each channel holds.
    pub fn planes(&self) -> impl Iterator<Item = &[f32]> {
        self.data[GAP..].chunks(self.stride()).map(|plane| &plane[..self.plane])
    }

    /// Whether nothing around the planes has changed.
    pub fn guards_hold(&self) -> bool {
        let gaps = self.data[GAP..].chunks(self.stride()).flat_map(|plane| &plane[self.plane..]);
        self.data[..GAP].iter().chain(gaps).all(is_guard)
    }
}

/// Whether a value is what was there before the worker wrote.
pub fn is_guard(x: &f32) -> bool {
    x.to_bits() == GUARD
}

/// Whether two lists have the same bits.
pub fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}
