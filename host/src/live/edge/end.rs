//! RT — the end that frames come out of: copied on one clock, converted between two rates, following two clocks.
use super::aim::Aim;
use super::beat::{Beat, Rail};
use super::convert::Convert;
use super::gauge::Gauge;
use super::ring::{Mark, RingOut};
use super::route::Route;
use super::steer::Steer;
use std::ops::Range;

/// When the next frame that is taken is due.
pub struct Due {
    /// Now, in seconds since the origin.
    at: f64,
    /// Seconds since the origin.
    time: f64,
    /// Frames after the beat.
    ahead: f64,
    /// Seconds a frame.
    per_frame: f64,
    /// How often the clock of the side that takes was lost.
    lost: u32,
}

impl Due {
    /// By a beat of who takes.
    pub fn new(rail: &mut Rail, beat: &Beat) -> Self {
        let (ahead, per_frame) = (rail.ahead(beat), rail.per_frame(beat));
        Self { at: beat.at.seconds(), time: beat.time + ahead * per_frame, ahead, per_frame, lost: beat.lost }
    }
}

/// What came of taking a piece.
#[derive(Default)]
pub struct Pulled {
    /// Where there is sound; the rest has yet to be filled.
    pub sound: Range<usize>,
    /// It does not go on from what came last.
    pub elsewhere: bool,
}

/// How frames cross.
pub enum How {
    /// As they are.
    Copies(Aim),
    /// To another rate on the same clock.
    Converts(Convert, Aim),
    /// To another clock.
    Follows(Convert, Follow),
}

/// What follows two clocks.
pub struct Follow {
    pub(super) steer: Steer,
    /// Frames that it lags if no callback is ever late.
    least: f64,
    /// Frames that callbacks are allowed to be late.
    late: f64,
    /// Frames a second.
    rate: f64,
    /// How often the two clocks were lost when it began.
    lost: [u32; 2],
}

/// Callbacks may be late by so many seconds; more, once they have been.
pub const LATE: f64 = 0.002;
/// And by no more than this.
const LATEST: f64 = 0.05;

impl Follow {
    /// For so many fed frames a second, lagging by so many.
    pub fn new(rate: u32, least: usize) -> Self {
        let (rate, least) = (f64::from(rate), least as f64 + 2.0); // one is read ahead, and there is a fraction
        let late = LATE * rate;
        Self { steer: Steer::new(rate as u32, least + late), least, late, rate, lost: [0; 2] }
    }

    /// Callbacks have been too late: so many frames lacked.
    fn allow_more(&mut self, lacked: usize) {
        self.late = (self.late * 1.5).max(self.late + lacked as f64).min(LATEST * self.rate);
        self.steer.lag = self.least + self.late;
    }
}

/// One end of an edge. Only a [`Taker`](super::Taker) takes from it.
pub struct TakeEnd {
    ring: RingOut,
    pub(super) how: How,
    gauge: Gauge,
    /// The device, if it is one that takes.
    route: Option<Route>,
    /// It is the graph that takes.
    feeds_graph: bool,
    rate: u32,
    /// Fed frames of the lag that others account for.
    known: usize,
    /// The newest mark, if there was one.
    mark: Option<Mark>,
    /// Frames that left the ring.
    left: u64,
    /// Frames are taken one after the other.
    runs: bool,
    /// Something has been taken.
    has_run: bool,
    /// Silence that comes first, or stands for what rings.
    pad: usize,
}

impl TakeEnd {
    pub(super) fn new(ring: RingOut, how: How, route: Option<Route>, rate: u32, known: usize, gauge: Gauge) -> Self {
        let feeds_graph = route.is_none();
        let (mark, left, runs, has_run, pad) = (None, 0, false, false, 0);
        let end = Self { ring, how, gauge, route, feeds_graph, rate, known, mark, left, runs, has_run, pad };
        end.tell_lag();
        end
    }

    /// What the control side sees of this edge.
    pub fn gauge(&self) -> Gauge {
        self.gauge.clone()
    }

    pub(super) fn channels(&self) -> usize {
        self.ring.channels()
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    pub(super) fn route(&mut self) -> Option<Route> {
        self.route.take()
    }

    pub(super) fn runs(&self) -> bool {
        self.runs
    }

    /// Whether frames must be rendered before so many can be taken.
    pub(super) fn asks(&mut self, frames: usize) -> bool {
        match &mut self.how {
            How::Copies(aim) => aim.asks() && self.ring.waiting() < frames,
            How::Converts(convert, aim) => aim.asks() && self.ring.waiting() < convert.need(frames),
            How::Follows(..) => false,
        }
    }

    /// Fills the planes with so many frames; the answer tells which of them are sound.
    pub(super) fn pull(&mut self, planes: &mut [Vec<f32>], frames: usize, due: &Due) -> Pulled {
        self.mark = self.ring.mark().or(self.mark);
        let Some(mark) = self.mark else { return Pulled::default() };
        // Behind a gap that there was for want of room, nobody has been starved either.
        let ran = self.runs && !self.stood_still(due) && mark.since <= self.left;
        let elsewhere = self.runs && self.is_lost(&mark, due);
        self.runs &= !elsewhere;
        self.runs = self.runs || self.begin(&mark, frames, due);
        let sound = match self.runs {
            true => self.go_on(planes, frames, &mark, due),
            false => 0..0,
        };
        self.has_run |= self.runs;
        if self.has_run && sound.end < frames {
            self.miss(frames - sound.end, ran, &mark, due);
        }
        self.runs &= sound.end == frames;
        Pulled { sound, elsewhere }
    }

    /// Whether it is the side that takes whose clock stood still: it has not been starved then.
    fn stood_still(&self, due: &Due) -> bool {
        matches!(&self.how, How::Follows(_, follow) if follow.lost[1] != due.lost)
    }

    /// Whether frames can no longer be taken one after the other although they are there.
    fn is_lost(&self, mark: &Mark, due: &Due) -> bool {
        match &self.how {
            How::Follows(_, follow) => {
                let lost = follow.lost != [mark.lost, due.lost] || mark.since > self.left;
                lost || follow.steer.is_lost(mark.come(due.time))
            }
            How::Copies(_) | How::Converts(..) => false,
        }
    }

    /// Goes to where the edge lags as it should, if enough has come.
    fn begin(&mut self, mark: &Mark, frames: usize, due: &Due) -> bool {
        let have = self.ring.waiting();
        match &mut self.how {
            How::Copies(_) if have == 0 => false,
            How::Copies(aim) => {
                let wanted = aim.waiting(mark, due.at, due.ahead).unwrap_or(have);
                self.pad = wanted.saturating_sub(have);
                self.skip(have.saturating_sub(wanted));
                true
            }
            How::Converts(convert, aim) => {
                let wanted = aim.waiting(mark, due.at, due.ahead * convert.step()).unwrap_or(have);
                if have < wanted || have == 0 {
                    return false;
                }
                convert.reset();
                self.pad = convert.rings();
                self.skip(have - wanted);
                true
            }
            How::Follows(convert, follow) => {
                let skip = mark.come(due.time) - follow.steer.lag - self.left as f64;
                convert.reset();
                let behind = self.left + skip.max(0.0) as u64 >= mark.since;
                if skip < 0.0 || have < skip as usize + convert.need(frames) || !behind {
                    return false;
                }
                follow.steer.begin((self.left + skip as u64) as f64);
                follow.lost = [mark.lost, due.lost];
                self.pad = convert.rings();
                self.skip(skip as usize);
                true
            }
        }
    }

    fn skip(&mut self, frames: usize) {
        self.ring.skip(frames);
        self.left += frames as u64;
    }

    fn go_on(&mut self, planes: &mut [Vec<f32>], frames: usize, mark: &Mark, due: &Due) -> Range<usize> {
        let have = self.ring.waiting();
        match &mut self.how {
            How::Copies(_) => return self.copy(planes, frames),
            How::Converts(convert, _) => {
                if have < convert.need(frames) {
                    return 0..0;
                }
                self.left += convert.need(frames) as u64;
                convert.give(&mut self.ring, planes, frames);
            }
            How::Follows(convert, follow) => {
                let clocks = due.per_frame / mark.per_frame / convert.step() - 1.0;
                let seconds = frames as f64 * due.per_frame;
                convert.steer(follow.steer.follow(mark.come(due.time), seconds, clocks));
                if have < convert.need(frames) {
                    return 0..0;
                }
                self.left += convert.need(frames) as u64;
                follow.steer.taken += convert.give(&mut self.ring, planes, frames);
                let faster = if self.feeds_graph { 1.0 } else { -1.0 };
                self.gauge.drift(faster * follow.steer.ppm(), follow.steer.settled());
            }
        }
        let rings = self.pad.min(frames);
        self.pad -= rings;
        rings..frames
    }

    fn copy(&mut self, planes: &mut [Vec<f32>], frames: usize) -> Range<usize> {
        let pad = self.pad.min(frames);
        let have = self.ring.waiting().min(frames - pad);
        for (channel, plane) in planes.iter_mut().enumerate() {
            self.ring.pop(channel, &mut plane[pad..pad + have]);
        }
        self.pad -= pad;
        self.left += have as u64;
        pad..pad + have
    }

    /// Frames were missing; they had not been before, or had.
    fn miss(&mut self, frames: usize, ran: bool, mark: &Mark, due: &Due) {
        self.gauge.miss(frames);
        if !ran {
            return;
        }
        self.gauge.starve();
        if let How::Follows(convert, follow) = &mut self.how
            && (due.at - mark.at) < LATEST
        {
            follow.allow_more(convert.need(frames).saturating_sub(self.ring.waiting()));
            self.tell_lag();
        }
    }

    fn tell_lag(&self) {
        let (fed, step) = match &self.how {
            How::Copies(aim) => (aim.lag as f64, 1.0),
            How::Converts(convert, aim) => (aim.lag as f64 + convert.delay, convert.step()),
            How::Follows(convert, follow) => (follow.steer.lag + convert.delay, convert.step()),
        };
        self.gauge.lag((fed - self.known as f64) / step);
    }
}
