//! The worker `{{name}}`. For now it makes audio louder or softer: change `SPEC`, then what `process` does.
use aw_sdk::*;

/// Multiplies audio by a gain.
struct {{type}} {
    gain: f32,
}

impl Worker for {{type}} {
    const SPEC: Spec = Spec {
        id: c"{{name}}",
        summary: c"Makes audio louder or softer",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"out", Kind::AUDIO)],
        params: &[Param::float(c"gain", 0.5).range(0.0, 10.0).live().doc(c"Factor; may change while it plays")],
        ..Spec::NEW
    };

    /// The values come from the graph file; the host has checked them against `SPEC`.
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { gain: values.float("gain") as f32 })
    }

    /// Says what leaves, given what arrives. All memory that `process` needs is taken here.
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        setup.output("out", audio);
        Ok(())
    }

    /// Turns samples into samples, as many as there are. No memory, no locks, no waiting in here.
    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let x = block.inputs.plane(0, channel);
            for (y, x) in block.outputs.plane(0, channel).iter_mut().zip(x) {
                *y = self.gain * x;
            }
        }
    }

    /// `gain` is the only live parameter.
    fn set_param(&mut self, _name: &str, value: f64) {
        self.gain = value as f32;
    }
}

export_workers!({{type}});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_of_2_doubles_both_channels() {
        let stereo = [("in", Format::audio(2, 16000))];
        let mut rig = Rig::new::<{{type}}>(&[("gain", 2.0.into())], &stereo, &["out"]).unwrap();
        assert_eq!(rig.run(&[&[&[0.5, -0.25], &[0.0, 1.0]]])[0], [[1.0, -0.5], [0.0, 2.0]]);
    }

    #[test]
    fn the_gain_changes_while_it_plays() {
        let mut rig = Rig::new::<{{type}}>(&[], &[("in", Format::audio(1, 16000))], &["out"]).unwrap();
        assert_eq!(rig.run(&[&[&[1.0]]])[0], [[0.5]]);
        rig.set::<{{type}}>("gain", 3.0);
        assert_eq!(rig.run(&[&[&[1.0]]])[0], [[3.0]]);
    }
}
