//! Puts files in place, whole or not at all, and takes them away again.
use super::record::{FILE, Part, Record, State};
use super::{Archive, Catalogue, Entry, Got, Home, InstallError, Kind, News, Sources, Watch, archive, hash};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How staging folders begin, beside the places of what is installed.
const STAGED: &str = ".aw-";

/// The text of the Apache License, for archives that bring none.
const APACHE: &str = include_str!("../../../LICENSE-APACHE");

/// What is installed in a home.
#[derive(Clone, Debug)]
pub struct Store {
    home: Home,
}

/// As long as it lives, no other process installs or removes anything in the same home.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, and let go by the system, even if this process is killed")] File);

/// What an installation came to.
#[derive(Debug)]
pub enum Done {
    /// It was there, whole.
    Already(Record),
    /// It is there now.
    New {
        /// What was put there.
        record: Record,
        /// Where it came from.
        got: Got,
        /// What was wrong with what was there before, if that is why.
        repaired: Vec<String>,
        /// The version that was there before, if it was another.
        before: Option<String>,
    },
}

/// What a removal came to.
#[derive(Debug, PartialEq)]
pub struct Removed {
    /// Where it was.
    pub folder: PathBuf,
    /// The files that are gone.
    pub gone: Vec<String>,
    /// Files that are nobody's of ours, and are still there.
    pub left: Vec<String>,
}

impl Store {
    /// What is installed in `home`.
    pub fn new(home: Home) -> Self {
        Self { home }
    }

    /// Where it is.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Waits until no other process installs; clears away what killed ones left.
    ///
    /// # Errors
    /// Nothing can be written in the home.
    pub fn lock(&self, watch: &Watch) -> Result<Lock, InstallError> {
        let path = self.home.folder().join("lock");
        let cannot = |why: io::Error| InstallError::write(&path, why);
        fs::create_dir_all(self.home.folder()).map_err(|why| InstallError::write(self.home.folder(), why))?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(cannot)?;
        let mut told = false;
        loop {
            watch.go_on()?;
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if !told => {
                    (watch.tell)(News::Waiting);
                    told = true;
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(std::time::Duration::from_millis(50)),
                Err(TryLockError::Error(why)) => return Err(cannot(why)),
            }
        }
        for kind in Kind::ALL {
            let entries = fs::read_dir(self.home.all(kind)).into_iter().flatten().filter_map(Result::ok);
            let stale = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(STAGED));
            stale.for_each(|entry| drop(fs::remove_dir_all(entry.path())));
        }
        Ok(Lock(file))
    }

    /// Installs an entry, unless it is there and whole.
    ///
    /// # Errors
    /// It is not there now; what was there before still is.
    pub fn install(&self, entry: &Entry, sources: &Sources, _lock: &Lock, watch: &Watch) -> Result<Done, InstallError> {
        let wanted = entry.here()?;
        let (repaired, before) = match State::of(&self.home, entry.kind, &entry.name) {
            State::Whole(record) if record.is_of(entry, wanted) => return Ok(Done::Already(record)),
            State::Whole(record) => (vec![], Some(record)),
            State::Damaged(record, faults) => (faults, record),
            State::Absent => (vec![], None),
        };
        let got = sources.get(&self.home, entry, wanted, watch)?;
        let record = self.put(entry, wanted, &got.path, before.as_ref(), watch)?;
        let before = before.map(|before| before.version).filter(|before| *before != record.version);
        Ok(Done::New { record, got, repaired, before })
    }

    /// Forgets the archives that were fetched; parts of archives stay, to be continued.
    pub fn clear_downloads(&self, _lock: &Lock, catalogue: &Catalogue) {
        let archives = catalogue.iter().flat_map(|entry| &entry.from);
        archives.for_each(|archive| drop(fs::remove_file(self.home.downloads().join(&archive.archive))));
        drop(fs::remove_dir(self.home.downloads()));
    }

    /// Takes the files out of an archive, and puts them in place.
    fn put(
        &self,
        entry: &Entry,
        wanted: &Archive,
        from: &Path,
        before: Option<&Record>,
        watch: &Watch,
    ) -> Result<Record, InstallError> {
        let parent = self.home.all(entry.kind);
        fs::create_dir_all(&parent).map_err(|why| InstallError::write(&parent, why))?;
        let cannot = |why: io::Error| InstallError::write(&parent, io::Error::from(why.kind()));
        let staged = tempfile::Builder::new().prefix(STAGED).tempdir_in(&parent).map_err(cannot)?;
        // One further down, for the temporary folder itself is closed to all others.
        let staged = (staged.path().join(&entry.name), staged);
        let folder = &staged.0;
        fs::create_dir(folder).map_err(|why| InstallError::write(folder, why))?;
        let mut files = vec![];
        for member in &wanted.files {
            let path = folder.join(&member.name);
            let mut file = File::create(&path).map_err(|why| InstallError::write(&path, why))?;
            let mut disk = Disk { file: &mut file, failed: None };
            let sum = archive::extract(from, &member.path, member.size, &mut disk, watch);
            if let Some(why) = disk.failed {
                return Err(InstallError::write(&self.home.place(entry.kind, &entry.name).join(&member.name), why));
            }
            let lacks = || InstallError::Archive { path: from.into(), why: format!("{} is not in it", member.path) };
            let got = sum?.ok_or_else(lacks)?;
            if got != member.sha256 {
                let (what, expected) = (format!("{} in {}", member.path, from.display()), member.sha256.clone());
                let help = "nothing was installed".into();
                return Err(InstallError::Hash { what, expected, got, help });
            }
            file.sync_all().map_err(|why| InstallError::write(&path, why))?;
            files.push(Part { name: member.name.clone(), size: member.size, sha256: got });
        }
        if entry.licence == "Apache-2.0" && !files.iter().any(|part| part.name.starts_with("LICENSE")) {
            files.push(licence(folder)?);
        }
        let record = Record::new(entry, wanted, files);
        record.write(folder)?;
        watch.go_on()?;
        self.place(&record, folder, before)?;
        Ok(record)
    }

    /// Moves what is staged to where it belongs: as a whole, or file by file into a folder that is there, with the
    /// record last, so that what is half-way counts as damaged.
    fn place(&self, record: &Record, staged: &Path, before: Option<&Record>) -> Result<(), InstallError> {
        let folder = self.home.place(record.kind, &record.name);
        if folder.symlink_metadata().is_err() {
            return fs::rename(staged, &folder).map_err(|why| InstallError::write(&folder, why));
        }
        let known = |name: &str| before.is_some_and(|before| before.files.iter().any(|part| part.name == name));
        // Of an installation that was cut short, or not recorded: it is what would be put there.
        let same = |part: &Part| hash::of_file(&folder.join(&part.name)).is_ok_and(|sum| sum == part.sha256);
        let strange = |part: &&Part| folder.join(&part.name).exists() && !known(&part.name) && !same(part);
        if let Some(part) = record.files.iter().find(strange) {
            let why = io::Error::other("there is a file that `aw install` has not put there; move it away");
            return Err(InstallError::write(&folder.join(&part.name), why));
        }
        for name in record.files.iter().map(|part| part.name.as_str()).chain([FILE]) {
            let path = folder.join(name);
            fs::rename(staged.join(name), &path).map_err(|why| InstallError::write(&path, why))?;
        }
        let old = before.into_iter().flat_map(|before| &before.files);
        let old = old.filter(|part| !record.files.iter().any(|new| new.name == part.name));
        old.for_each(|part| drop(fs::remove_file(folder.join(&part.name))));
        Ok(())
    }

    /// Removes what was installed under a name, and nothing else that lies there. `None`: nothing was.
    ///
    /// # Errors
    /// Something cannot be removed, or what is there cannot be told from what is not ours.
    pub fn remove(&self, kind: Kind, name: &str, _lock: &Lock) -> Result<Option<Removed>, InstallError> {
        let folder = self.home.place(kind, name);
        let record = match Record::read(&folder) {
            Ok(record) => record,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(InstallError::read(&folder.join(FILE), why)),
        };
        let mut gone = vec![];
        for name in record.files.iter().map(|part| part.name.as_str()).chain([FILE]) {
            let path = folder.join(name);
            match fs::remove_file(&path) {
                Ok(()) => gone.push(name.to_string()),
                Err(why) if why.kind() == io::ErrorKind::NotFound => {}
                Err(why) => return Err(InstallError::write(&path, why)),
            }
        }
        let left = fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
        let mut left: Vec<String> = left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        left.sort();
        // Folders that are empty now; the others stay by themselves.
        drop(fs::remove_dir(&folder).and_then(|()| fs::remove_dir(self.home.all(kind))));
        Ok(Some(Removed { folder, gone, left }))
    }
}

impl Record {
    fn new(entry: &Entry, wanted: &Archive, files: Vec<Part>) -> Self {
        Self {
            name: entry.name.clone(),
            kind: entry.kind,
            version: entry.version.clone(),
            package: entry.package.clone(),
            archive: wanted.archive.clone(),
            licence: entry.licence.clone(),
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            files,
        }
    }

    fn write(&self, folder: &Path) -> Result<(), InstallError> {
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        // On the disk before it gets its name, as the files that it speaks of.
        let written = fs::File::create(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|why| InstallError::write(&path, why))
    }

    /// Whether this is what the catalogue has.
    pub fn is_of(&self, entry: &Entry, wanted: &Archive) -> bool {
        let has = |name: &str, sum: &str| self.files.iter().any(|part| part.name == name && part.sha256 == sum);
        self.version == entry.version && wanted.files.iter().all(|member| has(&member.name, &member.sha256))
    }
}

fn licence(folder: &Path) -> Result<Part, InstallError> {
    let (name, path) = ("LICENSE".to_string(), folder.join("LICENSE"));
    let mut file = File::create(&path).map_err(|why| InstallError::write(&path, why))?;
    let copied = hash::copy::<io::Error>(&mut APACHE.as_bytes(), &mut file, |_| Ok(()));
    let (sha256, size) = copied.map_err(|why| InstallError::write(&path, why))?;
    Ok(Part { name, size, sha256 })
}

/// A file that remembers that it could not be written, so that the archive is not blamed.
struct Disk<'a> {
    file: &'a mut File,
    failed: Option<io::Error>,
}

impl Write for Disk<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).inspect_err(|why| self.failed = Some(io::Error::from(why.kind())))
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
