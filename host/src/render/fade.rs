//! RT — goes over from one input to another.
use super::stream;
use crate::graph;
use crate::plugin::{Frames, FramesMut};

/// A fade at work: only the first input, then less and less of it, then only the last.
pub struct Fade {
    plan: graph::Fade,
    width: usize,
    planes: usize,
    /// Frames passed.
    passed: u64,
}

impl Fade {
    /// A fade of frames of a format.
    pub fn new(plan: graph::Fade, width: usize, planes: usize) -> Self {
        Self { plan, width, planes, passed: 0 }
    }

    /// How much of the last input is heard in frame number `frame`: a raised cosine, which begins and ends without a
    /// bend.
    fn share(&self, frame: u64) -> f32 {
        let at = frame.saturating_sub(self.plan.wait).min(self.plan.length) as f32 / self.plan.length as f32;
        0.5 - 0.5 * (core::f32::consts::PI * at).cos()
    }

    /// Passes frames on. With one input left, the fade is over.
    pub fn process(&mut self, inputs: &[Frames], out: &mut FramesMut) {
        let (Some(old), Some(new)) = (inputs.first(), inputs.last()) else { return };
        let over = inputs.len() == 1 || self.passed >= self.plan.wait + self.plan.length;
        let waiting = self.passed + (out.frames as u64) <= self.plan.wait;
        for plane in 0..self.planes {
            let (old, new) = (stream::plane(old, plane, self.width), stream::plane(new, plane, self.width));
            let out = stream::plane_mut(out, plane, self.width);
            match (over, waiting) {
                (true, _) => out.copy_from_slice(new),
                (false, true) => out.copy_from_slice(old),
                (false, false) => self.mix(old, new, out),
            }
        }
        self.passed += out.frames as u64;
    }

    fn mix(&self, old: &[f32], new: &[f32], out: &mut [f32]) {
        let frames = old.chunks(self.width).zip(new.chunks(self.width)).zip(out.chunks_mut(self.width));
        for (frame, ((old, new), out)) in frames.enumerate() {
            let share = self.share(self.passed + frame as u64);
            for ((out, old), new) in out.iter_mut().zip(old).zip(new) {
                *out = old + share * (new - old);
            }
        }
    }
}
