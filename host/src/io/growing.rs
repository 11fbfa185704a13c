//! A WAV file that grows in place: whenever the process is killed, what was flushed is whole.
//!
//! Unlike [`super::AudioWriter`], which gives a file its name when it is complete.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::wav_header::{Encoding, Shape};

/// A file of 32-bit floats that is being written.
#[derive(Debug)]
pub struct GrowingWav {
    file: File,
    shape: Shape,
    frames: u64,
    /// What is not in the file yet.
    waits: Vec<u8>,
}

impl GrowingWav {
    /// Begins a file that must not exist.
    ///
    /// # Errors
    /// As the system says.
    pub fn create(path: &Path, rate: u32, channels: u16) -> io::Result<Self> {
        let file = File::create_new(path)?;
        let shape = Shape { encoding: Encoding::F32, channels, rate, patched: true };
        let mut wav = Self { file, shape, frames: 0, waits: vec![] };
        wav.flush()?;
        Ok(wav)
    }

    /// Appends frames of `planes`, one a channel; they are in the file after the next [`GrowingWav::flush`].
    pub fn write<'a>(&mut self, frames: usize, planes: impl Fn(usize) -> &'a [f32]) {
        let channels = usize::from(self.shape.channels);
        for frame in 0..frames {
            (0..channels).for_each(|channel| self.waits.extend(planes(channel)[frame].to_le_bytes()));
        }
    }

    /// Writes what waits, and then says so in the head: a file that ends in between is as long as its head said before.
    ///
    /// # Errors
    /// As the system says; what was flushed before stays whole.
    pub fn flush(&mut self) -> io::Result<()> {
        let size = self.shape.frame();
        let head = |frames: u64| self.shape.head(frames).ok_or(io::ErrorKind::FileTooLarge);
        let begin = head(0)?.len() as u64;
        self.file.seek(SeekFrom::Start(begin + self.frames * size))?;
        self.file.write_all(&self.waits)?;
        let frames = self.frames + self.waits.len() as u64 / size;
        let head = head(frames)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&head)?;
        self.frames = frames;
        self.waits.clear();
        Ok(())
    }
}
