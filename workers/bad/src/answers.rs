//! Lies and refusals in `prepare`: `bad_format`, `bad_rate`, `bad_latency`, `bad_refuse`.

use crate::fuse::{Fuse, When};
use crate::{THROUGH, copy, through};
use aw_sdk::{Block, Error, Kind, Param, Result, Setup, Spec, Values, Worker, choices};

/// Answers `prepare` with a format that nobody can render. Never copies: a host must not come so far.
pub struct BadFormat(String);

impl Worker for BadFormat {
    const SPEC: Spec = Spec {
        id: c"bad_format",
        summary: c"Answers with formats that are nonsense",
        ports: THROUGH,
        params: &[Param::text(c"how", c"unset").choices(choices![
            c"unset",
            c"zero_channels",
            c"zero_dim",
            c"zero_rate",
            c"zero_rate_den",
            c"many_channels",
            c"huge",
            c"overflow",
            c"wide_audio",
            c"other_kind",
            c"kind_any",
            c"kind_events",
            c"kind_unknown",
            c"max_frames",
            c"mixed",
            c"max_latency"
        ])],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(values.text("how").into()))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let mut format = through(setup)?;
        match self.0.as_str() {
            "zero_channels" => format.channels = 0,
            "zero_dim" => format.dims[0] = 0,
            "zero_rate" => format.rate_num = 0,
            "zero_rate_den" => format.rate_den = 0,
            "many_channels" => format.channels = u32::MAX,
            "huge" => format.dims[0] = 1 << 30,
            "overflow" => format.dims = [u32::MAX; 4],
            "wide_audio" => format.dims[0] = 2,
            "other_kind" => format = format.carrying(Kind::SPECTRUM, 257),
            "kind_any" => format.kind = Kind::ANY,
            "kind_events" => format.kind = Kind::EVENTS,
            "kind_unknown" => format.kind = Kind(99),
            "max_frames" => {
                setup.moves("in", u32::MAX as usize);
                setup.moves("out", u32::MAX as usize);
            }
            "mixed" => setup.moves("in", 64),
            "max_latency" => setup.latency("out", u32::MAX as usize),
            _ => format = aw_sdk::Format { channels: 0, dims: [0; 4], rate_num: 0, rate_den: 0, ..format },
        }
        setup.output("out", format);
        Ok(())
    }
    fn process(&mut self, _: &mut Block) {}
}

/// Moves frames at another pace than its formats claim.
pub struct BadRate(String);

impl Worker for BadRate {
    const SPEC: Spec = Spec {
        id: c"bad_rate",
        summary: c"Moves frames at another pace than its formats claim",
        ports: THROUGH,
        params: &[Param::text(c"how", c"claims_double")
            .choices(choices![c"claims_double", c"claims_double_free", c"gives_double"])
            .doc(c"64 for 64 or any for any at twice the rate, or 128 for 64 at the same rate")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(values.text("how").into()))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = through(setup)?;
        if self.0 != "gives_double" {
            setup.output("out", audio.paced(2, 1).ok_or("the rate of `in` cannot be doubled")?);
        }
        if self.0 != "claims_double_free" {
            setup.moves("in", 64);
            setup.moves("out", if self.0 == "gives_double" { 128 } else { 64 });
        }
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        if self.0 != "gives_double" {
            return copy(block);
        }
        for channel in 0..block.outputs.channels(0) {
            let (y, x) = (block.outputs.plane(0, channel), block.inputs.plane(0, channel));
            y.chunks_mut(2).zip(x).for_each(|(y, x)| y.fill(*x));
        }
    }
}

/// A delay that claims another latency than it has.
pub struct BadLatency {
    claims: usize,
    has: usize,
    /// The last `has` samples of each channel, the oldest at `at`.
    past: Vec<Vec<f32>>,
    at: usize,
}

impl Worker for BadLatency {
    const SPEC: Spec = Spec {
        id: c"bad_latency",
        summary: c"A delay that claims another latency than it has",
        ports: THROUGH,
        params: &[
            Param::int(c"claims", 0).range(0.0, 1e6).unit(c"samples"),
            Param::int(c"has", 64).range(0.0, 1e6).unit(c"samples"),
        ],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { claims: values.size("claims"), has: values.size("has"), past: vec![], at: 0 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let channels = through(setup)?.channels as usize;
        setup.latency("out", self.claims);
        self.past = vec![vec![0.0; self.has]; channels];
        self.at = 0;
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        copy(block);
        if self.has == 0 {
            return;
        }
        for (channel, past) in self.past.iter_mut().enumerate() {
            let places = (0..self.has).cycle().skip(self.at);
            for (y, place) in block.outputs.plane(0, channel).iter_mut().zip(places) {
                std::mem::swap(y, &mut past[place]);
            }
        }
        self.at = (self.at + block.inputs.frames(0)) % self.has;
    }
    fn reset(&mut self) {
        self.past.iter_mut().for_each(|past| past.fill(0.0));
    }
}

/// Refuses, and says why.
pub struct BadRefuse {
    fuse: Fuse,
    why: String,
}

impl BadRefuse {
    fn check(&self, here: When) -> Result {
        if self.fuse.at(here) { Err(Error(self.why.clone())) } else { Ok(()) }
    }
}

impl Worker for BadRefuse {
    const SPEC: Spec = Spec {
        id: c"bad_refuse",
        summary: c"Refuses to be made, prepared or loaded, in the words given",
        ports: THROUGH,
        params: &[Fuse::WHEN, Fuse::AFTER, Param::text(c"why", c"it would rather not")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let it = Self { fuse: Fuse::new(values), why: values.text("why").into() };
        it.check(When::Create)?;
        Ok(it)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.check(When::Prepare)?;
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        copy(block);
    }
    fn load(&mut self, _: &[u8]) -> Result {
        self.check(When::Load)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aw_sdk::{Format, Given, Rig};

    fn rig<W: Worker>(params: &[(&str, Given)]) -> Result<Rig> {
        Rig::new::<W>(params, &[("in", Format::audio(1, 16_000))], &["out"])
    }

    #[test]
    fn nonsense_reaches_the_host_as_it_was_meant() {
        let answer = |how: &str| rig::<BadFormat>(&[("how", how.into())]).unwrap().output(0);
        assert_eq!(answer("overflow").format.dims, [u32::MAX; 4]);
        assert_eq!(answer("overflow").format.width(), usize::MAX, "and does not overflow here");
        assert_eq!(answer("zero_channels").format.channels, 0);
        assert_eq!(answer("kind_unknown").format.kind, Kind(99));
        assert_eq!(answer("max_frames").frames, u32::MAX as usize);
        assert_eq!(answer("mixed").frames, 0);
        assert_eq!(answer("max_latency").latency, u32::MAX as usize);
        assert_eq!(answer("unset").format.rate_den, 0);
    }

    #[test]
    fn frames_and_rates_contradict_each_other() {
        let rig_of = |how: &str| rig::<BadRate>(&[("how", how.into())]).unwrap();
        let claims = rig_of("claims_double");
        assert_eq!((claims.input(0).frames, claims.output(0).frames, claims.output(0).format.rate()), (64, 64, 32e3));
        let free = rig_of("claims_double_free");
        assert_eq!((free.input(0).frames, free.output(0).frames, free.output(0).format.rate()), (0, 0, 32e3));
        let mut gives = rig_of("gives_double");
        assert_eq!((gives.output(0).frames, gives.output(0).format.rate()), (128, 16e3));
        assert_eq!(gives.run(&[&[&[0.5; 64]]])[0][0], [0.5; 128]);
    }

    #[test]
    fn the_delay_is_what_it_has_and_not_what_it_claims() {
        let mut rig = rig::<BadLatency>(&[("claims", 7.0.into()), ("has", 3.0.into())]).unwrap();
        assert_eq!(rig.output(0).latency, 7);
        assert_eq!(rig.run(&[&[&[1.0, 2.0]]])[0][0], [0.0, 0.0]);
        assert_eq!(rig.run(&[&[&[3.0, 4.0, 5.0, 6.0, 7.0]]])[0][0], [0.0, 1.0, 2.0, 3.0, 4.0]);
        rig.reset();
        assert_eq!(rig.run(&[&[&[8.0, 9.0, 9.0, 9.0]]])[0][0], [0.0, 0.0, 0.0, 8.0]);
    }

    #[test]
    fn refusals_carry_the_words_given() {
        let refuse = |when: &str| {
            let mut rig = rig::<BadRefuse>(&[("when", when.into()), ("why", "`in` smells".into())])?;
            rig.load(&[])
        };
        for when in ["create", "prepare", "load"] {
            assert_eq!(refuse(when), Err(Error("`in` smells".into())), "when = {when:?}");
        }
        assert_eq!(refuse("never"), Ok(()));
    }
}
