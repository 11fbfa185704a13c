//! `magnitude`, `power`, `phase`: one number a bin.
use aw_sdk::*;
use pulp::Arch;
use std::marker::PhantomData;

/// A number of each bin of a spectrum.
pub struct Bins<M: Measure>(PhantomData<M>);

/// What [`Bins`] says of a bin.
pub trait Measure: Send + 'static {
    /// Name, one line, what comes out.
    const SPEC: Spec;
    /// The number of one bin.
    fn of(re: f32, im: f32) -> f32;
}

/// √(re² + im²). Plain squares: exact to rounding from 1e-19 to 1e19, and much faster than `hypot`.
pub struct Magnitude;
/// re² + im².
pub struct Power;
/// atan2(im, re), −π to π.
pub struct Phase;

const SPECTRUM: Port = Port::input(c"in", Kind::SPECTRUM).doc(c"Any number of bins and channels");

impl Measure for Magnitude {
    const SPEC: Spec = Spec {
        id: c"magnitude",
        summary: c"Magnitude of each bin: sqrt(re^2 + im^2)",
        ports: &[SPECTRUM, Port::output(c"out", Kind::FEATURES).doc(c"One value a bin, 0 or more")],
        ..Spec::NEW
    };
    fn of(re: f32, im: f32) -> f32 {
        (re * re + im * im).sqrt()
    }
}

impl Measure for Power {
    const SPEC: Spec = Spec {
        id: c"power",
        summary: c"Power of each bin: re^2 + im^2",
        ports: &[SPECTRUM, Port::output(c"out", Kind::FEATURES).doc(c"One value a bin, 0 or more")],
        ..Spec::NEW
    };
    fn of(re: f32, im: f32) -> f32 {
        re * re + im * im
    }
}

impl Measure for Phase {
    const SPEC: Spec = Spec {
        id: c"phase",
        summary: c"Phase of each bin: atan2(im, re)",
        ports: &[
            SPECTRUM,
            Port::output(c"out", Kind::FEATURES).doc(c"One angle a bin, -pi to pi radians; 0 where there is nothing"),
        ],
        ..Spec::NEW
    };
    fn of(re: f32, im: f32) -> f32 {
        // While rendering, denormals count as zero, and `atan2` of two of them would divide 0 by 0.
        let nothing = |x: f32| x.abs() < f32::MIN_POSITIVE;
        let im = if nothing(im) { 0f32.copysign(im) } else { im };
        im.atan2(if nothing(re) { 0.0 } else { re })
    }
}

/// Writes a number of each bin of `spectrum`, re, im interleaved, to `out`.
pub fn measure<M: Measure>(spectrum: &[f32], out: &mut [f32]) {
    let bins = out.iter_mut().zip(spectrum.as_chunks().0);
    Arch::new().dispatch(|| bins.for_each(|(y, [re, im])| *y = M::of(*re, *im)));
}

impl<M: Measure> Worker for Bins<M> {
    const SPEC: Spec = M::SPEC;

    fn create(_: &Values) -> Result<Self> {
        Ok(Self(PhantomData))
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let spectrum = setup.input("in")?;
        setup.output("out", spectrum.carrying(Kind::FEATURES, spectrum.cells() as u32));
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            measure::<M>(block.inputs.plane(0, channel), block.outputs.plane(0, channel));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};

    /// Three bins of two channels, through one of the workers.
    fn through<M: Measure>() -> Vec<Vec<f32>> {
        let format = Format::audio(2, 16000).carrying(Kind::SPECTRUM, 3).paced(1, 128).unwrap();
        let mut rig = Rig::new::<Bins<M>>(&[], &[("in", format)], &["out"]).unwrap();
        assert_eq!(rig.output(0).format, format.carrying(Kind::FEATURES, 3));
        rig.run(&[&[&[3.0, 4.0, 0.0, 0.0, -1e-8, 0.0], &[-5.0, 12.0, 1e4, -1e4, 0.0, -2.0]]]).remove(0)
    }

    #[test]
    fn every_bin_of_every_channel_is_measured() {
        assert_eq!(through::<Magnitude>(), [[5.0, 0.0, 1e-8], [13.0, 2e8f32.sqrt(), 2.0]]);
        assert_eq!(through::<Power>(), [[25.0, 0.0, 1e-8 * 1e-8], [169.0, 2e8, 4.0]]);
        // numpy.angle
        let angles = [[0.927_295_2, 0.0, PI], [1.965_587_5, -FRAC_PI_4, -FRAC_PI_2]];
        for (ours, numpy) in through::<Phase>().iter().flatten().zip(angles.iter().flatten()) {
            assert!((ours - numpy).abs() < 1e-6, "{ours} {numpy}");
        }
    }
    #[test]
    fn what_counts_as_zero_while_rendering_has_no_phase_and_keeps_the_half_plane_of_the_other_part() {
        let tiny = f32::MIN_POSITIVE / 2.0;
        let angles =
            [(tiny, tiny, 0.0), (-tiny, tiny, 0.0), (-1.0, tiny, PI), (-1.0, -tiny, -PI), (tiny, 1.0, FRAC_PI_2)];
        for (re, im, angle) in angles {
            assert_eq!(Phase::of(re, im), angle, "{re} {im}");
        }
    }
}
