//! All workers that can be found.
use super::copies::Copies;
use super::{Descriptor, Library, LoadError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where worker libraries are looked for, in order.
#[derive(Clone, Debug, Default)]
pub struct SearchPath {
    /// Folders of which every library is opened: `--workers` and `$AW_WORKERS`.
    pub given: Vec<PathBuf>,
    /// Folders of which every library called `aw_*` is opened: beside the executable, and the installed place.
    pub own: Vec<PathBuf>,
}

impl SearchPath {
    /// `given` folders, those of `$AW_WORKERS`, the one beside the executable and the installed one, `../lib/aw`.
    pub fn new(given: &[PathBuf]) -> Self {
        let environment = std::env::var_os("AW_WORKERS").unwrap_or_default();
        let environment = std::env::split_paths(&environment).filter(|dir| !dir.as_os_str().is_empty());
        let given = given.iter().cloned().chain(environment).collect();
        let executable = std::env::current_exe().and_then(|exe| exe.canonicalize()).unwrap_or_default();
        let own = match executable.parent() {
            Some(folder) => vec![folder.to_path_buf(), folder.join("../lib/aw")],
            None => vec![],
        };
        Self { given, own }
    }

    /// All of them.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        self.given.iter().chain(&self.own).cloned().collect()
    }

    /// Every library that is to be opened, once, in order; also the folders that cannot be read.
    pub fn files(&self) -> Vec<Result<PathBuf, WorkersError>> {
        let mut files: Vec<Result<PathBuf, WorkersError>> = vec![];
        let given = self.given.iter().map(|folder| (folder, true));
        for (folder, is_given) in given.chain(self.own.iter().map(|folder| (folder, false))) {
            match libraries_in(folder, is_given) {
                Ok(found) => {
                    for file in found {
                        if !files.iter().any(|known| known.as_ref().is_ok_and(|known| *known == file)) {
                            files.push(Ok(file));
                        }
                    }
                }
                Err(_) if !is_given => {}
                Err(why) => files.push(Err(WorkersError::Folder { folder: folder.clone(), why })),
            }
        }
        files
    }
}

/// A worker and the library it is in.
#[derive(Clone, Debug)]
pub struct Found {
    /// The worker.
    pub worker: Arc<Descriptor>,
    /// Its library.
    pub library: Arc<Library>,
}

/// Why the workers found cannot be used as they are.
#[derive(Debug, thiserror::Error)]
pub enum WorkersError {
    /// A library is of no use.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A folder cannot be read.
    #[error("cannot look for workers in {}: {why}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// Two libraries offer the same worker.
    #[error("two workers are called `{id}`: in {} and in {}; remove one of the files", first.display(), second.display())]
    Twice {
        /// Their name.
        id: String,
        /// The first file.
        first: PathBuf,
        /// The second file.
        second: PathBuf,
    },
}

/// All workers that were found, by id.
#[derive(Clone, Debug, Default)]
pub struct Workers {
    by_id: BTreeMap<String, Found>,
    libraries: Vec<Arc<Library>>,
    searched: Vec<PathBuf>,
    /// Where they were looked for and what they are opened from, if they may be replaced while they play.
    pub(super) live: Option<(SearchPath, Arc<Copies>)>,
}

impl Workers {
    /// Opens every worker library on the path. What cannot be used is in the list of errors; the rest is usable.
    pub fn find(path: &SearchPath) -> (Self, Vec<WorkersError>) {
        let (mut workers, mut errors) = (Self::default(), Vec::new());
        workers.searched = path.folders();
        for file in path.files() {
            match file.and_then(|file| Ok(Library::open(&file)?)) {
                Ok(library) => errors.extend(workers.add(library)),
                Err(why) => errors.push(why),
            }
        }
        (workers, errors)
    }

    /// The workers of one folder, and of the path those that it has not.
    pub fn of_folder(folder: &Path, path: &SearchPath) -> (Self, Vec<WorkersError>) {
        let (mut workers, mut errors) = Self::find(&SearchPath { given: vec![folder.into()], own: vec![] });
        workers.searched.extend(path.folders());
        for file in path.files() {
            match file.and_then(|file| Ok(Library::open(&file)?)) {
                Ok(library) => drop(workers.add(library)),
                Err(why) => errors.push(why),
            }
        }
        (workers, errors)
    }

    /// None yet, of those that may be replaced while they play.
    pub(super) fn live(path: &SearchPath, copies: Arc<Copies>) -> Self {
        Self { searched: path.folders(), live: Some((path.clone(), copies)), ..Self::default() }
    }

    /// Adds the workers of a library; those whose id is taken are left out and reported.
    pub fn add(&mut self, library: Library) -> Vec<WorkersError> {
        self.add_known(Arc::new(library))
    }

    pub(super) fn add_known(&mut self, library: Arc<Library>) -> Vec<WorkersError> {
        let mut errors = Vec::new();
        for worker in &library.workers {
            if let Some(other) = self.by_id.get(&worker.id) {
                let (first, second) = (other.library.path.clone(), library.path.clone());
                errors.push(WorkersError::Twice { id: worker.id.clone(), first, second });
                continue;
            }
            let found = Found { worker: worker.clone(), library: library.clone() };
            self.by_id.insert(worker.id.clone(), found);
        }
        self.libraries.push(library);
        errors
    }

    /// The worker of that id.
    pub fn get(&self, id: &str) -> Option<&Found> {
        self.by_id.get(id)
    }

    /// All workers, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Found> {
        self.by_id.values()
    }

    /// All libraries, in the order in which they were opened.
    pub fn libraries(&self) -> &[Arc<Library>] {
        &self.libraries
    }

    /// The folders that were searched.
    pub fn searched(&self) -> &[PathBuf] {
        &self.searched
    }
}

/// Library files of a folder, by name, each as its one true path.
fn libraries_in(folder: &Path, all: bool) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let stem = stem.strip_prefix(std::env::consts::DLL_PREFIX).unwrap_or(stem);
        let is_library = path.extension().is_some_and(|ext| ext == std::env::consts::DLL_EXTENSION);
        if is_library && (all || stem.starts_with("aw_")) {
            // A link that leads nowhere is opened as it is, so that the linker says what is wrong with it.
            files.push(path.canonicalize().unwrap_or(path));
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}
