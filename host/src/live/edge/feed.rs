//! RT — the end that frames go into.
use super::beat::{Beat, Rail};
use super::gauge::Gauge;
use super::ring::{Mark, RingIn};
use super::route::Route;
use super::slot::{Plug, Slot};
use crate::render::Frames;

/// Frames of several channels.
pub enum Sound<'a> {
    /// As devices have them: a frame after the other. All channels of the device.
    Interleaved(&'a [f32]),
    /// As graphs have them: a channel after the other.
    Planar(Frames<'a>),
}

impl Sound<'_> {
    /// Whether so many planes are there.
    fn holds(&self, channels: usize) -> bool {
        match self {
            Self::Planar(planar) => planar.data.len() >= channels.saturating_sub(1) * planar.stride + planar.frames,
            Self::Interleaved(_) => true,
        }
    }

    /// How many, of so many channels if they are interleaved.
    fn frames(&self, width: usize) -> usize {
        match self {
            Self::Planar(planar) => planar.frames,
            Self::Interleaved(all) => all.len() / width,
        }
    }
}

/// One end of an edge. Only a [`Feeder`] feeds it.
pub struct FeedEnd {
    ring: RingIn,
    /// The device, if it is one that feeds.
    route: Option<Route>,
    gauge: Gauge,
    /// Frames that went into the ring.
    fed: u64,
    /// The last frames were dropped; and where in the ring frames go on behind such.
    drops: bool,
    since: u64,
    /// A channel of a piece.
    plane: Vec<f32>,
}

/// Frames that are moved at once.
const PIECE: usize = 512;

impl FeedEnd {
    pub(super) fn new(ring: RingIn, route: Option<Route>, gauge: Gauge) -> Self {
        Self { ring, route, gauge, fed: 0, drops: false, since: 0, plane: vec![0.0; PIECE] }
    }

    /// What the control side sees of this edge.
    pub fn gauge(&self) -> Gauge {
        self.gauge.clone()
    }

    /// Sends frames and tells when they are due.
    fn feed(&mut self, sound: &Sound, beat: &Beat, series: &Series) {
        let frames = if sound.holds(self.ring.channels()) { sound.frames(self.width()) } else { 0 };
        let fits = frames.min(self.ring.room());
        for channel in 0..self.ring.channels() {
            self.push(sound, channel, fits);
        }
        if fits < frames {
            self.gauge.drop_frames(frames - fits);
        }
        if self.drops && fits > 0 {
            self.since = self.fed;
        }
        self.drops = fits < frames || (self.drops && fits == 0);
        self.fed += fits as u64;
        let at = beat.at.seconds();
        let &Series { ahead, time, per_frame } = series;
        let (fed, since, ahead, lost) = (self.fed, self.since, ahead.round() as usize, beat.lost);
        self.ring.mark(Mark { fed, since, time, per_frame, at, ahead, lost });
    }

    /// Channels of what is fed interleaved.
    fn width(&self) -> usize {
        self.route.as_ref().map_or(self.ring.channels(), Route::width).max(1)
    }

    /// Sends so many frames of a channel.
    fn push(&mut self, sound: &Sound, channel: usize, frames: usize) {
        match sound {
            Sound::Planar(planar) => {
                let at = channel * planar.stride;
                self.ring.push(channel, &planar.data[at..at + frames]);
            }
            Sound::Interleaved(all) => {
                let width = self.width();
                for piece in all[..frames * width].chunks(PIECE * width) {
                    let plane = &mut self.plane[..piece.len() / width];
                    match &self.route {
                        Some(route) => route.pick(channel, piece, plane),
                        None => {
                            plane.iter_mut().zip(piece.chunks_exact(width)).for_each(|(to, frame)| *to = frame[channel])
                        }
                    }
                    self.ring.push(channel, plane);
                }
            }
        }
    }
}

/// Feeds the end that it holds; frames are dropped while it holds none.
pub struct Feeder {
    slot: Slot<FeedEnd>,
    /// When the frames of a port are due; of a device, the beat tells it.
    rail: Option<Rail>,
}

impl Feeder {
    /// A feeder that holds nothing, for the render thread and a port of so many frames a second, and what gives it ends.
    pub fn new(rate: u32) -> (Self, Plug<FeedEnd>) {
        let (slot, plug) = Slot::new();
        (Self { slot, rail: Some(Rail::new(rate)) }, plug)
    }

    /// A feeder that holds one end of an [`intake`](super::intake) for ever, for the callback of a device.
    pub fn of(end: FeedEnd) -> Self {
        Self { slot: Slot::of(end), rail: None }
    }

    /// RT — does what its plug asks, which it otherwise does when frames are fed.
    pub fn settle(&mut self) {
        self.slot.turn();
    }

    /// RT — sends frames. What finds no room is dropped, whole frames, and counted.
    pub fn feed(&mut self, sound: Sound, beat: &Beat) {
        self.slot.turn();
        let frames = sound.frames(self.slot.held().map_or(1, |end| end.width()));
        let mut series = Series { ahead: frames as f64, time: beat.time, per_frame: beat.per_frame };
        if let Some(rail) = &mut self.rail {
            let (ahead, per_frame) = (rail.ahead(beat) + frames as f64, rail.per_frame(beat));
            series = Series { ahead, time: beat.time + ahead * per_frame, per_frame };
            rail.pass(frames);
        }
        if let Some(end) = self.slot.held() {
            end.feed(&sound, beat, &series);
        }
    }
}

/// Where frames lie in a series of them.
struct Series {
    /// By how many frames the first after them is due after the beat; of a device, how many came with it.
    ahead: f64,
    /// When that one is due.
    time: f64,
    /// Seconds a frame.
    per_frame: f64,
}
