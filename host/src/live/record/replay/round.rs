//! A recording that is being played, piece by piece.
use super::super::journal::{Entry, Track};
use super::compare::Track as Against;
use super::deck::Playing;
use super::{Bundle, Outcome, RecordedError, Replay, report};
use crate::control::Engine;
use crate::io::AudioReader;
use crate::live::player::{Burst, Deck, Order, Orders, Planes, Player};
use crate::render::Script;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
pub struct Round<'a> {
    replay: &'a Replay<'a>,
    player: Box<Player>,
    orders: Orders,
    /// By deck.
    playing: BTreeMap<u32, Playing>,
    /// The deck in each slot.
    slots: BTreeMap<usize, u32>,
    inputs: Vec<Open>,
    pub outputs: Vec<Against>,
    pub outcome: Outcome,
    pub frames: u64,
}

impl<'a> Round<'a> {
    /// At the beginning of a recording.
    pub fn new(
        replay: &'a Replay<'a>,
        (player, orders): (Box<Player>, Orders),
        bundle: &Bundle,
        outputs: Vec<Against>,
        outcome: Outcome,
    ) -> Result<Self, RecordedError> {
        let inputs = open(bundle, &bundle.start.inputs)?;
        let (playing, slots, frames) = (BTreeMap::new(), BTreeMap::new(), 0);
        Ok(Self { replay, player, orders, playing, slots, inputs, outputs, outcome, frames })
    }
}

impl Round<'_> {
    /// Plays all of it.
    pub fn all(&mut self, bundle: &mut Bundle) -> Result<(), RecordedError> {
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

    /// All graphs end.
    pub fn end(&mut self) {
        for (_, playing) in std::mem::take(&mut self.playing) {
            playing.end(&mut self.outcome);
        }
    }
}
