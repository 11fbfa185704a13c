//! RT — frames on their way to a lane or back: a ring for each plane, so that they lie in a ring as in a stream.
use super::stream;
use crate::plugin::{Frames, FramesMut};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// The end that frames go into.
pub struct PipeIn {
    planes: Vec<HeapProd<f32>>,
    width: usize,
}

/// The end that frames come out of.
pub struct PipeOut {
    planes: Vec<HeapCons<f32>>,
    width: usize,
}

/// A pipe for so many frames of `planes` planes of `width` floats.
pub fn pipe(frames: usize, planes: usize, width: usize) -> (PipeIn, PipeOut) {
    let rings = (0..planes).map(|_| HeapRb::new((frames * width).max(1)).split());
    let (ins, outs) = rings.unzip();
    (PipeIn { planes: ins, width }, PipeOut { planes: outs, width })
}

impl PipeIn {
    /// Frames for which there is room.
    pub fn room(&self) -> usize {
        self.planes.iter().map(|plane| plane.vacant_len()).min().unwrap_or(0) / self.width.max(1)
    }

    /// Sends frames; there must be room.
    pub fn send(&mut self, frames: &Frames) {
        for (plane, ring) in self.planes.iter_mut().enumerate() {
            ring.push_slice(stream::plane(frames, plane, self.width));
        }
    }
}

impl PipeOut {
    /// Fills `frames` with the oldest that have come; they must be there.
    pub fn take(&mut self, mut frames: FramesMut) {
        for (plane, ring) in self.planes.iter_mut().enumerate() {
            ring.pop_slice(stream::plane_mut(&mut frames, plane, self.width));
        }
    }

    /// Drops so many of the oldest frames.
    pub fn skip(&mut self, frames: usize) {
        for ring in &mut self.planes {
            ring.skip(frames * self.width);
        }
    }
}
