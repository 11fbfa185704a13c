//! `overlap_add`: time frames to audio.
use crate::overlap::{Overlap, RATE};
use crate::resynthesis::{ANALYSIS, NORMALISE, Resynthesis};
use crate::window;
use aw_sdk::*;

/// Overlapping time frames added up; unless told otherwise, as they are.
pub struct OverlapAdd {
    resynthesis: Resynthesis,
    overlap: Overlap,
}

impl Worker for OverlapAdd {
    const SPEC: Spec = Spec {
        id: c"overlap_add",
        summary: c"Adds overlapping time frames up to audio, which lags by what they overlap: `size - hop` samples",
        ports: &[
            Port::input(c"in", Kind::ANY).doc(c"Features or tensor of `size` samples, one frame every `hop` samples"),
            Port::output(c"out", Kind::AUDIO).doc(c"Sound, with the channels of `in`"),
        ],
        params: &[
            Param::text(c"window", c"rect")
                .choices(window::CHOICES)
                .same_work()
                .doc(c"What a frame is multiplied with at first"),
            Param::text(c"normalise", c"none")
                .choices(NORMALISE)
                .same_work()
                .doc(c"`none`: add only; `sum`: divide by what `window` and `analysis` add up to"),
            ANALYSIS,
            window::PERIODIC,
            window::KAISER_BETA,
            RATE,
        ],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        Ok(Self { resynthesis: Resynthesis::new(values)?, overlap: Overlap::new(values) })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let frames = setup.input("in")?;
        match frames.kind {
            Kind::SPECTRUM => {
                return Err("`in` brings a spectrum: `istft` makes that audio, or put an `ifft` between".into());
            }
            Kind::AUDIO => return Err("`in` brings audio already: `overlap_add` takes frames of samples".into()),
            _ => {}
        }
        let size = frames.cells();
        let hop = self.overlap.hop(setup, size)?;
        let weights = self.resynthesis.weights(size, hop)?;
        self.overlap.prepare(setup, weights.into_iter().map(|w| w as f32).collect(), hop)
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            self.overlap.push(channel, block.inputs.plane(0, channel), block.outputs.plane(0, channel));
        }
    }

    fn reset(&mut self) {
        self.overlap.sums.reset();
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.overlap.sums.save(out);
    }

    fn load(&mut self, data: &[u8]) -> Result {
        self.overlap.sums.load(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::refusal;

    fn rig(params: &[(&str, Given)], kind: Kind, dims: [u32; 4]) -> Result<Rig> {
        let mut frames = Format::audio(1, 16000).paced(1, 2).unwrap();
        (frames.kind, frames.dims) = (kind, dims);
        Rig::new::<OverlapAdd>(params, &[("in", frames)], &["out"])
    }

    #[test]
    fn frames_of_a_model_are_added_in_their_order() {
        let mut rig = rig(&[], Kind::TENSOR, [1, 1, 5, 1]).unwrap();
        assert_eq!((rig.output(0).frames, rig.output(0).latency), (2, 3));
        let frames = [1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let out = rig.run(&[&[&frames]]).remove(0).remove(0);
        assert_eq!(out, [1.0, 2.0, 13.0, 24.0, 35.0, 40.0]);
    }

    #[test]
    fn a_spectrum_is_refused_with_the_worker_that_takes_it() {
        let text = refusal(rig(&[], Kind::SPECTRUM, [257, 1, 1, 1]));
        assert!(text.contains("`istft`") && text.contains("`ifft`"), "{text}");
        assert!(refusal(rig(&[], Kind::AUDIO, [1; 4])).contains("audio already"));
    }
}
