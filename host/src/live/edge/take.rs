//! RT — the end that frames come out of.
use super::beat::{Beat, Rail};
use super::gauge::Gauge;
use super::ring::{Mark, RingOut};
use super::route::Route;
use super::seam::Seam;
use super::slot::{Plug, Slot};
use super::spec::Spec;
use crate::render::FramesMut;
use std::ops::Range;

/// Room for frames of several channels, all of which are written.
pub enum Room<'a> {
    /// As devices have them: a frame after the other. All channels of the device.
    Interleaved(&'a mut [f32]),
    /// As graphs have them: a channel after the other.
    Planar(FramesMut<'a>),
}

/// What came of taking frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Frames that were missing, and were filled with what fades to silence.
    pub short: usize,
    /// There is no edge, or nothing has come through it yet.
    pub waits: bool,
}

/// How many frames must wait before the first is taken, so that none is ever missing.
#[derive(Clone, Debug)]
pub struct Aim {
    /// By how much the edge lags.
    pub(super) lag: usize,
    first: First,
}

/// Who comes first in a cycle.
#[derive(Clone, Debug)]
enum First {
    /// None must wait: those who take ask for them to be rendered.
    AtOnce,
    /// The one who feeds, always.
    Feeds,
    /// Either. The frames and the seconds of a callback of the one who feeds.
    Either(usize, f64),
}

impl Aim {
    pub(super) fn at_once() -> Self {
        Self { lag: 0, first: First::AtOnce }
    }

    pub(super) fn fed_first(lag: usize) -> Self {
        Self { lag, first: First::Feeds }
    }

    pub(super) fn either(lag: usize, fed: usize, rate: u32) -> Self {
        Self { lag, first: First::Either(fed, fed as f64 / f64::from(rate)) }
    }

    /// Frames that must wait now, if it matters. If the one who feeds has been first in this cycle, what it fed last is
    /// there already. `ahead`: by how much the next frame is due after the beat.
    fn waiting(&self, mark: &Mark, beat: &Beat, ahead: f64) -> Option<usize> {
        let fed = match self.first {
            First::AtOnce => return None,
            First::Feeds => mark.frames,
            First::Either(frames, seconds) if beat.at.seconds() - mark.at < seconds / 2.0 => frames,
            First::Either(..) => 0,
        };
        Some((self.lag + fed).saturating_sub(ahead as usize))
    }
}

/// One end of an edge. Only a [`Taker`] takes from it.
pub struct TakeEnd {
    ring: RingOut,
    pub(super) aim: Aim,
    gauge: Gauge,
    /// The device, if it is one that takes.
    route: Option<Route>,
    rate: u32,
    mark: Mark,
    /// Frames are taken one after the other.
    runs: bool,
    /// Something has been taken.
    has_run: bool,
    /// Silence that comes first.
    pad: usize,
}

impl TakeEnd {
    pub(super) fn of_graph(ring: RingOut, aim: Aim, spec: &Spec, gauge: Gauge) -> Self {
        Self::new(ring, aim, None, spec.port.rate, gauge)
    }

    pub(super) fn of_device(ring: RingOut, route: Route, aim: Aim, spec: &Spec, gauge: Gauge) -> Self {
        Self::new(ring, aim, Some(route), spec.device.rate, gauge)
    }

    fn new(ring: RingOut, aim: Aim, route: Option<Route>, rate: u32, gauge: Gauge) -> Self {
        gauge.lag(aim.lag as f64);
        Self { ring, aim, gauge, route, rate, mark: Mark::default(), runs: false, has_run: false, pad: 0 }
    }

    /// What the control side sees of this edge.
    pub fn gauge(&self) -> Gauge {
        self.gauge.clone()
    }

    /// Fills the planes with so many frames; answers which of them are sound.
    fn pull(&mut self, planes: &mut [Vec<f32>], frames: usize, beat: &Beat, ahead: f64) -> Range<usize> {
        self.mark = self.ring.mark().unwrap_or(self.mark);
        if !self.runs && !self.begin(beat, ahead) {
            self.miss(frames);
            return 0..0;
        }
        let pad = self.pad.min(frames);
        let have = self.ring.waiting().min(frames - pad);
        for (channel, plane) in planes.iter_mut().enumerate() {
            self.ring.pop(channel, &mut plane[pad..pad + have]);
        }
        self.pad -= pad;
        if pad + have < frames {
            self.runs = false;
            self.gauge.starve();
            self.miss(frames - pad - have);
        }
        pad..pad + have
    }

    /// Goes to where the edge lags as it should, with silence if too little has come, if something has come at all.
    fn begin(&mut self, beat: &Beat, ahead: f64) -> bool {
        let have = self.ring.waiting();
        if have == 0 {
            return false;
        }
        if let Some(wanted) = self.aim.waiting(&self.mark, beat, ahead) {
            self.ring.skip(have.saturating_sub(wanted));
            self.pad = wanted.saturating_sub(have);
        }
        self.runs = true;
        self.has_run = true;
        true
    }

    fn miss(&self, frames: usize) {
        if self.has_run {
            self.gauge.miss(frames);
        }
    }
}

/// Takes from the end that it holds; while it holds none, or nothing comes, there is silence.
pub struct Taker {
    slot: Slot<TakeEnd>,
    seam: Seam,
    rail: Rail,
    route: Option<Route>,
    /// A piece, by channel.
    planes: Vec<Vec<f32>>,
}

/// Frames that are moved at once.
const PIECE: usize = 512;
/// Blocks after which a graph that gives nothing is no longer waited for.
const PATIENCE: usize = 4096;

impl Taker {
    /// A taker that holds nothing, for a port of so many channels and frames a second, and what gives it ends.
    pub fn new(channels: usize, rate: u32) -> (Self, Plug<TakeEnd>) {
        let (slot, plug) = Slot::new();
        (Self::with(slot, channels, rate, None), plug)
    }

    /// A taker that holds one end for ever, for the callback of a device.
    pub fn of(mut end: TakeEnd) -> Self {
        let (channels, rate, route) = (end.ring.channels(), end.rate, end.route.take());
        Self::with(Slot::of(end), channels, rate, route)
    }

    fn with(slot: Slot<TakeEnd>, channels: usize, rate: u32, route: Option<Route>) -> Self {
        let planes = vec![vec![0.0; PIECE]; channels];
        Self { slot, seam: Seam::new(channels, rate), rail: Rail::new(rate), route, planes }
    }

    /// RT — fills all of `room`.
    pub fn take(&mut self, room: Room, beat: &Beat) -> Taken {
        self.drive(room, beat, || {})
    }

    /// RT — fills all of `room`, for the driver's own output: `render` renders one block of the graph and feeds this
    /// edge with it. It is called as often as it must be.
    pub fn drive(&mut self, mut room: Room, beat: &Beat, mut render: impl FnMut()) -> Taken {
        if self.slot.turn() {
            self.seam.cut();
        }
        let frames = self.frames(&room);
        let mut taken = Taken::default();
        for start in (0..frames).step_by(PIECE) {
            let piece = start..frames.min(start + PIECE);
            self.render(piece.len(), &mut render);
            let ahead = self.rail.ahead(beat);
            self.rail.pass(piece.len());
            let sound = match self.slot.held() {
                Some(end) => end.pull(&mut self.planes, piece.len(), beat, ahead),
                None => 0..0,
            };
            self.seam.pass(&mut self.planes, piece.len(), sound.clone());
            taken.short += piece.len() - sound.end;
            self.give(&mut room, piece);
        }
        taken.waits = self.slot.held().is_none_or(|end| !end.runs);
        taken
    }

    fn render(&mut self, frames: usize, render: &mut impl FnMut()) {
        let Some(end) = self.slot.held() else { return };
        if !matches!(end.aim.first, First::AtOnce) {
            return;
        }
        for _ in 0..PATIENCE {
            if end.ring.waiting() >= frames {
                return;
            }
            render();
        }
    }

    fn frames(&self, room: &Room) -> usize {
        match room {
            Room::Planar(planar) => planar.frames,
            Room::Interleaved(all) => all.len() / self.width(),
        }
    }

    fn width(&self) -> usize {
        self.route.as_ref().map_or(self.planes.len(), Route::width).max(1)
    }

    fn give(&self, room: &mut Room, piece: Range<usize>) {
        let frames = piece.len();
        match room {
            Room::Planar(planar) => {
                for (channel, plane) in self.planes.iter().enumerate() {
                    let at = channel * planar.stride + piece.start;
                    planar.data[at..at + frames].copy_from_slice(&plane[..frames]);
                }
            }
            Room::Interleaved(all) => {
                let width = self.width();
                let all = &mut all[piece.start * width..piece.end * width];
                match &self.route {
                    Some(route) => route.place(&self.planes, all),
                    None => {
                        for (at, frame) in all.chunks_exact_mut(width).enumerate() {
                            frame.iter_mut().zip(&self.planes).for_each(|(to, plane)| *to = plane[at]);
                        }
                    }
                }
            }
        }
    }
}
