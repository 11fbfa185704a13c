//! Levels of channels: what a [`Meter`] shows.
use crate::live::Meter;
use crate::render::Frames;
use pulp::{Arch, WithSimd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Seconds of which the power is shown.
const POWER: f64 = 0.3;
/// Slots these are counted in.
const POWER_SLOTS: usize = 30;
/// Decibels a second by which the peak falls (IEC 60268-18).
const FALL: f64 = 20.0;
/// Slots of the power for which the largest sample is held: two seconds.
const HOLD_SLOTS: usize = 200;

/// RT — measures frames as they pass.
pub struct Meters {
    channels: Vec<Channel>,
    shared: Arc<Shared>,
    /// Frames of a slot, and those of the present one so far.
    slot: usize,
    filled: usize,
    /// Which slot it is.
    at: usize,
    /// Factor a frame by which the peak falls, as a logarithm.
    fall: f32,
    arch: Arch,
}

/// The control side's half.
pub struct Levels {
    shared: Arc<Shared>,
    /// Clipped samples that are forgotten.
    forgotten: Vec<u64>,
}

#[derive(Default)]
struct Shared {
    channels: Vec<Shown>,
    /// Peaks are to be forgotten.
    forget: AtomicBool,
}

/// Of a channel. f32 as bits.
#[derive(Default)]
struct Shown {
    power: AtomicU32,
    peak: AtomicU32,
    hold: AtomicU32,
    clipped: AtomicU64,
}

struct Channel {
    /// Sums of squares and largest magnitudes, by slot.
    sums: [f64; POWER_SLOTS],
    peaks: [f32; HOLD_SLOTS],
    peak: f32,
}

/// A meter for so many channels at so many frames a second.
pub fn meters(channels: usize, rate: u32) -> (Meters, Levels) {
    let none = || Channel { sums: [0.0; POWER_SLOTS], peaks: [0.0; HOLD_SLOTS], peak: 0.0 };
    let shown = (0..channels).map(|_| Shown::default()).collect();
    let shared = Arc::new(Shared { channels: shown, forget: AtomicBool::new(false) });
    let slot = (f64::from(rate) * POWER / POWER_SLOTS as f64).round().max(1.0) as usize;
    let fall = (-FALL / 20.0 * std::f64::consts::LN_10 / f64::from(rate.max(1))) as f32;
    let channels: Vec<_> = (0..channels).map(|_| none()).collect();
    let levels = Levels { shared: shared.clone(), forgotten: vec![0; channels.len()] };
    (Meters { channels, shared, slot, filled: 0, at: 0, fall, arch: Arch::new() }, levels)
}

impl Meters {
    /// RT — frames of all channels, a channel after the other.
    pub fn planar(&mut self, frames: &Frames) {
        self.pass(frames.frames, |channel, from, to| {
            let at = channel * frames.stride;
            (frames.data.get(at + from..at + to).unwrap_or_default(), 1)
        });
    }

    /// RT — frames of all channels, a frame after the other.
    pub fn interleaved(&mut self, frames: &[f32]) {
        let width = self.channels.len().max(1);
        self.pass(frames.len() / width, |channel, from, to| {
            (&frames[from * width + channel..(to - 1) * width + channel + 1], width)
        });
    }

    /// Samples of a channel from one frame to another, and how far they are apart.
    fn pass<'a>(&mut self, frames: usize, samples: impl Fn(usize, usize, usize) -> (&'a [f32], usize)) {
        if self.shared.forget.swap(false, Relaxed) {
            self.channels.iter_mut().for_each(|channel| (channel.peak, channel.peaks) = (0.0, [0.0; HOLD_SLOTS]));
        }
        let mut from = 0;
        while from < frames {
            let to = frames.min(from + self.slot - self.filled);
            let fallen = (self.fall * (to - from) as f32).exp();
            for (number, channel) in self.channels.iter_mut().enumerate() {
                let (samples, apart) = samples(number, from, to);
                let seen = self.arch.dispatch(Look { samples, apart });
                channel.sums[self.at % POWER_SLOTS] += seen.sum;
                let held = &mut channel.peaks[self.at % HOLD_SLOTS];
                *held = held.max(seen.peak);
                channel.peak = (channel.peak * fallen).max(seen.peak);
                self.shared.channels[number].clipped.fetch_add(seen.clipped, Relaxed);
            }
            self.filled += to - from;
            from = to;
            if self.filled == self.slot {
                self.next_slot();
            }
        }
        for (channel, shown) in self.channels.iter().zip(&self.shared.channels) {
            shown.peak.store(channel.peak.to_bits(), Relaxed);
        }
    }

    /// Shows what the last slots hold, and begins another in place of the oldest.
    fn next_slot(&mut self) {
        self.filled = 0;
        self.at += 1;
        let (power, hold) = (self.at % POWER_SLOTS, self.at % HOLD_SLOTS);
        let frames = (self.slot * POWER_SLOTS) as f64;
        for (channel, shown) in self.channels.iter_mut().zip(&self.shared.channels) {
            let mean = channel.sums.iter().sum::<f64>() / frames;
            let held = channel.peaks.iter().copied().fold(0.0, f32::max);
            shown.power.store((mean as f32).to_bits(), Relaxed);
            shown.hold.store(held.to_bits(), Relaxed);
            channel.sums[power] = 0.0;
            channel.peaks[hold] = 0.0;
        }
    }
}

impl Levels {
    /// By channel.
    pub fn read(&self) -> Vec<Meter> {
        let db = |bits: &AtomicU32, factor: f64| factor * f64::from(f32::from_bits(bits.load(Relaxed))).log10();
        let meter = |(shown, forgotten): (&Shown, &u64)| Meter {
            rms: db(&shown.power, 10.0),
            peak: db(&shown.peak, 20.0),
            // The slot under way is not yet part of it.
            hold: db(&shown.hold, 20.0).max(db(&shown.peak, 20.0)),
            clipped: shown.clipped.load(Relaxed).saturating_sub(*forgotten),
        };
        self.shared.channels.iter().zip(&self.forgotten).map(meter).collect()
    }

    /// Forgets peaks and clipped samples.
    pub fn clear(&mut self) {
        self.shared.forget.store(true, Relaxed);
        for (forgotten, shown) in self.forgotten.iter_mut().zip(&self.shared.channels) {
            *forgotten = shown.clipped.load(Relaxed);
        }
    }
}

/// What some samples hold.
struct Seen {
    sum: f64,
    peak: f32,
    clipped: u64,
}

struct Look<'a> {
    samples: &'a [f32],
    apart: usize,
}

/// Samples that are looked at together.
const LANES: usize = 16;

impl WithSimd for Look<'_> {
    type Output = Seen;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> Seen {
        let (mut sums, mut peaks, mut clipped) = ([0f32; LANES], [0f32; LANES], [0u32; LANES]);
        let mut look = |lanes: &[f32; LANES]| {
            for lane in 0..LANES {
                let x = lanes[lane];
                sums[lane] += x * x;
                peaks[lane] = if x.abs() > peaks[lane] { x.abs() } else { peaks[lane] };
                clipped[lane] += u32::from(x.abs() >= 1.0);
            }
        };
        if self.apart == 1 {
            let (whole, rest) = self.samples.as_chunks::<LANES>();
            whole.iter().for_each(&mut look);
            let mut last = [0.0; LANES];
            last[..rest.len()].copy_from_slice(rest);
            look(&last);
        } else {
            for piece in self.samples.chunks(LANES * self.apart) {
                let mut lanes = [0.0; LANES];
                lanes.iter_mut().zip(piece.iter().step_by(self.apart)).for_each(|(lane, sample)| *lane = *sample);
                look(&lanes);
            }
        }
        let peak = peaks.into_iter().fold(0.0, f32::max);
        Seen {
            sum: sums.iter().map(|sum| f64::from(*sum)).sum(),
            peak,
            clipped: clipped.iter().map(|&n| u64::from(n)).sum(),
        }
    }
}
