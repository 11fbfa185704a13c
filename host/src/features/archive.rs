//! One archive of the arrays of many sounds, which are ready in any order and stand in theirs.
use super::sounds::Sound;
use crate::io::{AudioError, NpzWriter, Scratch};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// An archive that is being filled from several threads. It gets its name on finish; until then, arrays that are ready
/// before their turn wait beside it.
pub struct Archive {
    parts: Scratch,
    state: Mutex<State>,
}

struct State {
    writer: NpzWriter,
    /// The sound whose turn it is.
    next: usize,
    /// Those that came before their turn: key and file, or that there is none.
    waiting: BTreeMap<usize, Option<(String, PathBuf)>>,
    arrays: usize,
}

impl Archive {
    /// Begins an archive.
    ///
    /// # Errors
    /// It cannot be made there.
    pub fn create(path: &Path) -> Result<Self, AudioError> {
        let writer = NpzWriter::create(path)?;
        let state = State { writer, next: 0, waiting: BTreeMap::new(), arrays: 0 };
        Ok(Self { parts: Scratch::beside(path)?, state: Mutex::new(state) })
    }

    /// Where the array of a sound is to be written.
    pub fn part(&self, at: usize) -> PathBuf {
        self.parts.path().join(format!("{at}.npy"))
    }

    /// Takes the array of a sound, or that there is none. Every sound must be told of once.
    ///
    /// # Errors
    /// The archive cannot be written any further.
    pub fn add(&self, at: usize, sound: Option<&Sound>) -> Result<(), AudioError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let part = sound.map(|sound| (sound.key(), self.part(at)));
        state.waiting.insert(at, part);
        loop {
            let next = state.next;
            let Some(part) = state.waiting.remove(&next) else { return Ok(()) };
            state.next += 1;
            if let Some((key, path)) = part {
                state.writer.add(&key, &path)?;
                state.arrays += 1;
                // What stays behind goes with the folder.
                drop(std::fs::remove_file(path));
            }
        }
    }

    /// Gives the archive its name, unless it has nothing in it, and answers how many arrays it has.
    ///
    /// # Errors
    /// It cannot be completed.
    pub fn finish(self) -> Result<usize, AudioError> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if state.arrays > 0 {
            state.writer.finish()?;
        }
        Ok(state.arrays)
    }
}
