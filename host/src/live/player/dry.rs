//! RT — the sound that came in, as late as a graph would be with it.
use super::planes::{Planes, heard};

/// Frames in which one delay goes over to another.
const OVER: u32 = 1024;

/// The past of the first input.
pub struct Dry {
    /// A ring a channel, each as long as the longest delay and a chunk.
    past: Planes,
    /// Frames that have come.
    come: u64,
    delay: u64,
    /// The delay before, while it goes over from it, and how many frames are left.
    before: u64,
    left: u32,
}

impl Dry {
    /// So many channels, and delays up to so many frames.
    pub fn new(channels: usize, longest: usize) -> Self {
        Self { past: Planes::new(channels, longest.max(1)), come: 0, delay: 0, before: 0, left: 0 }
    }

    /// Is heard so many frames later from now on.
    pub fn later(&mut self, frames: usize, at_once: bool) {
        let frames = frames.min(self.past.stride() - 1) as u64;
        if frames != self.delay {
            (self.before, self.delay) = (self.delay, frames);
            self.left = if at_once { 0 } else { OVER };
        }
    }

    /// Takes the next frames.
    pub fn feed(&mut self, from: &Planes, frames: usize) {
        let room = self.past.stride();
        let at = (self.come % room as u64) as usize;
        for channel in 0..self.past.channels().min(from.channels()) {
            let ring = self.past.plane_mut(channel, room);
            let first = frames.min(room - at);
            let from = from.plane(channel, frames);
            ring[at..at + first].copy_from_slice(&from[..first]);
            ring[..frames - first].copy_from_slice(&from[first..]);
        }
        self.come += frames as u64;
    }

    /// Adds what is heard of the frames that came last to a sound of any number of channels, each frame times its gain.
    pub fn add(&mut self, to: &mut Planes, gains: &[f32]) {
        let frames = gains.len();
        for channel in 0..to.channels() {
            let from = heard(channel, to.channels(), self.past.channels());
            let share = 1.0 / from.len().max(1) as f32;
            let (of, left) = (to.plane_mut(channel, frames), self.left);
            for past in from {
                for (at, (to, gain)) in of.iter_mut().zip(gains).enumerate() {
                    let now = self.at(past, at, frames, self.delay);
                    let left = left.saturating_sub(at as u32);
                    let sound = if left == 0 {
                        now
                    } else {
                        let share = left as f32 / OVER as f32;
                        now + (self.at(past, at, frames, self.before) - now) * share
                    };
                    *to += sound * share * gain;
                }
            }
        }
    }

    /// Frames have been heard.
    pub fn pass(&mut self, frames: usize) {
        self.left = self.left.saturating_sub(frames as u32);
    }

    fn at(&self, channel: usize, frame: usize, of: usize, delay: u64) -> f32 {
        let room = self.past.stride() as u64;
        match (self.come + frame as u64).checked_sub(of as u64 + delay) {
            Some(frame) => self.past.plane(channel, room as usize)[(frame % room) as usize],
            None => 0.0,
        }
    }
}
