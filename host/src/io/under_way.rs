//! The temporary files of this process, for an end that cannot wait until whoever writes them drops them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

static FILES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn files() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A temporary file, or a folder of them, that is being written; off the list when it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(PathBuf);

impl UnderWay {
    pub fn new(path: PathBuf) -> Self {
        files().insert(path.clone());
        Self(path)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        files().remove(&self.0);
    }
}

/// Removes every unfinished output of this process: the last thing before an exit that drops nothing, because a
/// thread waits for input that does not come.
pub fn abandon() {
    for path in std::mem::take(&mut *files()) {
        // What cannot be removed is of no more use to anybody, and there is nobody left to tell.
        drop(std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path)));
    }
}
