//! Where output goes, and the promise that a file has its name only when it is complete.
//!
//! A file grows under a temporary name in its own folder and is renamed at the end. Dropped before that (an error, a
//! panic, Ctrl-C once it has ended the loop), it is removed, and what stood under the name stays as it was. Devices,
//! FIFOs and standard output get their bytes as they come.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use super::under_way::UnderWay;
use super::{AudioError, STANDARD};

/// An output that is being written.
#[derive(Debug)]
pub(crate) struct Sink {
    path: PathBuf,
    out: Out,
    /// A write has failed; what is there is not what was meant.
    failed: bool,
}

#[derive(Debug)]
enum Out {
    /// Becomes the target on finish. The file is closed before its name is dropped.
    Temporary {
        file: BufWriter<File>,
        name: TempPath,
        listed: UnderWay,
        target: PathBuf,
    },
    Device(BufWriter<File>),
    Standard(BufWriter<Stdout>),
}

impl Sink {
    /// Opens an output, or standard output for `-`.
    pub fn create(path: &Path) -> Result<Self, AudioError> {
        let out = Self::open(path).map_err(|source| AudioError::Create { path: path.into(), source })?;
        Ok(Self { path: path.into(), out, failed: false })
    }

    fn open(path: &Path) -> io::Result<Out> {
        match place(path)? {
            Place::Standard => Ok(Out::Standard(BufWriter::new(io::stdout()))),
            Place::Device => Ok(Out::Device(BufWriter::new(OpenOptions::new().write(true).open(path)?))),
            Place::File { target, permissions } => temporary(target, permissions),
        }
    }

    /// Whether the beginning can still be changed at the end.
    pub fn can_patch(&mut self) -> bool {
        match &mut self.out {
            Out::Temporary { .. } => true,
            Out::Device(file) => file.stream_position().is_ok(),
            Out::Standard(_) => false,
        }
    }

    /// Whether this becomes a file under a name, not a stream of bytes.
    pub fn is_file(&self) -> bool {
        matches!(self.out, Out::Temporary { .. })
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), AudioError> {
        let written = self.out.write_all(bytes);
        self.check(written)
    }

    /// Replaces the first bytes.
    pub fn patch(&mut self, bytes: &[u8]) -> Result<(), AudioError> {
        let patched = match &mut self.out {
            Out::Temporary { file, .. } | Out::Device(file) => {
                file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(bytes))
            }
            Out::Standard(_) => Err(ErrorKind::NotSeekable.into()),
        };
        self.check(patched)
    }

    /// Writes what is buffered and gives the file its name.
    pub fn finish(mut self) -> Result<(), AudioError> {
        // A full disk may show only here.
        let flushed = match &mut self.out {
            Out::Temporary { file, .. } => file.flush().and_then(|()| file.get_ref().sync_all()),
            other => other.flush(),
        };
        self.check(flushed)?;
        let Self { path, out, failed } = self;
        if failed {
            let source = io::Error::other("an earlier write failed");
            return Err(AudioError::Write { path, source });
        }
        if let Out::Temporary { file, name, listed, target } = out {
            drop(file);
            // The second look at what stands there: a rename replaces anything, even the system's /dev/null.
            replaceable(&target).map_err(|source| AudioError::Write { path: path.clone(), source })?;
            name.persist(target).map_err(|error| AudioError::Write { path, source: error.error })?;
            drop(listed);
        }
        Ok(())
    }

    fn check(&mut self, result: io::Result<()>) -> Result<(), AudioError> {
        result.map_err(|source| {
            self.failed = true;
            AudioError::Write { path: self.path.clone(), source }
        })
    }
}

/// For writers that go back to what they wrote: archives.
impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.failed |= written.as_ref().is_err_and(|why| why.kind() != ErrorKind::Interrupted);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Seek for Sink {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.out {
            Out::Temporary { file, .. } | Out::Device(file) => file.seek(to),
            Out::Standard(_) => Err(ErrorKind::NotSeekable.into()),
        }
    }
}

/// What a path stands for, before anything is opened.
#[derive(Debug)]
pub(super) enum Place {
    Standard,
    /// A device or FIFO: opened, never renamed onto.
    Device,
    File {
        /// Behind a link, the file it leads to is replaced, not the link.
        target: PathBuf,
        /// Those of the file that is replaced.
        permissions: Option<Permissions>,
    },
}

pub(super) fn place(path: &Path) -> io::Result<Place> {
    if path == Path::new(STANDARD) {
        return Ok(Place::Standard);
    }
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(about) if !about.is_file() => Ok(Place::Device),
        // A rename would get past the protection of the file, which the folder does not know.
        Ok(about) if about.permissions().readonly() => Err(ErrorKind::PermissionDenied.into()),
        Ok(about) => Ok(Place::File { target: fs::canonicalize(path)?, permissions: Some(about.permissions()) }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Place::File { target: path.into(), permissions: None }),
        Err(error) => Err(error),
    }
}

/// Fails unless the path is free, a file or a link.
pub(super) fn replaceable(target: &Path) -> io::Result<()> {
    match fs::symlink_metadata(target) {
        Ok(about) if about.is_file() || about.is_symlink() => Ok(()),
        Ok(_) => Err(io::Error::new(ErrorKind::AlreadyExists, "what stands under that name is no file")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Temporary { file, .. } | Self::Device(file) => file.write(bytes),
            Self::Standard(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Temporary { file, .. } | Self::Device(file) => file.flush(),
            Self::Standard(out) => out.flush(),
        }
    }
}

/// A new file beside the target, with the target's permissions or those of any new file.
fn temporary(target: PathBuf, permissions: Option<Permissions>) -> io::Result<Out> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    builder.prefix(".aw-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(0o666));
    }
    // Without the path that the library adds: the user knows the final name only.
    let (file, name) = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?.into_parts();
    let listed = UnderWay::new(name.to_path_buf());
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    Ok(Out::Temporary { file: BufWriter::with_capacity(1 << 16, file), name, listed, target })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_failed_once_is_not_forgotten_when_the_disk_has_room_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.wav");
        let mut sink = Sink::create(&path).unwrap();
        sink.check(Err(ErrorKind::StorageFull.into())).unwrap_err();
        sink.write(b"the rest").unwrap();
        let error = sink.finish().unwrap_err().to_string();
        assert!(error.ends_with("an earlier write failed"), "{error}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}
