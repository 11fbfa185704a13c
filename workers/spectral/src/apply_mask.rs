//! `apply_mask`: a spectrum weighted bin by bin.
use aw_sdk::*;
use pulp::Arch;

/// Multiplies each bin of a spectrum with the mask's.
pub struct ApplyMask {
    floor: f32,
    complex: bool,
}

impl Worker for ApplyMask {
    const SPEC: Spec = Spec {
        id: c"apply_mask",
        summary: c"Multiplies a spectrum with a mask, bin by bin",
        ports: &[
            Port::input(c"spectrum", Kind::SPECTRUM).doc(c"Any number of bins and channels"),
            Port::input(c"mask", Kind::ANY)
                .doc(c"One factor a bin: features, tensor or (complex) spectrum; 1 channel, or as many as `spectrum`"),
            Port::output(c"out", Kind::SPECTRUM).doc(c"As `spectrum`"),
        ],
        params: &[Param::float(c"floor", 0.0)
            .range(0.0, 1.0)
            .live()
            .doc(c"Least magnitude of a factor, so that no bin falls silent; its sign or phase stays")],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        Ok(Self { floor: values.float("floor") as f32, complex: false })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let (spectrum, mask) = (setup.input("spectrum")?, setup.input("mask")?);
        if mask.kind == Kind::AUDIO {
            return Err("audio arrives at `mask`: it takes one factor a bin, as features, tensor or spectrum".into());
        }
        let (bins, factors) = (spectrum.cells(), mask.cells());
        if factors != bins {
            return Err(format!("`mask` has {factors} bins and `spectrum` {bins}: is `size` the same in both?").into());
        }
        if mask.channels != 1 && mask.channels != spectrum.channels {
            let (m, s) = (mask.channels, spectrum.channels);
            return Err(format!("`mask` has {m} channels and `spectrum` {s}: it needs 1, or as many").into());
        }
        self.complex = mask.kind == Kind::SPECTRUM;
        setup.output("out", spectrum);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let masks = block.inputs.channels(1);
        for channel in 0..block.inputs.channels(0) {
            let spectrum = block.inputs.plane(0, channel).as_chunks().0;
            let mask = block.inputs.plane(1, channel.min(masks - 1));
            let out = block.outputs.plane(0, channel).as_chunks_mut().0;
            match self.complex {
                true => complex(spectrum, mask.as_chunks().0, self.floor, out),
                false => real(spectrum, mask, self.floor, out),
            }
        }
    }

    fn set_param(&mut self, _floor: &str, value: f64) {
        self.floor = value as f32;
    }
}

fn real(spectrum: &[[f32; 2]], mask: &[f32], floor: f32, out: &mut [[f32; 2]]) {
    if floor == 0.0 {
        let bins = out.iter_mut().zip(spectrum).zip(mask);
        return Arch::new().dispatch(|| bins.for_each(|((y, [re, im]), m)| *y = [re * m, im * m]));
    }
    for ((y, [re, im]), m) in out.iter_mut().zip(spectrum).zip(mask) {
        // Not `max`, which would swallow a model's NaN.
        let size = if m.abs() < floor { floor } else { m.abs() };
        let m = size.copysign(*m);
        *y = [re * m, im * m];
    }
}

fn complex(spectrum: &[[f32; 2]], mask: &[[f32; 2]], floor: f32, out: &mut [[f32; 2]]) {
    for ((y, [re, im]), [c, d]) in out.iter_mut().zip(spectrum).zip(mask) {
        let size = (c * c + d * d).sqrt();
        let [c, d] = match size < floor {
            true if size > 0.0 => [c * floor / size, d * floor / size],
            true => [floor, 0.0],
            false => [*c, *d],
        };
        *y = [re * c - im * d, re * d + im * c];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::refusal;

    const fn of(kind: Kind, channels: u32, bins: u32) -> Format {
        Format::audio(channels, 16000).carrying(kind, bins)
    }

    fn rig(floor: f64, spectrum: Format, mask: Format) -> Result<Rig> {
        Rig::new::<ApplyMask>(&[("floor", floor.into())], &[("spectrum", spectrum), ("mask", mask)], &["out"])
    }

    #[test]
    fn one_mask_serves_all_channels() {
        let mut rig = rig(0.0, of(Kind::SPECTRUM, 2, 2), of(Kind::FEATURES, 1, 2)).unwrap();
        let out = rig.run(&[&[&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]], &[&[0.5, -2.0]]]).remove(0);
        assert_eq!(out, [[0.5, 1.0, -6.0, -8.0], [2.5, 3.0, -14.0, -16.0]]);
    }

    #[test]
    fn each_channel_may_have_its_own_mask() {
        let mut rig = rig(0.0, of(Kind::SPECTRUM, 2, 1), of(Kind::FEATURES, 2, 1)).unwrap();
        assert_eq!(rig.run(&[&[&[1.0, 2.0], &[3.0, 4.0]], &[&[2.0], &[0.5]]])[0], [[2.0, 4.0], [1.5, 2.0]]);
    }

    #[test]
    fn a_complex_mask_turns_the_phase() {
        let mut rig = rig(0.0, of(Kind::SPECTRUM, 1, 2), of(Kind::SPECTRUM, 1, 2)).unwrap();
        // (1 + 2i)(0 + 1i), (3 + 4i)(-0.5 + 2i)
        let out = rig.run(&[&[&[1.0, 2.0, 3.0, 4.0]], &[&[0.0, 1.0, -0.5, 2.0]]]).remove(0);
        assert_eq!(out, [[-2.0, 1.0, -9.5, 4.0]]);
    }

    #[test]
    fn the_floor_keeps_a_little_of_every_bin_and_is_live() {
        let mut real = rig(0.25, of(Kind::SPECTRUM, 1, 4), of(Kind::FEATURES, 1, 4)).unwrap();
        let ones: &[f32] = &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        let out = real.run(&[&[ones], &[&[0.0, 0.1, -0.1, 0.5]]]);
        assert_eq!(out[0], [[0.25, 0.25, 0.25, 0.25, -0.25, -0.25, 0.5, 0.5]]);
        real.set::<ApplyMask>("floor", 0.75);
        assert_eq!(real.run(&[&[ones], &[&[0.5, 1.0, 0.75, 2.0]]])[0], [[0.75, 0.75, 1.0, 1.0, 0.75, 0.75, 2.0, 2.0]]);

        let mut complex = rig(0.5, of(Kind::SPECTRUM, 1, 3), of(Kind::SPECTRUM, 1, 3)).unwrap();
        let out = complex.run(&[&[&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0]], &[&[0.0, 0.0, 0.0, -0.25, 3.0, 4.0]]]);
        assert_eq!(out[0], [[0.5, 0.0, 0.0, -0.5, 3.0, 4.0]]);
    }

    #[test]
    fn a_broken_model_is_heard_by_the_host() {
        let mut rig = rig(0.1, of(Kind::SPECTRUM, 1, 1), of(Kind::FEATURES, 1, 1)).unwrap();
        assert!(rig.run(&[&[&[1.0, 1.0]], &[&[f32::NAN]]])[0][0][0].is_nan());
    }

    #[test]
    fn masks_that_do_not_fit_are_refused_in_the_words_of_the_graph() {
        let refused = |mask| refusal(rig(0.0, of(Kind::SPECTRUM, 4, 257), mask));
        assert_eq!(
            refused(of(Kind::FEATURES, 1, 129)),
            "`mask` has 129 bins and `spectrum` 257: is `size` the same in both?"
        );
        assert_eq!(
            refused(of(Kind::SPECTRUM, 2, 257)),
            "`mask` has 2 channels and `spectrum` 4: it needs 1, or as many"
        );
        assert!(refused(Format::audio(1, 16000)).contains("audio arrives at `mask`"));
    }
}
