//! The file of a picture.
use super::{Drawing, PictureError};
use crate::io::Sink;
use std::path::Path;

/// A PNG file that will be written. It gets its name in [`PngFile::finish`]; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct PngFile {
    sink: Sink,
}

impl PngFile {
    /// Begins a file, so that a folder that is missing is known before anything is computed.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, PictureError> {
        Ok(Self { sink: Sink::create(path.as_ref())? })
    }

    /// Writes the picture: only now the file has its name.
    pub fn finish(mut self, drawing: &Drawing) -> Result<(), PictureError> {
        self.sink.write(&drawing.png()?)?;
        Ok(self.sink.finish()?)
    }
}
