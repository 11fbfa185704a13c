//! RT — what is heard: one of several graphs, or the sound that came in, gone over to without a click.
use crate::graph::{OutputKind, Plan};
use crate::plugin::flushed;
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::time::Instant;

mod burst; //  how long the way back from the loudspeaker takes
mod deck; //   a graph in blocks of its own
mod dry; //    the sound that came in, as late as a graph
mod planes; // frames of sound
mod ramp; //   a gain without a bend
mod tape; //   what was heard and played, for whoever records it

pub use burst::Burst;
pub use deck::{Deck, Piece};
pub use planes::{Planes, heard};
pub use tape::{Played, Reel};

use dry::Dry;
use ramp::Ramp;
use tape::Tape;

/// Graphs that may play at once: two that are compared, and for each one that takes its place.
pub const DECKS: usize = 4;
/// Orders that may wait.
const ORDERS: usize = 256;
/// Blocks that were too long and may wait to be told.
const LONG: usize = 256;

/// What the control side wants of a player.
pub enum Order {
    /// A graph plays from now on, unheard.
    Insert(usize, Box<Deck>),
    /// A graph ends and comes home; nobody should hear it.
    Remove(usize),
    /// How loud each graph and the sound that came in are heard, and in how many frames they go there.
    Hear {
        /// By graph.
        decks: [f32; DECKS],
        /// The sound that came in.
        dry: f32,
        /// How long it takes.
        frames: u32,
    },
    /// By how many frames the sound that came in is later.
    Later(usize),
    /// A burst goes out at all outputs, and what comes in at the first input is kept.
    Measure(Box<Burst>),
}

/// Frames took longer to play than to hear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Long {
    /// Frames played before.
    pub frame: u64,
    /// The graph that took longest, the step of it that did, and its share of the time, in ns.
    pub step: Option<(usize, usize)>,
    /// How long it took, in ns.
    pub took: u64,
    /// How long it may take.
    pub of: u64,
}

/// The control side's ends.
pub struct Orders {
    orders: HeapProd<Order>,
    home: HeapCons<Box<Deck>>,
    long: HeapCons<Long>,
    bursts: HeapCons<Box<Burst>>,
}

impl Orders {
    /// Gives an order; gives it back if too many wait.
    ///
    /// # Errors
    /// The order.
    pub fn give(&mut self, order: Order) -> Result<(), Order> {
        self.orders.try_push(order)
    }

    /// A graph that has ended.
    pub fn home(&mut self) -> Option<Box<Deck>> {
        self.home.try_pop()
    }

    /// A burst that has been listened to.
    pub fn burst(&mut self) -> Option<Box<Burst>> {
        self.bursts.try_pop()
    }

    /// What took too long.
    pub fn long(&mut self) -> Option<Long> {
        self.long.try_pop()
    }
}

/// What is heard, at the rate of the device that drives it.
pub struct Player {
    rate: u32,
    decks: [Option<Box<Deck>>; DECKS],
    gains: [Ramp; DECKS],
    dry: Dry,
    dry_gain: Ramp,
    inputs: Vec<Planes>,
    /// By output; none where it is no sound.
    outputs: Vec<Option<Planes>>,
    /// What one graph gives.
    one: Vec<Option<Planes>>,
    curve: Vec<f32>,
    frames: u64,
    orders: HeapCons<Order>,
    home: HeapProd<Box<Deck>>,
    long: HeapProd<Long>,
    burst: Option<Box<Burst>>,
    bursts: HeapProd<Box<Burst>>,
    tape: Option<Tape>,
}

impl Player {
    /// For graphs with the inputs and outputs of `plan`, at the rate of a device. Nothing is heard until an order says so.
    /// `longest`: frames by which the sound that came in may have to be later.
    pub fn new(plan: &Plan, rate: u32, piece: Piece, longest: usize) -> (Box<Self>, Orders) {
        let most = piece.most();
        let channels = |stream: usize| plan.streams[stream].format.channels as usize;
        let planes = |stream: usize| Planes::new(channels(stream), most);
        let inputs: Vec<Planes> = plan.inputs.iter().map(|input| planes(input.stream)).collect();
        let output = |output: &crate::graph::Output| match output.kind {
            OutputKind::Audio(edge) => Some(planes(plan.edges[edge].stream)),
            OutputKind::Probe(_) | OutputKind::Events(..) => None,
        };
        let outputs: Vec<Option<Planes>> = plan.outputs.iter().map(output).collect();
        let (give, orders) = HeapRb::new(ORDERS).split();
        let (home, at_home) = HeapRb::new(DECKS).split();
        let (long, told) = HeapRb::new(LONG).split();
        let (bursts, listened) = HeapRb::new(2).split();
        let dry = Dry::new(inputs.first().map_or(0, Planes::channels), longest + most);
        let player = Self {
            rate,
            decks: [const { None }; DECKS],
            gains: [Ramp::at(0.0); DECKS],
            dry,
            dry_gain: Ramp::at(0.0),
            one: outputs.clone(),
            inputs,
            outputs,
            curve: vec![0.0; most],
            frames: 0,
            orders,
            home,
            long,
            burst: None,
            bursts,
            tape: None,
        };
        (Box::new(player), Orders { orders: give, home: at_home, long: told, bursts: listened })
    }

    /// Frames played.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Control side, when it does not play any more: a graph that is on it.
    pub fn deck_mut(&mut self, at: usize) -> Option<&mut Deck> {
        self.decks.get_mut(at)?.as_deref_mut()
    }

    /// Control side, before it plays: keeps what it hears and plays from now on for whoever fetches it.
    pub fn recorded(&mut self) -> Reel {
        let inputs = self.inputs.iter().map(Planes::channels).collect();
        let outputs = self.outputs.iter().flatten().map(Planes::channels).collect();
        let (tape, reel) = Tape::new(inputs, outputs, self.rate);
        self.tape = Some(tape);
        reel
    }

    /// RT — plays a piece: `fill` writes them for each input, `hear` is given those of each output.
    pub fn play(&mut self, frames: usize, fill: impl FnMut(usize, &mut Planes), hear: impl FnMut(usize, &Planes)) {
        flushed(|| self.piece(frames, fill, hear));
    }

    fn piece(&mut self, frames: usize, mut fill: impl FnMut(usize, &mut Planes), mut hear: impl FnMut(usize, &Planes)) {
        let start = Instant::now();
        let mut obeyed = 0;
        while let Some(order) = if obeyed < ORDERS as u32 { self.orders.try_pop() } else { None } {
            self.obey(order);
            obeyed += 1;
        }
        for (input, planes) in self.inputs.iter_mut().enumerate() {
            fill(input, planes);
        }
        if let Some(tape) = &mut self.tape {
            tape.begin(frames, obeyed);
            self.inputs.iter().for_each(|planes| tape.add(planes));
        }
        if let Some(first) = self.inputs.first() {
            self.dry.feed(first, frames);
        }
        let mut first = true;
        for (deck, gain) in self.decks.iter_mut().zip(&mut self.gains) {
            let Some(deck) = deck else { continue };
            self.inputs.iter().enumerate().for_each(|(input, planes)| deck.feed(input, planes, frames));
            deck.render(frames);
            let (unity, shut) = (gain.rests() == Some(1.0), gain.is_shut());
            gain.write(&mut self.curve[..frames]);
            for (output, (to, one)) in self.outputs.iter_mut().zip(&mut self.one).enumerate() {
                let (Some(to), Some(one)) = (to, one) else { continue };
                deck.take(output, one, frames);
                for channel in 0..to.channels() {
                    let (to, from) = (to.plane_mut(channel, frames), one.plane(channel, frames));
                    match (shut, unity) {
                        (true, _) if first => to.fill(0.0),
                        (true, _) => {}
                        // What is heard alone is heard bit for bit.
                        (false, true) if first => to.copy_from_slice(from),
                        (false, _) => add(to, from, &self.curve, first),
                    }
                }
            }
            first &= shut;
        }
        if first {
            self.outputs.iter_mut().flatten().for_each(|planes| planes.silence(frames));
        }
        let shut = self.dry_gain.is_shut();
        self.dry_gain.write(&mut self.curve[..frames]);
        if !shut {
            self.outputs.iter_mut().flatten().for_each(|to| self.dry.add(to, &self.curve[..frames]));
        }
        self.dry.pass(frames);
        self.measure(frames);
        for (output, planes) in self.outputs.iter().enumerate() {
            if let Some(planes) = planes {
                hear(output, planes);
            }
        }
        if let Some(tape) = &mut self.tape {
            self.outputs.iter().flatten().for_each(|planes| tape.add(planes));
            tape.end();
        }
        self.judge(frames, start);
        self.frames += frames as u64;
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Insert(at, deck) => {
                self.gains[at] = Ramp::at(0.0);
                self.send_home(at);
                self.decks[at] = Some(deck);
            }
            Order::Remove(at) => self.send_home(at),
            Order::Hear { decks, dry, frames } => {
                self.gains.iter_mut().zip(decks).for_each(|(gain, to)| gain.go(to, frames));
                self.dry_gain.go(dry, frames);
            }
            Order::Later(frames) => self.dry.later(frames, self.dry_gain.is_shut()),
            Order::Measure(burst) => {
                if let Some(before) = self.burst.replace(burst) {
                    // One at a time is asked for: there is room.
                    self.burst = self.bursts.try_push(before).err().or(self.burst.take());
                }
            }
        }
    }

    fn measure(&mut self, frames: usize) {
        let Some(burst) = &mut self.burst else { return };
        if let Some(first) = self.inputs.first() {
            burst.hear(first.plane(0, frames));
        }
        let sound = burst.speak(frames);
        for planes in self.outputs.iter_mut().flatten() {
            for channel in 0..planes.channels() {
                planes.plane_mut(channel, sound.len()).iter_mut().zip(sound).for_each(|(to, from)| *to += from);
            }
        }
        if self.burst.as_ref().is_some_and(|burst| burst.is_over())
            && let Some(burst) = self.burst.take()
        {
            self.burst = self.bursts.try_push(burst).err();
        }
    }

    fn send_home(&mut self, at: usize) {
        if let Some(deck) = self.decks[at].take() {
            // The control side takes each home before it sends the next.
            self.decks[at] = self.home.try_push(deck).err();
        }
    }

    /// Tells when playing took longer than hearing does, and who took most of it.
    fn judge(&mut self, frames: usize, start: Instant) {
        let took = start.elapsed().as_nanos() as u64;
        let of = frames as u64 * 1_000_000_000 / u64::from(self.rate.max(1));
        if took <= of || self.long.is_full() {
            return;
        }
        let mut worst = (0, None);
        for (deck, playing) in self.decks.iter().enumerate().filter_map(|(at, deck)| Some((at, deck.as_ref()?))) {
            let renderer = playing.renderer();
            for step in 0..renderer.program().plan().steps.len() {
                let last = renderer.load_of(step).last();
                if last > worst.0 {
                    worst = (last, Some((deck, step)));
                }
            }
        }
        // Somebody is to blame only who took more than half of it; otherwise the thread did not run.
        let step = worst.1.filter(|_| worst.0 * 2 > took);
        let _has_room = self.long.try_push(Long { frame: self.frames, step, took, of });
    }
}

/// Adds sound times its gains to what is there, if something is.
fn add(to: &mut [f32], from: &[f32], gains: &[f32], first: bool) {
    for ((to, from), gain) in to.iter_mut().zip(from).zip(gains) {
        *to = from * gain + if first { 0.0 } else { *to };
    }
}
