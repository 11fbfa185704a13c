//! What can go wrong with an audio file, in words that name the file and the way out.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf, absolute};

use super::STANDARD;

/// Why an audio file cannot be read or written. Its text names the file and says what helps.
#[derive(Debug)]
pub enum AudioError {
    /// The input cannot be opened.
    Open {
        /// The file, as it was given.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The system failed in the middle of reading.
    Read {
        /// The file, as it was given.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The input is a kind of file, or a coding of samples, that is not read here; other programs convert it.
    Foreign {
        /// The file, as it was given.
        path: PathBuf,
        /// What it is, with its article: "an MP3 file".
        what: String,
    },
    /// The input contradicts itself, or ends, so early that no sample can be trusted.
    Broken {
        /// The file, as it was given.
        path: PathBuf,
        /// The clause after the file's name: "is empty".
        what: String,
    },
    /// The output cannot be created.
    Create {
        /// The file, as it was given.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The system failed in the middle of writing. No file is left under the name, or the old one is unchanged.
    Write {
        /// The file, as it was given.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The caller asks for what the file cannot hold: planes of other lengths, no channels, four gigabytes too many.
    Misfit {
        /// The file, as it was given.
        path: PathBuf,
        /// The clause after the file's name, with the way out.
        what: String,
    },
}

impl Display for AudioError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, source } => open(f, path, source),
            Self::Read { path, source } => write!(f, "cannot read {} any further: {source}", input(path)),
            Self::Foreign { path, what } => {
                write!(f, "{} is {what}; convert it: {}", input(path), conversion(path))
            }
            Self::Broken { path, what } => write!(f, "{} {what}", input(path)),
            Self::Create { path, source } => create(f, path, source),
            Self::Write { path, source } => {
                let why = match source.kind() {
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                        "the disk is full; free some space or write to another disk".into()
                    }
                    ErrorKind::FileTooLarge => {
                        "a file may not grow that large here; see `ulimit -f`, or write to another disk".into()
                    }
                    ErrorKind::BrokenPipe => "the program that read it has ended".into(),
                    _ => source.to_string(),
                };
                write!(f, "cannot write {}: {why}", output(path))
            }
            Self::Misfit { path, what } => write!(f, "{} {what}", output(path)),
        }
    }
}

impl Error for AudioError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open { source, .. }
            | Self::Read { source, .. }
            | Self::Create { source, .. }
            | Self::Write { source, .. } => Some(source),
            Self::Foreign { .. } | Self::Broken { .. } | Self::Misfit { .. } => None,
        }
    }
}

fn open(f: &mut Formatter<'_>, path: &Path, source: &io::Error) -> fmt::Result {
    let name = input(path);
    match source.kind() {
        // The whole path shows which folder a relative one was looked up in.
        ErrorKind::NotFound => {
            write!(f, "there is no file `{}`", absolute(path).unwrap_or(path.into()).display())
        }
        ErrorKind::PermissionDenied => {
            write!(f, "{name} may not be read by you; allow it: chmod u+r {}", shell(path))
        }
        ErrorKind::IsADirectory => write!(f, "{name} is a folder; name one audio file in it"),
        _ => write!(f, "cannot open {name}: {source}"),
    }
}

fn create(f: &mut Formatter<'_>, path: &Path, source: &io::Error) -> fmt::Result {
    let name = output(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match source.kind() {
        ErrorKind::NotFound if !folder.is_dir() => {
            write!(f, "cannot write {name}: its folder does not exist; make it: mkdir -p {}", shell(folder))
        }
        ErrorKind::PermissionDenied if path.is_file() => {
            write!(f, "{name} is write-protected; remove it or choose another name")
        }
        ErrorKind::PermissionDenied => {
            write!(f, "cannot write {name}: you may not write in the folder `{}`", folder.display())
        }
        ErrorKind::IsADirectory => write!(f, "{name} is a folder; name a file in it"),
        _ => write!(f, "cannot create {name}: {source}"),
    }
}

/// The input's name in a sentence.
pub(super) fn input(path: &Path) -> String {
    if path == Path::new(STANDARD) { "standard input".into() } else { format!("`{}`", path.display()) }
}

/// The output's name in a sentence.
fn output(path: &Path) -> String {
    if path == Path::new(STANDARD) { "standard output".into() } else { format!("`{}`", path.display()) }
}

/// A command that makes a plain WAV of the file.
fn conversion(path: &Path) -> String {
    if path == Path::new(STANDARD) {
        return "pipe it through `ffmpeg -i - -f wav -`".into();
    }
    let mut converted = path.with_extension("wav");
    if converted == path {
        converted = path.with_extension("pcm.wav");
    }
    format!("ffmpeg -i {} {}", shell(path), shell(&converted))
}

/// The path as one word of a shell command.
fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@".contains(c);
    if !text.starts_with('-') && text.chars().all(plain) {
        return text;
    }
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    format!("'{}'", text.replace('\'', r"'\''"))
}
