//! RT — frames on their way: a ring for each channel, so that they come out as planes; and marks, which tell when they
//! are due.
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// Marks that may wait: as many as a graph of short blocks feeds in a long callback. Of those that find no room nobody knows,
/// and who begins to take then goes by an older one.
const MARKS: usize = 1024;

/// When frames are due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// So many frames have been fed since the start …
    pub fed: u64,
    /// Those from this one on follow each other: before it, some found no room.
    pub since: u64,
    /// … and the first one after them is due at this time, in seconds since the origin.
    pub time: f64,
    /// Seconds a frame.
    pub per_frame: f64,
    /// When they were fed.
    pub at: f64,
    /// So many of them are due after the beat with which they were fed; of a device, all that came with it.
    pub ahead: usize,
    /// How often the clock of the side that feeds was lost.
    pub lost: u32,
}

impl Mark {
    /// Frames that have come by a time, as the clock of the side that feeds has it.
    pub fn come(&self, time: f64) -> f64 {
        self.fed as f64 + (time - self.time) / self.per_frame
    }
}

/// The end that frames go into.
pub struct RingIn {
    planes: Vec<HeapProd<f32>>,
    marks: HeapProd<Mark>,
}

/// The end that frames come out of.
pub struct RingOut {
    planes: Vec<HeapCons<f32>>,
    marks: HeapCons<Mark>,
}

/// A ring for so many frames.
pub fn ring(frames: usize, channels: usize) -> (RingIn, RingOut) {
    let (ins, outs) = (0..channels).map(|_| HeapRb::new(frames.max(1)).split()).unzip();
    let (mark, marks) = HeapRb::new(MARKS).split();
    (RingIn { planes: ins, marks: mark }, RingOut { planes: outs, marks })
}

impl RingIn {
    /// Channels.
    pub fn channels(&self) -> usize {
        self.planes.len()
    }

    /// Frames for which there is room.
    pub fn room(&self) -> usize {
        self.planes.iter().map(|plane| plane.vacant_len()).min().unwrap_or(0)
    }

    /// Sends samples of a channel; there must be room, and all channels must get as many.
    pub fn push(&mut self, channel: usize, samples: &[f32]) {
        self.planes[channel].push_slice(samples);
    }

    /// Tells when frames are due, after they were sent.
    pub fn mark(&mut self, mark: Mark) {
        let _missed_by_nobody = self.marks.try_push(mark);
    }
}

impl RingOut {
    /// Channels.
    pub fn channels(&self) -> usize {
        self.planes.len()
    }

    /// Frames that wait.
    pub fn waiting(&self) -> usize {
        self.planes.iter().map(|plane| plane.occupied_len()).min().unwrap_or(0)
    }

    /// Takes samples of a channel; they must be there, and as many must be taken of all channels.
    pub fn pop(&mut self, channel: usize, to: &mut [f32]) {
        self.planes[channel].pop_slice(to);
    }

    /// Drops so many of the oldest frames.
    pub fn skip(&mut self, frames: usize) {
        for plane in &mut self.planes {
            plane.skip(frames);
        }
    }

    /// The newest mark since the last call.
    pub fn mark(&mut self) -> Option<Mark> {
        let mut newest = None;
        while let Some(mark) = self.marks.try_pop() {
            newest = Some(mark);
        }
        newest
    }
}
