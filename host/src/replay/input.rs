//! From a file to an input of a graph.
use crate::io::{AudioError, AudioReader};
use crate::plugin::FramesMut;

/// The sound of one input, a block at a time.
pub(crate) struct Input {
    pub reader: AudioReader,
    /// The frames of this block, a plane a channel.
    pub planes: Vec<Vec<f32>>,
    pub rate: u32,
    /// Frames read so far.
    pub frames: u64,
    /// Frames of the last read that came from the file.
    pub present: usize,
    pub ended: bool,
    /// Frames that the graph never heard, as a simulated device lost them.
    pub lost: u64,
}

impl Input {
    pub fn new(reader: AudioReader) -> Self {
        let (rate, channels) = (reader.spec().rate, reader.spec().channels);
        Self { reader, planes: vec![vec![]; channels], rate, frames: 0, present: 0, ended: false, lost: 0 }
    }

    /// Reads the next frames; zeros follow the end.
    pub fn read(&mut self, frames: usize) -> Result<(), AudioError> {
        for plane in &mut self.planes {
            plane.resize(frames, 0.0);
            if self.ended {
                plane.fill(0.0);
            }
        }
        self.present = 0;
        if !self.ended && frames > 0 {
            self.present = self.reader.read(&mut self.planes)?;
            self.frames += self.present as u64;
            self.ended = self.present < frames;
        }
        Ok(())
    }

    pub fn fill(&self, room: FramesMut) {
        for (plane, to) in self.planes.iter().zip(room.data.chunks_mut(room.stride.max(1))) {
            to[..room.frames].copy_from_slice(&plane[..room.frames]);
        }
    }
}
