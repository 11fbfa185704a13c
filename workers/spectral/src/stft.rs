//! `stft`: audio to spectrum.
use crate::fourier::Forward;
use crate::sliding::{HOP, SIZE, Sliding};
use crate::window::{self, Window};
use aw_sdk::*;

/// The spectrum of the newest `size` samples, every `hop`: `numpy.fft.rfft(window * frame)`, not scaled.
pub struct Stft {
    sliding: Sliding,
    window: Window,
    run: Option<(Forward, Vec<f32>)>,
}

impl Worker for Stft {
    const SPEC: Spec = Spec {
        id: c"stft",
        summary: c"Short-time Fourier transform: the spectrum of the newest `size` samples, every `hop`",
        ports: &[
            Port::input(c"in", Kind::AUDIO).doc(c"Sound, any number of channels"),
            Port::output(c"out", Kind::SPECTRUM)
                .doc(c"`size / 2 + 1` bins from 0 Hz to half the sample rate, not scaled"),
        ],
        params: &[
            SIZE.range(4.0, 1048576.0).doc(c"Samples in a frame, even; products of small primes are fastest"),
            HOP,
            Param::text(c"window", c"hann").choices(window::CHOICES).doc(c"What a frame is multiplied with"),
            window::PERIODIC,
            window::KAISER_BETA,
        ],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        let sliding = Sliding::new(values)?;
        let size = sliding.size();
        if size < 4 || size % 2 == 1 {
            return Err(
                format!("`size` is {size}: it must be even and at least 4; {} is the next", (size + 1).max(4)).into()
            );
        }
        Ok(Self { sliding, window: Window::new(values, "window")?, run: None })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let size = self.sliding.size();
        self.sliding.prepare(setup, Kind::SPECTRUM, size / 2 + 1)?;
        self.run = Some((Forward::new(size), self.window.samples(size)));
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let Some((fft, window)) = &mut self.run else { return };
        for channel in 0..block.inputs.channels(0) {
            let frame = self.sliding.push(channel, block.inputs.plane(0, channel));
            fft.run(frame, window, block.outputs.plane(0, channel));
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
    use crate::bench::{Heard, apart, refusal};

    fn stft(size: f64, hop: f64, window: &str) -> Result<Heard> {
        // np.sin(0.7 * np.arange(12)) + 0.25 * np.cos(2.1 * np.arange(12))
        let sound = vec![
            0.25,
            0.518006161,
            0.862884525,
            1.11317403,
            0.205165987,
            -0.46966746,
            -0.621717126,
            -1.11584871,
            -0.746436285,
            0.266495892,
            0.520054284,
            0.876745734,
        ];
        let twice = sound.iter().map(|x| 2.0 * x).collect();
        let params = [("size", size.into()), ("hop", hop.into()), ("window", window.into())];
        Heard::audio(vec![sound, twice]).to::<Stft>(&params)
    }

    /// `np.fft.rfft(scipy.signal.windows.hamming(8, False) * frame)`, frames ending at samples 3, 6, 9, 12.
    #[test]
    fn frames_are_those_of_numpy() {
        let numpy = [
            [
                0.681328552,
                0.0,
                -0.0219410473,
                0.563701102,
                -0.279723319,
                -0.0310293266,
                0.0219410473,
                0.00425446483,
                -0.121881914,
                0.0,
            ],
            [
                2.41923192,
                0.0,
                -1.93221523,
                0.268622578,
                0.617094891,
                -0.615832543,
                0.206446184,
                0.317043318,
                -0.201883618,
                0.0,
            ],
            [
                -0.765095083,
                0.0,
                0.783650878,
                -1.95394604,
                -0.4267827,
                0.369905567,
                0.238565035,
                0.453398525,
                -0.094247409,
                0.0,
            ],
            [
                -1.43242742,
                0.0,
                1.34432541,
                1.66676326,
                -0.675125067,
                -0.906983549,
                0.181373743,
                0.433650114,
                -0.137414523,
                0.0,
            ],
        ];
        let bins = stft(8.0, 3.0, "hamming").unwrap();
        let once = numpy.concat();
        let twice: Vec<f32> = once.iter().map(|x| 2.0 * x).collect();
        assert!(apart(&bins.planes[0], &once) < 1e-6);
        assert!(apart(&bins.planes[1], &twice) < 1e-6);
        let format = bins.answer.format;
        assert_eq!((format.kind, format.cells(), format.channels), (Kind::SPECTRUM, 5, 2));
        assert_eq!((format.rate_num, format.rate_den, bins.answer.latency), (16000, 3, 0));
    }

    #[test]
    fn sizes_and_hops_that_cannot_be_are_refused_with_the_way_out() {
        let odd = refusal(stft(401.0, 160.0, "hann"));
        assert_eq!(odd, "`size` is 401: it must be even and at least 4; 402 is the next");
        assert!(refusal(stft(2.0, 1.0, "hann")).ends_with("4 is the next"));
        let gap = refusal(stft(512.0, 600.0, "hann"));
        assert!(gap.contains("`hop` is 600 and `size` 512") && gap.ends_with("from 1 to 512"), "{gap}");
        assert!(refusal(stft(512.0, 128.0, "han")).contains("no window `han`"));
    }
}
