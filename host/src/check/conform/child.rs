//! The child: does one task, and writes down each step before it takes it, so that the parent knows where it died.
use super::checks;
use super::report::{Finding, Flaw, Seen, Verdict};
use super::subject::Subject;
use crate::plugin::{Library, flushed};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// What a child is to do.
#[derive(Clone, Debug)]
pub enum Task {
    /// Open the library and say which workers are in it.
    Open,
    /// Do one check of one worker.
    Check {
        /// The worker.
        worker: String,
        /// The check.
        check: String,
        /// Values of parameters, as `worker.param=value`.
        set: Vec<String>,
    },
}

/// A line of a diary.
#[derive(Serialize, Deserialize)]
pub enum Line {
    /// What is about to happen.
    Step(String),
    /// The library is open.
    Opened { version: (u32, u32), workers: Vec<String> },
    /// The task is done, and this was found.
    Found { verdict: Verdict, saw: String, help: String },
}

/// What a child writes for its parent: in a file, because what workers print belongs to them.
pub struct Diary(RefCell<File>);

impl Diary {
    fn line(&self, line: &Line) {
        // A diary that cannot be written looks to the parent as if the child had died here: nothing is lost by going on.
        let text = serde_json::to_string(line).unwrap_or_default();
        let _ = writeln!(self.0.borrow_mut(), "{text}");
    }

    /// Notes what is about to happen.
    pub fn step(&self, what: String) {
        self.line(&Line::Step(what));
    }

    fn found(&self, seen: Seen) {
        let (verdict, saw, help) = match seen {
            Ok(saw) => (Verdict::Pass, saw, String::new()),
            Err(Flaw { verdict, saw, help }) => (verdict, saw, help),
        };
        self.line(&Line::Found { verdict, saw, help });
    }
}

/// Does a task with a library, in this process. The diary's last line says what was found.
pub fn child(library: &Path, task: &Task, diary: File) {
    let diary = Diary(RefCell::new(diary));
    diary.step("opening the library: its initialisers and `aw_entry`".into());
    let library = match Library::open(library) {
        Ok(library) => library,
        Err(why) => return diary.found(super::report::fail(why.to_string(), "")),
    };
    match task {
        Task::Open => {
            let workers = library.workers.iter().map(|worker| worker.id.clone()).collect();
            diary.line(&Line::Opened { version: library.version, workers });
        }
        Task::Check { worker, check, set } => {
            let seen = flushed(|| checks::run(check, Subject::new(&library, worker, set, &diary)));
            diary.found(seen);
        }
    }
}

impl Finding {
    /// What a check of a worker came to.
    pub(super) fn new(worker: &str, check: &str, verdict: Verdict, saw: String, help: String) -> Self {
        Self { worker: worker.into(), check: check.into(), verdict, saw, help }
    }
}
