//! The last seconds, in memory: all that a recording has, without its beginning.
//!
//! What was before them is kept as far as it is a state: which graphs play, which live parameters are set, who is heard.
//! What workers remember is not, so a recording that does not begin with the session begins with workers that have just
//! been made.
use super::copy::Copy;
use super::disk::{self, Disk};
use super::journal::{Entry, Start};
use crate::control::{Birth, Sent};
use crate::live::player::Played;
use crate::render::What;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Something that happened.
#[derive(Clone)]
enum Event {
    Entry(Entry),
    Piece(Played, Arc<[f32]>),
}

/// The last seconds.
#[derive(Clone)]
pub struct Memory {
    /// Frames that are kept.
    most: u64,
    frames: u64,
    events: VecDeque<Event>,
    before: Before,
    graphs: BTreeMap<u32, Arc<Copy>>,
}

/// What was so when the oldest event happened.
#[derive(Clone, Default)]
struct Before {
    /// Frames played.
    frames: u64,
    /// Something has been forgotten.
    forgot: bool,
    decks: BTreeMap<u32, DeckBefore>,
    heard: Option<Entry>,
    later: Option<Entry>,
    /// Orders given and not obeyed; they count as obeyed.
    pending: u32,
    /// Facts of blocks that are still to come.
    ahead: Vec<Entry>,
}

#[derive(Clone)]
struct DeckBefore {
    slot: usize,
    graph: u32,
    later: usize,
    /// Frames played when it began.
    from: u64,
    set: BTreeMap<(String, u32), f64>,
    changes: u32,
    /// Programs that have not taken over, and messages that were not obeyed: they count as if they were.
    programs: u32,
    messages: u32,
}

impl Memory {
    /// Of so many frames.
    pub fn new(most: u64) -> Self {
        let (frames, events, graphs) = (0, VecDeque::new(), BTreeMap::new());
        Self { most, frames, events, before: Before::default(), graphs }
    }

    /// A graph that is played from now on.
    pub fn graph(&mut self, copy: Arc<Copy>) {
        self.events.push_back(Event::Entry(Entry::Graph(copy.said.clone())));
        self.graphs.insert(copy.said.graph, copy);
    }

    /// Something happened.
    pub fn entry(&mut self, entry: Entry) {
        self.events.push_back(Event::Entry(entry));
    }

    /// A piece was played.
    pub fn piece(&mut self, piece: Played, sound: &[f32]) {
        self.frames += u64::from(piece.frames);
        self.events.push_back(Event::Piece(piece, Arc::from(sound)));
        while self.frames > self.most {
            self.forget();
        }
    }

    /// Graphs that are spoken of.
    fn needed(&self) -> Vec<u32> {
        let now = self.before.decks.values().map(|deck| deck.graph);
        let said = self.events.iter().filter_map(|event| match event {
            Event::Entry(Entry::Graph(copied)) => Some(copied.graph),
            Event::Entry(Entry::Insert { graph, .. } | Entry::Change { graph, .. }) => Some(*graph),
            _ => None,
        });
        now.chain(said).collect()
    }

    /// The oldest event becomes part of what was before.
    fn forget(&mut self) {
        match self.events.pop_front() {
            Some(Event::Piece(piece, _)) => {
                self.frames -= u64::from(piece.frames);
                self.before.frames += u64::from(piece.frames);
                self.before.forgot = true;
                self.before.pending = self.before.pending.saturating_sub(piece.orders);
                for entry in std::mem::take(&mut self.before.ahead) {
                    self.before.happened(entry, &self.graphs);
                }
            }
            Some(Event::Entry(entry)) => {
                let may_free = matches!(entry, Entry::Graph(_) | Entry::Change { .. } | Entry::Remove { .. });
                self.before.happened(entry, &self.graphs);
                if may_free {
                    let needed = self.needed();
                    self.graphs.retain(|number, _| needed.contains(number));
                }
            }
            None => {}
        }
    }

    /// Writes a recording of what is there.
    ///
    /// # Errors
    /// As the system says.
    pub fn write(mut self, folder: &Path, start: &Start, because: &str) -> io::Result<()> {
        self.align();
        let whole = !self.before.forgot;
        let from = self.before.frames as f64 / f64::from(start.rate.max(1));
        let start = Start { whole, from, because: Some(because.into()), ..start.clone() };
        disk::make(folder)?;
        let mut disk = Disk::create(folder, &start)?;
        let mut orders = self.begin(&mut disk)?;
        let mut before = self.before.clone();
        for entry in std::mem::take(&mut before.ahead) {
            if let Some(entry) = before.told(entry, &self.graphs) {
                disk.entry(&entry)?;
            }
        }
        for event in &self.events {
            match event {
                Event::Entry(Entry::Graph(copied)) => {
                    if let Some(copy) = self.graphs.get(&copied.graph) {
                        disk.graph(copy)?;
                    }
                }
                Event::Entry(entry) => {
                    if let Some(entry) = before.told(entry.clone(), &self.graphs) {
                        disk.entry(&entry)?;
                    }
                }
                Event::Piece(piece, sound) => {
                    let passed = piece.orders.min(before.pending);
                    before.pending -= passed;
                    let orders = piece.orders - passed + std::mem::take(&mut orders);
                    disk.piece(Played { orders, ..*piece }, sound)?;
                }
            }
        }
        disk.finish()
    }

    /// What was so at the beginning, as orders; answers how many.
    fn begin(&self, disk: &mut Disk) -> io::Result<u32> {
        let mut orders = 0;
        let mut graphs: Vec<u32> = self.before.decks.values().map(|deck| deck.graph).collect();
        graphs.sort_unstable();
        graphs.dedup();
        for graph in graphs {
            if let Some(copy) = self.graphs.get(&graph) {
                disk.graph(copy)?;
            }
        }
        for (&deck, before) in &self.before.decks {
            let DeckBefore { slot, graph, later, .. } = *before;
            disk.entry(&Entry::Insert { deck, slot, graph, later })?;
            for ((node, param), value) in &before.set {
                let of = Birth { since: 0, node: node.clone() };
                disk.entry(&Entry::Set { deck, sent: Sent { of, param: *param, value: *value } })?;
            }
            if !before.set.is_empty() {
                let what = What::Obeyed(before.set.len() as u32);
                disk.entry(&Entry::Fact { deck, block: 0, what })?;
            }
            orders += 1;
        }
        for entry in [&self.before.later, &self.before.heard].into_iter().flatten() {
            disk.entry(entry)?;
            orders += 1;
        }
        Ok(orders)
    }

    /// Begins where blocks of the first deck do, and where they repeat: frames of spectra then begin where they did.
    fn align(&mut self) {
        if !self.before.forgot {
            return;
        }
        let mut tried = self.clone();
        while tried.frames > self.frames * 3 / 4 {
            if matches!(tried.events.front(), Some(Event::Piece(..))) && tried.before.is_even(&self.graphs) {
                return *self = tried;
            }
            tried.forget();
        }
    }
}

impl Before {
    /// Something has happened that nobody speaks of any more.
    fn happened(&mut self, entry: Entry, graphs: &BTreeMap<u32, Arc<Copy>>) {
        self.pending += u32::from(entry.is_order());
        match entry {
            Entry::Insert { deck, slot, graph, later } => {
                let (from, set) = (self.frames, BTreeMap::new());
                self.decks.retain(|_, other| other.slot != slot);
                let new = DeckBefore { slot, graph, later, from, set, changes: 0, programs: 0, messages: 0 };
                self.decks.insert(deck, new);
            }
            Entry::Remove { slot } => self.decks.retain(|_, deck| deck.slot != slot),
            Entry::Hear { decks, dry, .. } => self.heard = Some(Entry::Hear { decks, dry, frames: 0 }),
            Entry::Later { .. } => self.later = Some(entry),
            Entry::Set { deck, sent } => {
                if let Some(deck) = self.decks.get_mut(&deck) {
                    deck.messages += 1;
                    deck.set.insert((sent.of.node, sent.param), sent.value);
                }
            }
            Entry::Change { deck, graph, anew } => {
                let Some(deck) = self.decks.get_mut(&deck) else { return };
                let values = |graph: u32| graphs.get(&graph).map(|copy| &copy.values);
                let (was, is) = (values(deck.graph), values(graph));
                // What the file says otherwise than before counts more than what was set.
                let same = |key: &(String, u32)| was.and_then(|was| was.get(key)) == is.and_then(|is| is.get(key));
                deck.set.retain(|key, _| same(key) && !anew.contains(&key.0));
                (deck.graph, deck.changes, deck.programs) = (graph, deck.changes + 1, deck.programs + 2);
            }
            Entry::Fact { deck: number, block, what } => {
                let Some(deck) = self.decks.get_mut(&number) else { return };
                if block >= deck.blocks(self.frames, graphs) {
                    return self.ahead.push(entry);
                }
                match what {
                    What::Changed => deck.programs = deck.programs.saturating_sub(1),
                    What::Obeyed(count) => deck.messages = deck.messages.saturating_sub(count),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// How a recording that begins here tells of something later.
    fn told(&mut self, entry: Entry, graphs: &BTreeMap<u32, Arc<Copy>>) -> Option<Entry> {
        let frames = self.frames;
        match entry {
            Entry::Set { deck, mut sent } => {
                let changes = self.decks.get(&deck).map_or(0, |deck| deck.changes);
                sent.of.since = sent.of.since.saturating_sub(changes);
                Some(Entry::Set { deck, sent })
            }
            Entry::Fact { deck: number, block, what } => {
                let Some(deck) = self.decks.get_mut(&number) else {
                    return Some(Entry::Fact { deck: number, block, what });
                };
                let passed = deck.blocks(frames, graphs);
                let what = match what {
                    What::Changed if deck.programs > 0 => {
                        deck.programs -= 1;
                        return None;
                    }
                    What::Obeyed(count) => {
                        let gone = count.min(deck.messages);
                        deck.messages -= gone;
                        What::Obeyed(count - gone)
                    }
                    what => what,
                };
                let block = block.saturating_sub(passed);
                (what != What::Obeyed(0)).then_some(Entry::Fact { deck: number, block, what })
            }
            other => Some(other),
        }
    }

    /// Whether a block of the first deck begins here, and all that it does begins anew.
    fn is_even(&self, graphs: &BTreeMap<u32, Arc<Copy>>) -> bool {
        let Some(deck) = self.decks.values().next() else { return true };
        let (blocks, frames) = (deck.blocks(self.frames, graphs), self.frames - deck.from);
        graphs.get(&deck.graph).is_none_or(|copy| {
            copy.pace.is_none_or(|pace| pace.after(blocks) == frames) && blocks.is_multiple_of(copy.period)
        })
    }
}

impl DeckBefore {
    /// Blocks that it has rendered when so many frames have been played.
    fn blocks(&self, frames: u64, graphs: &BTreeMap<u32, Arc<Copy>>) -> u64 {
        let Some(pace) = graphs.get(&self.graph).and_then(|copy| copy.pace) else { return 0 };
        let frames = frames - self.from;
        let mut blocks = frames / pace.longest().max(1);
        while pace.after(blocks + 1) <= frames && pace.after(blocks + 1) > pace.after(blocks) {
            blocks += 1;
        }
        blocks
    }
}
