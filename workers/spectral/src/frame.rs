//! `frame`: audio to overlapping time frames.
use crate::framing::{self, HOP, SIZE};
use crate::sliding::Sliding;
use crate::window::{self, Window};
use aw_sdk::*;

/// The newest `size` samples, every `hop`, for a model that reads sound itself.
pub struct Frame {
    size: usize,
    hop: usize,
    sliding: Sliding,
    shape: Window,
    window: Vec<f32>,
}

impl Worker for Frame {
    const SPEC: Spec = Spec {
        id: c"frame",
        summary: c"The newest `size` samples as one frame, every `hop`",
        ports: &[
            Port::input(c"in", Kind::AUDIO).doc(c"Sound, any number of channels"),
            Port::output(c"out", Kind::FEATURES).doc(c"`size` samples a frame, oldest first"),
        ],
        params: &[
            SIZE.range(1.0, 1048576.0).doc(c"Samples in a frame"),
            HOP,
            Param::text(c"window", c"rect")
                .choices(window::CHOICES)
                .same_work()
                .doc(c"What a frame is multiplied with"),
            window::PERIODIC,
            window::KAISER_BETA,
        ],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        let (size, hop) = framing::read(values)?;
        Ok(Self { size, hop, sliding: Sliding::default(), shape: Window::new(values, "window")?, window: vec![] })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.window = self.shape.samples(self.size);
        self.sliding = framing::prepare(setup, self.size, self.hop, Kind::FEATURES, self.size)?;
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let frame = framing::push(&mut self.sliding, channel, block.inputs.plane(0, channel));
            for ((y, x), w) in block.outputs.plane(0, channel).iter_mut().zip(frame).zip(&self.window) {
                *y = x * w;
            }
        }
    }

    fn reset(&mut self) {
        self.sliding.reset();
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.sliding.save(out);
    }

    fn load(&mut self, data: &[u8]) -> Result {
        self.sliding.load(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_frame_ends_with_its_hop_and_starts_in_silence() {
        let params = [("size", 5.0.into()), ("hop", 2.0.into())];
        let mut rig = Rig::new::<Frame>(&params, &[("in", Format::audio(2, 16000))], &["out"]).unwrap();
        assert_eq!(rig.output(0).format, Format::audio(2, 16000).carrying(Kind::FEATURES, 5).paced(1, 2).unwrap());
        assert_eq!((rig.output(0).latency, rig.output(0).tail), (0, 2));
        let out = rig.run(&[&[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], &[0.5; 7]]]).remove(0);
        assert_eq!(out[0], [0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(out[1][10..], [0.5; 5]);
    }
}
