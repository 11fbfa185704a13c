//! `ifft`: spectrum to time frame.
use crate::fourier::Inverse;
use aw_sdk::*;

/// Each spectrum back in time, `numpy.fft.irfft`, as a frame of its own.
pub struct Ifft {
    fft: Option<Inverse>,
}

/// Samples behind a frame of the spectrum at `in`.
pub fn size(setup: &Setup) -> Result<usize> {
    match setup.input("in")?.cells() {
        0 | 1 => Err("`in` has fewer than 2 bins: a spectrum of `size` samples has `size / 2 + 1`".into()),
        bins => Ok(2 * (bins - 1)),
    }
}

impl Worker for Ifft {
    const SPEC: Spec = Spec {
        id: c"ifft",
        summary:
            c"Each spectrum as a time frame of its own, for a model that reads sound; `overlap_add` makes frames audio",
        ports: &[
            Port::input(c"in", Kind::SPECTRUM).doc(c"`size / 2 + 1` bins"),
            Port::output(c"out", Kind::FEATURES).doc(c"`size` samples a frame"),
        ],
        ..Spec::NEW
    };

    fn create(_: &Values) -> Result<Self> {
        Ok(Self { fft: None })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let size = size(setup)?;
        setup.output("out", setup.input("in")?.carrying(Kind::FEATURES, size as u32));
        self.fft = Some(Inverse::new(size));
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let Some(fft) = &mut self.fft else { return };
        for channel in 0..block.inputs.channels(0) {
            let (frames, spectra) = (block.outputs.plane(0, channel), block.inputs.plane(0, channel));
            let count = block.inputs.frames(0).max(1);
            let (size, width) = (frames.len() / count, spectra.len() / count);
            for (frame, spectrum) in frames.chunks_exact_mut(size.max(1)).zip(spectra.chunks_exact(width.max(1))) {
                let scale = 1.0 / size as f32;
                for (y, x) in frame.iter_mut().zip(fft.run(spectrum)) {
                    *y = x * scale;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::apart;

    /// `np.fft.irfft`, which also leaves out what a real signal cannot have: imaginary parts at 0 Hz and at the top.
    #[test]
    fn frames_are_those_of_numpy() {
        let spectrum = [1.0, 7.0, -2.0, 0.5, 0.25, -3.0, 4.0, 0.0, -1.0, -2.0];
        let numpy = [0.5625, -0.14904852, -0.1875, 0.47227183, -0.4375, 2.1490486, 0.0625, -1.4722718];
        let format = Format::audio(1, 16000).carrying(Kind::SPECTRUM, 5);
        let mut rig = Rig::new::<Ifft>(&[], &[("in", format)], &["out"]).unwrap();
        let out = rig.run(&[&[&spectrum.repeat(2)]]).remove(0).remove(0);
        assert!(apart(&out, &numpy.repeat(2)) < 1e-6, "{out:?}");
    }

    #[test]
    fn a_spectrum_of_one_bin_is_refused() {
        let format = Format::audio(1, 16000).carrying(Kind::SPECTRUM, 1);
        let refusal = crate::bench::refusal(Rig::new::<Ifft>(&[], &[("in", format)], &["out"]));
        assert!(refusal.contains("fewer than 2 bins"), "{refusal}");
    }
}
