//! `gain`: louder, softer.
use crate::glide::{Glide, SILENCE_DB, factor};
use aw_sdk::*;

/// Multiplies audio of any number of channels by a gain; a change glides there in about 10 ms.
pub struct Gain {
    gain: Glide,
}

/// Writes `x` times the gain to `y`. At a resting gain this is a plain multiplication.
fn apply(gain: &mut Glide, x: &[f32], y: &mut [f32]) {
    let mut moved = 0;
    for (y, x) in y.iter_mut().zip(x) {
        if gain.rests() {
            break;
        }
        *y = gain.step() * x;
        moved += 1;
    }
    let gain = gain.value();
    for (y, x) in y[moved..].iter_mut().zip(&x[moved..]) {
        *y = gain * x;
    }
}

impl Worker for Gain {
    const SPEC: Spec = Spec {
        id: c"gain",
        summary: c"Makes audio louder or softer",
        ports: &[
            Port::input(c"in", Kind::AUDIO).doc(c"Audio, any number of channels"),
            Port::output(c"out", Kind::AUDIO).doc(c"The same channels, louder or softer"),
        ],
        params: &[Param::float(c"gain_db", 0.0)
            .range(SILENCE_DB, 60.0)
            .unit(c"dB")
            .live()
            .doc(c"Gain; -120 is silence; a change glides there in about 10 ms")],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        Ok(Self { gain: Glide::at(factor(values.float("gain_db"))) })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        self.gain.pace(audio.rate());
        setup.output("out", audio);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let start = self.gain;
        for channel in 0..block.inputs.channels(0) {
            self.gain = start;
            apply(&mut self.gain, block.inputs.plane(0, channel), block.outputs.plane(0, channel));
        }
    }

    fn set_param(&mut self, _gain_db: &str, db: f64) {
        self.gain.go(factor(db));
    }

    fn reset(&mut self) {
        self.gain.arrive();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, run_in_pieces, same_in_any_pieces, sharpest, sine};

    fn rig(db: f64, channels: u32) -> Rig {
        Rig::new::<Gain>(&[("gain_db", db.into())], &[("in", Format::audio(channels, 48000))], &["out"]).unwrap()
    }

    #[test]
    fn the_first_sample_already_has_the_gain() {
        assert_eq!(rig(20.0, 2).run(&[&[&[0.5], &[-0.25]]])[0], [[5.0], [-2.5]]);
        assert_eq!(rig(-120.0, 1).run(&[&[&[1.0, -1.0]]])[0][0], [0.0, 0.0]);
    }

    #[test]
    fn turning_a_knob_while_a_tone_plays_does_not_click() {
        let tone = sine(440.0, 48000.0, 48000);
        let mut rig = rig(0.0, 2);
        let mut heard = vec![];
        // The knob moves every 5 ms, down to silence and back: the glide never comes to rest in between.
        for (i, piece) in tone.chunks(240).enumerate() {
            let db = [0.0, -6.0, -120.0, -30.0, 0.0][i % 5];
            rig.set::<Gain>("gain_db", db);
            let out = rig.run(&[&[piece, piece]]);
            assert_eq!(out[0][0], out[0][1], "both channels move together");
            heard.extend(&out[0][0]);
        }
        let (clicks, steady) = (sharpest(&heard), sharpest(&tone));
        assert!(clicks < 1.5 * steady, "{}", clicks / steady);
    }

    #[test]
    fn a_glide_ends_at_exactly_the_new_gain() {
        let mut rig = rig(0.0, 1);
        rig.run(&[&[&[1.0; 100]]]);
        rig.set::<Gain>("gain_db", -120.0);
        let out = rig.run(&[&[&[1.0; 4800]]]).remove(0).remove(0);
        assert!(out[0] == 1.0 && out[100] > 0.1 && out[480] < 0.011, "{} {}", out[100], out[480]);
        assert_eq!(out[4799], 0.0);
    }

    #[test]
    fn cutting_the_stream_changes_nothing_even_while_gliding() {
        let input = vec![vec![noise(1, 3000), noise(2, 3000)]];
        let gliding = || {
            let mut rig = rig(0.0, 2);
            rig.set::<Gain>("gain_db", -20.0);
            rig
        };
        same_in_any_pieces(gliding, &input);
        let mut rig = gliding();
        rig.reset(); // forgets the way, keeps the parameter
        let out = run_in_pieces(&mut rig, &input, 1000);
        assert_eq!(out[0][1][0], 0.1 * input[0][1][0]);
    }
}
