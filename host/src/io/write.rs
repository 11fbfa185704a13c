//! Writing audio, frame by frame, to a WAV file or a pipe.

use std::path::{Path, PathBuf};

use super::sink::Sink;
use super::wav_header::{Encoding, Shape};
use super::{AudioError, MAX_CHANNELS, MAX_RATE};

/// A WAV file that is being written. It gets its name in [`AudioWriter::finish`]; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct AudioWriter {
    path: PathBuf,
    shape: Shape,
    sink: Sink,
    written: Written,
    buffer: Vec<u8>,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Written {
    /// Frames.
    pub frames: u64,
    /// Samples beyond the largest or smallest code of an integer encoding; they are written as that.
    pub clipped: u64,
    /// Samples that were NaN or infinite. Floats are written as they are; to integers NaN is 0, infinity clips.
    pub not_finite: u64,
    /// The largest magnitude among the finite samples; 1 is full scale.
    pub peak: f32,
}

impl AudioWriter {
    /// Begins a file, or writes to standard output for `-`. Streams get the open length that ffmpeg and sox accept.
    pub fn create(path: impl AsRef<Path>, rate: u32, channels: usize, encoding: Encoding) -> Result<Self, AudioError> {
        let path = path.as_ref();
        if channels == 0 || channels > MAX_CHANNELS || rate == 0 || rate > MAX_RATE {
            return Err(misfit(
                path,
                format!(
                    "cannot hold {channels} channels at {rate} Hz: a WAV file has 1 to \
                {MAX_CHANNELS} channels at 1 to {MAX_RATE} Hz"
                ),
            ));
        }
        let sink = Sink::create(path)?;
        let shape = Shape { encoding, channels: channels as u16, rate, patched: sink.is_file() };
        let mut writer = Self { path: path.into(), shape, sink, written: Written::default(), buffer: Vec::new() };
        let head = writer.head()?;
        writer.sink.write(&head)?;
        Ok(writer)
    }

    /// Appends frames: one slice a channel, all of one length.
    pub fn write(&mut self, planes: &[&[f32]]) -> Result<(), AudioError> {
        /// Frames encoded at once, so that the buffer stays small whatever it is given.
        const BATCH: usize = 1024;
        let frames = planes.first().map_or(0, |plane| plane.len());
        if planes.len() != usize::from(self.shape.channels) || planes.iter().any(|plane| plane.len() != frames) {
            let what = format!("has {} channels; it takes one plane for each, all of one length", self.shape.channels);
            return Err(misfit(&self.path, what));
        }
        for start in (0..frames).step_by(BATCH) {
            self.buffer.clear();
            for frame in start..frames.min(start + BATCH) {
                for plane in planes {
                    self.push(plane[frame]);
                }
            }
            self.sink.write(&self.buffer)?;
        }
        self.written.frames += frames as u64;
        Ok(())
    }

    /// Completes the file: only now it has its name.
    pub fn finish(mut self) -> Result<Written, AudioError> {
        if self.written.frames * self.shape.frame() % 2 == 1 {
            self.sink.write(&[0])?;
        }
        if self.shape.patched {
            let head = self.head()?;
            self.sink.patch(&head)?;
        }
        self.sink.finish()?;
        Ok(self.written)
    }

    fn head(&self) -> Result<Vec<u8>, AudioError> {
        self.shape.head(self.written.frames).ok_or_else(|| {
            let what = "would be larger than the 4 GiB of an s16 WAV file; write f32 or s24, or shorter pieces";
            misfit(&self.path, what.into())
        })
    }

    /// Encodes one sample behind the others.
    fn push(&mut self, sample: f32) {
        let written = &mut self.written;
        if sample.is_finite() {
            written.peak = written.peak.max(sample.abs());
        } else {
            written.not_finite += 1;
        }
        let mut integer = |bits: u32| {
            let full = f64::from(1u32 << (bits - 1));
            let code = (f64::from(sample) * full).round_ties_even();
            written.clipped += u64::from(code < -full || code > full - 1.0);
            // The cast clips at 32 bits and makes 0 of NaN.
            code.clamp(-full, full - 1.0) as i32
        };
        match self.shape.encoding {
            Encoding::S16 => self.buffer.extend((integer(16) as i16).to_le_bytes()),
            Encoding::S24 => self.buffer.extend_from_slice(&integer(24).to_le_bytes()[..3]),
            Encoding::S32 => self.buffer.extend(integer(32).to_le_bytes()),
            Encoding::F32 => self.buffer.extend(sample.to_le_bytes()),
        }
    }
}

fn misfit(path: &Path, what: String) -> AudioError {
    AudioError::Misfit { path: path.into(), what }
}
