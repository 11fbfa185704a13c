//! A recording as it was read: its journal, sorted by who plays it.
use super::super::journal::{Copied, Entry, FILE, Start, VERSION};
use super::RecordedError;
use crate::control::Sent;
use crate::render::Fact;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// A recording as it was read.
pub struct Bundle {
    pub(super) folder: PathBuf,
    pub(super) start: Start,
    pub(super) graphs: BTreeMap<u32, Copied>,
    pub(super) orders: VecDeque<Entry>,
    pub(super) decks: BTreeMap<u32, Scripted>,
    pub(super) pieces: Vec<Entry>,
    /// It has its end.
    pub(super) ended: bool,
    /// What is to be said of it.
    pub(super) notes: Vec<String>,
}

/// What happened to a deck.
#[derive(Default)]
pub(super) struct Scripted {
    pub(super) asked: VecDeque<Asked>,
    pub(super) facts: Vec<Fact>,
}

/// What the control side asked of a deck.
pub(super) enum Asked {
    Set(Sent),
    Change(u32, BTreeSet<String>),
}

impl Bundle {
    /// Whether a path may be a recording: a folder.
    pub fn may_be(path: &Path) -> bool {
        path.is_dir()
    }

    /// Reads a recording. A last line that was not written to its end is left out.
    ///
    /// # Errors
    /// [`RecordedError`].
    pub fn read(folder: &Path) -> Result<Self, RecordedError> {
        let file = folder.join(FILE);
        let text = std::fs::read(&file).map_err(|why| RecordedError::None { folder: folder.into(), why })?;
        let torn = text.last().is_some_and(|last| *last != b'\n');
        let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        lines.pop();
        let wrong = |line: usize, why: String| RecordedError::Line { file: file.clone(), line: line + 1, why };
        let parse =
            |(at, line): (usize, &&[u8])| serde_json::from_slice(line).map_err(|why| wrong(at, why.to_string()));
        let first = lines.first().ok_or_else(|| wrong(0, "there is none: the recording never began".into()))?;
        check_version(first, &file)?;
        let mut entries = lines.iter().enumerate().map(parse).collect::<Result<VecDeque<Entry>, _>>()?;
        let Some(Entry::Start(start)) = entries.pop_front() else {
            return Err(wrong(0, "a recording begins with `start`".into()));
        };
        let mut bundle = Self {
            folder: folder.into(),
            start,
            graphs: BTreeMap::new(),
            orders: VecDeque::new(),
            decks: BTreeMap::new(),
            pieces: vec![],
            ended: false,
            notes: vec![],
        };
        entries.into_iter().for_each(|entry| bundle.add(entry));
        if torn || !bundle.ended {
            bundle.notes.push(
                "the recording has no end: aw was killed, or the disk was full; it is played as far as it goes".into(),
            );
        }
        Ok(bundle)
    }

    fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Start(_) => {}
            Entry::Graph(copied) => drop(self.graphs.insert(copied.graph, copied)),
            Entry::Insert { deck, .. } => {
                self.decks.entry(deck).or_default();
                self.orders.push_back(entry);
            }
            Entry::Remove { .. } | Entry::Hear { .. } | Entry::Later { .. } | Entry::Measure { .. } => {
                self.orders.push_back(entry)
            }
            Entry::Set { deck, sent } => self.decks.entry(deck).or_default().asked.push_back(Asked::Set(sent)),
            Entry::Change { deck, graph, anew } => {
                let anew = anew.into_iter().collect();
                self.decks.entry(deck).or_default().asked.push_back(Asked::Change(graph, anew));
            }
            Entry::Fact { deck, block, what } => {
                self.decks.entry(deck).or_default().facts.push(Fact { block, what });
            }
            Entry::Pieces { .. } | Entry::Hole { .. } => self.pieces.push(entry),
            Entry::Lost { facts, .. } => self
                .notes
                .push(format!("{facts} decisions of the clock found no room: what hangs on them is not as it was")),
            Entry::Note { .. } => {}
            Entry::End { .. } => self.ended = true,
        }
    }

    /// Why it was written, if nobody asked for it beforehand.
    pub fn because(&self) -> Option<&str> {
        self.start.because.as_deref()
    }

    /// Outputs, by name.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.start.outputs.iter().map(|track| track.name.as_str())
    }

    /// Seconds recorded.
    pub fn seconds(&self) -> f64 {
        self.frames() as f64 / f64::from(self.start.rate.max(1))
    }

    /// Frames recorded.
    pub(super) fn frames(&self) -> u64 {
        let frames = |entry: &Entry| match *entry {
            Entry::Pieces { frames, times, .. } => u64::from(frames) * u64::from(times),
            Entry::Hole { frames, .. } => u64::from(frames),
            _ => 0,
        };
        self.pieces.iter().map(frames).sum()
    }

    /// Something in it cannot be.
    pub(super) fn odd(&self, what: impl Into<String>) -> RecordedError {
        RecordedError::Odd { file: self.folder.join(FILE), what: what.into() }
    }
}

fn check_version(first: &[u8], file: &Path) -> Result<(), RecordedError> {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(first) else { return Ok(()) };
    let start = &json["start"];
    match start["version"].as_u64() {
        Some(found) if found != u64::from(VERSION) => {
            let made_by = start["made_by"].as_str().unwrap_or("another version").into();
            Err(RecordedError::Version { file: file.into(), found, made_by })
        }
        _ => Ok(()),
    }
}
