//! RT — from sound to silence, from silence to sound, and from one place in the sound to another, without a step.
use std::f32::consts::PI;
use std::ops::Range;

/// Watches what is heard. Where sound ends, its last sample and slope go on for a moment and fade; where it begins
/// again, it fades in. Both are raised cosines, which begin and end without a bend.
#[derive(Clone, Debug)]
pub struct Seam {
    state: State,
    /// Frames of a fade.
    length: usize,
    /// Frames of the tail so far; `length` when it is over.
    tail: usize,
    /// By channel, what the tail goes on from: value, and how far the slope leads.
    from: Vec<[f32; 2]>,
    /// By channel, the last two samples.
    last: Vec<[f32; 2]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Nothing was heard so far, and what comes does not fade in.
    Fresh,
    /// Sound passes.
    Open,
    /// It has been fading in for so many frames.
    Rising(usize),
    /// Silence.
    Shut,
}

/// How long a fade takes, in seconds.
const FADE: f64 = 0.01;
/// Frames in which the slope of a tail falls to 1/e.
const BEND: f32 = 12.0;
/// How far the slope may lead: that of a loud high note would lead beyond full scale.
const LEAD: f32 = 0.5;

impl Seam {
    /// For so many channels at so many frames a second.
    pub fn new(channels: usize, rate: u32) -> Self {
        let length = (f64::from(rate) * FADE).ceil().max(1.0) as usize;
        let none = vec![[0.0; 2]; channels];
        Self { state: State::Shut, length, tail: length, from: none.clone(), last: none }
    }

    /// The very first sound is passed as it is, from its first sample on.
    pub fn begin_at_once(&mut self) {
        self.state = State::Fresh;
    }

    /// What comes next does not go on from what came last.
    pub fn cut(&mut self) {
        if matches!(self.state, State::Open | State::Rising(_)) {
            self.shut();
        }
    }

    /// Frames of `planes`, of which those in `sound` are sound; the others are filled.
    pub fn pass(&mut self, planes: &mut [Vec<f32>], frames: usize, sound: Range<usize>) {
        let is_all = sound == (0..frames);
        if is_all && self.tail == self.length && matches!(self.state, State::Fresh | State::Open) {
            self.state = State::Open;
            return self.remember(planes, 0..frames);
        }
        self.quiet(planes, 0..sound.start);
        self.sound(planes, sound.clone());
        self.quiet(planes, sound.end..frames);
    }

    fn shut(&mut self) {
        for (from, [before, last]) in self.from.iter_mut().zip(&self.last) {
            *from = [*last, ((last - before) * BEND).clamp(-LEAD, LEAD)];
        }
        self.tail = 0;
        self.state = State::Shut;
    }

    fn quiet(&mut self, planes: &mut [Vec<f32>], span: Range<usize>) {
        if span.is_empty() {
            return;
        }
        self.cut();
        for plane in planes.iter_mut() {
            plane[span.clone()].fill(0.0);
        }
        self.add_tail(planes, span.clone());
        self.remember(planes, span);
    }

    fn sound(&mut self, planes: &mut [Vec<f32>], span: Range<usize>) {
        if span.is_empty() {
            return;
        }
        match self.state {
            State::Fresh => self.state = State::Open,
            State::Shut => self.rise(planes, span.clone(), 0),
            State::Rising(passed) => self.rise(planes, span.clone(), passed),
            State::Open => {}
        }
        self.add_tail(planes, span.clone());
        self.remember(planes, span);
    }

    fn rise(&mut self, planes: &mut [Vec<f32>], span: Range<usize>, passed: usize) {
        let frames = span.len();
        for plane in planes {
            for (sample, at) in plane[span.clone()].iter_mut().zip(passed..self.length) {
                *sample *= 1.0 - self.share(at);
            }
        }
        let passed = passed + frames;
        self.state = if passed < self.length { State::Rising(passed) } else { State::Open };
    }

    /// How much of what was is left after so many frames.
    fn share(&self, at: usize) -> f32 {
        0.5 + 0.5 * (PI * (at + 1) as f32 / (self.length + 1) as f32).cos()
    }

    fn add_tail(&mut self, planes: &mut [Vec<f32>], span: Range<usize>) {
        let frames = span.len().min(self.length - self.tail);
        let bend = (-1.0 / BEND).exp();
        for (plane, [value, lead]) in planes.iter_mut().zip(&self.from) {
            let mut left = bend.powi(self.tail as i32);
            for (sample, at) in plane[span.clone()].iter_mut().zip(self.tail..self.tail + frames) {
                left *= bend;
                *sample += self.share(at) * (value + lead * (1.0 - left));
            }
        }
        self.tail += frames;
    }

    fn remember(&mut self, planes: &[Vec<f32>], span: Range<usize>) {
        for (last, plane) in self.last.iter_mut().zip(planes) {
            *last = match plane[span.clone()] {
                [.., before, end] => [before, end],
                [end] => [last[1], end],
                [] => *last,
            };
        }
    }
}
