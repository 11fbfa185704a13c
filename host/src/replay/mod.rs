//! Graphs on files: the same program as live, as fast as it goes.
mod files; //  that no run spoils a file of another
mod input; //     from a file to an input
mod job; //    one run: which files, what is kept
mod output; //    from an output to a file
mod reference; // a clean version of what is played
mod rehearsal; // runs that are not heard, for workers that must know the whole
mod run; //    blocks in, blocks out
mod sounds; // what is played where only the cost matters

pub use files::check_files;
pub use job::{Job, Keep, ReplayError};
pub use output::Kept;
pub(crate) use run::Run;
pub use run::{Heard, NodeLoad, Outcome, OutputFile, Progress, replay};
pub use sounds::Sounds;
