//! `mix`: the sum of many inputs.
use crate::glide::{SILENCE_DB, factor};
use aw_sdk::*;

/// Adds up audio of one format from any number of inputs, each with a gain of its own.
pub struct Mix {
    gains_db: Vec<f64>,
    /// One factor an input.
    factors: Vec<f32>,
}

impl Worker for Mix {
    const SPEC: Spec = Spec {
        id: c"mix",
        summary: c"Adds up audio from many inputs",
        ports: &[
            Port::input(c"in", Kind::AUDIO).many().doc(c"Audio; all inputs have the same rate and channels"),
            Port::output(c"out", Kind::AUDIO).doc(c"The sum, channel by channel"),
        ],
        params: &[Param::floats(c"gains_db")
            .range(SILENCE_DB, 60.0)
            .unit(c"dB")
            .doc(c"One gain an input, in the order of `in`; -120 is silence; without it all are 0 dB")],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        let gains_db = values.floats("gains_db").to_vec();
        match gains_db.iter().find(|db| !(SILENCE_DB..=60.0).contains(*db)) {
            Some(db) => Err(format!("`gains_db` has {db} dB, but gains go from -120 to 60 dB").into()),
            None => Ok(Self { gains_db, factors: vec![] }),
        }
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let Some((first, audio)) = setup.inputs().next() else {
            return Err("nothing is connected to `in`".into());
        };
        for (port, other) in setup.inputs() {
            if other.channels != audio.channels {
                let (a, b) = (audio.channels, other.channels);
                return Err(format!(
                    "`{first}` has {a} channels and `{port}` has {b}, but only like can be added: \
                     make them alike with `downmix`, `split` or `merge`"
                )
                .into());
            }
            if other != audio {
                let (a, b) = (audio.rate(), other.rate());
                return Err(
                    format!("`{first}` comes at {a} Hz and `{port}` at {b} Hz: put a `resample` before one").into()
                );
            }
        }
        let (inputs, gains) = (setup.inputs().count(), self.gains_db.len());
        if gains != 0 && gains != inputs {
            return Err(format!("`gains_db` has {gains} gains for {inputs} inputs: give one an input").into());
        }
        let factors = self.gains_db.iter().map(|db| factor(*db) as f32);
        self.factors = factors.chain(std::iter::repeat(1.0)).take(inputs).collect();
        setup.output("out", audio);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let sum = block.outputs.plane(0, channel);
            for (y, x) in sum.iter_mut().zip(block.inputs.plane(0, channel)) {
                *y = self.factors[0] * x;
            }
            for (input, factor) in self.factors.iter().enumerate().skip(1) {
                for (y, x) in sum.iter_mut().zip(block.inputs.plane(input, channel)) {
                    *y += factor * x;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces};

    const MONO: Format = Format::audio(1, 16000);

    fn refusal(gains: &[f64], inputs: &[(&str, Format)]) -> String {
        let refused = Rig::new::<Mix>(&[("gains_db", gains.into())], inputs, &["out"]).err();
        refused.map(|e| e.0).unwrap_or_default()
    }

    #[test]
    fn voices_and_music_add_up_with_their_gains() {
        let inputs = [("voice", MONO), ("guest", MONO), ("music", MONO)];
        let mut rig = Rig::new::<Mix>(&[("gains_db", [0.0, 20.0, -120.0][..].into())], &inputs, &["out"]).unwrap();
        assert_eq!(rig.run(&[&[&[1.0, 2.0]], &[&[0.5, 0.0]], &[&[9.0, 9.0]]])[0][0], [6.0, 2.0]);
    }

    #[test]
    fn without_gains_it_is_the_plain_sum_however_it_is_cut() {
        let stereo = Format::audio(2, 44100);
        let make = || Rig::new::<Mix>(&[], &[("a", stereo), ("b", stereo)], &["out"]).unwrap();
        let input = vec![vec![noise(1, 2000), noise(2, 2000)], vec![noise(3, 2000), noise(4, 2000)]];
        let out = same_in_any_pieces(make, &input);
        let sum: Vec<f32> = input[0][1].iter().zip(&input[1][1]).map(|(a, b)| a + b).collect();
        assert_eq!(out[0][1], sum);
    }

    #[test]
    fn what_cannot_be_added_is_refused_with_the_way_out() {
        let said = refusal(&[], &[("a", MONO), ("b", Format::audio(2, 16000))]);
        assert!(said.contains("`a` has 1 channels and `b` has 2") && said.contains("`downmix`"), "{said}");
        let said = refusal(&[], &[("a", MONO), ("b", Format::audio(1, 8000))]);
        assert!(said.contains("`b` at 8000 Hz") && said.contains("`resample`"), "{said}");
        let said = refusal(&[0.0], &[("a", MONO), ("b", MONO)]);
        assert!(said.contains("1 gains for 2 inputs"), "{said}");
        assert!(refusal(&[70.0], &[("a", MONO)]).contains("70 dB"));
        assert!(refusal(&[], &[]).contains("`in`"));
    }
}
