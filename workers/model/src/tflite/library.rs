//! Where the runtimes are, and how they are opened.
use crate::home::home;
use aw_sdk::{Error, Result};
use libloading::Library;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A runtime that `aw install` brings.
pub struct Runtime {
    /// What it is called in messages.
    pub title: &'static str,
    /// Name of the engine, for `aw install` and as the folder it comes into.
    pub name: &'static str,
    /// Names of the library on Linux, macOS and Windows.
    pub files: [&'static str; 3],
}

impl Runtime {
    /// Name of the library on this system.
    pub fn file(&self) -> &'static str {
        let [linux, macos, windows] = self.files;
        if cfg!(target_os = "macos") {
            macos
        } else if cfg!(windows) {
            windows
        } else {
            linux
        }
    }

    /// Where the library is that was installed, if it is there.
    pub fn installed(&self) -> Option<PathBuf> {
        let path = home()?.join("engines").join(self.name).join(self.file());
        path.is_file().then_some(path)
    }

    /// The library to open: the one that the graph names in `runtime`, else the one that was installed.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, given: &str) -> Result<PathBuf> {
        if !given.is_empty() {
            let there = Path::new(given).is_file();
            return if there { Ok(given.into()) } else { Err(Error(format!("`runtime`: there is no file {given}"))) };
        }
        self.installed().ok_or_else(|| {
            let (title, name) = (self.title, self.name);
            Error(format!(
                "{title} is not installed: `aw install {name}` brings it, or `runtime` names its {}",
                self.file()
            ))
        })
    }
}

/// What a library exports, found once for each file. Libraries are never unloaded: their threads and thread-local
/// destructors would be left without code.
pub struct Opened<A: 'static>(Mutex<Option<HashMap<PathBuf, &'static A>>>);

impl<A> Opened<A> {
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Opens a library, or gives what was found in it before.
    ///
    /// # Errors
    /// It cannot be opened, or lacks a function.
    pub fn open(
        &self,
        title: &str,
        path: &Path,
        find: impl FnOnce(&Library) -> std::result::Result<A, libloading::Error>,
    ) -> Result<&'static A> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = opened.get_or_insert_default();
        if let Some(api) = opened.get(path) {
            return Ok(api);
        }
        let failed = |e: libloading::Error| {
            let mut why = e.to_string();
            let mut source = std::error::Error::source(&e);
            while let Some(e) = source {
                why = e.to_string();
                source = e.source();
            }
            Error(format!("{} is no {title} that works here: {}", path.display(), why.trim()))
        };
        // SAFETY: running the initialisers of a library that the author named or that `aw install` checked is what the
        // graph asks for.
        let library = unsafe { Library::new(path) }.map_err(failed)?;
        let library: &'static Library = Box::leak(Box::new(library));
        let api: &'static A = Box::leak(Box::new(find(library).map_err(failed)?));
        opened.insert(path.into(), api);
        Ok(api)
    }
}

/// Declares a table of C functions and how it is found in a library.
macro_rules! functions {
    ($(#[$doc:meta])* $name:ident { $($field:ident = $symbol:literal: fn($($arg:ty),*) $(-> $ret:ty)?;)* }) => {
        $(#[$doc])*
        #[allow(missing_docs)]
        pub struct $name { $(pub $field: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)* }

        impl $name {
            /// Finds all of them.
            ///
            /// # Safety
            /// The library's functions of these names have these types.
            pub unsafe fn find(library: &libloading::Library) -> std::result::Result<Self, libloading::Error> {
                // SAFETY: the caller's promise.
                unsafe {
                    Ok(Self { $($field: *library.get($symbol.to_bytes_with_nul())?,)* })
                }
            }
        }
    };
}
pub(crate) use functions;
