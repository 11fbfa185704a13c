//! Many NumPy arrays in one archive: a ZIP file of `.npy` members, stored, as `numpy.savez` writes them.
use super::sink::Sink;
use super::{AudioError, NpyHead};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A `.npz` archive that is being written. It gets its name on finish.
pub struct NpzWriter {
    path: PathBuf,
    zip: ZipWriter<Sink>,
}

impl NpzWriter {
    /// Begins an archive.
    ///
    /// # Errors
    /// It cannot be made there, or there is a pipe.
    pub fn create(path: &Path) -> Result<Self, AudioError> {
        let mut sink = Sink::create(path)?;
        if !sink.can_patch() {
            let what = "is a pipe, and an archive's lengths are written last; name a file".into();
            return Err(AudioError::Misfit { path: path.into(), what });
        }
        Ok(Self { path: path.into(), zip: ZipWriter::new(sink) })
    }

    /// Copies a complete `.npy` file in, under a key: what `numpy.load(…)[key]` gives.
    ///
    /// # Errors
    /// It cannot be read, or not be written here.
    pub fn add(&mut self, key: &str, npy: &Path) -> Result<(), AudioError> {
        NpyHead::read(npy)?;
        let mut file = File::open(npy).map_err(|source| AudioError::Open { path: npy.into(), source })?;
        let bytes = file.metadata().map_err(|source| AudioError::Read { path: npy.into(), source })?.len();
        // No times: the same sounds give the same archive.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let options = options.large_file(bytes >= u64::from(u32::MAX));
        self.zip.start_file(format!("{key}.npy"), options).map_err(|why| self.failed(why))?;
        io::copy(&mut file, &mut self.zip).map_err(|source| AudioError::Write { path: self.path.clone(), source })?;
        Ok(())
    }

    /// Writes the table of contents and gives the archive its name.
    ///
    /// # Errors
    /// The system fails.
    pub fn finish(self) -> Result<(), AudioError> {
        let path = self.path;
        self.zip.finish().map_err(|why| failed(&path, why))?.finish()
    }

    fn failed(&self, why: ZipError) -> AudioError {
        failed(&self.path, why)
    }
}

fn failed(path: &Path, why: ZipError) -> AudioError {
    let source = match why {
        ZipError::Io(source) => source,
        other => io::Error::other(other.to_string()),
    };
    AudioError::Write { path: path.into(), source }
}
