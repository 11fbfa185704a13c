//! `polar`, `from_polar`: a spectrum as magnitude and phase, and back.
use crate::bins::{Magnitude, Phase, measure};
use aw_sdk::*;

/// Magnitude and phase of each bin.
pub struct Polar {
    /// Numbers of the outputs, where they are connected.
    magnitude: Option<usize>,
    phase: Option<usize>,
}

impl Worker for Polar {
    const SPEC: Spec = Spec {
        id: c"polar",
        summary: c"Magnitude and phase of each bin; `from_polar` puts them together again",
        ports: &[
            Port::input(c"in", Kind::SPECTRUM).doc(c"Any number of bins and channels"),
            Port::output(c"magnitude", Kind::FEATURES).doc(c"One value a bin, 0 or more"),
            Port::output(c"phase", Kind::FEATURES).doc(c"One angle a bin, -pi to pi radians"),
        ],
        ..Spec::NEW
    };

    fn create(_: &Values) -> Result<Self> {
        Ok(Self { magnitude: None, phase: None })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let spectrum = setup.input("in")?;
        let features = spectrum.carrying(Kind::FEATURES, spectrum.cells() as u32);
        setup.output("magnitude", features);
        setup.output("phase", features);
        self.magnitude = setup.outputs().position(|port| port == "magnitude");
        self.phase = setup.outputs().position(|port| port == "phase");
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let spectrum = block.inputs.plane(0, channel);
            if let Some(port) = self.magnitude {
                measure::<Magnitude>(spectrum, block.outputs.plane(port, channel));
            }
            if let Some(port) = self.phase {
                measure::<Phase>(spectrum, block.outputs.plane(port, channel));
            }
        }
    }
}

/// The spectrum with a given magnitude and phase.
pub struct FromPolar;

impl Worker for FromPolar {
    const SPEC: Spec = Spec {
        id: c"from_polar",
        summary: c"The spectrum of given magnitudes and phases",
        ports: &[
            Port::input(c"magnitude", Kind::ANY).doc(c"Features or tensor, one value a bin"),
            Port::input(c"phase", Kind::ANY).doc(c"Features or tensor, one angle in radians a bin"),
            Port::output(c"out", Kind::SPECTRUM).doc(c"As many bins and channels"),
        ],
        ..Spec::NEW
    };

    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let (magnitude, phase) = (setup.input("magnitude")?, setup.input("phase")?);
        for (port, format) in [("magnitude", magnitude), ("phase", phase)] {
            if format.kind != Kind::FEATURES && format.kind != Kind::TENSOR {
                return Err(format!(
                    "`{port}` takes features or a tensor, one value a bin; `polar` makes them of a spectrum"
                )
                .into());
            }
        }
        let (bins, angles) = (magnitude.cells(), phase.cells());
        if bins != angles {
            return Err(format!("`magnitude` has {bins} bins and `phase` {angles}: is `size` the same in both?").into());
        }
        if magnitude.channels != phase.channels {
            let (m, p) = (magnitude.channels, phase.channels);
            return Err(format!("`magnitude` has {m} channels and `phase` {p}: both need the same number").into());
        }
        setup.output("out", magnitude.carrying(Kind::SPECTRUM, bins as u32));
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let (magnitudes, phases) = (block.inputs.plane(0, channel), block.inputs.plane(1, channel));
            let bins = block.outputs.plane(0, channel).as_chunks_mut().0;
            for ((bin, magnitude), phase) in bins.iter_mut().zip(magnitudes).zip(phases) {
                let (sin, cos) = phase.sin_cos();
                *bin = [magnitude * cos, magnitude * sin];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::refusal;

    #[test]
    fn a_graph_that_reads_only_the_phase_gets_the_phase() {
        let format = Format::audio(1, 16000).carrying(Kind::SPECTRUM, 2);
        let spectrum: &[f32] = &[0.0, 3.0, -4.0, 0.0];
        let mut rig = Rig::new::<Polar>(&[], &[("in", format)], &["phase"]).unwrap();
        assert_eq!(rig.run(&[&[spectrum]])[0][0], [std::f32::consts::FRAC_PI_2, std::f32::consts::PI]);
        let mut rig = Rig::new::<Polar>(&[], &[("in", format)], &["magnitude", "phase"]).unwrap();
        assert_eq!(rig.run(&[&[spectrum]])[0][0], [3.0, 4.0]);
    }

    #[test]
    fn parts_that_do_not_belong_together_are_refused() {
        let features = |channels, bins| Format::audio(channels, 16000).carrying(Kind::FEATURES, bins);
        let refused = |magnitude, phase| {
            refusal(Rig::new::<FromPolar>(&[], &[("magnitude", magnitude), ("phase", phase)], &["out"]))
        };
        assert_eq!(
            refused(features(1, 257), features(1, 129)),
            "`magnitude` has 257 bins and `phase` 129: is `size` the same in both?"
        );
        assert!(refused(features(1, 257), features(2, 257)).contains("`magnitude` has 1 channels and `phase` 2"));
        assert!(refused(features(1, 1), Format::audio(1, 16000)).contains("`phase` takes features"));
    }
}
