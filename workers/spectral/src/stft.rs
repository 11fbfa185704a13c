//! `stft`: audio to spectrum.
use crate::fourier::Forward;
use crate::framing::{self, HOP, SIZE};
use crate::sliding::Sliding;
use crate::window::{self, Window};
use aw_sdk::*;

/// The spectrum of the newest `size` samples, every `hop`: `numpy.fft.rfft(window * frame)`, not scaled.
pub struct Stft {
    size: usize,
    hop: usize,
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
            Param::text(c"window", c"hann")
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
        if size < 4 || size % 2 == 1 {
            return Err(
                format!("`size` is {size}: it must be even and at least 4; {} is the next", (size + 1).max(4)).into()
            );
        }
        Ok(Self { size, hop, sliding: Sliding::default(), window: Window::new(values, "window")?, run: None })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.sliding = framing::prepare(setup, self.size, self.hop, Kind::SPECTRUM, self.size / 2 + 1)?;
        self.run = Some((Forward::new(self.size), self.window.samples(self.size)));
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let Some((fft, window)) = &mut self.run else { return };
        for channel in 0..block.inputs.channels(0) {
            let frame = framing::push(&mut self.sliding, channel, block.inputs.plane(0, channel));
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
            0.51800615,
            0.8628845,
            1.1131741,
            0.20516598,
            -0.46966746,
            -0.62171715,
            -1.1158487,
            -0.7464363,
            0.26649588,
            0.5200543,
            0.87674576,
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
                0.68132854,
                0.0,
                -0.021941047,
                0.5637011,
                -0.27972332,
                -0.031029327,
                0.021941047,
                0.004254465,
                -0.12188192,
                0.0,
            ],
            [2.419232, 0.0, -1.9322152, 0.26862258, 0.6170949, -0.61583257, 0.20644619, 0.3170433, -0.20188361, 0.0],
            [-0.76509506, 0.0, 0.7836509, -1.953946, -0.4267827, 0.36990556, 0.23856503, 0.45339853, -0.09424741, 0.0],
            [-1.4324274, 0.0, 1.3443254, 1.6667633, -0.67512506, -0.90698355, 0.18137375, 0.4336501, -0.13741453, 0.0],
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
