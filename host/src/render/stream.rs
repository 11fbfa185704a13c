//! RT — frames between ports: one writer, any number of readers, contiguous.
use crate::graph;
use crate::plugin::{Frames, FramesMut};

/// Frames in flight. Plane c starts at `c * stride`; frames are counted from the start of the program.
pub struct Stream {
    data: Vec<f32>,
    /// Floats in one plane of a frame.
    width: usize,
    planes: usize,
    /// Frames for which there is room.
    room: usize,
    /// Most frames that a block writes.
    written: usize,
    /// The frame that lies at the front.
    origin: u64,
    /// Frames ever written, those at the start included.
    end: u64,
    /// Frames written before this block.
    before: u64,
}

impl Stream {
    /// A stream with its room, and zeros for the frames that are there at the start.
    pub fn new(plan: &graph::Stream) -> Self {
        let (width, planes) = (plan.format.width(), plan.format.channels as usize);
        let left = plan.left.max(plan.prefill) as usize;
        // Twice what is left over, so that each frame is moved to the front at most about once.
        let (room, written) = (2 * left + plan.written as usize, plan.written as usize);
        Self {
            data: vec![0.0; room * width * planes],
            width,
            planes,
            room,
            written,
            origin: 0,
            end: plan.prefill,
            before: plan.prefill,
        }
    }

    /// Frames ever written.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Frames that a reader at `position` can have, of a lane whose answers are due `lane` frames later if it is not 0.
    pub fn readable(&self, position: u64, lane: u64) -> u64 {
        graph::readable(self.end - position, self.before.saturating_sub(position), lane)
    }

    fn stride(&self) -> usize {
        self.room * self.width
    }

    /// `frames` frames from `position` on; they must be there.
    pub fn read(&self, position: u64, frames: usize) -> Frames<'_> {
        let at = (position - self.origin) as usize * self.width;
        Frames { data: self.data.get(at..).unwrap_or_default(), stride: self.stride(), frames }
    }

    /// Moves the memory out, so that it can be written while other streams are read.
    pub fn take(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.data)
    }

    /// Room behind the last frame, in memory that was moved out.
    pub fn room<'d>(&self, data: &'d mut [f32], frames: usize) -> FramesMut<'d> {
        let at = (self.end - self.origin) as usize * self.width;
        FramesMut { data: data.get_mut(at..).unwrap_or_default(), stride: self.stride(), frames }
    }

    /// Puts the memory back, with `frames` more frames in it.
    pub fn put(&mut self, data: Vec<f32>, frames: usize) {
        self.data = data;
        self.end += frames as u64;
    }

    /// `frames` frames from `position` on, to be written over; they must be there.
    pub fn rewrite(&mut self, position: u64, frames: usize) -> FramesMut<'_> {
        let (at, stride) = ((position - self.origin) as usize * self.width, self.stride());
        FramesMut { data: self.data.get_mut(at..).unwrap_or_default(), stride, frames }
    }

    /// Begins anew, with nothing in it: the next frame has the number `at`.
    pub fn begin_at(&mut self, at: u64) {
        (self.origin, self.end) = (at, at);
        self.data.fill(0.0);
    }

    /// After [`Stream::begin_at`]: lets a reader wait behind so many silent frames, and answers where it stands.
    pub fn wait(&mut self, frames: u64) -> u64 {
        let position = self.end - frames;
        self.origin = self.origin.min(position);
        position
    }

    /// Lets `write` fill `frames` more frames.
    pub fn write(&mut self, frames: usize, write: impl FnOnce(FramesMut<'_>)) {
        let mut data = self.take();
        write(self.room(&mut data, frames));
        self.put(data, frames);
    }

    /// Begins with the last frames of another stream, as many as it holds at the start.
    pub fn succeed(&mut self, before: &Self) {
        let wanted = (self.end - self.origin) as usize;
        let there = ((before.end - before.origin) as usize).min(wanted);
        let to = (wanted - there) * self.width;
        let from = (before.end - before.origin) as usize - there;
        for plane in 0..self.planes {
            let last = before.read(before.origin + from as u64, there);
            let last = self::plane(&last, plane, self.width);
            let at = plane * self.stride() + to;
            self.data[at..at + last.len()].copy_from_slice(last);
        }
    }

    /// Takes over the newest frames of a stream that stands where this one does, from `position` on.
    pub fn copy(&mut self, from: &Self, position: u64) {
        let position = position.max(self.origin).max(from.origin);
        let count = from.end.min(self.end).saturating_sub(position) as usize;
        let frames = from.read(position, count);
        for plane in 0..self.planes {
            let at = (position - self.origin) as usize * self.width + plane * self.stride();
            let from = self::plane(&frames, plane, self.width);
            self.data[at..at + from.len()].copy_from_slice(from);
        }
    }

    /// After a block: frames before `slowest` are read by all. Makes room for the next block.
    pub fn forget_before(&mut self, slowest: u64) {
        self.before = self.end;
        if slowest == self.end {
            self.origin = slowest;
            return;
        }
        if (self.end - self.origin) as usize + self.written <= self.room {
            return;
        }
        let (from, to) =
            ((slowest - self.origin) as usize * self.width, (self.end - self.origin) as usize * self.width);
        let stride = self.stride();
        for plane in 0..self.planes {
            let plane = plane * stride;
            self.data.copy_within(plane + from..plane + to, plane);
        }
        self.origin = slowest;
    }
}

/// One plane of some frames.
pub fn plane<'a>(frames: &Frames<'a>, plane: usize, width: usize) -> &'a [f32] {
    let at = plane * frames.stride;
    frames.data.get(at..at + frames.frames * width).unwrap_or_default()
}

/// One plane of some frames, to be written.
pub fn plane_mut<'a>(frames: &'a mut FramesMut<'_>, plane: usize, width: usize) -> &'a mut [f32] {
    let at = plane * frames.stride;
    frames.data.get_mut(at..at + frames.frames * width).unwrap_or_default()
}
