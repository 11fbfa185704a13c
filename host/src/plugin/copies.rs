//! Copies of worker libraries: what is opened while a graph plays live.
//!
//! A build writes the new library over the old one, and what is mapped into this process would change under it. And the
//! dynamic linker, asked for a file that it has open, answers what it has. So every version is opened from a copy of its
//! own, under its own file name, which is what debuggers and `/proc/self/maps` show.
use super::library::LoadError;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::{Builder, TempDir};

/// Folders of copies begin so.
const PREFIX: &str = "aw-workers-";
/// Locked while the process lives that made the folder.
const LOCK: &str = "lock";

/// A private folder of copies; gone when no library from it is known any more.
#[derive(Debug)]
pub struct Copies {
    folder: TempDir,
    made: AtomicU32,
    _lock: File,
}

/// A library as it was when it was read.
pub struct Read {
    bytes: Vec<u8>,
    /// Tells one version from another.
    pub sum: u32,
}

impl Copies {
    /// Makes the folder, and removes those of processes that ended without doing so.
    pub fn new() -> io::Result<Arc<Self>> {
        let all = std::env::temp_dir();
        sweep(&all);
        let folder = Builder::new().prefix(PREFIX).tempdir_in(all)?; // for its owner alone
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Arc::new(Self { folder, made: AtomicU32::new(0), _lock: lock }))
    }

    /// Writes a library as it was read; answers where.
    pub fn keep(&self, path: &Path, read: &Read) -> Result<PathBuf, LoadError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.path().join(number.to_string());
        let copy = folder.join(path.file_name().unwrap_or_default());
        let written = fs::create_dir(&folder).and_then(|()| fs::write(&copy, &read.bytes));
        match written {
            Ok(()) => Ok(copy),
            Err(why) => Err(LoadError::Copy { path: path.into(), folder, why }),
        }
    }
}

impl Read {
    /// Reads a library that nobody is writing.
    pub fn whole(path: &Path) -> Result<Self, LoadError> {
        let cannot = |why: io::Error| LoadError::Open { path: path.into(), why: why.to_string() };
        let modified = || fs::metadata(path).and_then(|found| Ok((found.modified()?, found.len()))).map_err(cannot);
        let before = modified()?;
        let bytes = fs::read(path).map_err(cannot)?;
        if before != modified()? || !is_whole(&bytes) {
            return Err(LoadError::Torn(path.into()));
        }
        Ok(Self { sum: crc32fast::hash(&bytes), bytes })
    }
}

/// Whether nothing is missing that the headers of an ELF file (System V ABI, 64 bits, little-endian) speak of: the linker
/// maps what they say, and beyond the end of a file lies a bus error. Of other formats nothing is known.
fn is_whole(bytes: &[u8]) -> bool {
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        return !bytes.is_empty();
    }
    let number = |at: u64, size: u64| {
        let at = usize::try_from(at).ok()?;
        let bytes = bytes.get(at..at.checked_add(size as usize)?)?;
        Some(bytes.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    let table = |from: u64, size: u64, count: u64| Some((number(from, 8)?, number(size, 2)?, number(count, 2)?));
    let ends = || {
        let (sections, size, count) = table(40, 58, 60)?;
        let mut end = sections.checked_add(size * count)?;
        let (segments, size, count) = table(32, 54, 56)?;
        for at in (0..count).map(|n| segments.checked_add(n * size)) {
            let (offset, length) = (number(at?.checked_add(8)?, 8)?, number(at?.checked_add(32)?, 8)?);
            end = end.max(offset.checked_add(length)?);
        }
        Some(end)
    };
    ends().is_some_and(|end| end <= bytes.len() as u64)
}

/// Removes folders whose makers are gone: killed, or on a system that keeps open libraries from being removed.
fn sweep(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().filter_map(Result::ok) {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let lock = entry.path().join(LOCK);
        // Without a lock it is just being made; another's cannot be opened for writing.
        let Some(lock) = is_ours.then(|| File::options().write(true).open(lock).ok()).flatten() else { continue };
        if !matches!(lock.try_lock(), Err(TryLockError::WouldBlock | TryLockError::Error(_))) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_half_written_is_seen() {
        let own = fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(is_whole(&own));
        if own.starts_with(b"\x7fELF\x02\x01") {
            for end in [6, 40, 63, 64, 200, own.len() / 2, own.len() - 1] {
                assert!(!is_whole(&own[..end]), "{end} bytes");
            }
        }
        assert!(!is_whole(b""));
    }

    #[test]
    fn the_folder_goes_with_its_last_user_and_a_forgotten_one_with_the_next() {
        let copies = Copies::new().unwrap();
        let folder = copies.folder.path().to_path_buf();
        assert!(folder.join(LOCK).exists());
        drop(copies);
        assert!(!folder.exists());

        let all = tempfile::tempdir().unwrap();
        let forgotten = all.path().join("aw-workers-forgotten");
        let (alive, other) = (all.path().join("aw-workers-alive"), all.path().join("other"));
        for folder in [&forgotten, &alive, &other] {
            fs::create_dir(folder).unwrap();
            File::create(folder.join(LOCK)).unwrap();
        }
        let held = File::open(alive.join(LOCK)).unwrap();
        held.lock().unwrap();
        sweep(all.path());
        assert!(!forgotten.exists() && alive.exists() && other.exists());
    }
}
