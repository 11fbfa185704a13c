//! `merge`: many inputs to the channels of one output.
use aw_sdk::*;

/// Puts the channels of all inputs side by side, in the order of the graph file.
pub struct Merge;

impl Worker for Merge {
    const SPEC: Spec = Spec {
        id: c"merge",
        summary: c"Puts the channels of many inputs side by side",
        ports: &[
            Port::input(c"in", Kind::AUDIO).many().doc(c"Audio, any number of channels; all inputs have the same rate"),
            Port::output(c"out", Kind::AUDIO)
                .doc(c"The channels of the first input, then those of the second, and so on"),
        ],
        ..Spec::NEW
    };

    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let Some((first, audio)) = setup.inputs().next() else {
            return Err("nothing is connected to `in`".into());
        };
        let (mut channels, rate) = (0, audio.rate());
        for (port, other) in setup.inputs() {
            if other.rate() != rate {
                let b = other.rate();
                return Err(format!(
                    "`{first}` comes at {rate} Hz and `{port}` at {b} Hz: put a `resample` before one"
                )
                .into());
            }
            channels += other.channels;
        }
        setup.output("out", Format { channels, ..audio });
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let mut to = 0;
        for input in 0..block.inputs.len() {
            for channel in 0..block.inputs.channels(input) {
                block.outputs.plane(0, to).copy_from_slice(block.inputs.plane(input, channel));
                to += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces};

    #[test]
    fn a_stereo_and_a_mono_input_make_three_channels_in_file_order() {
        let inputs = [("room", Format::audio(2, 16000)), ("voice", Format::audio(1, 16000))];
        let make = || Rig::new::<Merge>(&[], &inputs, &["out"]).unwrap();
        assert_eq!(make().output(0).format, Format::audio(3, 16000));
        let [left, right, voice] = [1, 2, 3].map(|seed| noise(seed, 1500));
        let out = same_in_any_pieces(make, &vec![vec![left.clone(), right.clone()], vec![voice.clone()]]);
        assert_eq!(out, [[left, right, voice]]);
    }

    #[test]
    fn inputs_of_two_rates_are_refused() {
        let inputs = [("a", Format::audio(1, 16000)), ("b", Format::audio(1, 48000))];
        let said = Rig::new::<Merge>(&[], &inputs, &["out"]).err().unwrap().0;
        assert!(said.contains("`b` at 48000 Hz") && said.contains("`resample`"), "{said}");
    }
}
