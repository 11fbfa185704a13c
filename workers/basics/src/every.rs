//! `every`: keeps one frame of n, so that a slow node gets no more than it can use.
use aw_sdk::*;

/// Keeps the newest of every n frames, at 1/n of the pace.
///
/// Output frame k stands for input frames kn .. kn + n - 1 and is the last of them, as a frame of an STFT stands for
/// the hop at whose end it comes. So the latency is 0, and `repeat` behind it meets the same stretch of time again.
pub struct Every {
    frames: usize,
    /// Floats a frame.
    width: usize,
}

impl Worker for Every {
    const SPEC: Spec = Spec {
        id: c"every",
        summary: c"Keeps one frame of n: fast frames for a node that wants slow ones",
        ports: &[
            Port::input(c"in", Kind::ANY).doc(c"Features, spectrum or tensor"),
            Port::output(c"out", Kind::ANY).doc(c"The newest of every `frames` frames"),
        ],
        params: &[Param::int(c"frames", 1)
            .range(1.0, 65536.0)
            .unit(c"frames")
            .required()
            .doc(c"Of how many frames one is kept, the newest")],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        Ok(Self { frames: values.size("frames"), width: 1 })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?;
        if format.kind == Kind::AUDIO {
            return Err("`in` is audio, and leaving samples out folds high tones down: use `resample`".into());
        }
        let Some(slow) = format.paced(1, self.frames as u32) else {
            return Err(format!("`frames` = {} makes a pace too odd to be counted", self.frames).into());
        };
        self.width = format.width();
        setup.moves("in", self.frames);
        setup.moves("out", 1);
        setup.output("out", slow);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let frames = block.inputs.plane(0, channel);
            block.outputs.plane(0, channel).copy_from_slice(&frames[frames.len() - self.width..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces};

    fn rig(frames: f64, format: Format) -> Result<Rig> {
        Rig::new::<Every>(&[("frames", frames.into())], &[("in", format)], &["out"])
    }

    #[test]
    fn a_slow_model_gets_the_newest_of_every_three_frames() {
        let mel = Format::audio(2, 100).carrying(Kind::FEATURES, 2);
        let make = || rig(3.0, mel).unwrap();
        let answer = make().output(0);
        assert_eq!((answer.format.rate(), answer.frames, answer.latency), (100.0 / 3.0, 1, 0));
        let input = vec![vec![noise(1, 1200), noise(2, 1200)]];
        let out = same_in_any_pieces(make, &input);
        let newest: Vec<f32> = input[0][1].chunks(6).flat_map(|three| three[4..].to_vec()).collect();
        assert_eq!(out[0][1], newest);
    }

    #[test]
    fn audio_is_sent_to_resample() {
        assert!(rig(2.0, Format::audio(1, 16000)).err().unwrap().0.contains("`resample`"));
    }
}
