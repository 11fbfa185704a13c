//! What can go wrong while something is installed, and the way out.
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why something was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Ended by the user.
    #[error("interrupted")]
    Interrupted,
    /// There is neither `$AW_HOME` nor a home.
    #[error("no place to install to is known: set AW_HOME to a folder")]
    Homeless,
    /// A catalogue is not as it should be.
    #[error("the catalogue {}: {why}", path.display())]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Made for other machines only.
    #[error("`{name}` is not made for {machine}; there is one for {}", known.join(", "))]
    NotHere {
        /// What was asked for.
        name: String,
        /// This machine.
        machine: String,
        /// Those that it is made for.
        known: Vec<String>,
    },
    /// It would not load.
    #[error("`{name}` needs glibc {needed} or newer, and this system has {found}: it would not load here")]
    Glibc {
        /// What was asked for.
        name: String,
        /// The oldest that does.
        needed: String,
        /// The one of this system.
        found: String,
    },
    /// A file is not what it was when the catalogue was written.
    #[error("{what} is not what was pinned\n  expected sha256 {expected}\n  got      sha256 {got}\n  {help}")]
    Hash {
        /// The file.
        what: String,
        /// Pinned.
        expected: String,
        /// Found.
        got: String,
        /// The way out.
        help: String,
    },
    /// An archive cannot be read, or lacks a file.
    #[error("{}: {why}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// No folder has it, and nothing else was to be asked.
    #[error(
        "{archive} is not in {}{near}\n  bring it there from a machine with a network: {command}",
        folders(searched)
    )]
    NotInFolders {
        /// The file.
        archive: String,
        /// The folders.
        searched: Vec<PathBuf>,
        /// Other files that come near, and why they were not taken.
        near: String,
        /// What gets it.
        command: String,
    },
    /// Nobody can say where packages come from.
    #[error(
        "no Python with pip was found, which says where packages come from here\n  name the package index: --index \
         URL, or a folder of wheels: --from FOLDER, or install Python with pip"
    )]
    NoPip,
    /// pip is there, and does not answer.
    #[error(
        "pip does not say where packages come from here: {0}\n  or name the package index: --index URL, or a folder of wheels: --from FOLDER"
    )]
    Pip(String),
    /// The user's settings forbid the network.
    #[error(
        "pip is told to use no index here (no-index), and {archive} is in none of its find-links\n  name a folder of wheels: --from FOLDER, or an index: --index URL"
    )]
    NoIndex {
        /// The file.
        archive: String,
    },
    /// No index gives it.
    #[error("no package index gives {archive}\n{}\n  name another index: --index URL, or a folder of wheels: --from FOLDER", asked.join("\n"))]
    NotInIndex {
        /// The file.
        archive: String,
        /// What each index said.
        asked: Vec<String>,
    },
    /// A request failed for good.
    #[error("{url}: {why}")]
    Http {
        /// What was asked for, without passwords.
        url: String,
        /// What happened, and the way out.
        why: String,
    },
    /// Settings for the network cannot be used.
    #[error("{what}: {why}")]
    Setting {
        /// Which one.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// cargo did not bring a crate.
    #[error("cargo did not bring {archive}: {why}\n  or put that file into a folder: --from FOLDER")]
    Cargo {
        /// The file.
        archive: String,
        /// What happened.
        why: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {}", path.display(), plain(why))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: io::Error,
    },
    /// Nothing can be written there.
    #[error("cannot write {}: {}", path.display(), plain(why))]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: io::Error,
    },
}

impl InstallError {
    pub(super) fn read(path: &Path, why: io::Error) -> Self {
        Self::Read { path: path.into(), why }
    }
    pub(super) fn write(path: &Path, why: io::Error) -> Self {
        Self::Write { path: path.into(), why }
    }
}

/// The system's words, with the way out where there is one.
fn plain(why: &io::Error) -> String {
    match why.kind() {
        ErrorKind::NotFound => "there is no such file".into(),
        ErrorKind::PermissionDenied => "you may not; set AW_HOME to a folder of yours".into(),
        ErrorKind::ReadOnlyFilesystem => "that disk is read-only; set AW_HOME to a folder elsewhere".into(),
        ErrorKind::StorageFull => "the disk is full; make room, or set AW_HOME to a folder on another".into(),
        ErrorKind::QuotaExceeded => "your quota is used up; make room, or set AW_HOME to a folder elsewhere".into(),
        ErrorKind::FileTooLarge => "a file may not grow that large here; see `ulimit -f`".into(),
        _ => why.to_string(),
    }
}

fn folders(searched: &[PathBuf]) -> String {
    let names: Vec<String> = searched.iter().map(|folder| folder.display().to_string()).collect();
    if names.is_empty() { "any folder".into() } else { names.join(", ") }
}
