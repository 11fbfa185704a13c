//! Instructions of each node on the instruction set of a device, counted exactly: the graph's own worker code, built for
//! that instruction set, runs under QEMU, which emulates programs, with a counter of ours (`qemu.c`) in it.
//!
//! The program that is emulated is `aw` itself: the same engine makes the same firings of the same sound. It marks where
//! calls of workers begin and end ([`crate::plugin::Mark`]). What is counted is what a call executes from the worker's
//! `process` on, with all that it calls; the engine is told apart. The marks' own instructions are measured in the same run
//! and taken off. Nothing here hangs on the clock or the machine: a second run gives the same numbers.
//!
//! Instructions are no cycles. How long they take is another question, of the core and its memories.
mod build; //  `aw` and its workers, built for an instruction set
mod inside; // what the emulated program does
mod isa; //    the instruction sets, and what each needs
mod lacks; //  what is not on this machine
mod run; //    one graph under the emulator
mod tally; //  what the counter wrote

pub use build::{Built, build, source_from};
pub use inside::{Request, StepTold, Told, inside};
pub use isa::Isa;
pub use lacks::{lacks_to_build, lacks_to_run};
pub use run::{Counted, Counter, Node};

use std::path::PathBuf;

/// Why nothing can be counted.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    /// Programs are not there.
    #[error("{0}")]
    Lacks(String),
    /// The source tree is not found.
    #[error(
        "the workers are built for `{0}` from the source tree of aw, which is not found: name it with --source DIR, or a \
         folder with `aw` and worker libraries that are built already with --built DIR"
    )]
    Source(&'static str),
    /// It does not build.
    #[error("`{0}` failed; what it says stands above")]
    Build(String),
    /// A folder that should have the program has it not.
    #[error("{} has no `aw` in it: --built names a folder with `aw` and worker libraries for the instruction set", .0.display())]
    NotBuilt(PathBuf),
    /// A program does not start, or a file cannot be written.
    #[error("{what}: {why}")]
    System {
        /// What was tried.
        what: String,
        /// The system's words.
        why: std::io::Error,
    },
    /// The counter does not compile.
    #[error("the counter does not compile with `cc`: {0}")]
    Counter(String),
    /// The emulated program failed.
    #[error("{graph}: {emulator} ended with {status}; what it says stands above", graph = graph.display())]
    Emulated {
        /// The graph.
        graph: PathBuf,
        /// The emulator.
        emulator: &'static str,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// What the counter wrote is not whole.
    #[error("{graph}: the counter's account is not whole: {why}", graph = graph.display())]
    Tally {
        /// The graph.
        graph: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The sound that is played.
    #[error(transparent)]
    Audio(#[from] crate::io::AudioError),
    /// The sound has another rate than the graph.
    #[error(
        "{} has {found} Hz, and input `{input}` takes {wanted} Hz, as it would on the device: convert the file",
        path.display()
    )]
    Rate {
        /// The file.
        path: PathBuf,
        /// The input.
        input: String,
        /// The file's.
        found: u32,
        /// The graph's.
        wanted: u32,
    },
    /// The graph has mistakes, which were reported.
    #[error("the graph has mistakes")]
    Graph,
    /// A worker failed: what is counted without it is of no use.
    #[error("`{node}` {why}")]
    Worker {
        /// The node.
        node: String,
        /// What it answered.
        why: String,
    },
    /// A node cannot be told from others.
    #[error(transparent)]
    Signature(#[from] super::SignatureError),
    /// Ctrl-C.
    #[error("interrupted; nothing was written")]
    Interrupted,
}

impl CountError {
    fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |why| Self::System { what, why }
    }
}
