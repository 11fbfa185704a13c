//! A sound system without hardware: files for microphones and loudspeakers, clocks that are off, and faults by script.
//! It is a host of cpal's as any other, so that all that is above cpal is as it is with hardware. The same script gives
//! the same samples at the same moments.

mod backend;
mod clock;
mod plug;
mod script;
mod side;
mod world;

pub use script::{CardScript, Deed, Event, Pace, SampleKind, Script, SideScript};

use super::convert::Sample;
use super::stream::origin;
use super::{Direction, Format, SoundError};
use backend::SimulatedHost;
use cpal::{I24, InputCallbackInfo, InputStreamTimestamp, OutputCallbackInfo, OutputStreamTimestamp, StreamInstant};
use plug::Loudspeaker;
use side::{Call, Plug};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use world::{Calling, Step, World};

/// A callback that takes longer hangs.
const HANGS: Duration = Duration::from_millis(500);

/// A simulated sound system. Clones are the same one; with the last of them its time ends, and files get their names.
#[derive(Clone)]
pub struct Simulated(Arc<Owner>);

struct Owner(Arc<Shared>);

struct Shared {
    world: Mutex<World>,
    pace: Pace,
    /// When the time of the world began, by the clock.
    begun: Mutex<Option<Instant>>,
    changed: Condvar,
    quit: AtomicBool,
    /// Which thread lets time pass: the number of the newest, and since when it is in a callback.
    thread: AtomicU64,
    calls_since: Mutex<Option<Instant>>,
}

impl Simulated {
    /// From a script. Unless it goes by hand, its time begins with the first stream that starts.
    ///
    /// # Errors
    /// The script makes no sense, or a file of it cannot be had.
    pub fn new(script: &Script) -> Result<Self, SoundError> {
        script.check().map_err(|why| SoundError::Script { path: "script".into(), why })?;
        let world = Mutex::new(World::new(script)?);
        let (begun, changed, quit) = (Mutex::new(None), Condvar::new(), AtomicBool::new(false));
        let (thread, calls_since) = (AtomicU64::new(0), Mutex::new(None));
        let shared = Arc::new(Shared { world, pace: script.pace, begun, changed, quit, thread, calls_since });
        if script.pace != Pace::Hand {
            let refused = |why: std::io::Error| SoundError::Refused { card: "simulated".into(), why: why.to_string() };
            shared.begin_thread().map_err(refused)?;
        }
        Ok(Self(Arc::new(Owner(shared))))
    }

    /// Lets as much time pass as the first card takes for so many frames, by its nominal rate. All that falls into it
    /// happens on this thread.
    pub fn step(&self, frames: u64) {
        let shared = &self.0.0;
        let first = |world: &World| {
            let card = world.cards.first()?;
            card.input.as_ref().or(card.output.as_ref()).map(|side| side.rate)
        };
        let until = {
            let world = shared.world();
            world.now + frames as f64 * 1e9 / f64::from(first(&world).unwrap_or(48000))
        };
        shared.run(until);
    }

    /// Lets seconds pass.
    pub fn step_seconds(&self, seconds: f64) {
        let until = self.0.0.world().now + seconds * 1e9;
        self.0.0.run(until);
    }

    /// Seconds that have passed.
    pub fn now(&self) -> f64 {
        self.0.0.world().now * 1e-9
    }

    /// Something happens now, or, with `seconds` of the event, so much later.
    pub fn happen(&self, event: Event) {
        let shared = &self.0.0;
        let mut world = shared.world();
        let at = world.now + event.seconds * 1e9;
        world.plan(at, event);
        shared.changed.notify_all();
    }

    /// Whether all files have been heard to their ends.
    pub fn played_out(&self) -> bool {
        let world = self.0.0.world();
        let mut microphones = world.cards.iter().filter_map(|card| match &card.input.as_ref()?.plug {
            Plug::In(microphone) => microphone.shape().map(|_| microphone.ended()),
            Plug::Out(_) => None,
        });
        microphones.next().is_some_and(|first| first && microphones.all(|ended| ended))
    }

    /// What a card without a file has played, from the first start of one of its streams on: interleaved.
    pub fn heard(&self, card: &str) -> Vec<f32> {
        let world = self.0.0.world();
        let mut played = world.cards.iter().filter(|state| state.id == card).filter_map(|state| {
            match &state.side(Direction::Output)?.plug {
                Plug::Out(Loudspeaker::Memory(heard)) => Some(heard.clone()),
                _ => None,
            }
        });
        played.next().unwrap_or_default()
    }

    /// Time ends, and files get their names.
    ///
    /// # Errors
    /// What could not be written.
    pub fn finish(&self) -> Result<(), SoundError> {
        self.0.0.finish()
    }

    pub(super) fn system(&self) -> cpal::Host {
        cpal::platform::CustomHost::from_host(SimulatedHost(self.0.0.clone())).into()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Whoever wants to know calls `finish` before.
        drop(self.0.finish());
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Time that goes by the clock is as late as that; if it has not begun, it begins where `begin` says so.
    fn sync(&self, world: &mut World, begin: bool) {
        let mut begun = self.begun.lock().unwrap_or_else(|broken| broken.into_inner());
        if self.pace == Pace::Real && (begin || begun.is_some()) {
            let begun = *begun.get_or_insert_with(Instant::now);
            world.now = world.now.max(begun.elapsed().as_nanos() as f64);
            // Its cards can be heard together with others that go by the clock.
            world.epoch = begun.saturating_duration_since(origin()).as_nanos() as u64;
        }
    }

    fn begin_thread(self: &Arc<Self>) -> std::io::Result<()> {
        let number = self.thread.fetch_add(1, Ordering::Relaxed) + 1;
        *self.calling() = None;
        let shared = self.clone();
        let thread = std::thread::Builder::new().name("simulated sound".into());
        thread.spawn(move || shared.live(number)).map(drop)
    }

    fn calling(&self) -> MutexGuard<'_, Option<Instant>> {
        self.calls_since.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Whether another thread lets time pass by now.
    fn is_over(&self, number: u64) -> bool {
        self.quit.load(Ordering::Relaxed) || number != self.thread.load(Ordering::Relaxed)
    }

    fn start(self: &Arc<Self>, slot: u64) {
        // Each real card has a thread of its own: one whose callback hangs does not hold up those that are opened later.
        if self.pace != Pace::Hand && self.calling().is_some_and(|since| since.elapsed() > HANGS) {
            let _none_to_be_had = self.begin_thread();
        }
        let mut world = self.world();
        self.sync(&mut world, true);
        world.start(slot);
        self.changed.notify_all();
    }

    /// Lets time pass until `until`, in nanoseconds.
    fn run(&self, until: f64) {
        loop {
            let step = self.world().next(until);
            match step {
                None => return,
                Some(Step::Complain(to, error)) => {
                    let mut to = to.lock().unwrap_or_else(|broken| broken.into_inner());
                    to(error);
                }
                Some(Step::Call(mut calling)) => {
                    let number = self.thread.load(Ordering::Relaxed);
                    *self.calling() = Some(Instant::now());
                    call(&mut calling);
                    if self.thread.load(Ordering::Relaxed) != number {
                        return;
                    }
                    *self.calling() = None;
                    self.world().played(&calling);
                }
            }
        }
    }

    /// The thread of a world that goes by the clock, or as fast as it can.
    fn live(&self, number: u64) {
        while !self.is_over(number) {
            let world = self.world();
            let begun = *self.begun.lock().unwrap_or_else(|broken| broken.into_inner());
            let lives = begun.is_some() || world.now > 0.0 || world.slots.iter().any(|slot| slot.playing);
            let due = world.due().filter(|_| lives);
            let wait = match (due, self.pace, begun) {
                (Some(due), Pace::Real, Some(begun)) => {
                    (begun + Duration::from_nanos(due as u64)).saturating_duration_since(Instant::now())
                }
                (Some(_), Pace::Free, _) => Duration::ZERO,
                _ => Duration::from_secs(1),
            };
            if wait.is_zero() {
                drop(world);
                due.into_iter().for_each(|due| self.run(due));
            } else {
                drop(self.changed.wait_timeout(world, wait));
            }
        }
    }

    fn finish(&self) -> Result<(), SoundError> {
        self.quit.store(true, Ordering::Relaxed);
        self.changed.notify_all();
        let mut failed = Ok(());
        for card in &mut self.world().cards {
            let Some(Plug::Out(plug)) = card.output.as_mut().map(|side| &mut side.plug) else { continue };
            if matches!(plug, Loudspeaker::Memory(_)) {
                continue;
            }
            if let Err(why) = std::mem::replace(plug, Loudspeaker::Memory(vec![])).finish() {
                failed = Err(SoundError::Refused { card: card.name.clone(), why });
            }
        }
        failed
    }
}

/// Calls a stream back, in the samples of its card.
fn call(calling: &mut Calling) {
    match calling.format.format() {
        Format::U8 => call_with::<u8>(calling),
        Format::I16 => call_with::<i16>(calling),
        Format::I24 => call_with::<I24>(calling),
        Format::I32 => call_with::<i32>(calling),
        _ => call_with::<f32>(calling),
    }
}

fn call_with<T: Sample>(calling: &mut Calling) {
    let mut samples: Vec<T> = calling.samples.iter().map(|sample| T::from_f32(*sample)).collect();
    let callback = StreamInstant::from_nanos(calling.system_ns);
    let device = StreamInstant::from_nanos(calling.device_ns);
    let mut call = calling.call.lock().unwrap_or_else(|broken| broken.into_inner());
    match call.as_mut() {
        Some(Call::In(call)) => {
            let info = InputCallbackInfo::new(InputStreamTimestamp { callback, capture: device });
            aw_samples::with(&mut samples, |data| call(data, &info));
        }
        Some(Call::Out(call)) => {
            let info = OutputCallbackInfo::new(OutputStreamTimestamp { callback, playback: device });
            aw_samples::with(&mut samples, |data| call(data, &info));
            calling.samples.iter_mut().zip(samples).for_each(|(to, from)| *to = from.to_f32());
        }
        None => {}
    }
}
