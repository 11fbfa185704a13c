//! `downmix`: many channels to one.
use aw_sdk::*;

/// The mean of all channels as one channel: what a model for mono speech wants from a stereo recording.
pub struct Downmix;

impl Worker for Downmix {
    const SPEC: Spec = Spec {
        id: c"downmix",
        summary: c"Makes one channel of many: their mean",
        ports: &[
            Port::input(c"in", Kind::AUDIO).doc(c"Audio, any number of channels"),
            Port::output(c"out", Kind::AUDIO).doc(c"One channel: the mean of all"),
        ],
        ..Spec::NEW
    };

    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        setup.output("out", Format { channels: 1, ..audio });
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let channels = block.inputs.channels(0);
        let mean = block.outputs.plane(0, 0);
        mean.copy_from_slice(block.inputs.plane(0, 0));
        for channel in 1..channels {
            for (y, x) in mean.iter_mut().zip(block.inputs.plane(0, channel)) {
                *y += x;
            }
        }
        let part = 1.0 / channels as f32;
        for y in mean {
            *y *= part;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces};

    fn rig(channels: u32) -> Rig {
        Rig::new::<Downmix>(&[], &[("in", Format::audio(channels, 16000))], &["out"]).unwrap()
    }

    #[test]
    fn four_microphones_become_their_mean() {
        let mut rig = rig(4);
        assert_eq!(rig.output(0).format, Format::audio(1, 16000));
        assert_eq!(rig.run(&[&[&[1.0, 4.0], &[2.0, 4.0], &[3.0, 0.0], &[-2.0, 0.0]]])[0], [[1.0, 2.0]]);
    }

    #[test]
    fn mono_stays_as_it_is() {
        let input = vec![vec![noise(1, 2500)]];
        assert_eq!(same_in_any_pieces(|| rig(1), &input), input);
    }
}
