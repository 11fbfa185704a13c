//! Writing frames of any shape to a NumPy file, whose length is known only at the end.
//!
//! Format: NumPy Enhancement Proposal 1, version 1.0; little-endian f32 in C order.

use std::path::{Path, PathBuf};

use super::AudioError;
use super::sink::Sink;

/// A `.npy` array of shape (frames, ...) that is being written. Like a WAV file, it gets its name on finish.
#[derive(Debug)]
pub struct NpyWriter {
    path: PathBuf,
    sink: Sink,
    /// The dimensions of a frame.
    tail: Vec<usize>,
    /// Values in a frame.
    values: usize,
    frames: u64,
    buffer: Vec<u8>,
}

impl NpyWriter {
    /// Begins an array of frames of the shape `tail`: `[]` for a number a frame, `[40]` for 40 features.
    pub fn create(path: impl AsRef<Path>, tail: &[usize]) -> Result<Self, AudioError> {
        let path = path.as_ref();
        let values = tail.iter().try_fold(1usize, |product, &size| product.checked_mul(size)).unwrap_or(0);
        if values == 0 {
            return Err(misfit(path, format!("cannot hold frames of the shape {tail:?}")));
        }
        let mut sink = Sink::create(path)?;
        if !sink.can_patch() {
            return Err(misfit(path, "is a pipe, and a .npy array begins with its length; name a file".into()));
        }
        let Some(head) = head(0, tail) else {
            return Err(misfit(path, format!("cannot hold frames of {} dimensions", tail.len())));
        };
        sink.write(&head)?;
        Ok(Self { path: path.into(), sink, tail: tail.into(), values, frames: 0, buffer: Vec::new() })
    }

    /// Appends whole frames.
    pub fn write(&mut self, frames: &[f32]) -> Result<(), AudioError> {
        /// Values encoded at once.
        const BATCH: usize = 4096;
        if !frames.len().is_multiple_of(self.values) {
            let what = format!("has frames of {} values; {} are no whole number of them", self.values, frames.len());
            return Err(misfit(&self.path, what));
        }
        for batch in frames.chunks(BATCH) {
            self.buffer.clear();
            self.buffer.extend(batch.iter().flat_map(|value| value.to_le_bytes()));
            self.sink.write(&self.buffer)?;
        }
        self.frames += (frames.len() / self.values) as u64;
        Ok(())
    }

    /// Completes the file and returns its frames.
    pub fn finish(mut self) -> Result<u64, AudioError> {
        let head = head(self.frames, &self.tail);
        self.sink.patch(&head.unwrap_or_default())?;
        self.sink.finish()?;
        Ok(self.frames)
    }
}

/// The head, of one size for every number of frames; `None` if the shape is too long for version 1.0.
fn head(frames: u64, tail: &[usize]) -> Option<Vec<u8>> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    let text = |frames: u64| {
        let tail: String = tail.iter().map(|size| format!("{size}, ")).collect();
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({frames}, {tail}), }}")
    };
    // With the line's end, the magic and the length, a multiple of 64.
    let size = (MAGIC.len() + 2 + text(u64::MAX).len() + 1).next_multiple_of(64) - MAGIC.len() - 2;
    let mut head = MAGIC.to_vec();
    head.extend(u16::try_from(size).ok()?.to_le_bytes());
    head.extend(format!("{:width$}\n", text(frames), width = size - 1).bytes());
    Some(head)
}

fn misfit(path: &Path, what: String) -> AudioError {
    AudioError::Misfit { path: path.into(), what }
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn the_head_keeps_its_size_whatever_the_number_of_frames() {
        for dims in 0..40 {
            let tail = vec![40; dims];
            let size = head(0, &tail).unwrap().len();
            assert_eq!(size % 64, 0);
            for frames in [9, 1 << 20, 1 << 40, u64::MAX] {
                assert_eq!(head(frames, &tail).unwrap().len(), size);
            }
        }
        assert!(head(0, &vec![40; 20_000]).is_none(), "version 1.0 counts its head in 16 bits");
    }
}
