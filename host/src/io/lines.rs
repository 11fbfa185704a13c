//! Writing text, line by line: events as JSON lines.

use std::path::Path;

use super::AudioError;
use super::sink::Sink;

/// A text file that is being written. It gets its name in [`LineWriter::finish`]; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct LineWriter(Sink);

impl LineWriter {
    /// Begins a file, or writes to standard output for `-`.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, AudioError> {
        Ok(Self(Sink::create(path.as_ref())?))
    }

    /// Appends a line.
    pub fn write(&mut self, line: &str) -> Result<(), AudioError> {
        self.0.write(line.as_bytes())?;
        self.0.write(b"\n")
    }

    /// Gives the file its name.
    pub fn finish(self) -> Result<(), AudioError> {
        self.0.finish()
    }
}
