//! `repeat`: holds every frame n times, so that slow frames meet fast ones.
use aw_sdk::*;

/// Gives every frame n times, at n times the pace.
///
/// Output frames kn .. kn + n - 1 stand for the same stretch of time as input frame k, so the latency is 0: what meets
/// them at a join is what was heard while frame k was.
pub struct Repeat {
    times: usize,
    /// Floats a frame.
    width: usize,
}

impl Worker for Repeat {
    const SPEC: Spec = Spec {
        id: c"repeat",
        summary: c"Holds every frame n times: slow frames for a node that wants fast ones",
        ports: &[
            Port::input(c"in", Kind::ANY).doc(c"Features, spectrum or tensor"),
            Port::output(c"out", Kind::ANY).doc(c"Every frame `times` times; all stand for the time of that frame"),
        ],
        params: &[Param::int(c"times", 1).range(1.0, 65536.0).required().doc(c"How often each frame is given")],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        Ok(Self { times: values.size("times"), width: 1 })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?;
        if format.kind == Kind::AUDIO {
            return Err("`in` is audio, and repeated samples buzz: use `resample` for another rate".into());
        }
        let Some(fast) = format.paced(self.times as u32, 1) else {
            return Err(format!("`times` = {} makes more frames a second than can be counted", self.times).into());
        };
        self.width = format.width();
        setup.moves("in", 1);
        setup.moves("out", self.times);
        setup.output("out", fast);
        setup.tail("out", self.times as u32 - 1);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let frame = block.inputs.plane(0, channel);
            for copy in block.outputs.plane(0, channel).chunks_exact_mut(self.width) {
                copy.copy_from_slice(frame);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces};

    fn rig(times: f64, format: Format) -> Result<Rig> {
        Rig::new::<Repeat>(&[("times", times.into())], &[("in", format)], &["out"])
    }

    #[test]
    fn a_mask_of_every_second_frame_serves_every_frame() {
        let mask = Format::audio(1, 125).carrying(Kind::FEATURES, 2).paced(1, 2).unwrap();
        let mut rig = rig(2.0, mask).unwrap();
        assert_eq!(rig.output(0).format, Format::audio(1, 125).carrying(Kind::FEATURES, 2));
        assert_eq!((rig.input(0).frames, rig.output(0).frames, rig.output(0).latency), (1, 2, 0));
        assert_eq!(rig.run(&[&[&[0.1, 0.2, 0.3, 0.4]]])[0][0], [0.1, 0.2, 0.1, 0.2, 0.3, 0.4, 0.3, 0.4]);
    }

    #[test]
    fn channels_and_cuts_do_not_matter() {
        let tensor = Format { dims: [3, 2, 1, 1], kind: Kind::TENSOR, ..Format::audio(2, 50) };
        let input = vec![vec![noise(1, 1200), noise(2, 1200)]];
        let out = same_in_any_pieces(|| rig(3.0, tensor).unwrap(), &input);
        let held: Vec<f32> = input[0][1].chunks(6).flat_map(|frame| frame.repeat(3)).collect();
        assert_eq!(out[0][1], held);
    }

    #[test]
    fn audio_is_sent_to_resample() {
        assert!(rig(2.0, Format::audio(1, 16000)).err().unwrap().0.contains("`resample`"));
    }
}
