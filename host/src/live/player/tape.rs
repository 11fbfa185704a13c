//! RT — what a player heard and played, piece by piece, for whoever records it.
use super::planes::Planes;
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// Seconds that may wait to be fetched: a disk may take that long.
const SECONDS: usize = 6;
/// The shortest pieces of which so many seconds find room.
const SHORTEST: usize = 16;

/// A piece that was played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// Its frames.
    pub frames: u32,
    /// Orders obeyed before it.
    pub orders: u32,
    /// Its sound found no room.
    pub is_lost: bool,
}

/// The player's end.
pub struct Tape {
    pieces: HeapProd<Played>,
    sound: HeapProd<f32>,
    now: Played,
    /// Floats of a frame, all inputs and outputs together.
    width: usize,
    /// Frames and orders that found no room among the pieces.
    unsaid: Played,
}

/// Where it arrives. The sound of a piece: all channels of the first input, of the next, and so on; then the outputs.
pub struct Reel {
    pieces: HeapCons<Played>,
    sound: HeapCons<f32>,
    /// Channels of each input, and of each output that is sound.
    pub channels: [Vec<usize>; 2],
}

impl Tape {
    /// A tape for so many channels by input and by output, at a rate.
    pub fn new(inputs: Vec<usize>, outputs: Vec<usize>, rate: u32) -> (Self, Reel) {
        let width = inputs.iter().chain(&outputs).sum::<usize>();
        let frames = rate as usize * SECONDS;
        let (pieces, piece) = HeapRb::new((frames / SHORTEST).max(1)).split();
        let (sound, of_piece) = HeapRb::new((frames * width).max(1)).split();
        let none = Played::default();
        let tape = Self { pieces, sound, now: none, width, unsaid: none };
        (tape, Reel { pieces: piece, sound: of_piece, channels: [inputs, outputs] })
    }

    /// A piece begins.
    pub fn begin(&mut self, frames: usize, orders: u32) {
        // Only what is announced is written, so that the sound of one piece is never taken for that of another.
        let announced = self.pieces.vacant_len() > usize::from(self.unsaid.frames > 0);
        let is_lost = !announced || self.sound.vacant_len() < frames * self.width;
        self.now = Played { frames: frames as u32, orders, is_lost };
    }

    /// The frames of an input or output, in their order.
    pub fn add(&mut self, planes: &Planes) {
        let frames = self.now.frames as usize;
        if !self.now.is_lost {
            for channel in 0..planes.channels() {
                self.sound.push_slice(planes.plane(channel, frames));
            }
        }
    }

    /// The piece is over.
    pub fn end(&mut self) {
        if self.unsaid.frames > 0 && self.pieces.try_push(self.unsaid).is_ok() {
            self.unsaid = Played::default();
        }
        if self.unsaid.frames > 0 || self.pieces.try_push(self.now).is_err() {
            let (frames, orders) = (self.unsaid.frames + self.now.frames, self.unsaid.orders + self.now.orders);
            self.unsaid = Played { frames, orders, is_lost: true };
        }
    }
}

impl Reel {
    /// The oldest piece that was not fetched; its sound is appended to `sound`, if it was not lost.
    pub fn next(&mut self, sound: &mut Vec<f32>) -> Option<Played> {
        let piece = self.pieces.try_pop()?;
        if !piece.is_lost {
            let floats = piece.frames as usize * self.width();
            let from = sound.len();
            sound.resize(from + floats, 0.0);
            self.sound.pop_slice(&mut sound[from..]);
        }
        Some(piece)
    }

    /// Floats of a frame.
    pub fn width(&self) -> usize {
        self.channels.iter().flatten().sum()
    }
}
