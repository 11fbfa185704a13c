//! Workers whose libraries are built anew while they play.
use super::copies::{Copies, Read};
use super::library::{Library, LoadError};
use super::workers::{SearchPath, Workers, WorkersError};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is found when the libraries are looked at again.
pub struct Refreshed {
    /// All workers, the newest of each. Instances of old ones go on as they are.
    pub workers: Workers,
    /// Libraries that are new, or other than before.
    pub changed: Vec<PathBuf>,
    /// The workers in them, those that are gone from them included. An instance of one must be made anew, even where the
    /// graph is the same.
    pub replaced: BTreeSet<String>,
    /// What cannot be used; of a library that is broken, the version before it stays in use.
    pub problems: Vec<WorkersError>,
}

impl Workers {
    /// As [`Workers::find`], for [`Workers::refreshed`]: every library is opened from a copy, so that a build may write
    /// over it. One that does not open from another place (it looks for others beside itself, or nothing in the
    /// temporary folder may be run) is opened where it is, and can be replaced by a start of `aw` alone.
    ///
    /// # Errors
    /// As [`Workers::find`]; beside them, that there is no temporary folder.
    pub fn find_live(path: &SearchPath) -> (Self, Vec<WorkersError>) {
        let copies = match Copies::new() {
            Ok(copies) => copies,
            Err(why) => {
                let (workers, mut errors) = Self::find(path);
                errors.push(WorkersError::Folder { folder: std::env::temp_dir(), why });
                return (workers, errors);
            }
        };
        let mut workers = Self::live(path, copies.clone());
        let mut errors = vec![];
        for file in path.files() {
            match file.and_then(|file| Ok(first(&file, &copies)?)) {
                Ok(library) => errors.extend(workers.add(library)),
                Err(why) => errors.push(why),
            }
        }
        (workers, errors)
    }

    /// Whether there are libraries that [`Workers::refreshed`] would open for the first time.
    pub fn has_more(&self) -> bool {
        let is_new = |file: &PathBuf| self.libraries().iter().all(|library| library.path != *file);
        self.live.as_ref().is_some_and(|(path, _)| path.files().into_iter().flatten().any(|file| is_new(&file)))
    }

    /// Looks at all libraries again: opens those whose content is another than before, and new ones. Libraries that are
    /// gone stay in use, as a build may remove them for a while. Only after [`Workers::find_live`]; else nothing changes.
    ///
    /// Both versions are in memory, and neither leaves it before the end of the process. A C++ library whose static
    /// variables are unique by name (`STB_GNU_UNIQUE`: those in templates and inline functions) shares them with the
    /// version before it, unless it is built with `-fno-gnu-unique`.
    pub fn refreshed(&self) -> Refreshed {
        let (changed, replaced, problems) = (vec![], BTreeSet::new(), vec![]);
        let Some((path, copies)) = &self.live else {
            return Refreshed { workers: self.clone(), changed, replaced, problems };
        };
        let mut after = Refreshed { workers: Self::live(path, copies.clone()), changed, replaced, problems };
        for old in self.libraries() {
            let library = match newer(old, copies) {
                Ok(None) => old.clone(),
                Ok(Some(new)) => after.replace(Some(old), new),
                Err(why) => {
                    after.problems.push(why.into());
                    old.clone()
                }
            };
            after.problems.extend(after.workers.add_known(library));
        }
        for file in path.files() {
            let known = |file: &PathBuf| self.libraries().iter().any(|library| library.path == *file);
            match file {
                Ok(file) if known(&file) => {}
                Ok(file) => match first(&file, copies) {
                    Ok(new) => {
                        let new = after.replace(None, new);
                        after.problems.extend(after.workers.add_known(new));
                    }
                    Err(why) => after.problems.push(why.into()),
                },
                Err(why) => after.problems.push(why),
            }
        }
        after
    }
}

impl Refreshed {
    fn replace(&mut self, old: Option<&Arc<Library>>, new: Library) -> Arc<Library> {
        self.changed.push(new.path.clone());
        let before = old.into_iter().flat_map(|old| &old.workers);
        self.replaced.extend(before.chain(&new.workers).map(|worker| worker.id.clone()));
        Arc::new(new)
    }
}

/// A library that is opened for the first time.
fn first(path: &Path, copies: &Arc<Copies>) -> Result<Library, LoadError> {
    let read = Read::whole(path)?;
    match Library::open_copy(path, &read, copies) {
        Err(LoadError::Open { .. } | LoadError::Copy { .. }) => Library::open_in_place(path, read.sum),
        result => result,
    }
}

/// A library that is open, if its file is another by now.
fn newer(old: &Library, copies: &Arc<Copies>) -> Result<Option<Library>, LoadError> {
    // Gone for now, or made in this process.
    let (Some(sum), true) = (old.sum, old.path.exists()) else { return Ok(None) };
    let read = Read::whole(&old.path)?;
    if read.sum == sum { Ok(None) } else { Library::open_copy(&old.path, &read, copies).map(Some) }
}
