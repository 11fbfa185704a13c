//! `bad_nan`, `bad_cut` and `bad_slow`.

use crate::{THROUGH, copy, through};
use aw_sdk::{Block, Param, Result, Setup, Spec, Values, Worker, choices};
use std::time::{Duration, Instant};

/// Writes what is no number.
pub struct BadNan {
    after: usize,
    channel: usize,
    value: f32,
    played: usize,
}

impl Worker for BadNan {
    const SPEC: Spec = Spec {
        id: c"bad_nan",
        summary: c"Writes what is no number, from one frame on",
        ports: THROUGH,
        params: &[
            Param::int(c"after", 0).range(0.0, 1e9).unit(c"frames").doc(c"So many frames are good"),
            Param::int(c"channel", 0).range(0.0, 1023.0).doc(c"The only one that suffers"),
            Param::text(c"value", c"nan").choices(choices![c"nan", c"inf", c"minus_inf", c"denormal"]),
        ],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let value = match values.text("value") {
            "inf" => f32::INFINITY,
            "minus_inf" => f32::NEG_INFINITY,
            "denormal" => f32::MIN_POSITIVE / 2.0,
            _ => f32::NAN,
        };
        Ok(Self { after: values.size("after"), channel: values.size("channel"), value, played: 0 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let channels = through(setup)?.channels as usize;
        if self.channel >= channels {
            return Err(
                format!("`channel` is {}, but `in` has {channels} channels, counted from 0", self.channel).into()
            );
        }
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        copy(block);
        let plane = block.outputs.plane(0, self.channel);
        let good = self.after.saturating_sub(self.played).min(plane.len());
        plane[good..].fill(self.value);
        self.played += plane.len();
    }
    fn reset(&mut self) {
        self.played = 0;
    }
}

/// Lets one hear how its input is cut into calls: it subtracts the first sample of each.
pub struct BadCut;

impl Worker for BadCut {
    const SPEC: Spec = Spec {
        id: c"bad_cut",
        summary: c"Its output depends on how the stream is cut into calls",
        ports: THROUGH,
        ..Spec::NEW
    };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        copy(block);
        for channel in 0..block.inputs.channels(0) {
            let first = block.inputs.plane(0, channel).first().copied().unwrap_or_default();
            block.outputs.plane(0, channel).iter_mut().for_each(|y| *y -= first);
        }
    }
}

/// Keeps the render thread busy.
pub struct BadSlow {
    time: Duration,
    every: usize,
    calls: usize,
}

impl Worker for BadSlow {
    const SPEC: Spec = Spec {
        id: c"bad_slow",
        summary: c"Keeps the processor busy for a while in every call, or in some",
        ports: THROUGH,
        params: &[
            Param::float(c"us", 1000.0).range(0.0, 1e7).unit(c"us").live().doc(c"How long a call takes"),
            Param::int(c"every", 1).range(1.0, 1e9).unit(c"calls").doc(c"The last of so many calls, the others none"),
        ],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let time = Duration::from_secs_f64(values.float("us") * 1e-6);
        Ok(Self { time, every: values.size("every"), calls: 0 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        let begun = Instant::now();
        copy(block);
        self.calls += 1;
        while self.calls.is_multiple_of(self.every) && begun.elapsed() < self.time {
            std::hint::spin_loop();
        }
    }
    fn set_param(&mut self, _: &str, value: f64) {
        self.time = Duration::from_secs_f64(value * 1e-6);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aw_sdk::{Error, Format, Rig};

    #[test]
    fn no_numbers_come_from_the_frame_and_on_the_channel_told() {
        let params = [("after", 3.0.into()), ("channel", 1.0.into()), ("value", "inf".into())];
        let mut rig = Rig::new::<BadNan>(&params, &[("in", Format::audio(2, 16_000))], &["out"]).unwrap();
        assert_eq!(rig.run(&[&[&[1.0, 2.0], &[1.0, 2.0]]])[0], [[1.0, 2.0], [1.0, 2.0]]);
        assert_eq!(rig.run(&[&[&[3.0, 4.0], &[3.0, 4.0]]])[0], [[3.0, 4.0], [3.0, f32::INFINITY]]);
        assert_eq!(rig.run(&[&[&[5.0], &[5.0]]])[0], [[5.0], [f32::INFINITY]]);

        let refused = Rig::new::<BadNan>(&params, &[("in", Format::audio(1, 16_000))], &["out"]).err();
        assert_eq!(refused, Some(Error("`channel` is 1, but `in` has 1 channels, counted from 0".into())));
    }

    #[test]
    fn cutting_changes_what_is_heard() {
        let whole = |cuts: &[&[f32]]| {
            let mut rig = Rig::new::<BadCut>(&[], &[("in", Format::audio(1, 16_000))], &["out"]).unwrap();
            cuts.iter().flat_map(|x| rig.run(&[&[x]])[0][0].clone()).collect::<Vec<f32>>()
        };
        assert_eq!(whole(&[&[1.0, 2.0, 3.0, 4.0]]), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(whole(&[&[1.0, 2.0], &[3.0, 4.0]]), [0.0, 1.0, 0.0, 1.0]);
    }

    #[test]
    fn a_call_takes_as_long_as_told() {
        let params = [("us", 5000.0.into())];
        let mut rig = Rig::new::<BadSlow>(&params, &[("in", Format::audio(1, 16_000))], &["out"]).unwrap();
        let begun = Instant::now();
        assert_eq!(rig.run(&[&[&[1.0]]])[0][0], [1.0]);
        assert!(begun.elapsed() >= Duration::from_millis(5));
        rig.set::<BadSlow>("us", 20_000.0);
        rig.run(&[&[&[1.0]]]);
        assert!(begun.elapsed() >= Duration::from_millis(25));
    }
}
