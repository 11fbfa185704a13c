//! All simulated cards and streams, and what happens next.
use super::clock::Chance;
use super::script::{CardScript, Deed, Event, SampleKind, Script};
use super::side::{Call, Complain, Side, Slot};
use crate::sound::{Direction, SoundError};
use cpal::ErrorKind;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Complaints of a flood come so often, in nanoseconds.
const FLOOD: f64 = 1e7;

pub(super) struct World {
    /// Nanoseconds.
    pub now: f64,
    /// Nanoseconds of the clock that all streams share when its own time began, if it goes by the clock.
    pub epoch: u64,
    pub cards: Vec<CardState>,
    pub slots: Vec<Slot>,
    /// The sound server is down until then.
    down: f64,
    events: VecDeque<(f64, Event)>,
    ahead: VecDeque<Step>,
    chance: Chance,
    names: u64,
}

pub(super) struct CardState {
    pub id: String,
    pub name: String,
    pub format: SampleKind,
    pub present: bool,
    /// Counts what ends all streams, and makes devices found before useless.
    pub age: u64,
    pub refused: f64,
    pub input: Option<Side>,
    pub output: Option<Side>,
}

/// What is to be done, without holding the world up.
pub(super) enum Step {
    Call(Calling),
    Complain(Complain, cpal::Error),
}

pub(super) struct Calling {
    pub slot: u64,
    pub call: Arc<Mutex<Option<Call>>>,
    pub format: SampleKind,
    pub frame: i64,
    pub samples: Vec<f32>,
    /// When, and when the first frame was or will be at the plug, in nanoseconds.
    pub system_ns: u64,
    pub device_ns: u64,
}

impl CardState {
    fn new(script: &CardScript) -> Result<Self, SoundError> {
        let fail = |why: crate::io::AudioError| SoundError::Refused { card: script.id.clone(), why: why.to_string() };
        let side = |direction, other: Option<u32>| {
            let side = script.side(direction);
            side.map(|side| Side::new(side, direction, script.rate, other)).transpose().map_err(fail)
        };
        let input = side(Direction::Input, None)?;
        let output = side(Direction::Output, input.as_ref().map(|side| side.rate))?;
        let name = if script.name.is_empty() { script.id.clone() } else { script.name.clone() };
        let (id, format) = (script.id.clone(), script.format);
        Ok(Self { id, name, format, present: true, age: 0, refused: 0.0, input, output })
    }

    pub fn side(&self, direction: Direction) -> Option<&Side> {
        match direction {
            Direction::Input => self.input.as_ref(),
            Direction::Output => self.output.as_ref(),
        }
    }

    fn side_mut(&mut self, direction: Direction) -> Option<&mut Side> {
        match direction {
            Direction::Input => self.input.as_mut(),
            Direction::Output => self.output.as_mut(),
        }
    }

    fn sides(&mut self) -> impl Iterator<Item = &mut Side> {
        self.input.iter_mut().chain(&mut self.output)
    }
}

impl World {
    pub fn new(script: &Script) -> Result<Self, SoundError> {
        let cards = script.cards.iter().map(CardState::new).collect::<Result<_, _>>()?;
        let chance = Chance(script.seed);
        let (slots, ahead) = (vec![], VecDeque::new());
        let mut world =
            Self { now: 0.0, epoch: 0, cards, slots, down: 0.0, events: VecDeque::new(), ahead, chance, names: 0 };
        script.events.iter().for_each(|event| world.plan(event.seconds * 1e9, event.clone()));
        // What is so from the beginning does not wait for time to pass.
        while world.events.front().is_some_and(|(ns, _)| *ns <= 0.0) {
            world.events.pop_front().into_iter().for_each(|(_, event)| world.happen(&event));
        }
        Ok(world)
    }

    /// Whether the sound server answers.
    pub fn is_up(&self) -> bool {
        self.now >= self.down
    }

    /// An event to come, after those of the same time.
    pub fn plan(&mut self, ns: f64, event: Event) {
        let at = self.events.iter().position(|(other, _)| *other > ns).unwrap_or(self.events.len());
        self.events.insert(at, (ns, event));
    }

    pub fn add(&mut self, mut slot: Slot) -> u64 {
        self.names += 1;
        slot.id = self.names;
        self.slots.push(slot);
        self.names
    }

    /// A stream begins to play.
    pub fn start(&mut self, id: u64) {
        let Self { slots, cards, now, .. } = self;
        let Some(slot) = slots.iter_mut().find(|slot| slot.id == id && !slot.playing) else { return };
        let card = &mut cards[slot.card];
        if let Some(side) = card.side(slot.direction) {
            slot.playing = true;
            let first = slot.begin(side, *now);
            // Both files of a card have one time.
            card.sides().for_each(|side| side.begin(first));
        }
    }

    /// When the next thing happens.
    pub fn due(&self) -> Option<f64> {
        let next = self.next_slot().map(|(due, _)| due);
        let event = self.events.front().map(|(ns, _)| *ns);
        let ahead = (!self.ahead.is_empty()).then_some(self.now);
        [ahead, event, next].into_iter().flatten().min_by(f64::total_cmp).map(|due| due.max(self.now))
    }

    fn next_slot(&self) -> Option<(f64, usize)> {
        let playing = self.slots.iter().enumerate().filter(|(_, slot)| slot.playing);
        let due = playing.filter_map(|(at, slot)| {
            let side = self.cards[slot.card].side(slot.direction)?;
            let due = slot.flood.map_or_else(|| slot.due(side), |(_, next)| next);
            Some((due, slot.direction == Direction::Output, slot.id, at))
        });
        due.min_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2)))).map(|(due, .., at)| (due, at))
    }

    /// The next thing to do until a time, which then is.
    pub fn next(&mut self, until: f64) -> Option<Step> {
        loop {
            if let Some(step) = self.ahead.pop_front() {
                return Some(step);
            }
            let slot = self.next_slot().filter(|(due, _)| *due <= until);
            let event = self.events.front().map(|(ns, _)| *ns).filter(|ns| *ns <= until);
            match (slot, event) {
                (Some((due, at)), event) if event.is_none_or(|ns| due < ns) => {
                    self.now = self.now.max(due);
                    self.serve(at);
                }
                (_, Some(ns)) => {
                    self.now = self.now.max(ns);
                    self.events.pop_front().into_iter().for_each(|(_, event)| self.happen(&event));
                }
                _ => {
                    self.now = self.now.max(until);
                    return None;
                }
            }
        }
    }

    fn serve(&mut self, at: usize) {
        let Self { slots, cards, now, epoch, chance, ahead, .. } = self;
        let (slot, now, epoch) = (&mut slots[at], *now, *epoch);
        let card = &mut cards[slot.card];
        let format = card.format;
        let Some(side) = card.side_mut(slot.direction) else { return };
        if let Some((until, next)) = &mut slot.flood {
            *next = (now + FLOOD).min(*until);
            let complaint = cpal::Error::with_message(ErrorKind::BackendError, "simulated: something went wrong");
            ahead.push_back(Step::Complain(slot.complain.clone(), complaint));
            if now >= *until {
                slot.flood = None;
                slot.begin(side, now);
            }
            return;
        }
        let (frame, frames) = (slot.next, slot.block() as usize);
        slot.go_on(side, chance);
        if slot.lose.0 > 0 {
            slot.lose.0 -= 1;
            if slot.lose.1 {
                ahead.push_back(Step::Complain(slot.complain.clone(), ErrorKind::Xrun.into()));
            }
            return;
        }
        let off =
            if side.script.stamp_us > 0.0 { (chance.draw() * 2.0 - 1.0) * side.script.stamp_us * 1e3 } else { 0.0 };
        let device_ns = epoch + (side.clock.time_of(frame as f64) + off).max(0.0) as u64;
        let system_ns = epoch + now as u64;
        let samples = match slot.direction {
            Direction::Input => side.hear(frame, frames),
            Direction::Output => vec![0.0; frames * usize::from(side.channels)],
        };
        let (call, slot) = (slot.call.clone(), slot.id);
        ahead.push_back(Step::Call(Calling { slot, call, format, frame, samples, system_ns, device_ns }));
    }

    /// What an output has played.
    pub fn played(&mut self, calling: &Calling) {
        let Some(slot) = self.slots.iter().find(|slot| slot.id == calling.slot) else { return };
        if let Some(side) = self.cards[slot.card].side_mut(slot.direction) {
            side.play(calling.frame, &calling.samples);
        }
    }

    /// Something happens now.
    pub fn happen(&mut self, event: &Event) {
        let fits = |card: &CardState| event.card.as_ref().is_none_or(|id| *id == card.id);
        let which: Vec<usize> = (0..self.cards.len()).filter(|&at| fits(&self.cards[at])).collect();
        let until = self.now + event.duration.unwrap_or(1.0) * 1e9;
        let now = self.now;
        match event.does {
            Deed::Vanish => which.iter().for_each(|&at| self.vanish(at, ErrorKind::DeviceNotAvailable, event.silent)),
            Deed::Change => which.iter().for_each(|&at| {
                self.vanish(at, ErrorKind::StreamInvalidated, false);
                self.come_back(at, event);
            }),
            Deed::Return => which.iter().for_each(|&at| self.come_back(at, event)),
            Deed::Restart => {
                which.iter().for_each(|&at| self.vanish(at, ErrorKind::HostUnavailable, event.silent));
                self.down = until;
                for &at in &which {
                    let card = Some(self.cards[at].id.clone());
                    self.plan(until, Event { card, does: Deed::Return, ..Event::default() });
                }
            }
            Deed::Stall => {
                which.iter().for_each(|&at| self.cards[at].sides().for_each(|side| side.clock.stall(now, until)))
            }
            Deed::Refuse => which.iter().for_each(|&at| self.cards[at].refused = until),
            Deed::Lose | Deed::Flood | Deed::Xrun | Deed::Reroute => {
                for slot in self.slots.iter_mut().filter(|slot| slot.playing && which.contains(&slot.card)) {
                    let kind = match event.does {
                        Deed::Lose => {
                            slot.lose = (event.callbacks.unwrap_or(1), !event.silent);
                            continue;
                        }
                        Deed::Flood => {
                            slot.flood = Some((until, now));
                            continue;
                        }
                        Deed::Xrun => ErrorKind::Xrun,
                        _ => ErrorKind::DeviceChanged,
                    };
                    self.ahead.push_back(Step::Complain(slot.complain.clone(), kind.into()));
                }
            }
        }
    }

    fn vanish(&mut self, at: usize, kind: ErrorKind, silent: bool) {
        self.cards[at].present = false;
        self.cards[at].age += 1;
        for slot in self.slots.iter_mut().filter(|slot| slot.card == at && slot.playing) {
            slot.playing = false;
            if !silent {
                self.ahead.push_back(Step::Complain(slot.complain.clone(), kind.into()));
            }
        }
    }

    fn come_back(&mut self, at: usize, event: &Event) {
        let (card, now) = (&mut self.cards[at], self.now);
        card.present = true;
        card.id = event.id.clone().unwrap_or_else(|| card.id.clone());
        card.name = event.name.clone().unwrap_or_else(|| card.name.clone());
        let become_another = |side: &mut Option<Side>, channels: Option<u16>| {
            if let Some(side) = side.as_mut().filter(|_| event.rate.is_some() || channels.is_some()) {
                side.become_another(event.rate.unwrap_or(side.rate), channels.unwrap_or(side.channels), now);
            }
        };
        become_another(&mut card.input, event.input_channels);
        become_another(&mut card.output, event.output_channels);
    }
}
