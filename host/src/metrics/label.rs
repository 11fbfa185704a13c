//! Events with a time and a name.
use std::io;
use std::path::PathBuf;

/// An event, as it is expected or was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// When it begins, in seconds from the beginning of the sound.
    pub start_s: f64,
    /// When it ends, if it lasts.
    pub end_s: Option<f64>,
    /// What it is.
    pub label: String,
}

/// Why a file of labels cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// It cannot be read.
    #[error("cannot read the labels in {}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// In the words of the system.
        source: io::Error,
    },
    /// Its name does not tell how it is written.
    #[error(
        "{} is no file of labels by its name: .txt or .tsv are Audacity's, .csv has a header, .jsonl is what `aw replay \
         --events` writes",
        file.display()
    )]
    Kind {
        /// The file.
        file: PathBuf,
    },
    /// A place in it is wrong.
    #[error("{}:{line}, {column}: {why}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Where in the line: "column 2 (`end`)".
        column: String,
        /// What is wrong, and what would be right.
        why: String,
    },
}
