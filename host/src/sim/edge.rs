//! Between the sound and the graph: DMA buffers, whole numbers for samples, and what is heard where a block is missing.
use super::clock::Clock;
use super::fault::Faults;
use super::machine::{Heard, Played};
use super::profile::{Audio, SampleFormat, Underrun};
use crate::live::edge::Seam;
use std::collections::VecDeque;

/// A block of sound, a plane a channel.
pub type Planes = Vec<Vec<f32>>;

/// The way of an input from the air to the graph.
pub struct In {
    number: usize,
    format: SampleFormat,
    underrun: Underrun,
    seam: Seam,
    /// What lies in the buffers, oldest first.
    buffers: VecDeque<Planes>,
    count: usize,
    /// The same without rounding, for the graph in floating point.
    pub unrounded: Planes,
}

/// The way of an output from the graph to the air.
pub struct Out {
    format: SampleFormat,
    underrun: Underrun,
    seam: Seam,
    /// What lies in the buffers, oldest first.
    buffers: VecDeque<Planes>,
    count: usize,
    channels: usize,
    /// Samples that were larger than full scale.
    pub clipped: u64,
}

/// The scale and the largest value of a whole number of so many bits.
fn scale(bits: u32) -> f64 {
    f64::from(1u32 << (bits - 1))
}

/// The nearest whole number that a sample can be, as a sample: as converters give and take it. Answers whether it was
/// larger than full scale.
pub fn rounded(sample: f32, format: SampleFormat) -> (f32, bool) {
    let Some(bits) = format.bits() else { return (sample, false) };
    let scale = scale(bits);
    let value = (f64::from(sample) * scale).round();
    let kept = value.clamp(-scale, scale - 1.0);
    ((kept / scale) as f32, kept != value && (value - kept).abs() > 1.0)
}

/// A sample with some of its bits turned over.
fn turned(sample: f32, mask: u32, format: SampleFormat) -> f32 {
    let Some(bits) = format.bits() else { return f32::from_bits(sample.to_bits() ^ mask) };
    let value = (f64::from(sample) * scale(bits)) as i32;
    // Sign-extended from its own width.
    let value = ((value ^ mask as i32) << (32 - bits)) >> (32 - bits);
    (f64::from(value) / scale(bits)) as f32
}

impl In {
    /// For an input of so many channels.
    pub fn new(number: usize, audio: &Audio, channels: usize, rate: u32) -> Self {
        let mut seam = Seam::new(channels, rate);
        seam.begin_at_once();
        Self {
            number,
            format: audio.format,
            underrun: audio.underrun,
            seam,
            buffers: VecDeque::new(),
            count: audio.buffers as usize,
            unrounded: vec![],
        }
    }

    /// A block comes in that nobody hears.
    pub fn pass_over(&mut self, planes: &Planes) {
        self.keep(planes.clone());
    }

    fn keep(&mut self, planes: Planes) {
        if self.buffers.len() == self.count {
            self.buffers.pop_front();
        }
        self.buffers.push_back(planes);
    }

    /// A block comes in: becomes what the graph hears of it.
    pub fn hear(&mut self, planes: &mut Planes, world: u64, heard: Heard, faults: &Faults, clock: &Clock) {
        let frames = planes.first().map_or(0, Vec::len);
        if heard.empty {
            // DMA wrote nothing: what it wrote when it was here last is there again.
            let old = self.buffers.front().filter(|_| self.buffers.len() == self.count);
            for (channel, plane) in planes.iter_mut().enumerate() {
                let old = old.and_then(|old| old.get(channel)).map_or(&[][..], Vec::as_slice);
                (0..frames).for_each(|at| plane[at] = old.get(at).copied().unwrap_or(0.0));
            }
        }
        self.keep(planes.clone());
        if heard.cut && self.underrun == Underrun::Silence {
            self.seam.cut();
        }
        if self.underrun == Underrun::Silence {
            self.seam.pass(planes, frames, 0..frames);
        }
        self.unrounded.clone_from(planes);
        let width = self.format.bits().unwrap_or(32);
        for (channel, (plane, unrounded)) in planes.iter_mut().zip(&mut self.unrounded).enumerate() {
            for (at, (sample, unrounded)) in plane.iter_mut().zip(unrounded).enumerate() {
                *sample = rounded(*sample, self.format).0;
                let mask = faults.wrong_bits(world, self.number, at * 64 + channel, width, clock);
                if mask != 0 {
                    let wrong = turned(*sample, mask, self.format);
                    // A float may become anything: what is no number is silence to any converter.
                    let wrong = if wrong.is_finite() { wrong.clamp(-1.0, 1.0) } else { 0.0 };
                    *unrounded += wrong - *sample;
                    *sample = wrong;
                }
            }
        }
    }
}

impl Out {
    /// For an output of so many channels.
    pub fn new(audio: &Audio, channels: usize, rate: u32) -> Self {
        let mut seam = Seam::new(channels, rate);
        seam.begin_at_once();
        Self {
            format: audio.format,
            underrun: audio.underrun,
            seam,
            buffers: VecDeque::new(),
            count: audio.buffers as usize,
            channels,
            clipped: 0,
        }
    }

    /// Rounds what the graph gives.
    pub fn round(&mut self, planes: &mut Planes) {
        for sample in planes.iter_mut().flatten() {
            let (kept, clipped) = rounded(*sample, self.format);
            *sample = kept;
            self.clipped += u64::from(clipped);
        }
    }

    /// What is heard in the place of a block of so many frames, of which the graph may have given this.
    pub fn play(&mut self, given: Option<Planes>, played: Played, frames: usize) -> Option<Planes> {
        let silence = || vec![vec![0.0; frames]; self.channels];
        let mut planes = match (played, given) {
            (Played::LeftOut { .. }, _) => return None,
            (Played::Rendered, Some(given)) => given,
            (Played::Twice, _) => self.buffers.back().cloned().unwrap_or_else(silence),
            (Played::Stale { .. }, _) if self.underrun == Underrun::Stale => {
                let old = self.buffers.front().filter(|_| self.buffers.len() == self.count);
                old.cloned().unwrap_or_else(silence)
            }
            _ => silence(),
        };
        planes.iter_mut().for_each(|plane| plane.resize(frames, 0.0));
        if self.underrun == Underrun::Silence {
            let is_sound = matches!(played, Played::Rendered | Played::Twice);
            if played == Played::Twice {
                self.seam.cut();
            }
            self.seam.pass(&mut planes, frames, 0..if is_sound { frames } else { 0 });
            self.round(&mut planes);
        }
        if self.buffers.len() == self.count {
            self.buffers.pop_front();
        }
        self.buffers.push_back(planes.clone());
        Some(planes)
    }
}
