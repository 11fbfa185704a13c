//! One direction of a simulated card, and a stream on it.
use super::clock::{Chance, Clock};
use super::plug::{Loudspeaker, Microphone};
use super::script::SideScript;
use crate::io::AudioError;
use crate::sound::Direction;
use std::sync::{Arc, Mutex};

/// What is plugged in.
pub(super) enum Plug {
    In(Microphone),
    Out(Loudspeaker),
}

/// One direction of a card.
pub(super) struct Side {
    pub script: SideScript,
    pub channels: u16,
    /// In the beginning; a file keeps them.
    own_channels: u16,
    pub rate: u32,
    pub clock: Clock,
    pub plug: Plug,
    /// The frame of the clock that is the first of the file; known from the first start of a stream on.
    begin: Option<i64>,
    /// Frames of the file so far.
    done: u64,
}

impl Side {
    pub fn new(
        script: &SideScript,
        direction: Direction,
        rate: Option<u32>,
        other_rate: Option<u32>,
    ) -> Result<Self, AudioError> {
        let microphone = (direction == Direction::Input).then(|| Microphone::new(script)).transpose()?;
        let shape = microphone.as_ref().and_then(Microphone::shape);
        let rate = rate.or(shape.map(|(rate, _)| rate)).or(other_rate).unwrap_or(48000);
        let channels = script.channels.or(shape.map(|(_, channels)| channels)).unwrap_or(2);
        let plug = match microphone {
            Some(microphone) => Plug::In(microphone),
            None => Plug::Out(Loudspeaker::new(script, rate, channels)?),
        };
        let clock = Clock::new(rate, script.ppm, 0.0);
        let script = script.clone();
        Ok(Self { script, channels, own_channels: channels, rate, clock, plug, begin: None, done: 0 })
    }

    /// Frames a callback at least and at most.
    pub fn blocks(&self) -> (u32, u32) {
        let given = self.script.block.into_iter().chain(self.script.blocks.iter().copied());
        given
            .fold(None, |all: Option<(u32, u32)>, n| Some(all.map_or((n, n), |(a, b)| (a.min(n), b.max(n)))))
            .unwrap_or((16, 8192))
    }

    /// The file begins at this time, if it has not yet.
    pub fn begin(&mut self, ns: f64) {
        let frame = self.clock.frame_at(ns).round() as i64;
        self.begin.get_or_insert(frame);
    }

    /// Another rate and other channels from now on; the file goes on where it is.
    pub fn become_another(&mut self, rate: u32, channels: u16, now: f64) {
        let index = self.begin.map(|begin| self.clock.frame_at(now) as i64 - begin);
        self.begin = index.map(|index| -index);
        (self.rate, self.channels) = (rate, channels);
        self.clock = Clock::new(rate, self.script.ppm, now);
    }

    fn index(&self, frame: i64) -> u64 {
        u64::try_from(frame - self.begin.unwrap_or(0)).unwrap_or(0)
    }

    /// What is heard from a frame of the clock on.
    pub fn hear(&mut self, frame: i64, frames: usize) -> Vec<f32> {
        let index = self.index(frame);
        let Plug::In(microphone) = &mut self.plug else { return vec![] };
        // What nobody listened to is over.
        while self.done < index {
            let passed = (index - self.done).min(8192);
            microphone.hear(self.done, self.rate, self.channels, passed as usize);
            self.done += passed;
        }
        self.done += frames as u64;
        microphone.hear(index, self.rate, self.channels, frames)
    }

    /// What is played from a frame of the clock on. Silence stands where nothing was.
    pub fn play(&mut self, frame: i64, samples: &[f32]) {
        let index = self.index(frame);
        let (channels, own) = (self.channels, self.own_channels);
        let Plug::Out(loudspeaker) = &mut self.plug else { return };
        while self.done < index {
            let passed = (index - self.done).min(8192);
            loudspeaker.play(&vec![0.0; passed as usize * usize::from(channels)], channels, own);
            self.done += passed;
        }
        loudspeaker.play(samples, channels, own);
        self.done += (samples.len() / usize::from(channels)) as u64;
    }
}

type Took = dyn FnMut(&cpal::Data, &cpal::InputCallbackInfo) + Send;
type Gave = dyn FnMut(&mut cpal::Data, &cpal::OutputCallbackInfo) + Send;

/// What a stream calls.
pub(super) enum Call {
    In(Box<Took>),
    Out(Box<Gave>),
}

/// Told of errors.
pub(super) type Complain = Arc<Mutex<Box<dyn FnMut(cpal::Error) + Send>>>;

/// A stream on a side of a card.
pub(super) struct Slot {
    pub id: u64,
    pub card: usize,
    pub direction: Direction,
    pub call: Arc<Mutex<Option<Call>>>,
    pub complain: Complain,
    pub playing: bool,
    /// The next frame it takes or gives, on the clock of its side.
    pub next: i64,
    /// Frames of its callbacks, one after the other and from the front again.
    pub blocks: Vec<u32>,
    pub turn: usize,
    /// By how much the next callback is late, in nanoseconds.
    pub late: f64,
    /// Callbacks to lose; whether it is told of that.
    pub lose: (u32, bool),
    /// The end of a flood of complaints, and the next of them.
    pub flood: Option<(f64, f64)>,
}

impl Slot {
    pub fn block(&self) -> i64 {
        self.blocks[self.turn % self.blocks.len()].into()
    }

    /// How long before a frame is heard it is asked for.
    fn lead(&self) -> i64 {
        i64::from(*self.blocks.iter().max().unwrap_or(&1))
    }

    /// When it calls back.
    pub fn due(&self, side: &Side) -> f64 {
        let frame = match self.direction {
            Direction::Input => self.next + self.block(),
            Direction::Output => self.next - self.lead(),
        };
        side.clock.time_of(frame as f64) + self.late
    }

    /// It begins, or begins anew, with the first whole block that comes. Returns when that is.
    pub fn begin(&mut self, side: &Side, now: f64) -> f64 {
        let grid = if self.blocks.len() == 1 { self.block() } else { 1 };
        // Not to miss one that begins right now by a rounding error.
        let first = (side.clock.frame_at(now) / grid as f64 - 1e-6).ceil() as i64 * grid;
        self.next = if self.direction == Direction::Output { first + self.lead() } else { first };
        side.clock.time_of(first as f64)
    }

    /// After a callback.
    pub fn go_on(&mut self, side: &Side, chance: &mut Chance) {
        self.next += self.block();
        self.turn += 1;
        self.late = if side.script.jitter_us > 0.0 { chance.draw() * side.script.jitter_us * 1e3 } else { 0.0 };
    }
}
