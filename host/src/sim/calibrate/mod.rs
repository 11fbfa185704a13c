//! What a board measured → cycles an instruction, and how sure that is.
//!
//! [`Board::read`] reads runs of models, [`Fit::of`] makes a figure of their ratios and says how far off it is where it
//! was not fitted, [`Beside`] compares two boards, [`Measured::read`] reads what cycle counters said of single nodes.
mod beside;
mod board;
mod fit;
mod measured;
mod sheet;
#[cfg(test)]
mod tests;

pub use beside::{Beside, Pair};
pub use board::{Board, Run};
pub use fit::{Fit, HeldOut};
pub use measured::Measured;

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why measurements cannot be used. Its text names the file, the line and the way out.
#[derive(Debug, Error)]
pub enum CalibrateError {
    /// It cannot be read.
    #[error("cannot read the measurements in {}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// In the words of the system.
        source: io::Error,
    },
    /// It is no text.
    #[error("{0}")]
    Text(String),
    /// A line in it is wrong.
    #[error("{}:{line}: {why}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, and the way out.
        why: String,
    },
    /// It lacks what no line of it could be blamed for.
    #[error("{}: {why}", file.display())]
    Lacks {
        /// The file.
        file: PathBuf,
        /// What it lacks, and the way out.
        why: String,
    },
}
