//! Why a recording cannot be played.
use super::super::journal::{FILE, VERSION};
use crate::io::AudioError;
use crate::live::graph::Mistakes;
use std::path::PathBuf;

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// It is none.
    #[error("{} is no recording: there is no {FILE} in it ({why}); `aw live --record DIR` makes one", folder.display())]
    None {
        /// The folder.
        folder: PathBuf,
        /// In the words of the system.
        why: std::io::Error,
    },
    /// A line cannot be read.
    #[error("{}, line {line}: {why}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Which, from 1.
        line: usize,
        /// Why not.
        why: String,
    },
    /// It was written in another way.
    #[error("{} is written in version {found} of this format, and this aw reads version {VERSION}: it was made by {made_by}", file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u64,
        /// Who made it.
        made_by: String,
    },
    /// A worker is not here.
    #[error(
        "`{library}` with the worker `{worker}` is not found; put the build with CRC-32 {crc} into a folder and name it with --workers"
    )]
    Worker {
        /// The library.
        library: String,
        /// The worker.
        worker: String,
        /// Its build.
        crc: String,
    },
    /// A worker is of another build.
    #[error(
        "`{library}` was recorded as the build with CRC-32 {recorded}, and {} is another with CRC-32 {found}, which may compute \
         other bits; name the folder of the first with --workers, or add --anyway to hear this one", path.display()
    )]
    Build {
        /// The library.
        library: String,
        /// The build that was recorded.
        recorded: String,
        /// The build that was found.
        found: String,
        /// Where.
        path: PathBuf,
    },
    /// A file that a graph names is not here.
    #[error("{from}, which the graph names as `{written}`, {why}; the recording needs the one with SHA-256 {sha256}")]
    File {
        /// Where it was.
        from: String,
        /// As the graph has it.
        written: String,
        /// What is wrong.
        why: &'static str,
        /// Its sum.
        sha256: String,
    },
    /// A graph cannot be compiled any more.
    #[error("{}", .0.0.trim_end())]
    Graph(Mistakes),
    /// Something in the journal cannot be.
    #[error("{}: {what}", file.display())]
    Odd {
        /// The file.
        file: PathBuf,
        /// What.
        what: String,
    },
    /// A sound file.
    #[error(transparent)]
    Sound(#[from] AudioError),
    /// The system has no thread to give.
    #[error("the system gives no thread: {0}")]
    Thread(std::io::Error),
}
