//! RT — takes frames out of an edge, or what fades to silence.
use super::beat::{Beat, Rail};
use super::convert::PIECE;
use super::end::{Due, TakeEnd};
use super::route::Route;
use super::seam::Seam;
use super::slot::{Plug, Slot};
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

/// Takes from the end that it holds; while it holds none, or nothing comes, there is silence. Sound fades in and out.
pub struct Taker {
    pub(super) slot: Slot<TakeEnd>,
    seam: Seam,
    rail: Rail,
    route: Option<Route>,
    /// A piece, by channel.
    planes: Vec<Vec<f32>>,
}

/// Blocks after which a graph that gives nothing is no longer waited for.
const PATIENCE: usize = 4096;

impl Taker {
    /// A taker that holds nothing, for a port of so many channels and frames a second, and what gives it ends. Ends with
    /// other numbers of channels are silent.
    pub fn new(channels: usize, rate: u32) -> (Self, Plug<TakeEnd>) {
        let (slot, plug) = Slot::new();
        (Self::with(slot, channels, rate, None), plug)
    }

    /// A taker that holds one end for ever, for the callback of a device.
    pub fn of(mut end: TakeEnd) -> Self {
        let (channels, rate, route) = (end.channels(), end.rate(), end.route());
        Self::with(Slot::of(end), channels, rate, route)
    }

    fn with(slot: Slot<TakeEnd>, channels: usize, rate: u32, route: Option<Route>) -> Self {
        let planes = vec![vec![0.0; PIECE]; channels];
        Self { slot, seam: Seam::new(channels, rate), rail: Rail::new(rate), route, planes }
    }

    /// Does not fade in: the first frame of all is passed as it is, for a graph that begins together with its devices.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.seam.begin_at_once();
        self
    }

    /// RT — does what its plug asks, which it otherwise does when frames are taken.
    pub fn settle(&mut self) {
        if self.slot.turn() {
            self.seam.cut();
        }
    }

    /// RT — fills all of `room`.
    pub fn take(&mut self, room: Room, beat: &Beat) -> Taken {
        self.drive(room, beat, || {})
    }

    /// RT — fills all of `room`, for the driver's own output: `render` renders one block of the graph and feeds this
    /// edge with it. It is called as often as it must be.
    pub fn drive(&mut self, mut room: Room, beat: &Beat, mut render: impl FnMut()) -> Taken {
        self.settle();
        let frames = self.frames(&room);
        let mut taken = Taken::default();
        for start in (0..frames).step_by(PIECE) {
            let piece = start..frames.min(start + PIECE);
            self.render(piece.len(), &mut render);
            let due = Due::new(&mut self.rail, beat);
            self.rail.pass(piece.len());
            let channels = self.planes.len();
            let end = self.slot.held().filter(|end| end.channels() == channels);
            let pulled = end.map(|end| end.pull(&mut self.planes, piece.len(), &due)).unwrap_or_default();
            if pulled.elsewhere {
                self.seam.cut();
            }
            let sound = pulled.sound;
            self.seam.pass(&mut self.planes, piece.len(), sound.clone());
            taken.short += piece.len() - sound.end;
            self.give(&mut room, piece);
        }
        taken.waits = self.slot.held().is_none_or(|end| !end.runs());
        taken
    }

    fn render(&mut self, frames: usize, render: &mut impl FnMut()) {
        let Some(end) = self.slot.held() else { return };
        for _ in 0..PATIENCE {
            if !end.asks(frames) {
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
                    let Some(to) = planar.data.get_mut(at..at + frames) else { continue };
                    to.copy_from_slice(&plane[..frames]);
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
