//! The thread that records: fetches what the render thread tells, keeps the last seconds, writes to disk.
use super::copy::Copy;
use super::disk::Disk;
use super::journal::{Entry, Start};
use super::memory::Memory;
use crate::live::player::{Played, Reel};
use crate::render::Facts;
use ringbuf::traits::Consumer;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// From one look at the rings to the next.
const TURN: Duration = Duration::from_millis(40);
/// From one writing to the disk to the next: what a killed process loses.
const FLUSH: Duration = Duration::from_millis(400);
/// Seconds that are kept in memory.
pub const SECONDS: u64 = 30;

/// What the session tells.
pub enum News {
    /// A graph that is about to be played.
    Graph(Arc<Copy>),
    /// A line of the journal.
    Entry(Entry),
    /// What a deck tells.
    Deck(u32, Facts),
    /// The last seconds are to be written to a folder, then.
    Dump {
        /// The folder.
        folder: PathBuf,
        /// Why.
        because: String,
        /// When: what comes after a failure may tell as much as what came before.
        at: Instant,
    },
}

/// The thread's half.
pub struct Writer {
    pub start: Start,
    pub news: Receiver<News>,
    /// What the user should know; whether it warns.
    pub notes: Sender<(String, bool)>,
    pub reel: Reel,
    pub disk: Option<Disk>,
    pub memory: Memory,
    pub decks: Vec<(u32, Facts, u64)>,
    pub dumps: Vec<(PathBuf, String, Instant)>,
}

impl Writer {
    /// Records until the session has gone.
    pub fn run(mut self) {
        let mut flushed = Instant::now();
        let mut writing = vec![];
        loop {
            let (pieces, goes_on) = self.turn();
            self.keep(pieces);
            let now = Instant::now();
            if now.duration_since(flushed) >= FLUSH {
                self.on_disk(Disk::flush);
                flushed = now;
            }
            let due = |dump: &mut (PathBuf, String, Instant)| dump.2 <= now || !goes_on;
            for (folder, because, _) in self.dumps.extract_if(.., due).collect::<Vec<_>>() {
                writing.extend(self.dump(folder, because));
            }
            if !goes_on {
                break;
            }
        }
        if let Some(Err(why)) = self.disk.take().map(Disk::finish) {
            self.tell(format!("the recording has no end ({why}); what was written before is whole"), true);
        }
        for dump in writing {
            drop(dump.join());
        }
    }

    /// Fetches everything, in an order in which pieces come after what made them as they are: sound first, because what is
    /// told afterwards may be of later, and what the session said last.
    fn turn(&mut self) -> (Vec<(Played, Vec<f32>)>, bool) {
        let end = Instant::now() + TURN;
        let mut goes_on = true;
        let mut news = vec![];
        loop {
            match self.news.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(one) => news.push(one),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    goes_on = false;
                    break;
                }
            }
        }
        let mut pieces = vec![];
        let mut sound = vec![];
        while let Some(piece) = self.reel.next(&mut sound) {
            pieces.push((piece, std::mem::take(&mut sound)));
        }
        let mut entries = vec![];
        for (deck, facts, lost) in &mut self.decks {
            entries.extend(std::iter::from_fn(|| facts.ring.try_pop()).map(|fact| Entry::of_fact(*deck, fact)));
            let all = facts.lost.load(Relaxed);
            if all > *lost {
                *lost = all;
                entries.push(Entry::Lost { deck: *deck, facts: all });
            }
        }
        news.extend(self.news.try_iter());
        news.into_iter().for_each(|one| self.hear(one));
        entries.into_iter().for_each(|entry| self.entry(entry));
        (pieces, goes_on)
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Graph(copy) => {
                self.on_disk(|disk| disk.graph(&copy));
                self.memory.graph(copy);
            }
            News::Entry(entry) => self.entry(entry),
            News::Deck(deck, facts) => self.decks.push((deck, facts, 0)),
            News::Dump { folder, because, at } => self.dumps.push((folder, because, at)),
        }
    }

    fn entry(&mut self, entry: Entry) {
        self.on_disk(|disk| disk.entry(&entry));
        self.memory.entry(entry);
    }

    fn keep(&mut self, pieces: Vec<(Played, Vec<f32>)>) {
        for (piece, sound) in pieces {
            if piece.is_lost {
                self.tell("the recording has a hole: the machine was too busy to keep up with it".into(), true);
            }
            self.on_disk(|disk| disk.piece(piece, &sound));
            self.memory.piece(piece, &sound);
        }
    }

    /// A disk that takes no more ends the recording, and nothing else.
    fn on_disk(&mut self, write: impl FnOnce(&mut Disk) -> std::io::Result<()>) {
        if let Some(Err(why)) = self.disk.as_mut().map(write) {
            self.disk = None;
            self.tell(format!("the recording ends here: {why}; what was written before is whole"), true);
        }
    }

    fn dump(&self, folder: PathBuf, because: String) -> Option<std::thread::JoinHandle<()>> {
        let (memory, start, notes) = (self.memory.clone(), self.start.clone(), self.notes.clone());
        let write = move || {
            let name = folder.display();
            let note = match memory.write(&folder, &start, &because) {
                Ok(()) => {
                    (format!("the last {SECONDS} s are in {name} ({because}); `aw replay {name}` plays them"), false)
                }
                Err(why) => (format!("the last {SECONDS} s cannot be written to {name}: {why}"), true),
            };
            let _nobody_listens_any_more = notes.send(note);
        };
        std::thread::Builder::new().name("dump".into()).spawn(write).ok()
    }

    fn tell(&self, text: String, warns: bool) {
        let _nobody_listens_any_more = self.notes.send((text, warns));
    }
}
