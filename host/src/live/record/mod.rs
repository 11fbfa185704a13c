//! The flight recorder: what is needed to play a session again, bit for bit.
//!
//! All that a player gives follows from what it hears after its edges, from orders and live parameters by the frame and
//! block at which they were obeyed, and from what the clock decided: when programs took over, which lanes were late, which
//! began anew. The render thread tells these (`player/tape.rs`, `render/chance.rs`), and a thread here keeps them:
//! the last half minute in memory, all of it in a folder if it is asked to.
//!
//! ```text
//! DIR/session.jsonl        what happened, a line each
//! DIR/input-NAME.wav       what an input heard, at the rate of the player
//! DIR/output-NAME.wav      what was heard of an output
//! DIR/graphs/N/            each graph that was played, and the files that it names
//! ```
mod copy; //    a graph and what it names
mod disk; //    the folder
mod journal; // its lines
mod memory; //  the last seconds
mod replay; //  plays it again
mod writer; //  the thread

pub use journal::Entry;
pub use replay::{Bundle, Compared, Outcome, RecordedError, Replay};

use super::graph::Made;
use super::player::{Piece, Reel};
use crate::control::Sent;
use crate::graph::{OutputKind, Plan};
use crate::plugin::Workers;
use crate::render::Facts;
use copy::{Copy, Known};
use disk::Disk;
use journal::{Start, Track, VERSION};
use memory::Memory;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use writer::{News, SECONDS, Writer};

/// From one recording that nobody asked for to the next.
const APART: Duration = Duration::from_secs(60);
/// The most of them.
const MOST: u32 = 5;
/// What comes after a failure is kept too.
const AFTERMATH: Duration = Duration::from_secs(1);

/// What is recorded, and where.
pub struct Recording<'a> {
    /// A graph of the session: all have the same inputs and outputs.
    pub plan: &'a Plan,
    /// Samples a second of the player.
    pub rate: u32,
    /// How many frames it plays at once.
    pub piece: Piece,
    /// The longest way past the graphs.
    pub longest: usize,
    /// What it tells.
    pub reel: Reel,
    /// Where all of it is recorded, if it is.
    pub folder: Option<&'a Path>,
    /// Where the last seconds are written.
    pub dumps: &'a Path,
    /// It begins with the session; if not, workers have a past that nobody kept.
    pub whole: bool,
}

/// The session's half of the recorder.
pub struct Recorder {
    tell: Option<Sender<News>>,
    notes: Receiver<(String, bool)>,
    thread: Option<JoinHandle<()>>,
    dumps: PathBuf,
    folder: Option<PathBuf>,
    known: Known,
    graphs: u32,
    decks: u32,
    /// Recordings that nobody asked for, and when the last was.
    unasked: (u32, Option<Instant>),
}

/// A graph that was copied, by its number.
pub type Copied = Arc<Copy>;

impl Recorder {
    /// Begins to record.
    ///
    /// # Errors
    /// The folder holds something already, or cannot be written; or the system has no thread to give.
    pub fn start(recording: Recording) -> std::io::Result<Self> {
        let Recording { plan, rate, piece, longest, reel, folder, dumps, whole } = recording;
        let (inputs, outputs) = tracks(plan);
        let start = Start {
            version: VERSION,
            made_by: concat!("aw ", env!("CARGO_PKG_VERSION")).into(),
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            because: None,
            rate,
            piece,
            longest,
            inputs,
            outputs,
            machine: crate::install::machine(),
            cpu: crate::doctor::cpu_features().into_iter().map(String::from).collect(),
            whole,
            from: 0.0,
        };
        let disk = match folder {
            Some(folder) => {
                disk::make(folder)?;
                Some(Disk::create(folder, &start)?)
            }
            None => None,
        };
        let (tell, news) = mpsc::channel();
        let (told, notes) = mpsc::channel();
        let memory = Memory::new(SECONDS * u64::from(rate));
        let writer = Writer { start, news, notes: told, reel, disk, memory, decks: vec![], dumps: vec![] };
        let thread = std::thread::Builder::new().name("record".into()).spawn(move || writer.run())?;
        Ok(Self {
            tell: Some(tell),
            notes,
            thread: Some(thread),
            dumps: dumps.into(),
            folder: folder.map(Path::to_path_buf),
            known: Known::new(),
            graphs: 0,
            decks: 0,
            unasked: (0, None),
        })
    }

    /// Where all of it is recorded, if it is.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Copies a graph that is about to be played.
    pub fn copy(&mut self, made: &Made, workers: &Workers) -> Copied {
        self.graphs += 1;
        Copy::of(made, self.graphs - 1, workers, &mut self.known)
    }

    /// A graph has begun, in a slot, so many frames later than it has to be; answers its number.
    pub fn inserted(&mut self, slot: usize, copied: Copied, later: usize, facts: Facts) -> u32 {
        let deck = self.decks;
        self.decks += 1;
        let graph = copied.said.graph;
        self.news(News::Graph(copied));
        self.news(News::Entry(Entry::Insert { deck, slot, graph, later }));
        self.news(News::Deck(deck, facts));
        deck
    }

    /// A deck goes over to another graph.
    pub fn changed(&mut self, deck: u32, copied: Copied, anew: Vec<String>) {
        let graph = copied.said.graph;
        self.news(News::Graph(copied));
        self.news(News::Entry(Entry::Change { deck, graph, anew }));
    }

    /// An order was given, other than an insertion.
    pub fn ordered(&mut self, entry: Option<Entry>) {
        if let Some(entry) = entry {
            self.news(News::Entry(entry));
        }
    }

    /// Live parameters were set.
    pub fn set(&mut self, deck: u32, sent: Vec<Sent>) {
        sent.into_iter().for_each(|sent| self.news(News::Entry(Entry::Set { deck, sent })));
    }

    /// The user was told something.
    pub fn noted(&mut self, time: f64, text: &str) {
        self.news(News::Entry(Entry::Note { time, text: text.into() }));
    }

    /// Writes the last seconds, because the user wants them.
    pub fn dump(&mut self) {
        self.write("asked for".into(), Instant::now());
    }

    /// Writes the last seconds, because something happened; not too often.
    pub fn dump_because(&mut self, why: String, now: Instant) {
        let (times, last) = self.unasked;
        if times < MOST && last.is_none_or(|last| now.duration_since(last) >= APART) {
            self.unasked = (times + 1, Some(now));
            self.write(why, now + AFTERMATH);
        }
    }

    fn write(&mut self, because: String, at: Instant) {
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let date: String = date.chars().filter(char::is_ascii_digit).collect();
        let (day, time) = date.split_at(8);
        let name = |number: u32| match number {
            1 => format!("aw-dump-{day}-{time}"),
            _ => format!("aw-dump-{day}-{time}-{number}"),
        };
        // Made at once, so that it is nobody else's; what is wrong with it is told when it is written.
        let _may_be_there = std::fs::create_dir_all(&self.dumps);
        let taken = |folder: &PathBuf| match std::fs::create_dir(folder) {
            Err(why) => why.kind() == std::io::ErrorKind::AlreadyExists,
            Ok(()) => false,
        };
        let Some(folder) = (1..).map(|number| self.dumps.join(name(number))).find(|folder| !taken(folder)) else {
            return;
        };
        self.news(News::Dump { folder, because, at });
    }

    /// What the user should know, and whether it warns.
    pub fn notes(&mut self) -> Vec<(String, bool)> {
        self.notes.try_iter().collect()
    }

    /// Ends the recording when all is written; answers what there is to say.
    pub fn close(&mut self) -> Vec<String> {
        self.tell = None;
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            return vec!["the recorder panicked, which is a mistake in aw".into()];
        }
        self.notes().into_iter().map(|(text, _)| text).collect()
    }

    fn news(&self, news: News) {
        if let Some(tell) = &self.tell {
            let _ended_before = tell.send(news);
        }
    }
}

/// Inputs and outputs that are sound, and their files.
fn tracks(plan: &Plan) -> (Vec<Track>, Vec<Track>) {
    let mut taken: Vec<String> = vec![];
    let mut track = |way: &str, name: &str, channels: u32| {
        let plain: String = name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
        let file = (1..).map(|number| match number {
            1 => format!("{way}-{plain}.wav"),
            _ => format!("{way}-{plain}-{number}.wav"),
        });
        let file = file.into_iter().find(|file| !taken.contains(file)).unwrap_or_default();
        taken.push(file.clone());
        Track { name: name.into(), channels: channels as usize, file }
    };
    let mut inputs = vec![];
    for input in &plan.inputs {
        inputs.push(track("input", &input.name, plan.streams[input.stream].format.channels));
    }
    let mut outputs = vec![];
    for output in &plan.outputs {
        if let OutputKind::Audio(edge) = output.kind {
            outputs.push(track("output", &output.name, plan.streams[plan.edges[edge].stream].format.channels));
        }
    }
    (inputs, outputs)
}
