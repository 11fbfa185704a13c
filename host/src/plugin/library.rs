//! A worker library: found, opened, asked for its version, never unloaded.
use super::copies::{Copies, Read};
use super::describe::{self, Descriptor, Fault};
use aw_abi::{self as abi, ABI_MAJOR, ABI_MINOR, Heap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An opened worker library.
#[derive(Debug)]
pub struct Library {
    /// The file it came from.
    pub path: PathBuf,
    /// The version of the ABI it was built for: major, minor.
    pub version: (u32, u32),
    /// Its workers.
    pub workers: Vec<Arc<Descriptor>>,
    heap: Option<unsafe extern "C" fn(out: *mut Heap)>,
    /// What the file was when it was opened, if that is known.
    pub(super) sum: Option<u32>,
    /// Keeps the copy that it was opened from.
    _copies: Option<Arc<Copies>>,
}

/// Why a library is of no use.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The dynamic linker refuses it.
    #[error("cannot load {}: {why}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The linker's words.
        why: String,
    },
    /// It is some other library.
    #[error("{} is not an audio worker: it exports no `aw_entry`", .0.display())]
    NoEntry(PathBuf),
    /// It returned null.
    #[error(
        "{} refuses this host, which speaks worker ABI {ABI_MAJOR}.{ABI_MINOR}; build it against this version",
        .0.display()
    )]
    Refused(PathBuf),
    /// It speaks another major version.
    #[error(
        "{} was built for worker ABI {}.{}; this host speaks {ABI_MAJOR}.{ABI_MINOR}; build it again",
        path.display(), version.0, version.1
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: (u32, u32),
    },
    /// It has no end, or grew while it was read.
    #[error("{} is not whole: it is being written, or its build was stopped; build it again", .0.display())]
    Torn(PathBuf),
    /// There is no place for the copy from which it would be opened.
    #[error("cannot copy {} to {}: {why}; TMPDIR names another folder for such copies", path.display(), folder.display())]
    Copy {
        /// The file.
        path: PathBuf,
        /// Where the copy would be.
        folder: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// What it says of itself cannot be.
    #[error("{}: {why}", path.display())]
    Descriptor {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl Library {
    /// Opens a library and reads its workers. It stays loaded until the process ends: its threads and thread-local
    /// destructors may outlive any moment we could choose.
    ///
    /// # Errors
    /// [`LoadError`] names the file and what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        Self::open_as(path, path)
    }

    /// As [`Library::open`], of the version that was read, from a copy of it.
    ///
    /// # Errors
    /// As [`Library::open`], or there is no place for a copy.
    pub(super) fn open_copy(path: &Path, read: &Read, copies: &Arc<Copies>) -> Result<Self, LoadError> {
        let library = Self::open_as(&copies.keep(path, read)?, path)?;
        Ok(Self { sum: Some(read.sum), _copies: Some(copies.clone()), ..library })
    }

    /// As [`Library::open`], of what was read as `sum`.
    pub(super) fn open_in_place(path: &Path, sum: u32) -> Result<Self, LoadError> {
        Ok(Self { sum: Some(sum), ..Self::open(path)? })
    }

    /// Opens a file that goes by the name of `path`.
    fn open_as(file: &Path, path: &Path) -> Result<Self, LoadError> {
        let refused = |err: libloading::Error| {
            let why = std::error::Error::source(&err).map_or_else(|| err.to_string(), ToString::to_string);
            LoadError::Open { path: path.into(), why }
        };
        // SAFETY: loading runs the library's initialisers. The user names the folders that are searched, and thereby
        // trusts the libraries in them as much as the shell that started us.
        let library = unsafe { libloading::Library::new(file) }.map_err(refused)?;
        // SAFETY: the symbol is called with the type that the ABI gives it.
        let entry = unsafe { library.get::<abi::Entry>(b"aw_entry\0") }.map(|entry| *entry);
        std::mem::forget(library);
        let entry = entry.map_err(|_| LoadError::NoEntry(path.into()))?;
        // SAFETY: the entry of a loaded library that is never unloaded.
        unsafe { Self::from_entry(path, entry) }
    }

    /// Reads the workers behind an entry function.
    ///
    /// # Errors
    /// As [`Library::open`].
    ///
    /// # Safety
    /// `entry` keeps the promises of the ABI, for the life of the process.
    pub unsafe fn from_entry(path: &Path, entry: abi::Entry) -> Result<Self, LoadError> {
        // SAFETY: the caller's promise.
        let raw = unsafe { entry(ABI_MAJOR, ABI_MINOR) };
        if raw.is_null() {
            return Err(LoadError::Refused(path.into()));
        }
        // SAFETY: the first two words keep their place in every version.
        let version = unsafe { raw.cast::<[u32; 2]>().read_unaligned() };
        if version[0] != ABI_MAJOR {
            return Err(LoadError::Version { path: path.into(), version: version.into() });
        }
        // SAFETY: of our major version, so at least the fields up to `size` are there; `workers` checks the rest.
        let read = unsafe {
            let size = (&raw const (*raw).size).read();
            match (size as usize) < size_of::<abi::Library>() {
                true => Err(Fault(format!("its `aw_library` has only {size} bytes"))),
                false => describe::workers(&*raw).map(|workers| (workers, (*raw).heap)),
            }
        };
        let (workers, heap) = read.map_err(|Fault(why)| LoadError::Descriptor { path: path.into(), why })?;
        Ok(Self {
            path: path.into(),
            version: version.into(),
            workers: workers.into_iter().map(Arc::new).collect(),
            heap,
            sum: None,
            _copies: None,
        })
    }

    /// The CRC-32 of its file: as it was when it was opened, if that is known, and as it is now otherwise.
    pub fn crc(&self) -> Option<u32> {
        self.sum.or_else(|| std::fs::read(&self.path).ok().map(|bytes| crc32fast::hash(&bytes)))
    }

    /// Heap use of the library, if it counts.
    pub fn heap(&self) -> Option<Heap> {
        self.heap.map(|report| {
            let mut heap = Heap::default();
            // SAFETY: `heap` is valid for a write.
            unsafe { report(&mut heap) };
            heap
        })
    }
}
