//! `istft`: spectrum to audio.
use crate::fourier::Inverse;
use crate::overlap::{Overlap, RATE};
use crate::resynthesis::{ANALYSIS, NORMALISE, Resynthesis};
use crate::window;
use aw_sdk::*;

/// The signal of overlapping spectra: each back in time, weighted, added up.
pub struct Istft {
    resynthesis: Resynthesis,
    overlap: Overlap,
    fft: Option<Inverse>,
}

impl Worker for Istft {
    const SPEC: Spec = Spec {
        id: c"istft",
        summary: c"Inverse short-time Fourier transform: gives back what went into `stft`, `size - hop` samples later",
        ports: &[
            Port::input(c"in", Kind::SPECTRUM).doc(c"`size / 2 + 1` bins, one frame every `hop` samples"),
            Port::output(c"out", Kind::AUDIO).doc(c"Sound, with the channels of `in`"),
        ],
        params: &[
            Param::text(c"window", c"hann")
                .choices(window::CHOICES)
                .same_work()
                .doc(c"What a frame is multiplied with at the end"),
            ANALYSIS,
            Param::text(c"normalise", c"sum")
                .choices(NORMALISE)
                .same_work()
                .doc(c"`sum`: divide by what both windows add up to, which gives the signal back; `none`: add only"),
            window::PERIODIC,
            window::KAISER_BETA,
            RATE,
        ],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        Ok(Self { resynthesis: Resynthesis::new(values)?, overlap: Overlap::new(values), fft: None })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let size = crate::ifft::size(setup)?;
        let hop = self.overlap.hop(setup, size)?;
        self.resynthesis.even(size, hop)?;
        let weights = self.resynthesis.weights(size, hop)?;
        let weights = weights.into_iter().map(|w| (w / size as f64) as f32).collect();
        self.overlap.prepare(setup, weights, hop)?;
        self.fft = Some(Inverse::new(size));
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let Some(fft) = &mut self.fft else { return };
        for channel in 0..block.inputs.channels(0) {
            let frame = fft.run(block.inputs.plane(0, channel));
            self.overlap.push(channel, frame, block.outputs.plane(0, channel));
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

    /// An `istft` on 257 bins that come every `num / den` samples.
    fn istft(params: &[(&str, Given)], num: u32, den: u32) -> Result<Answer> {
        let frames = Format::audio(1, 16000).carrying(Kind::SPECTRUM, 257).paced(den, num).unwrap();
        Ok(Rig::new::<Istft>(params, &[("in", frames)], &["out"])?.output(0))
    }

    #[test]
    fn size_and_hop_come_from_the_frames() {
        let answer = istft(&[], 160, 1).unwrap();
        assert_eq!((answer.format, answer.frames, answer.latency), (Format::audio(1, 16000), 160, 352));
    }

    #[test]
    fn frames_that_do_not_fit_are_refused_with_numbers_and_a_way_out() {
        let broken = refusal(istft(&[], 257, 2));
        assert!(broken.contains("one every 128.500 samples") && broken.contains("`rate` 16000"), "{broken}");
        let sparse = refusal(istft(&[], 600, 1));
        assert!(sparse.contains("512 samples every 600") && sparse.contains("at most 512"), "{sparse}");
        let closed = refusal(istft(&[("window", "blackman".into()), ("analysis", "hann".into())], 512, 1));
        assert!(closed.contains("`window` blackman on frames cut with hann at size 512 and hop 512"), "{closed}");
        assert!(closed.contains("`hop = 256` works"), "{closed}");
    }

    #[test]
    fn windows_that_add_up_evenly_need_no_division() {
        let none = |window: &str, periodic: bool, hop| {
            istft(&[("window", window.into()), ("periodic", periodic.into()), ("normalise", "none".into())], hop, 1)
        };
        assert!(none("vorbis", true, 256).is_ok());
        assert!(none("hann", true, 128).is_ok());
        let swing = refusal(none("hann", true, 256));
        assert!(swing.contains("swing between 0.500 and 1.000") && swing.contains("`overlap_add`"), "{swing}");
        assert!(none("sqrt_hann", false, 256).is_err());
    }
}
