//! Audio files: what a replay reads and writes.
//!
//! ```no_run
//! use aw_host::io::{AudioReader, AudioWriter, Encoding};
//!
//! let mut reader = AudioReader::open("noisy.wav")?;
//! let (rate, channels) = (reader.spec().rate, reader.spec().channels);
//! let mut writer = AudioWriter::create("out.wav", rate, channels, Encoding::F32)?;
//! let mut planes = vec![vec![0.0; 480]; channels];
//! loop {
//!     let frames = reader.read(&mut planes)?;
//!     if frames == 0 {
//!         break;
//!     }
//!     writer.write(&planes.iter().map(|plane| &plane[..frames]).collect::<Vec<_>>())?;
//! }
//! println!("{} frames", writer.finish()?.frames);
//! # Ok::<(), aw_host::io::AudioError>(())
//! ```
//!
//! Reading: [`AudioReader`] looks at the first bytes (`sniff`) and goes on as WAV (`riff` for the header, `pcm` for
//! the samples) or `flac`. Nothing seeks and nothing is loaded whole, so a pipe is as good as a file.
//! Writing: [`AudioWriter`] and [`NpyWriter`] put bytes into a `sink`, which gives a file its name only when it is
//! complete; [`NpzWriter`] gathers arrays in one archive. `npy_read` reads whole arrays: what a replay is compared with.

mod error;
mod flac;
mod growing;
mod lines;
mod npy;
mod npy_head;
mod npy_read;
mod npz;
mod pcm;
mod read;
mod riff;
mod scratch;
mod sink;
mod sniff;
mod under_way;
mod wav_header;
mod write;

#[cfg(test)]
mod tests;

pub use error::AudioError;
pub use growing::GrowingWav;
pub use lines::LineWriter;
pub use npy::NpyWriter;
pub use npy_head::NpyHead;
pub use npy_read::{NpyArray, read_npy};
pub use npz::NpzWriter;
pub use read::{AudioReader, Spec};
pub use scratch::Scratch;
pub(crate) use sink::Sink;
pub use under_way::abandon;
pub use wav_header::Encoding;
pub use write::{AudioWriter, Written};

use std::path::{Path, PathBuf, absolute};

/// The most channels a file may have, here and in the files that are written.
pub const MAX_CHANNELS: usize = 64;

/// The highest sample rate that is believed, in Hz; above it a header is damaged.
pub const MAX_RATE: u32 = 1_536_000;

/// The path that stands for standard input or standard output.
const STANDARD: &str = "-";

/// Whether two paths lead to one existing file, also through links. `-` is no file.
///
/// A replay asks before it writes: the rename at the end would replace its own input.
pub fn same_file(a: impl AsRef<Path>, b: impl AsRef<Path>) -> bool {
    let named = |path: &Path| path != Path::new(STANDARD);
    named(a.as_ref()) && named(b.as_ref()) && same_file::is_same_file(a, b).unwrap_or(false)
}

/// One name for each file, by whatever way a path leads there, also before it exists. `None` for `-`, devices and FIFOs,
/// which many may read and write at once.
pub fn place(path: impl AsRef<Path>) -> Option<PathBuf> {
    let path = path.as_ref();
    if path == Path::new(STANDARD) || path.metadata().is_ok_and(|about| !about.is_file()) {
        return None;
    }
    if let Ok(place) = path.canonicalize() {
        return Some(place);
    }
    let path = absolute(path).ok()?;
    let folder = path.parent()?;
    Some(folder.canonicalize().unwrap_or(folder.into()).join(path.file_name()?))
}

/// Reads until `buffer` is full or the input ends; returns the bytes read.
fn fill(input: &mut impl std::io::Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
