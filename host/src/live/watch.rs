//! Files that are to be read anew when they change.
//!
//! They are looked at, 20 times a second, instead of asking the system to tell (inotify and its like): that says nothing
//! of network folders and of many mounts of containers, it follows a file and not its name, which an editor that saves
//! by renaming gives to another, and a link that is switched is no change of the file watched. A look is one `stat`, a
//! microsecond; a file is read only when that says something new.
use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

/// From one look to the next.
const PERIOD: Duration = Duration::from_millis(50);
/// How long a file must stay as it is before it is read: whoever saves it may write it in parts.
const REST: Duration = Duration::from_millis(100);
/// How long a file must be away before it is missed: whoever saves it may remove it first.
const MISSED: Duration = Duration::from_millis(500);
/// The coarsest clock of a file system: what is written so soon after may have the same time.
const COARSE: Duration = Duration::from_secs(2);

/// A thread that looks at files.
pub struct Watch {
    paths: BTreeSet<PathBuf>,
    set: Sender<Vec<(PathBuf, Stamp)>>,
    changed: Receiver<PathBuf>,
    /// Whether it is there.
    there: Receiver<(PathBuf, bool)>,
}

impl Watch {
    /// Watches files, also such as are not there yet. What counts is what they are now: begin before they are read.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn new(paths: impl IntoIterator<Item = PathBuf>) -> io::Result<Self> {
        let (set, sets) = channel();
        let (changes, changed) = channel();
        let (comes, there) = channel();
        // Nobody waits for its end: it holds nothing, and may hang in a network folder.
        std::thread::Builder::new().name("aw-watch".into()).spawn(move || look(&sets, &changes, &comes))?;
        let mut watch = Self { paths: BTreeSet::new(), set, changed, there };
        watch.set(paths);
        Ok(watch)
    }

    /// Watches these files instead. Of those that it has watched already, no change is lost.
    pub fn set(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        self.paths = paths.into_iter().collect();
        let given = self.paths.iter().map(|path| (path.clone(), Stamp::of(path))).collect();
        drop(self.set.send(given)); // the thread lives as long as this
    }

    /// Files that are gone since the last call, for half a second at least, and such that were and are there again: `true`.
    pub fn there(&mut self) -> Vec<(PathBuf, bool)> {
        self.there.try_iter().filter(|(path, _)| self.paths.contains(path)).collect()
    }

    /// Files whose content has become another since the last call, and has been at rest for 100 ms.
    pub fn changed(&mut self) -> Vec<PathBuf> {
        let changed: BTreeSet<PathBuf> = self.changed.try_iter().collect();
        changed.into_iter().filter(|path| self.paths.contains(path)).collect()
    }
}

fn look(sets: &Receiver<Vec<(PathBuf, Stamp)>>, changes: &Sender<PathBuf>, comes: &Sender<(PathBuf, bool)>) {
    let mut files = Files::default();
    loop {
        match sets.recv_timeout(PERIOD) {
            Ok(given) => files.set(given, Instant::now()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        for path in files.look(Instant::now()) {
            if changes.send(path).is_err() {
                return;
            }
        }
        for come in files.there(Instant::now()) {
            if comes.send(come).is_err() {
                return;
            }
        }
    }
}

/// What `stat` says of a file, through links; `None` if it is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp(Option<(SystemTime, u64, [i64; 4])>);

impl Stamp {
    fn of(path: &Path) -> Self {
        let found = fs::metadata(path).ok().filter(Metadata::is_file);
        Self(found.and_then(|found| Some((found.modified().ok()?, found.len(), identity(&found)))))
    }

    /// It was written so lately that more may be written without a sign.
    fn is_young(&self) -> bool {
        let age = |modified: &SystemTime| SystemTime::now().duration_since(*modified);
        self.0.as_ref().is_some_and(|(modified, ..)| age(modified).is_ok_and(|age| age < COARSE))
    }
}

/// Which file it is, and when it was last touched in any way: a copy may keep the time of its original.
#[cfg(unix)]
fn identity(found: &Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt;
    [found.dev() as i64, found.ino() as i64, found.ctime(), found.ctime_nsec()]
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> [i64; 4] {
    [0; 4]
}

/// The files, without thread or clock.
#[derive(Default)]
struct Files(Vec<Watched>);

struct Watched {
    path: PathBuf,
    /// As it looked last, and since when.
    stamp: Stamp,
    since: Instant,
    /// Its content when it was told last, or given; `None` if that was not read.
    content: Option<(u64, u32)>,
    /// As it looked when `content` was there.
    of: Stamp,
    /// When it is to be read again though it looks the same.
    again: Option<Instant>,
    /// That it is gone was told.
    missed: bool,
}

impl Files {
    fn set(&mut self, given: Vec<(PathBuf, Stamp)>, now: Instant) {
        let mut before = std::mem::take(&mut self.0);
        for (path, stamp) in given {
            self.0.push(match before.iter().position(|file| file.path == path) {
                Some(at) => before.swap_remove(at),
                None => {
                    Watched { path, of: stamp.clone(), stamp, since: now, content: None, again: None, missed: false }
                }
            });
        }
    }

    /// Those that have changed.
    fn look(&mut self, now: Instant) -> Vec<PathBuf> {
        self.0.iter_mut().filter_map(|file| file.changed(now).then(|| file.path.clone())).collect()
    }

    /// Those that are gone, and those that are there again, as they looked last.
    fn there(&mut self, now: Instant) -> Vec<(PathBuf, bool)> {
        self.0.iter_mut().filter_map(|file| Some((file.path.clone(), file.comes(now)?))).collect()
    }
}

impl Watched {
    /// Whether it is there, if that is to be told.
    fn comes(&mut self, now: Instant) -> Option<bool> {
        let there = self.stamp.0.is_some();
        let rests = there || now.duration_since(self.since) >= MISSED;
        // What was never there is not missed.
        let told = self.missed != there || (!there && self.of.0.is_none() && self.content.is_none());
        (rests && !told).then(|| {
            self.missed = !there;
            there
        })
    }

    fn changed(&mut self, now: Instant) -> bool {
        let stamp = Stamp::of(&self.path);
        if stamp != self.stamp {
            (self.stamp, self.since) = (stamp, now);
        }
        let is_due = self.content.is_none() || self.stamp != self.of || self.again.is_some_and(|again| again <= now);
        if self.stamp.0.is_none() || now.duration_since(self.since) < REST || !is_due {
            return false;
        }
        // What cannot be read, or changes meanwhile, is tried again.
        let Some(content) = content(&self.path).filter(|_| Stamp::of(&self.path) == self.stamp) else { return false };
        let is_other = match self.content {
            Some(before) => before != content,
            None => self.of != self.stamp, // what it was is not known, but this is not it
        };
        let is_new = self.content.is_none() || self.stamp != self.of;
        self.again = (is_new && self.stamp.is_young()).then(|| now + COARSE);
        (self.content, self.of) = (Some(content), self.stamp.clone());
        is_other
    }
}

/// Length and CRC-32 of a file.
fn content(path: &Path) -> Option<(u64, u32)> {
    let mut file = File::open(path).ok()?;
    let (mut sum, mut length, mut chunk) = (crc32fast::Hasher::new(), 0, vec![0; 1 << 16]);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Some((length, sum.finalize())),
            Ok(read) => {
                sum.update(&chunk[..read]);
                length += read as u64;
            }
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests;
