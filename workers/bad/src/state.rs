//! `bad_state`.

use crate::{THROUGH, through};
use aw_sdk::{Block, Error, Param, Result, Setup, Spec, Values, Worker, choices};
use std::cell::Cell;

/// What becomes of a saved count.
#[derive(Clone, Copy, PartialEq)]
enum How {
    Restores,
    Forgets,
    Mistakes,
    Refuses,
    Grows,
}

/// Counts frames, and loses count when it is saved and loaded.
pub struct BadState {
    how: How,
    count: u32,
    saves: Cell<usize>,
}

impl Worker for BadState {
    const SPEC: Spec = Spec {
        id: c"bad_state",
        summary: c"Counts its frames on every channel, and loses count when it is saved and loaded",
        ports: THROUGH,
        params: &[Param::text(c"how", c"forgets")
            .choices(choices![c"restores", c"forgets", c"mistakes", c"refuses", c"grows"])
            .doc(c"On loading: begins anew, goes on elsewhere, or refuses; or saves more bytes each time")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let how = match values.text("how") {
            "restores" => How::Restores,
            "mistakes" => How::Mistakes,
            "refuses" => How::Refuses,
            "grows" => How::Grows,
            _ => How::Forgets,
        };
        Ok(Self { how, count: 0, saves: Cell::new(0) })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
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
    fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.count.to_le_bytes());
        if self.how == How::Grows {
            self.saves.set(self.saves.get() + 1);
            out.resize(4 + self.saves.get(), 0);
        }
    }
    fn load(&mut self, data: &[u8]) -> Result {
        let count = data.first_chunk().map(|four| u32::from_le_bytes(*four)).ok_or("there is no count in this")?;
        self.count = match self.how {
            How::Restores | How::Grows => count,
            How::Forgets => 0,
            How::Mistakes => count.wrapping_add(1000),
            How::Refuses => return Err(Error("it will not be told what to remember".into())),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aw_sdk::{Format, Rig};

    /// What is counted next by a worker that is saved after three frames and loaded into a new one.
    fn goes_on(how: &str) -> std::result::Result<f32, Error> {
        let values =
            |how: &str| Rig::new::<BadState>(&[("how", how.into())], &[("in", Format::audio(1, 8000))], &["out"]);
        let (mut old, mut new) = (values(how)?, values(how)?);
        assert_eq!(old.run(&[&[&[0.0; 3]]])[0][0], [0.0, 1.0, 2.0]);
        new.load(&old.save()?)?;
        Ok(new.run(&[&[&[0.0]]])[0][0][0])
    }

    #[test]
    fn it_goes_on_counting_where_it_should_not() {
        assert_eq!(goes_on("restores"), Ok(3.0));
        assert_eq!(goes_on("forgets"), Ok(0.0));
        assert_eq!(goes_on("mistakes"), Ok(1003.0));
        assert_eq!(goes_on("refuses"), Err(Error("it will not be told what to remember".into())));
    }
}
