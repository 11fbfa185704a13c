//! RT — when frames are due. Callbacks come late by what the machine did before; a delay-locked loop of second order
//! takes that out of their moments (F. Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005).
use std::f64::consts::{SQRT_2, TAU};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A moment, in nanoseconds since an origin that all callbacks of a session share. Not what a sound system says of its
/// buffers: those have origins of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// Now.
    pub fn since(origin: Instant) -> Self {
        Self::after(origin.elapsed())
    }

    /// So long after the origin.
    pub fn after(time: Duration) -> Self {
        Self(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Seconds since the origin.
    pub fn seconds(self) -> f64 {
        self.0 as f64 * 1e-9
    }
}

/// A callback, as its device's clock has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beat {
    /// When it came.
    pub at: Moment,
    /// Seconds since the origin when it should have come.
    pub time: f64,
    /// Seconds a frame.
    pub per_frame: f64,
    /// Frames a second, as the device says.
    pub rate: f64,
    /// Frame of the device at that time: of an input, the one after the last that was delivered; of an output, the first
    /// that is asked for.
    pub frame: u64,
    /// Another number each time the clock is lost, and for each clock: frames of different ones cannot be compared.
    pub lost: u32,
}

/// Whether a device's callbacks hand frames over that are past, or ask for those that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// An input.
    Delivers,
    /// An output.
    Asks,
}

/// The clock of a device, told from the moments of its callbacks. One a device, in its callback.
#[derive(Clone, Debug)]
pub struct Pulse {
    way: Way,
    beat: Beat,
    /// Frames of the callback before; none before the first.
    before: Option<usize>,
    /// Seconds since the clock was found.
    known: f64,
}

/// Where the bandwidth ends up: 1 ms of jitter becomes some 10 µs.
const NARROW_HZ: f64 = 0.015;
/// Where it begins.
const WIDE_HZ: f64 = 1.0;
/// The product of bandwidth and time known on the way from one to the other, as that of a straight line fitted to all
/// moments so far.
const SHRINK: f64 = 0.5;
/// A callback that is so much too early or too late, in seconds: the device stood still, or lost frames.
const LOST: f64 = 0.1;
/// No clock of a sound card is that wrong.
const WRONG: f64 = 0.01;

/// A device that is opened again counts anew, and is not to be taken for the one that it was.
static CLOCKS: AtomicU32 = AtomicU32::new(0);

impl Pulse {
    /// Of a device that says it has so many frames a second.
    pub fn new(rate: u32, way: Way) -> Self {
        let rate = f64::from(rate.max(1));
        let lost = CLOCKS.fetch_add(1 << 16, Relaxed);
        let beat = Beat { at: Moment(0), time: 0.0, per_frame: 1.0 / rate, rate, frame: 0, lost };
        Self { way, beat, before: None, known: 0.0 }
    }

    /// A callback of `frames` frames.
    pub fn beat(&mut self, frames: usize, at: Moment) -> Beat {
        let first = self.before.is_none();
        let step = match (self.before.replace(frames), self.way) {
            (_, Way::Delivers) => frames,
            (Some(before), Way::Asks) => before,
            (None, Way::Asks) => 0,
        };
        self.beat.frame += step as u64;
        let due = self.beat.time + step as f64 * self.beat.per_frame;
        let late = at.seconds() - due;
        self.beat.at = at;
        if first || late.abs() > LOST {
            self.beat.time = at.seconds();
            self.beat.per_frame = 1.0 / self.beat.rate;
            self.beat.lost = self.beat.lost.wrapping_add(u32::from(!first));
            self.known = 0.0;
            return self.beat;
        }
        self.follow(step as f64, due, late);
        self.beat
    }

    /// The loop: natural frequency ω = 2π × bandwidth × period, damping 1/√2.
    fn follow(&mut self, step: f64, due: f64, late: f64) {
        let period = step * self.beat.per_frame;
        self.known += period;
        let bandwidth = (SHRINK / self.known.max(1e-9)).clamp(NARROW_HZ, WIDE_HZ);
        let omega = (TAU * bandwidth * period).min(0.5);
        self.beat.time = due + SQRT_2 * omega * late;
        if step > 0.0 {
            let nominal = 1.0 / self.beat.rate;
            let per_frame = self.beat.per_frame + omega * omega * late / step;
            self.beat.per_frame = per_frame.clamp(nominal * (1.0 - WRONG), nominal * (1.0 + WRONG));
        }
    }
}

/// Where the frames of a port lie on the clock of a device that asks: the first of them is due with the first beat. Kept
/// while devices at the other ends of edges come and go, as the frames of the port go on.
#[derive(Clone, Debug)]
pub struct Rail {
    /// Frames of the port a second.
    rate: f64,
    /// Frames of the port so far.
    count: u64,
    /// Frame of the device at which frame 0 is due, while its clock is not lost.
    base: Option<(u32, f64)>,
}

impl Rail {
    /// For a port of so many frames a second.
    pub fn new(rate: u32) -> Self {
        Self { rate: f64::from(rate.max(1)), count: 0, base: None }
    }

    /// Goes on by so many frames.
    pub fn pass(&mut self, frames: usize) {
        self.count += frames as u64;
    }

    /// By how many frames of the port the next one is due after the beat.
    pub fn ahead(&mut self, beat: &Beat) -> f64 {
        let count = self.count as f64 * beat.rate / self.rate;
        let base = match self.base {
            Some((lost, base)) if lost == beat.lost => base,
            _ => beat.frame as f64 - count,
        };
        self.base = Some((beat.lost, base));
        (base + count - beat.frame as f64) * self.rate / beat.rate
    }

    /// Seconds a frame of the port.
    pub fn per_frame(&self, beat: &Beat) -> f64 {
        beat.per_frame * beat.rate / self.rate
    }
}
