//! Values and numbers of frames that cannot be, and a past that is not forgotten: `bad_preset`, `bad_extent`,
//! `bad_rewind`.

use crate::{THROUGH, copy, through};
use aw_sdk::{Block, Param, Result, Setup, Spec, Values, Worker, choices, preset};
use std::cell::Cell;

/// Ships presets that it does not take.
pub struct BadPreset;

impl Worker for BadPreset {
    const SPEC: Spec = Spec {
        id: c"bad_preset",
        summary: c"Ships presets that it does not take",
        ports: THROUGH,
        params: &[Param::float(c"level.gain", 1.0).range(0.0, 2.0), Param::bool(c"level.mute", false)],
        presets: &[
            preset!(c"good", c"Can be had"; c"level.gain" = c"0.5"),
            preset!(c"loud", c"Is out of range"; c"level.gain" = c"3.0"),
            preset!(c"wordy", c"Is of another type"; c"level.gain" = c"\"much\""),
            preset!(c"unwanted", c"Is refused"; c"level.mute" = c"true"),
        ],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        if values.bool("level.mute") { Err("it will not be muted".into()) } else { Ok(Self) }
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        copy(block);
    }
}

/// Miscounts its frames.
pub struct BadExtent {
    how: String,
    asked: Cell<u64>,
}

impl Worker for BadExtent {
    const SPEC: Spec = Spec {
        id: c"bad_extent",
        summary: c"Miscounts its frames",
        ports: THROUGH,
        params: &[Param::text(c"how", c"shrinks")
            .choices(choices![c"never", c"shrinks", c"wavers", c"sometimes", c"panics"])
            .doc(c"Fewer for more, another number each time, no number for long recordings, or a panic")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { how: values.text("how").into(), asked: Cell::new(0) })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        copy(block);
    }
    fn extent(&self, _: usize, frames: u64) -> Option<u64> {
        self.asked.set(self.asked.get() + 1);
        match self.how.as_str() {
            "shrinks" if frames >= 1000 => Some(1600u64.saturating_sub(frames)),
            "shrinks" => Some(frames / 2),
            "wavers" => Some(frames + self.asked.get()),
            "sometimes" => (frames < 400).then_some(frames),
            "panics" => panic!("it cannot count to {frames}"),
            _ => Some(frames),
        }
    }
}

/// Counts frames, and counts on when its input comes again.
pub struct BadRewind {
    how: String,
    count: u32,
}

impl Worker for BadRewind {
    const SPEC: Spec = Spec {
        id: c"bad_rewind",
        summary: c"Counts its frames, and counts on when its input comes again",
        ports: THROUGH,
        params: &[Param::text(c"how", c"remembers")
            .choices(choices![c"remembers", c"forgets", c"panics", c"learns"])
            .doc(c"On `rewind`; `learns` says that it must hear the whole, which is no fault")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { how: values.text("how").into(), count: 0 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        if self.how == "learns" {
            setup.rehearsals(1, "`how` is \"learns\"");
        }
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.outputs.channels(0) {
            let counts = (self.count..).map(|count| count as f32);
            block.outputs.plane(0, channel).iter_mut().zip(counts).for_each(|(y, count)| *y = count);
        }
        self.count = self.count.wrapping_add(block.inputs.frames(0) as u32);
    }
    fn reset(&mut self) {
        self.count = 0;
    }
    fn rewind(&mut self) {
        match self.how.as_str() {
            "forgets" => self.reset(),
            "panics" => panic!("told to panic in rewind"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aw_sdk::{Format, Rig};

    fn rig<W: Worker>(how: &str) -> Rig {
        Rig::new::<W>(&[("how", how.into())], &[("in", Format::audio(1, 16_000))], &["out"]).unwrap()
    }

    #[test]
    fn frames_are_counted_wrongly_as_told() {
        let count = |how: &str| [399, 400, 1000, 1200].map(|frames| rig::<BadExtent>(how).extent(0, frames));
        assert_eq!(count("never"), [Some(399), Some(400), Some(1000), Some(1200)]);
        assert_eq!(count("shrinks"), [Some(199), Some(200), Some(600), Some(400)]);
        assert_eq!(count("sometimes"), [Some(399), None, None, None]);
        let mut wavers = rig::<BadExtent>("wavers");
        assert_ne!(wavers.extent(0, 5), wavers.extent(0, 5));
    }

    #[test]
    fn the_past_is_remembered_unless_told_otherwise() {
        for (how, first) in [("remembers", 3.0), ("learns", 3.0), ("forgets", 0.0)] {
            let mut rig = rig::<BadRewind>(how);
            rig.run(&[&[&[0.0; 3]]]);
            rig.rewind();
            assert_eq!(rig.run(&[&[&[0.0]]])[0][0], [first], "{how}");
        }
    }
}
