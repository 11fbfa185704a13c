//! A graph that plays on devices: opened, looked after, changed, told of.
use super::act::Act;
use super::edge::{self, Channels, Clocks, Driver, EdgeError, FeedEnd, Gauge, Plug, Pulse, Spec, TakeEnd, Taker, Way};
use super::graph::{Accounts, Graph, Made, Mistakes, Told};
use super::hearing::Ears;
use super::levels::{self, Analyser, Levels};
use super::lines::{Line, Turn};
use super::player::{Burst, DECKS, Order, Orders, Piece, Planes, Player};
use super::record::{Entry, Recorder, Recording};
use super::scene::{Clock, Deck, Happening, Latency, Note, Port, Scene, Spectrum, Whose, Xrun};
use super::stage::{Bus, Call, Home, Looks, Stage};
use crate::graph::{GraphFile, OutputKind, Plan};
use crate::plugin::Workers;
use crate::sound::{Direction, Host, HostName, SoundError, Wish};
use crossbeam_queue::ArrayQueue;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

mod anew; //    what begins anew while it plays
mod build; //   graphs on a player, between edges
mod connect; // devices to edges
mod devices; // devices that come and go
mod knobs; //   what a user turns
mod places; //  the devices that a graph needs
mod reload; //  files that change while they are heard
mod show; //    what is to be seen

/// Milliseconds in which one sound goes over to another.
const OVER_MS: u32 = 30;
/// Seconds that the sound which came in may have to be late.
const LONGEST: usize = 5;
/// How long new nodes play before it counts what they take.
const SETTLES: Duration = Duration::from_millis(500);
/// Columns of the spectrogram that are remembered.
const COLUMNS: usize = 512;
/// From one matching of loudness to the next.
const MATCHES: Duration = Duration::from_secs(1);
/// The most by which a graph is made louder or softer to be as loud as another, in dB.
const MOST_MATCHED_DB: f64 = 24.0;
/// Seconds after which samples that are lost are worth a recording: devices that begin lose some.
const SETTLED: f64 = 2.0;
/// Lines of each kind that are remembered.
const REMEMBERED: usize = 200;

/// What is to play, and where.
#[derive(Clone)]
pub struct Setup {
    /// One graph file, or two to compare.
    pub graphs: Vec<PathBuf>,
    /// The sound system.
    pub host: Host,
    /// The device that is heard by inputs that name none; the one that the system prefers, if nothing.
    pub input: Option<String>,
    /// The device that plays outputs that name none, likewise.
    pub output: Option<String>,
    /// Samples a second of the devices; those of the graph, or what is nearest, if nothing.
    pub rate: Option<u32>,
    /// Frames a callback; a block of the graph, or what is nearest, if nothing.
    pub block: Option<u32>,
    /// Threads ask to go before all ordinary ones.
    pub realtime: bool,
    /// The folder to record everything to, so that it can be played again; it must be new or empty.
    pub record: Option<PathBuf>,
    /// Where the last seconds are written when they are wanted, or something happens.
    pub dumps: PathBuf,
}

/// Why nothing can be heard.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The graph has mistakes.
    #[error("{}", .0.0.trim_end())]
    Graph(Mistakes),
    /// A device.
    #[error(transparent)]
    Sound(#[from] SoundError),
    /// A device and a port do not fit.
    #[error("`{port}` and `{device}`: {why}")]
    Edge {
        /// The input or output of the graph.
        port: String,
        /// The device.
        device: String,
        /// Why not.
        why: EdgeError,
    },
    /// The system has no thread to give.
    #[error("the system gives no thread: {0}")]
    Thread(#[from] std::io::Error),
    /// Nothing comes in and nothing goes out.
    #[error("{0} has neither a sound input nor a sound output: there is nothing to play or to hear live")]
    Nothing(String),
    /// The recording cannot begin.
    #[error("cannot record to {}: {why}; name a new folder, or an empty one", folder.display())]
    Record {
        /// The folder.
        folder: PathBuf,
        /// In the words of the system.
        why: std::io::Error,
    },
    /// The two graphs are not alike.
    #[error("{0} cannot be compared with {1}: inputs and outputs must have the same names and channels")]
    Unlike(String, String),
}

/// What is wanted of a device: its name, which way sound goes, and who uses it.
struct Place {
    line: Line,
    /// Inputs of the graph that hear it, or outputs that it plays.
    ports: Vec<usize>,
    /// Channels that it had in the beginning: what goes to it is mixed on so many.
    width: usize,
    /// The file in the place of a device.
    file: Option<places::FileCard>,
}

/// A graph that plays.
pub struct Session {
    setup: Setup,
    workers: Workers,
    /// Samples a second of the player.
    rate: u32,
    piece: Piece,
    places: Vec<Place>,
    /// The place that drives.
    driver: usize,
    home: Home,
    /// The stage, while no device drives.
    stage: Option<Box<Stage>>,
    /// It is with a callback that does not come back.
    away: Option<anew::Away>,
    /// Graphs that need other devices, on their way.
    other: Option<anew::Other>,
    /// Seconds played before all this began anew.
    before: f64,
    orders: Orders,
    recorder: Recorder,
    /// By input, and by place.
    takers: Vec<Plug<TakeEnd>>,
    feeders: Vec<Option<Plug<FeedEnd>>>,
    /// By input, and by place.
    intakes: Vec<Option<Gauge>>,
    outlets: Vec<Option<Gauge>>,
    graphs: [Option<Graph>; DECKS],
    /// Where the two graphs are.
    slots: [Option<usize>; 2],
    coming: Vec<reload::Coming>,
    reload: reload::Reload,
    ears: Ears,
    glides: Vec<knobs::Glide>,
    played: Arc<AtomicU64>,
    /// By input, and by output.
    levels: [Vec<Option<Levels>>; 2],
    analyser: Analyser,
    spectrum: Spectrum,
    /// When loudness was matched last.
    matched_at: Option<Instant>,
    /// A burst is on its way; and what the last one told.
    measures: bool,
    round_trip_ms: Option<f64>,
    events: VecDeque<Happening>,
    notes: VecDeque<Note>,
    gaps: VecDeque<Xrun>,
    xruns: u64,
    starved: u64,
    blamed: Option<(Instant, Whose)>,
    last_gap: Option<Instant>,
    wrong: Option<String>,
    /// When nodes that are new are looked at for the first time.
    settles_at: Instant,
    /// The time of the last turn.
    now: Instant,
    quit: bool,
}

impl Session {
    /// Opens devices, compiles the graphs for them, and plays.
    ///
    /// # Errors
    /// [`LiveError`].
    pub fn open(setup: Setup, workers: Workers) -> Result<Self, LiveError> {
        build::open(setup, workers)
    }

    /// Whether it was asked to end.
    pub fn quits(&self) -> bool {
        self.quit
    }

    /// Does what a user asks.
    ///
    /// # Errors
    /// Why not, and the way out.
    pub fn act(&mut self, act: Act) -> Result<(), String> {
        match act {
            Act::Bypass(on) => self.ears.shown.bypassed = on,
            Act::Mute(on) => self.ears.shown.muted = on,
            Act::Hear(deck) => self.ears.hear(deck)?,
            Act::Blind(on) => self.ears.blind(on)?,
            Act::Guess(deck) => self.ears.guess(deck)?,
            Act::Set { node, param, value, ramp_ms } => return self.set(&node, &param, &value, ramp_ms),
            Act::Load(path) => return self.load(&path),
            Act::Save(path) => return self.save(&path),
            Act::Reload => {
                self.reload.all();
                return Ok(());
            }
            Act::Measure => return self.measure(),
            Act::Dump => {
                self.recorder.dump();
                return Ok(());
            }
            Act::Clear => self.clear(),
            Act::Quit => self.quit = true,
        }
        self.hear();
        Ok(())
    }

    /// What the graph that is heard costs.
    pub fn accounts(&self) -> Option<Accounts> {
        self.heard().map(Graph::accounts)
    }

    /// Tells the user something.
    pub fn tell(&mut self, text: String) {
        self.note(text, false);
    }

    /// Tells the user that something cannot be done.
    pub fn refuse(&mut self, why: String) {
        self.note(why, true);
    }

    /// Looks after everything: call it some twenty times a second, with the time. Afterwards [`Session::scene`] is up to
    /// date.
    pub fn turn(&mut self, now: Instant) {
        self.now = now;
        self.tend_lines(now);
        self.tend_away(now);
        self.tend_other(now);
        self.tend_graphs();
        self.tend_long(now);
        self.tend_glides(now);
        if now >= self.settles_at {
            self.graphs.iter_mut().flatten().for_each(Graph::settle);
            self.settles_at = now + SETTLES;
        }
        self.tend_loudness();
        self.tend_burst();
        self.analyser.update(&mut self.spectrum, COLUMNS);
        self.tend_files(now);
        for (text, warns) in self.recorder.notes() {
            self.note(text, warns);
        }
    }

    /// Fades out, and closes everything. What hangs is told.
    pub fn close(mut self) -> Vec<String> {
        (self.ears.shown.muted, self.ears.shown.bypassed) = (true, false);
        self.hear();
        let plays = self.places[self.driver].line.got().is_some();
        if plays {
            std::thread::sleep(Duration::from_millis(u64::from(OVER_MS) + 50));
        }
        let closing: Vec<_> =
            self.places.iter_mut().filter_map(|place| place.line.close("the end", self.now)).collect();
        closing.into_iter().for_each(|closing| drop(closing.join()));
        let mut said: Vec<String> = self.graphs.iter_mut().flatten().flat_map(Graph::stop).collect();
        said.extend(self.places.iter().filter_map(|place| place.file.as_ref()?.finish()));
        said.extend(self.recorder.close());
        said
    }

    fn time(&self) -> f64 {
        self.before + self.played.load(Relaxed) as f64 / f64::from(self.rate.max(1))
    }

    /// Starts a graph in a slot, unheard, so many frames later than it has to be.
    fn insert(&mut self, slot: usize, made: Made, later: usize, weighed: bool) -> std::io::Result<()> {
        let copied = self.recorder.copy(&made, &self.workers);
        let (mut graph, deck, facts, notes) = Graph::start(made, self.piece, later, self.setup.realtime, weighed)?;
        notes.into_iter().for_each(|note| self.note(note, true));
        graph.deck = self.recorder.inserted(slot, copied, later, facts);
        self.give(Order::Insert(slot, deck));
        self.graphs[slot] = Some(graph);
        Ok(())
    }

    fn note(&mut self, text: impl Into<String>, warns: bool) {
        let note = Note { time: self.time(), text: text.into(), warns };
        if self.notes.back().is_none_or(|last| last.text != note.text) {
            self.recorder.noted(note.time, &note.text);
            self.notes.push_back(note);
        }
        if self.notes.len() > REMEMBERED {
            self.notes.pop_front();
        }
    }

    fn over(&self) -> u32 {
        self.rate * OVER_MS / 1000
    }

    fn give(&mut self, order: Order) {
        let entry = Entry::of_order(&order);
        if self.orders.give(order).is_ok() {
            self.recorder.ordered(entry);
        } else {
            self.note("too many changes came at once, and one is lost; try again", true);
        }
    }

    /// Lets be heard who is to be heard.
    fn hear(&mut self) {
        let (decks, dry) = self.ears.gains(self.slots);
        let frames = self.over();
        self.give(Order::Hear { decks, dry, frames });
        let later = self.slots[usize::from(self.ears.deck() == Deck::B)]
            .and_then(|slot| self.graphs[slot].as_ref())
            .map(|_| self.graph_latency());
        if let Some(later) = later {
            self.give(Order::Later(later));
        }
    }

    /// By how many frames the sound of two graphs is late: as the slower of them.
    fn graph_latency(&self) -> usize {
        let own = |slot: &Option<usize>| Some(build::latency(self.graphs[(*slot)?].as_ref()?.plan(), self.piece));
        self.slots.iter().filter_map(own).max().unwrap_or(0)
    }

    /// The graph that is told of: the one that is heard, or the first where it is not to be known which that is.
    fn heard(&self) -> Option<&Graph> {
        let second = self.ears.shown.deck == Deck::B;
        self.graphs[self.slots[usize::from(second)]?].as_ref()
    }

    fn clear(&mut self) {
        self.levels.iter_mut().flatten().flatten().for_each(Levels::clear);
        self.graphs.iter_mut().flatten().for_each(Graph::clear);
        self.xruns = 0;
        self.gaps.clear();
    }

    fn tend_graphs(&mut self) {
        let now = self.time();
        let mut told = vec![];
        for slot in 0..DECKS {
            let shown = self.slots[usize::from(self.ears.shown.deck == Deck::B)] == Some(slot);
            if let Some(graph) = &mut self.graphs[slot] {
                let of_graph = graph.told(now);
                self.recorder.set(graph.deck, graph.sent());
                // Of two graphs that are compared, the events of the one that is told of are shown.
                told.extend(of_graph.into_iter().filter(|told| shown || matches!(told, Told::Note(..))));
            }
        }
        for told in told {
            match told {
                Told::Note(text, warns) => {
                    if warns {
                        self.recorder.dump_because(text.clone(), self.now);
                    }
                    self.note(text, warns);
                }
                Told::Event(event) => {
                    self.events.push_back(event);
                    if self.events.len() > REMEMBERED {
                        self.events.pop_front();
                    }
                }
            }
        }
    }
}
