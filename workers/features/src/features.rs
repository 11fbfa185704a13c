//! `features`: sound to the features that models are trained on.
use crate::history::History;
use crate::params::{self, Channel, Parsed};
use crate::post::Post;
use crate::presets::PRESETS;
use crate::statics::Statics;
use aw_sdk::*;

/// Frames of features, equal to those of a library: whatever the blocks, live and on files.
pub struct Features {
    parsed: Parsed,
    run: Option<Run>,
}

/// What `process` needs.
struct Run {
    channels: Vec<One>,
    channel: Channel,
    mix: Vec<f32>,
    hop: i64,
    /// Firings between the one in which a static frame's number comes up and the one in which its samples are there.
    lag: i64,
    phase: Phase,
}

/// One channel.
struct One {
    history: History,
    statics: Statics,
    post: Post,
}

/// What a pass over the recording is for.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// The loudest value of the recording is looked for.
    Range,
    /// Mean and variance are; the range is known.
    Mean,
    /// Features are given.
    Play,
}

impl Worker for Features {
    const SPEC: Spec = Spec {
        id: c"features",
        summary: c"Spectrograms, mel bands, cepstra and the microfrontend, equal to those of the libraries that models are trained with",
        ports: &[
            Port::input(c"in", Kind::AUDIO).doc(c"Sound"),
            Port::output(c"out", Kind::ANY)
                .doc(c"One frame a hop: features, or a spectrum where `type` is stft; frame 0 is the library's frame 0"),
        ],
        params: params::PARAMS,
        presets: PRESETS,
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        Ok(Self { parsed: Parsed::read(values)?, run: None })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        let keys = self.parsed.at_rate(&audio)?;
        let planes = self.parsed.channel.planes(audio.channels)?;
        let one = || -> Result<One> {
            let statics = self.parsed.statics(&keys)?;
            let post = Post::of(&keys, statics.width())?;
            let history = History::new(statics.frames().memory() + statics.frames().hop());
            Ok(One { history, statics, post })
        };
        let channels = (0..planes).map(|_| one()).collect::<Result<Vec<One>>>()?;
        let first = &channels[0];
        let (frames, width) = (first.statics.frames(), first.post.width());
        let (hop, lag) = (frames.hop(), frames.latency());
        let latency = lag as usize + first.post.lookahead();
        let (kind, size) = if self.parsed.gives_bins() { (Kind::SPECTRUM, width / 2) } else { (Kind::FEATURES, width) };
        let format = Format { channels: planes, ..audio }.carrying(kind, size as u32).paced(1, hop as u32);
        setup.output("out", format.ok_or_else(|| format!("`frame.hop` {hop} is too long for the rate of `in`"))?);
        setup.moves("in", hop);
        setup.moves("out", 1);
        setup.latency("out", latency);
        setup.tail("out", frames.span().div_ceil(hop) as u32);
        let (range, mean) = (first.statics.needs_learning(), first.post.needs_learning());
        if let Some(why) = params::why_whole(range, mean) {
            setup.rehearsals(u32::from(range) + u32::from(mean), why);
        }
        let mix = vec![0.0; hop];
        let phase = Phase::first(range, mean);
        self.run = Some(Run { channels, channel: self.parsed.channel, mix, hop: hop as i64, lag: lag as i64, phase });
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let Some(run) = &mut self.run else { return };
        let (position, end) = (block.position(), block.end());
        // Frames count from the moment 0 of the recording, wherever in a firing it lies.
        let number = position.div_euclid(run.hop) - run.lag;
        for (plane, one) in run.channels.iter_mut().enumerate() {
            let new = match run.channel {
                Channel::Each => block.inputs.plane(0, plane),
                Channel::One(channel) => block.inputs.plane(0, channel as usize),
                Channel::Mix => params::mix(&block.inputs, &mut run.mix),
            };
            one.hear(new, position, end);
            one.give(number, end, run.phase, block.outputs.plane(0, plane));
        }
    }

    fn extent(&self, _output: usize, frames: u64) -> Option<u64> {
        let one = self.run.as_ref()?.channels.first()?;
        Some(one.statics.frames().count(frames))
    }

    fn rewind(&mut self) {
        let Some(run) = &mut self.run else { return };
        // One range for all channels, as the libraries have it; the loudest value up to now is of the past only.
        let learned = run.channels.iter().filter(|one| one.statics.needs_learning()).map(|one| one.statics.maximum());
        let maximum = learned.fold(f32::NEG_INFINITY, f32::max);
        for one in &mut run.channels {
            one.history.reset();
            one.statics.restart(maximum);
            if run.phase == Phase::Range { one.post.reset() } else { one.post.rewind() }
        }
        run.phase = match run.phase {
            Phase::Range => Phase::first(false, run.channels.iter().any(|one| one.post.needs_learning())),
            Phase::Mean | Phase::Play => Phase::Play,
        };
    }

    fn reset(&mut self) {
        let Some(run) = &mut self.run else { return };
        for one in &mut run.channels {
            one.history.reset();
            one.statics.restart(f32::NEG_INFINITY);
            one.post.reset();
        }
        let any = |needs: fn(&One) -> bool| run.channels.iter().any(needs);
        run.phase = Phase::first(any(|one| one.statics.needs_learning()), any(|one| one.post.needs_learning()));
    }
}

impl Phase {
    fn first(range: bool, mean: bool) -> Self {
        match (range, mean) {
            (true, _) => Self::Range,
            (_, true) => Self::Mean,
            _ => Self::Play,
        }
    }
}

impl One {
    /// Takes in the samples of a firing that belong to the recording.
    fn hear(&mut self, new: &[f32], position: i64, end: Option<u64>) {
        let len = new.len() as i64;
        let from = (-position).clamp(0, len);
        let to = end.map_or(len, |end| (i64::try_from(end).unwrap_or(i64::MAX) - position).clamp(from, len));
        self.history.push(&new[from as usize..to as usize]);
    }

    /// Computes static frame `number` and gives what is ready by it.
    fn give(&mut self, number: i64, end: Option<u64>, phase: Phase, out: &mut [f32]) {
        let count = end.map(|end| self.statics.frames().count(end));
        let heard = end.filter(|end| self.history.heard() >= *end);
        if number >= 0 && count.is_none_or(|count| (number as u64) < count) {
            let (history, number) = (&self.history, number as u64);
            match phase {
                Phase::Range => self.statics.learn(history, number, heard),
                _ => self.statics.frame(history, number, heard, self.post.next()),
            }
        }
        match phase {
            Phase::Range => out.fill(0.0),
            _ => self.post.frame(number, count, out),
        }
    }
}
