//! Streams from and to cards.
use super::card::{Card, Direction, Format};
use super::choose::{Got, Wish, choose};
use super::convert::Sample;
use super::error::SoundError;
use super::heart::{Heart, Watch};
use super::host::HostName;
use super::patience::{CLOSING, PATIENCE, patiently};
use super::teller::{Teller, Trouble};
use crate::plugin::uncancelled;
use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{BufferSize, I24, InputCallbackInfo, OutputCallbackInfo, StreamConfig, StreamInstant, U24};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// When the sound of a callback is at the plug of the card. Each stream has a clock of its own, with an origin of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// When the first frame was taken in, or will be heard: nanoseconds of the stream's clock. Never goes back.
    pub device_ns: u64,
    /// When the sound system called, on the same clock: `device_ns` lies before it for input and after it for output.
    pub system_ns: u64,
    /// When the callback began: nanoseconds of a clock that all streams of this process share. Of a simulated card, as
    /// `system_ns`.
    pub called_ns: u64,
}

impl Moment {
    fn after(self, frames: usize, rate: u32) -> Moment {
        Moment { device_ns: self.device_ns + frames as u64 * 1_000_000_000 / u64::from(rate.max(1)), ..self }
    }
}

/// A stream. It plays from [`Stream::start`] until it is dropped, which never takes longer than a second even if the
/// sound system is dead.
pub struct Stream {
    host: HostName,
    got: Got,
    heart: Arc<Heart>,
    inner: Option<cpal::Stream>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "a stream of {}: {:?}, {} callbacks", self.host, self.got, self.beats())
    }
}

impl Stream {
    /// What it has got of what was wished.
    pub fn got(&self) -> Got {
        self.got
    }

    /// Begins, or goes on.
    ///
    /// # Errors
    /// In the words of the sound system.
    pub fn start(&self) -> Result<(), SoundError> {
        let started = self.inner.as_ref().map_or(Ok(()), StreamTrait::play);
        started.map_err(|why| SoundError::Refused { card: self.host.to_string(), why: why.to_string() })
    }

    /// Looks, now and then, whether it is still called back.
    pub fn watch(&self) -> Watch {
        Watch::new(self.heart.clone())
    }

    /// Callbacks so far.
    pub fn beats(&self) -> u64 {
        self.heart.beats()
    }

    /// Frames so far.
    pub fn frames(&self) -> u64 {
        self.heart.frames()
    }

    /// How often the sound system lost samples, as far as it tells.
    pub fn xruns(&self) -> u64 {
        self.heart.xruns()
    }

    /// Why its callbacks do not go before ordinary threads, and the remedy; known after the first of them.
    pub fn realtime_refused(&self) -> Option<&str> {
        self.heart.refused()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            // One that hangs is left behind with its thread, and is not heard of any more should it wake up.
            if patiently(CLOSING, move || drop(inner)).is_none() {
                self.heart.close();
            }
        }
    }
}

/// Opens the input of a card. `run` is called back with interleaved frames, on a thread of the sound system, and must be
/// real-time safe; `trouble` is called from any thread, and must not drop the stream itself.
///
/// # Errors
/// The card has no input, or cannot be used.
pub fn open_input(
    card: &Card,
    wish: Wish,
    run: impl FnMut(&[f32], Moment) + Send + 'static,
    trouble: impl FnMut(Trouble) + Send + 'static,
) -> Result<Stream, SoundError> {
    let (device, got) = agree(card, Direction::Input, wish)?;
    open(card, got, run, trouble, move |config, guard, teller| match got.format {
        Format::I8 => input::<i8, _>(&device, config, guard, teller),
        Format::U8 => input::<u8, _>(&device, config, guard, teller),
        Format::I16 => input::<i16, _>(&device, config, guard, teller),
        Format::U16 => input::<u16, _>(&device, config, guard, teller),
        Format::I24 => input::<I24, _>(&device, config, guard, teller),
        Format::U24 => input::<U24, _>(&device, config, guard, teller),
        Format::I32 => input::<i32, _>(&device, config, guard, teller),
        Format::U32 => input::<u32, _>(&device, config, guard, teller),
        Format::F64 => input::<f64, _>(&device, config, guard, teller),
        _ => input::<f32, _>(&device, config, guard, teller),
    })
}

/// Opens the output of a card. `run` fills interleaved frames; all else is as with [`open_input`].
///
/// # Errors
/// The card has no output, or cannot be used.
pub fn open_output(
    card: &Card,
    wish: Wish,
    run: impl FnMut(&mut [f32], Moment) + Send + 'static,
    trouble: impl FnMut(Trouble) + Send + 'static,
) -> Result<Stream, SoundError> {
    let (device, got) = agree(card, Direction::Output, wish)?;
    open(card, got, run, trouble, move |config, guard, teller| match got.format {
        Format::I8 => output::<i8, _>(&device, config, guard, teller),
        Format::U8 => output::<u8, _>(&device, config, guard, teller),
        Format::I16 => output::<i16, _>(&device, config, guard, teller),
        Format::U16 => output::<u16, _>(&device, config, guard, teller),
        Format::I24 => output::<I24, _>(&device, config, guard, teller),
        Format::U24 => output::<U24, _>(&device, config, guard, teller),
        Format::I32 => output::<i32, _>(&device, config, guard, teller),
        Format::U32 => output::<u32, _>(&device, config, guard, teller),
        Format::F64 => output::<f64, _>(&device, config, guard, teller),
        _ => output::<f32, _>(&device, config, guard, teller),
    })
}

/// The device to open, and how.
fn agree(card: &Card, direction: Direction, wish: Wish) -> Result<(cpal::Device, Got), SoundError> {
    let (asked, what) = (card.clone(), direction.as_str());
    let ask = move || asked.way(direction).map(|(face, device)| (face, device.clone()));
    let hangs = SoundError::Hangs { host: card.host, seconds: PATIENCE.as_secs() };
    let (face, device) = patiently(PATIENCE, ask).unwrap_or(Err(hangs))?;
    let none = || SoundError::Refused { card: card.name.clone(), why: format!("it has no {what}") };
    choose(&face, wish).ok_or_else(none).map(|got| (device, got))
}

type Built = Result<cpal::Stream, cpal::Error>;

fn open<F: Send + 'static>(
    card: &Card,
    got: Got,
    run: F,
    trouble: impl FnMut(Trouble) + Send + 'static,
    build: impl FnOnce(StreamConfig, Guard<F>, Arc<Mutex<Teller>>) -> Built + Send + 'static,
) -> Result<Stream, SoundError> {
    let heart = Arc::new(Heart::default());
    let teller = Teller::new(heart.clone(), trouble);
    let simulated = card.host == HostName::Simulated;
    let guard = Guard { run, heart: heart.clone(), teller: teller.clone(), simulated, got, origin: origin() };
    let buffer_size = got.block.map_or(BufferSize::Default, BufferSize::Fixed);
    let config = StreamConfig { channels: got.channels, sample_rate: got.rate, buffer_size };
    let opened = patiently(PATIENCE, move || build(config, guard, teller));
    let built = opened.ok_or(SoundError::Hangs { host: card.host, seconds: PATIENCE.as_secs() })?;
    let inner = built.map_err(|why| SoundError::Refused { card: card.name.clone(), why: why.to_string() })?;
    let got = Got { block: inner.buffer_size().ok().or(got.block), ..got };
    Ok(Stream { host: card.host, got, heart, inner: Some(inner) })
}

/// The origin of the clock that all streams share.
pub(super) fn origin() -> Instant {
    static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

/// What stands between a sound system and a callback.
struct Guard<F> {
    run: F,
    heart: Arc<Heart>,
    teller: Arc<Mutex<Teller>>,
    simulated: bool,
    got: Got,
    origin: Instant,
}

/// Frames that are converted at a time.
const PIECE: usize = 1024;

impl<F> Guard<F> {
    /// RT but for the first time, which asks for priority, and the last, which tells of a panic. `false`: nothing was
    /// heard.
    fn call(&mut self, samples: usize, call: impl FnOnce(&mut F)) -> bool {
        if self.heart.beats() == 0 && !self.simulated {
            self.heart.ask_for_priority();
        }
        if self.heart.stopped() {
            self.heart.beat(0);
            return false;
        }
        let result = uncancelled(|| catch_unwind(AssertUnwindSafe(|| call(&mut self.run))));
        if let Err(what) = &result {
            self.heart.stop();
            let text = what.downcast_ref::<&str>().map(|text| text.to_string());
            let text = text.or_else(|| what.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".into());
            self.teller.lock().unwrap_or_else(|broken| broken.into_inner()).tell(Trouble::Panicked(text));
        }
        self.heart.beat(samples / usize::from(self.got.channels.max(1)));
        result.is_ok()
    }

    /// RT — as above.
    fn moment(&self, system: StreamInstant, device: StreamInstant) -> Moment {
        let ns = |instant: StreamInstant| u64::try_from(instant.as_nanos()).unwrap_or(u64::MAX);
        let called_ns = if self.simulated { ns(system) } else { self.origin.elapsed().as_nanos() as u64 };
        Moment { device_ns: ns(device), system_ns: ns(system), called_ns }
    }

    fn scratch<T: Sample>(&self) -> Vec<f32> {
        let length = if T::as_f32(&[]).is_some() { 0 } else { PIECE * usize::from(self.got.channels) };
        vec![0.0; length.max(1)]
    }
}

fn complain(teller: Arc<Mutex<Teller>>) -> impl FnMut(cpal::Error) + Send + 'static {
    move |error| teller.lock().unwrap_or_else(|broken| broken.into_inner()).error(&error)
}

fn input<T: Sample, F: FnMut(&[f32], Moment) + Send + 'static>(
    device: &cpal::Device,
    config: StreamConfig,
    mut guard: Guard<F>,
    teller: Arc<Mutex<Teller>>,
) -> Built {
    let mut scratch = guard.scratch::<T>();
    let rate = config.sample_rate;
    let run = move |data: &[T], info: &InputCallbackInfo| {
        let time = info.timestamp();
        let moment = guard.moment(time.callback, time.capture);
        guard.call(data.len(), |run| match T::as_f32(data) {
            Some(data) => run(data, moment),
            None => {
                let pieces = data.chunks(scratch.len());
                for (piece, number) in pieces.zip(0..) {
                    let scratch = &mut scratch[..piece.len()];
                    scratch.iter_mut().zip(piece).for_each(|(to, from)| *to = from.to_f32());
                    run(scratch, moment.after(number * PIECE, rate));
                }
            }
        });
    };
    device.build_input_stream(config, run, complain(teller), Some(PATIENCE))
}

fn output<T: Sample, F: FnMut(&mut [f32], Moment) + Send + 'static>(
    device: &cpal::Device,
    config: StreamConfig,
    mut guard: Guard<F>,
    teller: Arc<Mutex<Teller>>,
) -> Built {
    let mut scratch = guard.scratch::<T>();
    let rate = config.sample_rate;
    let run = move |data: &mut [T], info: &OutputCallbackInfo| {
        let time = info.timestamp();
        let moment = guard.moment(time.callback, time.playback);
        let played = guard.call(data.len(), |run| match T::as_f32_mut(data) {
            Some(data) => run(data, moment),
            None => {
                for (piece, number) in data.chunks_mut(scratch.len()).zip(0..) {
                    let scratch = &mut scratch[..piece.len()];
                    scratch.fill(0.0);
                    run(scratch, moment.after(number * PIECE, rate));
                    piece.iter_mut().zip(scratch).for_each(|(to, from)| *to = T::from_f32(*from));
                }
            }
        });
        if !played {
            data.fill(T::from_f32(0.0));
        }
    };
    device.build_output_stream(config, run, complain(teller), Some(PATIENCE))
}
