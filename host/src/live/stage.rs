//! RT — what the callback of the driving device does: it takes what came in, plays, and gives what goes out.
use super::edge::{Beat, Feeder, Moment, Pulse, Room, Sound, Taker};
use super::levels::{Meters, Tap};
use super::player::{Planes, Player};
use crate::plugin::FramesMut;
use crate::sound;
use crossbeam_queue::ArrayQueue;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A player between its edges.
pub struct Stage {
    player: Box<Player>,
    /// Frames that are rendered at once.
    chunk: usize,
    /// By input of the graph.
    inputs: Vec<Taker>,
    /// By device that is heard.
    buses: Vec<Bus>,
    looks: Looks,
}

/// What is told of the sound.
pub struct Looks {
    /// Levels, by input.
    pub inputs: Vec<Meters>,
    /// By output; none where it is no sound.
    pub outputs: Vec<Option<Meters>>,
    /// The spectrum of the first output, or of the first input if there is none.
    pub tap: Tap,
    /// Frames played.
    pub played: Arc<AtomicU64>,
}

/// What goes to one device.
pub struct Bus {
    /// Its channels.
    pub planes: Planes,
    /// To its edge.
    pub feeder: Feeder,
    /// The outputs that it is the sum of.
    pub outputs: Vec<usize>,
}

impl Bus {
    fn add(&mut self, from: &Planes, frames: usize) {
        let channels = self.planes.channels();
        for channel in 0..channels {
            // One channel is heard on two, as mono is.
            let like = if from.channels() == 1 { 0 } else { channel };
            if like < from.channels() && (from.channels() > 1 || channel < 2) {
                let to = self.planes.plane_mut(channel, frames);
                to.iter_mut().zip(from.plane(like, frames)).for_each(|(to, from)| *to += from);
            }
        }
    }
}

impl Stage {
    /// Renders `chunk` frames at once.
    pub fn new(player: Box<Player>, chunk: usize, inputs: Vec<Taker>, buses: Vec<Bus>, looks: Looks) -> Box<Self> {
        Box::new(Self { player, chunk, inputs, buses, looks })
    }

    /// Control side, when it does not play any more: what plays.
    pub fn player_mut(&mut self) -> &mut Player {
        &mut self.player
    }

    /// Exchanges devices while nothing plays.
    pub fn settle(&mut self) {
        self.inputs.iter_mut().for_each(Taker::settle);
        self.buses.iter_mut().for_each(|bus| bus.feeder.settle());
    }

    /// RT — plays so many frames.
    fn render(&mut self, frames: usize, beat: &Beat) {
        let Self { player, inputs, buses, looks, .. } = self;
        let Looks { inputs: ins, outputs: outs, tap, played } = looks;
        let speaks = outs.iter().position(Option::is_some);
        let tap = std::cell::RefCell::new(tap);
        let look = |planes: &Planes| tap.borrow_mut().planar(&planes.frames(frames), planes.channels());
        let fill = |input: usize, planes: &mut Planes| {
            let stride = planes.stride();
            inputs[input].take(Room::Planar(FramesMut { data: planes.data_mut(), stride, frames }), beat);
            ins[input].planar(&planes.frames(frames));
            if input == 0 && speaks.is_none() {
                look(planes);
            }
        };
        let hear = |output: usize, planes: &Planes| {
            if let Some(meters) = &mut outs[output] {
                meters.planar(&planes.frames(frames));
            }
            if speaks == Some(output) {
                look(planes);
            }
            buses.iter_mut().filter(|bus| bus.outputs.contains(&output)).for_each(|bus| bus.add(planes, frames));
        };
        player.play(frames, fill, hear);
        for bus in buses {
            bus.feeder.feed(Sound::Planar(bus.planes.frames(frames)), beat);
            bus.planes.silence(frames);
        }
        played.store(player.frames(), Relaxed);
    }
}

/// What a stream and the control side share.
#[derive(Debug, Default)]
pub struct Seen {
    /// How far the sound is from the plug, in ns, as the sound system says.
    pub latency_ns: AtomicU64,
}

/// Where the stage is while no callback has it. A callback takes it and puts it back; the control side may take it away.
pub type Home = Arc<ArrayQueue<Box<Stage>>>;

/// What the callback of a device does.
pub struct Call {
    /// Its clock.
    pub pulse: Pulse,
    /// Of an input: to the edges of all ports that hear it.
    pub feeders: Vec<Feeder>,
    /// Of an output: from its edge.
    pub taker: Option<Taker>,
    /// Of the device that drives: the stage.
    pub stage: Option<Home>,
    /// What the control side looks at.
    pub seen: Arc<Seen>,
    /// Channels of the device.
    pub channels: usize,
}

impl Call {
    /// RT — frames have come in.
    pub fn hear(&mut self, interleaved: &[f32], moment: sound::Moment) {
        let frames = interleaved.len() / self.channels.max(1);
        let beat = self.pulse.beat(frames, Moment(moment.called_ns));
        self.seen.latency_ns.store(moment.system_ns.saturating_sub(moment.device_ns), Relaxed);
        self.feeders.iter_mut().for_each(|feeder| feeder.feed(Sound::Interleaved(interleaved), &beat));
        let Some(home) = &self.stage else { return };
        if let Some(mut stage) = home.pop() {
            let mut left = frames;
            while left > 0 {
                let chunk = left.min(stage.chunk);
                stage.render(chunk, &beat);
                left -= chunk;
            }
            let _empty = home.push(stage);
        }
    }

    /// RT — frames are to go out.
    pub fn speak(&mut self, interleaved: &mut [f32], moment: sound::Moment) {
        let frames = interleaved.len() / self.channels.max(1);
        let beat = self.pulse.beat(frames, Moment(moment.called_ns));
        self.seen.latency_ns.store(moment.device_ns.saturating_sub(moment.system_ns), Relaxed);
        let Some(taker) = &mut self.taker else { return interleaved.fill(0.0) };
        let room = Room::Interleaved(interleaved);
        let stage = self.stage.as_ref().and_then(|home| home.pop());
        match stage {
            Some(mut stage) => {
                taker.drive(room, &beat, || {
                    let chunk = stage.chunk;
                    stage.render(chunk, &beat);
                });
                if let Some(home) = &self.stage {
                    let _empty = home.push(stage);
                }
            }
            None => drop(taker.take(room, &beat)),
        }
    }
}
