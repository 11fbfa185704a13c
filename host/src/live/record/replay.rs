//! Plays a recording again, and compares what comes with what was heard.
use super::copy::sum_of;
use super::journal::{Build, Copied, Entry, FILE, Start, Track, VERSION};
use crate::control::{Engine, Report, Sent};
use crate::graph::Plan;
use crate::install::hash;
use crate::io::{AudioError, AudioReader, AudioWriter, Encoding};
use crate::live::graph::{Compiling, Made, Mistakes};
use crate::live::player::{Burst, Deck, Order, Orders, Planes, Player};
use crate::plugin::Workers;
use crate::render::{Fact, Script};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

mod compare; // with what was heard
mod deck; //    a graph that plays as it did

pub use compare::Compared;
use compare::Track as Against;
use deck::Playing;

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// It is none.
    #[error("{} is no recording: there is no {FILE} in it ({why}); `aw live --record DIR` makes one", folder.display())]
    None {
        /// The folder.
        folder: PathBuf,
        /// In the words of the system.
        why: std::io::Error,
    },
    /// A line cannot be read.
    #[error("{}, line {line}: {why}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Which, from 1.
        line: usize,
        /// Why not.
        why: String,
    },
    /// It was written in another way.
    #[error("{} is written in version {found} of this format, and this aw reads version {VERSION}: it was made by {made_by}", file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u64,
        /// Who made it.
        made_by: String,
    },
    /// A worker is not here.
    #[error(
        "`{library}` with the worker `{worker}` is not found; put the build with CRC-32 {crc} into a folder and name it with --workers"
    )]
    Worker {
        /// The library.
        library: String,
        /// The worker.
        worker: String,
        /// Its build.
        crc: String,
    },
    /// A worker is of another build.
    #[error(
        "`{library}` was recorded as the build with CRC-32 {recorded}, and {} is another with CRC-32 {found}, which may compute \
         other bits; name the folder of the first with --workers, or add --anyway to hear this one", path.display()
    )]
    Build {
        /// The library.
        library: String,
        /// The build that was recorded.
        recorded: String,
        /// The build that was found.
        found: String,
        /// Where.
        path: PathBuf,
    },
    /// A file that a graph names is not here.
    #[error("{from}, which the graph names as `{written}`, {why}; the recording needs the one with SHA-256 {sha256}")]
    File {
        /// Where it was.
        from: String,
        /// As the graph has it.
        written: String,
        /// What is wrong.
        why: &'static str,
        /// Its sum.
        sha256: String,
    },
    /// A graph cannot be compiled any more.
    #[error("{}", .0.0.trim_end())]
    Graph(Mistakes),
    /// Something in the journal cannot be.
    #[error("{}: {what}", file.display())]
    Odd {
        /// The file.
        file: PathBuf,
        /// What.
        what: String,
    },
    /// A sound file.
    #[error(transparent)]
    Sound(#[from] AudioError),
    /// The system has no thread to give.
    #[error("the system gives no thread: {0}")]
    Thread(std::io::Error),
}

/// A recording as it was read.
pub struct Bundle {
    folder: PathBuf,
    start: Start,
    graphs: BTreeMap<u32, Copied>,
    orders: VecDeque<Entry>,
    decks: BTreeMap<u32, Scripted>,
    pieces: Vec<Entry>,
    /// It has its end.
    ended: bool,
    /// What is to be said of it.
    notes: Vec<String>,
}

/// What happened to a deck.
#[derive(Default)]
struct Scripted {
    asked: VecDeque<Asked>,
    facts: Vec<Fact>,
}

/// What the control side asked of a deck.
enum Asked {
    Set(Sent),
    Change(u32, BTreeSet<String>),
}

/// What came of playing it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By output.
    pub outputs: Vec<Compared>,
    /// It begins with the session.
    pub whole: bool,
    /// Frames that nobody kept.
    pub lost: u64,
    /// Seconds played.
    pub seconds: f64,
    /// Graphs gone over to.
    pub changes: usize,
    /// Answers of lanes that were late, by node.
    pub late: BTreeMap<String, u64>,
    /// Nodes that failed, and why.
    pub failed: Vec<String>,
    /// What else is to be said.
    pub notes: Vec<String>,
}

impl Outcome {
    /// Whether all is as it was; where the past of workers was not kept, whether it is in the end.
    pub fn is_same(&self) -> bool {
        self.lost == 0 && self.outputs.iter().all(|output| output.is_same(self.whole))
    }
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

    fn frames(&self) -> u64 {
        let frames = |entry: &Entry| match *entry {
            Entry::Pieces { frames, times, .. } => u64::from(frames) * u64::from(times),
            Entry::Hole { frames, .. } => u64::from(frames),
            _ => 0,
        };
        self.pieces.iter().map(frames).sum()
    }

    fn odd(&self, what: impl Into<String>) -> RecordedError {
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

/// Where to, and with what.
pub struct Replay<'a> {
    /// All workers.
    pub workers: &'a Workers,
    /// Other builds of workers are played, too.
    pub anyway: bool,
    /// Files to write what comes to, by output.
    pub write: BTreeMap<String, PathBuf>,
    /// How their samples are written.
    pub encoding: Encoding,
    /// Set when it is to end early.
    pub stop: &'a AtomicBool,
    /// Called with the seconds played.
    pub played: &'a dyn Fn(f64),
}

impl Replay<'_> {
    /// Plays a recording, and compares.
    ///
    /// # Errors
    /// [`RecordedError`].
    pub fn play(&self, mut bundle: Bundle) -> Result<Outcome, RecordedError> {
        let mut outcome = Outcome { whole: bundle.start.whole, ..Outcome::default() };
        outcome.notes.append(&mut bundle.notes);
        bundle.graphs.values().try_for_each(|copied| self.check_builds(copied, &mut outcome.notes))?;
        self.note_machine(&bundle, &mut outcome.notes);
        let first = bundle.graphs.values().next().ok_or_else(|| bundle.odd("it names no graph"))?;
        let plan = self.compile(&bundle, first, &mut outcome.notes)?.compiled.plan;
        if super::tracks(&plan) != (bundle.start.inputs.clone(), bundle.start.outputs.clone()) {
            return Err(bundle.odd("inputs and outputs are not those of the graph"));
        }
        let Start { rate, piece, longest, .. } = bundle.start;
        let (player, orders) = Player::new(&plan, rate, piece, longest);
        let mut round = Round {
            replay: self,
            player,
            orders,
            playing: BTreeMap::new(),
            slots: BTreeMap::new(),
            inputs: open(&bundle, &bundle.start.inputs)?,
            outputs: self.against(&bundle, &plan)?,
            outcome,
            frames: 0,
        };
        let result = round.all(&mut bundle);
        for (_, playing) in std::mem::take(&mut round.playing) {
            playing.end(&mut round.outcome);
        }
        result?;
        let mut outcome = round.outcome;
        outcome.seconds = round.frames as f64 / f64::from(rate.max(1));
        outcome.outputs = round.outputs.into_iter().map(Against::finish).collect::<Result<_, _>>()?;
        Ok(outcome)
    }

    fn against(&self, bundle: &Bundle, plan: &Plan) -> Result<Vec<Against>, RecordedError> {
        let all = plan.outputs.iter().enumerate();
        let sound = all.filter(|(_, output)| matches!(output.kind, crate::graph::OutputKind::Audio(_)));
        let rate = bundle.start.rate;
        let frames = bundle.frames();
        let track = |((at, _), track): ((usize, _), &Track)| {
            let reader = AudioReader::open(bundle.folder.join(&track.file))?;
            let writer = self.write.get(&track.name);
            let writer =
                writer.map(|path| AudioWriter::create(path, rate, track.channels, self.encoding)).transpose()?;
            Ok(Against::new(at, track.name.clone(), track.channels, rate, frames, reader, writer))
        };
        sound.zip(&bundle.start.outputs).map(track).collect()
    }

    /// A build of a worker that is not here, or another.
    fn check_builds(&self, copied: &Copied, notes: &mut Vec<String>) -> Result<(), RecordedError> {
        for Build { library, crc, workers, .. } in &copied.libraries {
            let recorded = crc.clone().unwrap_or_else(|| "unknown".into());
            for worker in workers {
                let Some(found) = self.workers.get(worker) else {
                    let (library, worker) = (library.clone(), worker.clone());
                    return Err(RecordedError::Worker { library, worker, crc: recorded });
                };
                let now = found.library.crc().map_or("unknown".into(), |crc| format!("{crc:08x}"));
                if now == recorded {
                    continue;
                }
                let path = found.library.path.clone();
                let error =
                    RecordedError::Build { library: library.clone(), recorded: recorded.clone(), found: now, path };
                if !self.anyway {
                    return Err(error);
                }
                let note = error.to_string();
                let note = note.split(", which may").next().unwrap_or(&note).to_string();
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        Ok(())
    }

    fn note_machine(&self, bundle: &Bundle, notes: &mut Vec<String>) {
        let Start { machine, cpu, .. } = &bundle.start;
        let (here, has) = (crate::install::machine(), crate::doctor::cpu_features());
        if *machine != here || *cpu != has {
            notes.push(format!(
                "recorded on {machine} with {}, played on {here} with {}: last bits may differ",
                cpu.join(" "),
                has.join(" ")
            ));
        }
    }

    fn compile(&self, bundle: &Bundle, copied: &Copied, notes: &mut Vec<String>) -> Result<Made, RecordedError> {
        let path = bundle.folder.join(&copied.file);
        let (mut file, diags) = Made::read(&path).map_err(RecordedError::Graph)?;
        let mut places = BTreeMap::new();
        for named in &copied.named {
            let wrong = |why| {
                let (from, written, sha256) = (named.from.clone(), named.written.clone(), named.sha256.clone());
                RecordedError::File { from, written, why, sha256 }
            };
            let here = named.file.as_ref().map_or(PathBuf::from(&named.from), |file| bundle.folder.join(file));
            match hash::of_file(&here) {
                Ok(sum) if sum == named.sha256 => drop(places.insert(named.written.clone(), absolute(here))),
                Ok(_) => return Err(wrong("is another file here")),
                Err(_) if named.file.is_some() => return Err(wrong("is missing in the recording")),
                Err(_) => return Err(wrong("is not there, and was not recorded: it was too large, or is a library")),
            }
        }
        file.rename(self.workers, &places);
        let by = Compiling { path: &path, workers: self.workers, rate: copied.rate };
        let made = Made::compile(by, file, diags).map_err(RecordedError::Graph)?;
        if sum_of(&made.compiled.plan) != copied.plan {
            notes.push(format!("{} is planned otherwise than when it was recorded", copied.file));
        }
        Ok(made)
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// A file, and room for a piece of it.
type Open = (AudioReader, Vec<Vec<f32>>);

fn open(bundle: &Bundle, tracks: &[Track]) -> Result<Vec<Open>, RecordedError> {
    let open = |track: &Track| {
        let reader = AudioReader::open(bundle.folder.join(&track.file))?;
        if reader.spec().channels != track.channels {
            return Err(bundle.odd(format!("{} has {} channels", track.file, reader.spec().channels)));
        }
        Ok((reader, vec![vec![]; track.channels]))
    };
    tracks.iter().map(open).collect()
}

/// A recording that is being played.
struct Round<'a> {
    replay: &'a Replay<'a>,
    player: Box<Player>,
    orders: Orders,
    /// By deck.
    playing: BTreeMap<u32, Playing>,
    /// The deck in each slot.
    slots: BTreeMap<usize, u32>,
    inputs: Vec<(AudioReader, Vec<Vec<f32>>)>,
    outputs: Vec<Against>,
    outcome: Outcome,
    frames: u64,
}

impl Round<'_> {
    fn all(&mut self, bundle: &mut Bundle) -> Result<(), RecordedError> {
        let most = bundle.start.piece.most().max(1) as u32;
        for entry in std::mem::take(&mut bundle.pieces) {
            let (frames, times, mut orders, is_lost) = match entry {
                Entry::Pieces { frames, times, orders } => (frames, times, orders, false),
                Entry::Hole { frames, orders } => (frames, 1, orders, true),
                _ => continue,
            };
            if frames > most && !is_lost {
                return Err(bundle.odd(format!("a piece of {frames} frames is longer than {most}")));
            }
            for _ in 0..times {
                let mut left = frames;
                while left > 0 {
                    let piece = left.min(most);
                    self.order(bundle, std::mem::take(&mut orders))?;
                    if self.replay.stop.load(Relaxed) || !self.piece(bundle, piece as usize, is_lost)? {
                        return Ok(());
                    }
                    left -= piece;
                }
            }
        }
        Ok(())
    }

    /// Gives the orders that were obeyed before the next piece.
    fn order(&mut self, bundle: &mut Bundle, count: u32) -> Result<(), RecordedError> {
        for _ in 0..count {
            let Some(entry) = bundle.orders.pop_front() else {
                return Err(bundle.odd("more orders were obeyed than are told of"));
            };
            let order = match entry {
                Entry::Insert { deck, slot, graph, later } => {
                    let (playing, sound) = self.begin(bundle, deck, graph, later)?;
                    self.gone(slot);
                    self.playing.insert(deck, playing);
                    self.slots.insert(slot, deck);
                    Order::Insert(slot, sound)
                }
                Entry::Remove { slot } => {
                    self.gone(slot);
                    Order::Remove(slot)
                }
                Entry::Hear { decks, dry, frames } => Order::Hear { decks, dry, frames },
                Entry::Later { frames } => Order::Later(frames),
                Entry::Measure {} => Order::Measure(Burst::new(bundle.start.rate)),
                _ => continue,
            };
            if matches!(&order, Order::Insert(slot, _) | Order::Remove(slot) if *slot >= crate::live::player::DECKS) {
                return Err(bundle.odd("there is no such slot"));
            }
            if self.orders.give(order).is_err() {
                return Err(bundle.odd("more orders were obeyed at once than can be"));
            }
        }
        Ok(())
    }

    fn gone(&mut self, slot: usize) {
        let gone = self.slots.remove(&slot).and_then(|deck| self.playing.remove(&deck));
        if let Some(gone) = gone {
            gone.end(&mut self.outcome);
        }
    }

    fn begin(
        &mut self,
        bundle: &mut Bundle,
        deck: u32,
        graph: u32,
        later: usize,
    ) -> Result<(Playing, Box<Deck>), RecordedError> {
        let copied = bundle.graphs.get(&graph).ok_or_else(|| bundle.odd(format!("there is no graph {graph}")))?;
        let made = self.replay.compile(bundle, copied, &mut self.outcome.notes)?;
        let plan = made.compiled.plan.clone();
        let scripted = bundle.decks.remove(&deck).unwrap_or_default();
        let (mut engine, mut renderer, _) =
            Engine::start_on_threads(made.compiled, false, false).map_err(RecordedError::Thread)?;
        let left_out = copied.without.iter().filter_map(|node| engine.leave_out(&mut renderer, node));
        left_out.for_each(|one| report(&mut self.outcome, one));
        let astray = Arc::<AtomicU64>::default();
        renderer.follow(Script::new(scripted.facts, astray.clone()));
        let sound = Box::new(Deck::new(renderer, &plan, bundle.start.piece, later, None));
        Ok((Playing { engine, asked: scripted.asked, astray }, sound))
    }

    /// Plays a piece; answers whether there was one.
    fn piece(&mut self, bundle: &Bundle, frames: usize, is_lost: bool) -> Result<bool, RecordedError> {
        for playing in self.playing.values_mut() {
            playing.turn(&mut self.outcome, |graph, notes| {
                let copied =
                    bundle.graphs.get(&graph).ok_or_else(|| bundle.odd(format!("there is no graph {graph}")))?;
                Ok(self.replay.compile(bundle, copied, notes)?.compiled)
            })?;
        }
        for (reader, planes) in &mut self.inputs {
            planes.iter_mut().for_each(|plane| plane.resize(frames, 0.0));
            if reader.read(planes)? < frames {
                self.outcome.notes.push("the sound of an input ends before the journal does".into());
                return Ok(false);
            }
        }
        let (inputs, outputs) = (&self.inputs, &mut self.outputs);
        let mut result = Ok(());
        self.player.play(
            frames,
            |input, planes: &mut Planes| {
                for (channel, plane) in inputs[input].1.iter().enumerate() {
                    planes.plane_mut(channel, frames).copy_from_slice(plane);
                }
            },
            |output, planes| {
                let heard = outputs.iter_mut().filter(|track| track.output == output);
                heard.for_each(|track| {
                    if let Err(why) = track.take(planes, frames) {
                        result = Err(why);
                    }
                });
            },
        );
        result?;
        while self.orders.home().is_some() {}
        self.frames += frames as u64;
        self.outcome.lost += if is_lost { frames as u64 } else { 0 };
        (self.replay.played)(self.frames as f64 / f64::from(bundle.start.rate.max(1)));
        Ok(true)
    }
}

/// What was wrong while a deck played again.
fn report(outcome: &mut Outcome, report: Report) {
    match report {
        Report::Late { node, firings, .. } => *outcome.late.entry(node).or_default() += firings,
        Report::Failed { node, why, .. } => outcome.failed.push(format!("`{node}` {why}")),
        Report::Event { .. } | Report::Says { .. } => {}
    }
}
