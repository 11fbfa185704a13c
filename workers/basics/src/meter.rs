//! `meter`: peak and RMS of audio.
use aw_sdk::*;

/// Measures audio in windows that follow each other without gap or overlap: one peak and one RMS value a window and
/// channel, both of amplitude (a full-scale sine has peak 1 and RMS 0.707). Either is a level for a `gate`.
pub struct Meter {
    window_ms: f64,
    /// Number of each output as connected: `peak`, `rms`.
    peak: Option<usize>,
    rms: Option<usize>,
}

/// The greatest absolute sample.
fn peak(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |peak, x| if x.abs() > peak { x.abs() } else { peak })
}

/// The root of the mean square, summed in eight lanes.
fn rms(x: &[f32]) -> f32 {
    let mut lanes = [0f32; 8];
    let (eights, rest) = x.as_chunks::<8>();
    for eight in eights {
        for (lane, x) in lanes.iter_mut().zip(eight) {
            *lane += x * x;
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += x * x;
    }
    (lanes.iter().sum::<f32>() / x.len() as f32).sqrt()
}

impl Worker for Meter {
    const SPEC: Spec = Spec {
        id: c"meter",
        summary: c"Measures peak and RMS of audio",
        ports: &[
            Port::input(c"in", Kind::AUDIO).doc(c"Audio, any number of channels"),
            Port::output(c"peak", Kind::FEATURES).doc(c"Greatest absolute sample of a window; one value a channel"),
            Port::output(c"rms", Kind::FEATURES).doc(c"Root mean square of a window; one value a channel"),
        ],
        params: &[Param::float(c"window_ms", 10.0)
            .range(0.1, 10_000.0)
            .unit(c"ms")
            .doc(c"Length of a window, rounded to whole samples; windows do not overlap")],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        Ok(Self { window_ms: values.float("window_ms"), peak: None, rms: None })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        let window = (self.window_ms * audio.rate() / 1000.0).round().max(1.0) as u32;
        let Some(level) = audio.carrying(Kind::FEATURES, 1).paced(1, window) else {
            return Err("`window_ms` makes a pace too odd to be counted".into());
        };
        setup.moves("in", window as usize);
        for port in ["peak", "rms"] {
            setup.output(port, level);
            setup.moves(port, 1);
        }
        let number = |port: &str| setup.outputs().position(|name| name == port);
        (self.peak, self.rms) = (number("peak"), number("rms"));
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let window = block.inputs.plane(0, channel);
            if let Some(port) = self.peak {
                block.outputs.plane(port, channel)[0] = peak(window);
            }
            if let Some(port) = self.rms {
                block.outputs.plane(port, channel)[0] = rms(window);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces, sine};

    #[test]
    fn a_full_scale_sine_has_peak_1_and_rms_0_707() {
        let inputs = [("in", Format::audio(2, 16000))];
        let mut rig = Rig::new::<Meter>(&[("window_ms", 20.0.into())], &inputs, &["peak", "rms"]).unwrap();
        let level = Format { channels: 2, ..Format::audio(1, 50).carrying(Kind::FEATURES, 1) };
        assert_eq!((rig.output(0).format, rig.output(1).format, rig.input(0).frames), (level, level, 320));
        let soft: Vec<f32> = sine(1000.0, 16000.0, 640).iter().map(|x| -0.1 * x).collect();
        let out = rig.run(&[&[&sine(1000.0, 16000.0, 640), &soft]]);
        let close = |x: &[f32], y: f32| x.len() == 2 && x.iter().all(|x| (x - y).abs() < 1e-6);
        assert!(close(&out[0][0], 1.0) && close(&out[0][1], 0.1), "{out:?}");
        assert!(close(&out[1][0], 0.5f32.sqrt()) && close(&out[1][1], 0.1 * 0.5f32.sqrt()), "{out:?}");
    }

    #[test]
    fn only_the_connected_measure_is_written() {
        let inputs = [("in", Format::audio(1, 44100))];
        let make = || Rig::new::<Meter>(&[], &inputs, &["rms"]).unwrap();
        let input = vec![vec![noise(1, 4410)]];
        let out = same_in_any_pieces(make, &input);
        assert_eq!((out.len(), out[0][0].len()), (1, 10));
        let window = &input[0][0][441..882];
        let mean = window.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 441.0;
        assert!((f64::from(out[0][0][1]) - mean.sqrt()).abs() < 1e-6);
    }
}
