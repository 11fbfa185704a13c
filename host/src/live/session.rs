//! A graph that plays on devices: opened, looked after, changed, told of.
use super::act::Act;
use super::edge::{self, Channels, Clocks, Driver, EdgeError, FeedEnd, Gauge, Plug, Pulse, Spec, TakeEnd, Taker, Way};
use super::graph::{Graph, Made, Mistakes, Told};
use super::hearing::Ears;
use super::levels::{self, Analyser, Levels};
use super::lines::{Line, Turn};
use super::player::{DECKS, Order, Orders, Piece, Planes, Player};
use super::scene::{Clock, Deck, Happening, Latency, Note, Port, Scene, Spectrum, Whose, Xrun};
use super::stage::{Bus, Call, Home, Looks, Stage};
use crate::graph::{GraphFile, OutputKind, Plan};
use crate::plugin::Workers;
use crate::sound::{Direction, Host, HostName, SoundError, Wish};
use crossbeam_queue::ArrayQueue;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

mod build; //   what lies between devices and graphs
mod reload; //  files that change while they are heard
mod show; //    what is to be seen

/// Milliseconds in which one sound goes over to another.
const OVER_MS: u32 = 30;
/// Seconds that the sound which came in may have to be late.
const LONGEST: usize = 5;
/// Columns of the spectrogram that are remembered.
const COLUMNS: usize = 512;
/// The most by which a graph is made louder or softer to be as loud as another, in dB.
const MOST_MATCHED_DB: f64 = 24.0;
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
    /// An input or output is bound to a file.
    #[error("`{0}` is bound to a file by `wav`: write `device` instead to use it live, or use `aw replay`")]
    File(String),
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
    orders: Orders,
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
    glides: Vec<Glide>,
    played: Arc<AtomicU64>,
    /// By input, and by output.
    levels: [Vec<Option<Levels>>; 2],
    analyser: Analyser,
    spectrum: Spectrum,
    events: VecDeque<Happening>,
    notes: VecDeque<Note>,
    gaps: VecDeque<Xrun>,
    xruns: u64,
    starved: u64,
    blamed: Option<(Instant, Whose)>,
    last_gap: Option<Instant>,
    wrong: Option<String>,
    /// The time of the last turn.
    now: Instant,
    quit: bool,
}

/// A live parameter on its way.
struct Glide {
    node: String,
    param: String,
    from: f64,
    to: f64,
    start: Instant,
    takes: Duration,
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
            Act::Dump => return Err("this version keeps no recording".into()),
            Act::Clear => self.clear(),
            Act::Quit => self.quit = true,
        }
        self.hear();
        Ok(())
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
        self.tend_graphs();
        self.tend_long(now);
        self.tend_glides(now);
        self.tend_loudness();
        self.analyser.update(&mut self.spectrum, COLUMNS);
        self.tend_files(now);
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
        self.graphs.iter_mut().flatten().flat_map(Graph::stop).collect()
    }

    fn time(&self) -> f64 {
        self.played.load(Relaxed) as f64 / f64::from(self.rate.max(1))
    }

    fn note(&mut self, text: impl Into<String>, warns: bool) {
        let note = Note { time: self.time(), text: text.into(), warns };
        if self.notes.back().is_none_or(|last| last.text != note.text) {
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
        if self.orders.give(order).is_err() {
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
            .map(|graph| self.latency_of(graph.plan()));
        if let Some(later) = later {
            self.give(Order::Later(later));
        }
    }

    /// By how many frames the sound of two graphs is late: as the slower of them.
    fn latency_of(&self, _: &Plan) -> usize {
        let own = |slot: &Option<usize>| Some(build::latency(self.graphs[(*slot)?].as_ref()?.plan(), self.piece));
        self.slots.iter().filter_map(own).max().unwrap_or(0)
    }

    fn heard(&self) -> Option<&Graph> {
        self.graphs[self.slots[0]?].as_ref()
    }

    fn set(&mut self, node: &str, param: &str, value: &str, ramp_ms: f64) -> Result<(), String> {
        let from = self.heard().and_then(|graph| graph.value(node, param));
        let to = self.heard().and_then(|graph| graph.read(node, param, value));
        self.glides.retain(|glide| (glide.node.as_str(), glide.param.as_str()) != (node, param));
        if let (Some(from), Some(to), true) = (from, to, ramp_ms > 0.0) {
            let takes = Duration::from_secs_f64((ramp_ms / 1000.0).min(3600.0));
            let (node, param) = (node.to_string(), param.to_string());
            self.glides.push(Glide { node, param, from, to, start: self.now, takes });
            return Ok(());
        }
        self.set_now(node, param, value)
    }

    /// Both graphs that are compared have it set if they have it.
    fn set_now(&mut self, node: &str, param: &str, value: &str) -> Result<(), String> {
        let mut result = Err("nothing plays".to_string());
        for slot in self.slots.into_iter().flatten() {
            let Some(graph) = &mut self.graphs[slot] else { continue };
            let set = graph.set(node, param, value);
            result = if result.is_ok() { result } else { set };
        }
        result
    }

    fn tend_glides(&mut self, now: Instant) {
        for glide in std::mem::take(&mut self.glides) {
            let share = now.duration_since(glide.start).as_secs_f64() / glide.takes.as_secs_f64();
            let value = glide.from + (glide.to - glide.from) * share.clamp(0.0, 1.0);
            let text = self.heard().and_then(|graph| graph.text(&glide.node, &glide.param, value));
            if let Some(Err(why)) = text.map(|text| self.set_now(&glide.node, &glide.param, &text)) {
                self.note(why, true);
            } else if share < 1.0 {
                self.glides.push(glide);
            }
        }
    }

    /// The second graph is made as loud as the first.
    fn tend_loudness(&mut self) {
        let [Some(a), Some(b)] = self.slots else { return };
        let mut loudness = |slot: usize| self.graphs[slot].as_mut().and_then(Graph::loudness);
        if let (Some(a), Some(b)) = (loudness(a), loudness(b)) {
            let matched = (a - b).clamp(-MOST_MATCHED_DB, MOST_MATCHED_DB);
            if (matched - self.ears.shown.matched_db).abs() > 0.02 {
                self.ears.shown.matched_db = matched;
                self.hear();
            }
        }
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
            let shown = self.slots[0] == Some(slot);
            if let Some(graph) = &mut self.graphs[slot] {
                let of_graph = graph.told(now);
                // Of two graphs that are compared, the events of the first are shown.
                told.extend(of_graph.into_iter().filter(|told| shown || matches!(told, Told::Note(..))));
            }
        }
        for told in told {
            match told {
                Told::Note(text, warns) => self.note(text, warns),
                Told::Event(event) => {
                    self.events.push_back(event);
                    if self.events.len() > REMEMBERED {
                        self.events.pop_front();
                    }
                }
            }
        }
    }

    /// Who took too long is to blame for gaps that the sound system tells of soon after.
    fn tend_long(&mut self, now: Instant) {
        while let Some(long) = self.orders.long() {
            let name = |(slot, step): (usize, usize)| {
                let plan = self.graphs[slot].as_ref()?.plan();
                Some(plan.steps.get(step)?.name.clone())
            };
            let whose = long.step.and_then(name).map_or(Whose::Machine, Whose::Node);
            self.blamed = Some((now, whose));
        }
    }

    fn gap(&mut self, now: Instant) {
        let recent = |at: Instant| now.duration_since(at) < Duration::from_millis(500);
        let blamed = self.blamed.take().filter(|(at, _)| recent(*at));
        let whose = blamed.map_or(Whose::System, |(_, whose)| whose);
        // Input and output of one card tell of the same.
        let last = self.last_gap.replace(now);
        if last.is_some_and(|last| now.duration_since(last) < Duration::from_millis(30)) {
            return;
        }
        self.xruns += 1;
        self.gaps.push_back(Xrun { time: self.time(), whose });
        if self.gaps.len() > REMEMBERED {
            self.gaps.pop_front();
        }
    }

    fn tend_lines(&mut self, now: Instant) {
        for at in 0..self.places.len() {
            let turn = self.places[at].line.turn(now);
            let line = &self.places[at].line;
            let (name, what) = (line.name.clone(), line.direction.as_str());
            match turn {
                Turn::Same => {}
                Turn::Note(why) => self.note(why, true),
                Turn::Lost => self.gap(now),
                Turn::Back => self.note(format!("the {what} `{name}` is back"), false),
                Turn::Dead { why, told } => {
                    if !told {
                        self.note(format!("the {what} `{name}` is gone ({why}); it is waited for"), true);
                    }
                    if at == self.driver {
                        self.take_stage();
                    } else if self.places[at].line.direction == Direction::Input {
                        for &port in &self.places[at].ports {
                            let _under_way = self.takers[port].detach();
                        }
                    }
                }
                Turn::Open => match self.connect(at) {
                    Ok(()) => {
                        if at == self.driver {
                            // What came while nothing played is old.
                            (0..self.places.len()).filter(|other| *other != at).for_each(|other| self.reconnect(other));
                        }
                    }
                    Err(why) => {
                        self.note(why.to_string(), true);
                        let _closing = self.places[at].line.close(&why.to_string(), now);
                    }
                },
            }
        }
        // While no device drives, nobody else does what the plugs ask.
        self.stage.iter_mut().for_each(|stage| stage.settle());
        for plug in &mut self.takers {
            plug.free();
        }
        for plug in self.feeders.iter_mut().flatten() {
            plug.free();
        }
        if self.places[self.driver].line.got().is_some() {
            let starved: u64 = self.intakes.iter().flatten().map(Gauge::starved).sum();
            if starved > self.starved {
                self.gap(now);
            }
            self.starved = starved;
        }
    }

    /// Takes the stage away from a callback that has died, with all that the graphs remember.
    fn take_stage(&mut self) {
        let patience = Instant::now() + Duration::from_millis(500);
        while self.stage.is_none() && Instant::now() < patience {
            self.stage = self.home.pop();
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.stage.is_none() {
            self.note("the graph hangs within its callback, and cannot be played on: start again", true);
        }
        self.home = Arc::new(ArrayQueue::new(1));
    }
}
