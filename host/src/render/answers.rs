//! RT — what a lane has answered on one stream, and what is heard where an answer is not there when due.
//!
//! The frames of a lane have their place in the stream from the moment when its step would have made them: every later
//! step counts as if the lane ran inline. What comes in time is written to its place; what is read before it came is
//! made up, once, as the policy says, and counted; what comes after that is dropped. So time never drifts.
use super::stream::{self, Stream};
use crate::graph::Late;
use crate::plugin::Frames;
use std::ops::Range;

/// Seconds in which audio goes over from what came to what is made up, and back.
const GLIDE: f64 = 0.005;

/// What a lane has answered on one stream. Frames are counted from the start of the program.
pub struct Answers {
    late: Late,
    /// Frames that are there at the start.
    prefill: u64,
    /// Frames of one firing; of a block, where it takes as many as there are.
    firing: u64,
    /// The number that the next frame to come has.
    arrived: u64,
    /// Frames before `arrived` that never come: the lane had to begin anew.
    gone: Range<u64>,
    /// Frames before this are as they are heard.
    settled: u64,
    /// Firings before this have been counted if they were late.
    counted: u64,
    /// Firings that were late.
    missed: u64,
    /// The last frame that was settled was made up.
    was_late: bool,
    planes: usize,
    width: usize,
    /// The last settled frame, and the one before it.
    last: Vec<f32>,
    before: Vec<f32>,
    /// The frame that is held.
    held: Vec<f32>,
    /// What audio is off by where it goes over.
    off: Vec<f32>,
    /// Frames that going over takes, 0 where nothing glides; and how many of them are left.
    glide: u32,
    left: u32,
}

impl Answers {
    /// What answers the step that writes `plan`, `firing` frames at once.
    pub fn new(plan: &crate::graph::Stream, late: Late, firing: u64) -> Self {
        let format = &plan.format;
        let (planes, width) = (format.channels as usize, format.width());
        let audio = format.kind == crate::plugin::Kind::AUDIO;
        let glide = if audio { (format.rate() * GLIDE).ceil() as u32 } else { 0 };
        let silence = || vec![0.0; planes * width];
        Self {
            late,
            prefill: plan.prefill,
            firing: firing.max(1),
            arrived: plan.prefill,
            gone: 0..0,
            settled: plan.prefill,
            counted: 0,
            missed: 0,
            was_late: false,
            planes,
            width,
            last: silence(),
            before: silence(),
            held: silence(),
            off: silence(),
            glide,
            left: 0,
        }
    }

    /// Firings whose answers were not there when due.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Takes over from what a lane answered in the program before, where all had come: `end` frames.
    pub fn succeed(&mut self, before: &Self, end: u64) {
        self.settled = self.prefill.saturating_sub(end - before.settled);
        (self.was_late, self.left) = (before.was_late, before.left.min(self.glide));
        let kept = [&mut self.last, &mut self.before, &mut self.held, &mut self.off];
        let from = [&before.last, &before.before, &before.held, &before.off];
        for (to, from) in kept.into_iter().zip(from).filter(|(to, from)| to.len() == from.len()) {
            to.copy_from_slice(from);
        }
    }

    /// `frames` more frames have come: which of them are still wanted, and how many are to be dropped before these.
    pub fn arrive(&mut self, frames: u64) -> (u64, Range<u64>) {
        let from = self.arrived.max(self.settled).min(self.arrived + frames);
        let dropped = from - self.arrived;
        self.arrived += frames;
        (dropped, from..self.arrived)
    }

    /// The lane begins anew: the next frame to come has the number `end`, and what has not come never will.
    pub fn begin_at(&mut self, end: u64) {
        self.gone = self.arrived..end;
        self.arrived = end;
    }

    /// Whether all frames that never come have been passed over.
    pub fn is_whole(&self) -> bool {
        self.settled >= self.gone.end
    }

    /// All frames before `until` are about to be read: makes up those that have not come.
    pub fn settle(&mut self, stream: &mut Stream, until: u64) {
        while self.settled < until {
            let (late, until) = self.run_of_same(until);
            let frames = (until - self.settled) as usize;
            if late {
                if !self.was_late {
                    self.held.copy_from_slice(&self.last);
                }
                self.count(until);
                self.make_up(stream, frames);
            }
            if self.glide > 0 {
                self.go_over(stream, frames, late);
            }
            self.keep_last(stream, until, frames);
            (self.was_late, self.settled) = (late, until);
        }
    }

    /// Whether the next frames are late, and until where that is so.
    fn run_of_same(&self, until: u64) -> (bool, u64) {
        let at = self.settled;
        if self.gone.contains(&at) {
            return (true, until.min(self.gone.end));
        }
        let come = if at < self.gone.start { self.gone.start } else { self.arrived };
        if at < come { (false, until.min(come)) } else { (true, until) }
    }

    fn count(&mut self, until: u64) {
        let from = (self.settled - self.prefill) / self.firing;
        let to = (until - self.prefill).div_ceil(self.firing);
        self.missed += to.saturating_sub(from.max(self.counted));
        self.counted = self.counted.max(to);
    }

    /// The policy; for `pass` the dry sound is there already.
    fn make_up(&self, stream: &mut Stream, frames: usize) {
        let mut room = stream.rewrite(self.settled, frames);
        for plane in 0..self.planes {
            let to = stream::plane_mut(&mut room, plane, self.width);
            let held = &self.held[plane * self.width..][..self.width];
            match self.late {
                Late::Hold => to.chunks_mut(self.width).for_each(|frame| frame.copy_from_slice(held)),
                Late::Zero => to.fill(0.0),
                Late::Pass => {}
            }
        }
    }

    /// Where audio begins or ceases to be made up it would jump: what it is off by is added, less and less of it, so that
    /// it goes on from where it was, in the direction it had.
    fn go_over(&mut self, stream: &mut Stream, frames: usize, late: bool) {
        let mut room = stream.rewrite(self.settled, frames);
        if late != self.was_late {
            for plane in 0..self.planes {
                let first = stream::plane_mut(&mut room, plane, self.width).first().copied().unwrap_or(0.0);
                self.off[plane] = 2.0 * self.last[plane] - self.before[plane] - first;
            }
            self.left = self.glide;
        }
        if self.left == 0 {
            return;
        }
        for plane in 0..self.planes {
            let samples = stream::plane_mut(&mut room, plane, self.width);
            for (sample, left) in samples.iter_mut().zip((0..self.left).rev()) {
                // A raised cosine, which begins and ends without a bend.
                let share = (left + 1) as f32 / (self.glide + 1) as f32;
                *sample += self.off[plane] * (0.5 - 0.5 * (core::f32::consts::PI * share).cos());
            }
        }
        self.left = self.left.saturating_sub(frames as u32);
    }

    /// Remembers the last two of the `frames` frames before `until`.
    fn keep_last(&mut self, stream: &Stream, until: u64, frames: usize) {
        let two = frames.min(2);
        let newest: Frames = stream.read(until - two as u64, two);
        if two == 1 {
            std::mem::swap(&mut self.before, &mut self.last);
        }
        for plane in 0..self.planes {
            let (from, at) = (stream::plane(&newest, plane, self.width), plane * self.width);
            let (before, last) = from.split_at(from.len() - self.width);
            self.before[at..at + before.len()].copy_from_slice(before);
            self.last[at..at + self.width].copy_from_slice(last);
        }
    }
}
