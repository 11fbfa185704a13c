//! Workers that know where in the recording they are: they say their place, count frames, learn of the whole.
use aw_sdk::{Block, Kind, Param, Port, Result, Setup, Spec, Values, Worker};

const THROUGH: &[Port] = &[Port::input(c"in", Kind::ANY), Port::output(c"out", Kind::ANY)];
const HOP: Param = Param::int(c"hop", 0).range(0.0, 65536.0);

/// `prepare` of a worker that gives what it takes, `hop` frames at once.
fn through(setup: &mut Setup, hop: usize) -> Result {
    setup.output("out", setup.input("in")?);
    setup.moves("in", hop);
    setup.moves("out", hop);
    Ok(())
}

/// Gives the number of each frame or, if it is told to, of the frame behind the last one (-1 if none is in sight).
pub struct Place {
    hop: usize,
    end: bool,
    width: usize,
}

impl Worker for Place {
    const SPEC: Spec = Spec {
        id: c"place",
        summary: c"Says where it is",
        ports: THROUGH,
        params: &[HOP, Param::bool(c"end", false)],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { hop: values.size("hop"), end: values.bool("end"), width: 1 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.width = setup.input("in")?.width();
        through(setup, self.hop)
    }
    fn process(&mut self, block: &mut Block) {
        let (position, end) = (block.position(), block.end().map_or(-1.0, |end| end as f32));
        for channel in 0..block.outputs.channels(0) {
            for (i, frame) in block.outputs.plane(0, channel).chunks_mut(self.width).enumerate() {
                frame.fill(if self.end { end } else { (position + i as i64) as f32 });
            }
        }
    }
}

/// Every `hop`th sample, in as many frames as windows of `size` fit in, as an extractor without padding gives them.
pub struct Windows {
    size: u64,
    hop: usize,
}

impl Worker for Windows {
    const SPEC: Spec = Spec {
        id: c"windows",
        summary: c"Counts its frames",
        ports: THROUGH,
        params: &[Param::int(c"size", 400), Param::int(c"hop", 160)],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { size: values.size("size") as u64, hop: values.size("hop") })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?.paced(1, self.hop as u32).ok_or("the rate is out of reach")?;
        setup.output("out", format.carrying(Kind::FEATURES, 1));
        setup.moves("in", self.hop);
        setup.moves("out", 1);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        block.outputs.plane(0, 0)[0] = block.inputs.plane(0, 0)[0];
    }
    fn extent(&self, _: usize, frames: u64) -> Option<u64> {
        Some(frames.checked_sub(self.size).map_or(0, |rest| 1 + rest / self.hop as u64))
    }
}

/// Divides by the loudest sample of the run before, if there was one.
pub struct Loudest {
    times: u32,
    heard: f32,
    learned: f32,
}

impl Worker for Loudest {
    const SPEC: Spec = Spec {
        id: c"loudest",
        summary: c"Divides by the loudest sample of all",
        ports: THROUGH,
        params: &[Param::int(c"times", 1).range(0.0, 8.0)],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { times: values.size("times") as u32, heard: 0.0, learned: 0.0 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.rehearsals(self.times, "`times` is above 0; `times = 0` divides by nothing");
        through(setup, 0)
    }
    fn process(&mut self, block: &mut Block) {
        let by = if self.learned > 0.0 { self.learned } else { 1.0 };
        for channel in 0..block.inputs.channels(0) {
            for (y, x) in block.outputs.plane(0, channel).iter_mut().zip(block.inputs.plane(0, channel)) {
                self.heard = self.heard.max(x.abs());
                *y = x / by;
            }
        }
    }
    fn reset(&mut self) {
        (self.heard, self.learned) = (0.0, 0.0);
    }
    fn rewind(&mut self) {
        self.learned = std::mem::take(&mut self.heard);
    }
}

/// Learns, and says what it knows by events only.
pub struct Learner;

impl Worker for Learner {
    const SPEC: Spec = Spec {
        id: c"learner",
        summary: c"Gives events of what it has learned",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"events", Kind::EVENTS)],
        ..Spec::NEW
    };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.rehearsals(1, "it must know `in`");
        Ok(())
    }
    fn process(&mut self, _: &mut Block) {}
}
