//! The rig that worker authors test with: it refuses, waits, splits and listens as a host would.
#![allow(clippy::unwrap_used)]

use aw_sdk::{Block, Error, Event, Format, Kind, Param, Port, Result, Rig, Setup, Spec, Values, Worker};

/// The mean of every `size` samples, times a live `scale`; an event for each that is above 1.
struct Mean {
    size: usize,
    scale: f32,
}

impl Worker for Mean {
    const SPEC: Spec = Spec {
        id: c"mean",
        ports: &[
            Port::input(c"in", Kind::AUDIO),
            Port::output(c"out", Kind::FEATURES),
            Port::output(c"loud", Kind::EVENTS),
        ],
        params: &[Param::int(c"size", 4), Param::float(c"scale", 1.0).live(), Param::text(c"mode", c"plain")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        match values.text("mode") {
            "plain" => Ok(Self { size: values.size("size"), scale: values.float("scale") as f32 }),
            mode => Err(Error(format!("`mode` is {mode:?}"))),
        }
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        let pace = audio.paced(1, self.size as u32).ok_or("`size` must be above 0")?;
        setup.moves("in", self.size);
        setup.output("out", pace.carrying(Kind::FEATURES, 1));
        setup.moves("out", 1);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        let mean = block.inputs.plane(0, 0).iter().sum::<f32>() / self.size as f32 * self.scale;
        block.outputs.plane(0, 0)[0] = mean;
        if block.outputs.len() > 1 {
            let loud = [Event { time: block.time(), label: 0, value: mean }];
            block.outputs.events(1, &loud[..usize::from(mean > 1.0)]);
        }
        assert!(mean < 100.0, "far too loud");
    }
    fn set_param(&mut self, _: &str, value: f64) {
        self.scale = value as f32;
    }
}

fn rig(outputs: &[&str]) -> Rig {
    Rig::new::<Mean>(&[], &[("in", Format::audio(1, 16_000))], outputs).unwrap()
}

#[test]
fn refusals_come_back_in_the_workers_words() {
    let audio = [("in", Format::audio(1, 16_000))];
    let refused = |params: &[_]| Rig::new::<Mean>(params, &audio, &["out"]).err().unwrap().0;
    assert_eq!(refused(&[("mode", "loud".into())]), "`mode` is \"loud\"");
    assert_eq!(refused(&[("size", 0.0.into())]), "`size` must be above 0");
}

#[test]
fn frames_that_fill_no_firing_wait_for_more_until_reset() {
    let mut rig = rig(&["out"]);
    assert_eq!((rig.output(0).format.rate(), rig.input(0).frames), (4000.0, 4));
    assert_eq!(rig.run(&[&[&[1.0, 2.0, 3.0]]])[0][0], []);
    assert_eq!(rig.run(&[&[&[6.0, 1.0]]])[0][0], [3.0]);
    rig.set::<Mean>("scale", 2.0);
    assert_eq!(rig.run(&[&[&[1.0; 8]]])[0][0], [2.0, 2.0]);
    rig.reset();
    assert_eq!(rig.run(&[&[&[3.0; 4]]])[0][0], [6.0], "the sample that waited is gone");
}

#[test]
fn events_carry_the_moment_of_their_firing() {
    let mut rig = rig(&["out", "loud"]);
    rig.run(&[&[&[0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0]]]);
    assert_eq!(rig.events(), [Event { time: 4, label: 0, value: 2.0 }]);
    assert_eq!(rig.events(), []);
}

#[test]
#[should_panic(expected = "process failed: panicked: far too loud")]
fn a_dead_worker_fails_the_test_with_its_last_words() {
    rig(&["out"]).run(&[&[&[1000.0; 4]]]);
}
