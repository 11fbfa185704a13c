//! `wiener`: takes noise out of a spectrum.
mod arithmetic; // functions without branches
mod noise; //      how much noise there is
mod speech; //     how much speech there is, and the gain
#[cfg(test)]
mod tests; //      stories, with sound

use aw_sdk::*;
use noise::Noise;
use speech::Speech;

/// Takes noise out of a spectrum, each channel on its own: every bin is weighted by a gain from `reduction_db` to 1,
/// which follows from the noise in it ([`Noise`]) and from how much stands out above that ([`Speech`]).
///
/// Causal, without latency. All time constants are in milliseconds, so that it acts alike at any rate, size and hop.
pub struct Wiener {
    reduction_db: f64,
    smoothing_ms: f64,
    noise_ms: f64,
    start_ms: f64,
    /// Frames a second.
    rate: f64,
    /// From the parameters and the rate.
    pace: Pace,
    channels: Vec<Channel>,
    /// Power of each bin of a frame, and the gain it gets.
    power: Vec<f32>,
    gains: Vec<f32>,
    /// Where the outputs are among those connected.
    out: Option<usize>,
    mask: Option<usize>,
}

/// What is remembered of one channel.
struct Channel {
    noise: Noise,
    speech: Speech,
}

/// The parameters as the arithmetic takes them.
#[derive(Clone, Copy, Default)]
struct Pace {
    noise: noise::Pace,
    speech: speech::Pace,
    floor: f32,
}

/// Powers of a bin that are told apart: without denormals, and small enough for squares and quotients.
const POWER: [f32; 2] = [1e-30, 1e30];

/// For how long the least power is remembered at least, and how long it is averaged before: both measured, as long as
/// speech has a pause in every bin, and as short as it takes to see one.
const LEAST_MS: f64 = 1000.0;
const SMOOTH_MS: f64 = 30.0;

/// For how long the presence of speech averages the signal-to-noise ratio. Cohen 2002 has 22 ms (β = 0.7
/// every 8 ms); this measured better.
const PRESENCE_MS: f64 = 50.0;

impl Worker for Wiener {
    const SPEC: Spec =
        Spec {
            id: c"wiener",
            summary: c"Takes steady and slowly changing noise out of a spectrum",
            ports: &[
                Port::input(c"in", Kind::SPECTRUM).doc(c"Any number of bins and channels; each channel on its own"),
                Port::output(c"out", Kind::SPECTRUM).doc(c"`in`, each bin times its gain"),
                Port::output(c"mask", Kind::FEATURES).doc(c"The gain of each bin, up to 1"),
            ],
            params: &[
                Param::float(c"reduction_db", 20.0)
                    .range(0.0, 80.0)
                    .unit(c"dB")
                    .live()
                    .doc(c"How far noise is turned down; above 20 the rest begins to sound restless"),
                Param::float(c"smoothing_ms", 200.0)
                    .range(10.0, 2000.0)
                    .unit(c"ms")
                    .live()
                    .doc(c"How long speech is thought to last: more is calmer, less is clearer"),
                Param::float(c"noise_ms", 150.0).range(20.0, 5000.0).unit(c"ms").live().doc(
                    c"How fast the estimate follows noise that changes: less is faster, but takes speech for noise",
                ),
                Param::float(c"start_ms", 100.0)
                    .range(0.0, 2000.0)
                    .unit(c"ms")
                    .same_work()
                    .doc(c"How much of the first sound is taken to be noise alone; at least one frame is"),
            ],
            ..Spec::NEW
        };

    fn create(values: &Values) -> Result<Self> {
        let [reduction_db, smoothing_ms] = ["reduction_db", "smoothing_ms"].map(|name| values.float(name));
        Ok(Self::with(reduction_db, smoothing_ms, values.float("noise_ms"), values.float("start_ms")))
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let spectrum = setup.input("in")?;
        setup.output("out", spectrum);
        setup.output("mask", spectrum.carrying(Kind::FEATURES, spectrum.cells() as u32));
        self.out = setup.outputs().position(|port| port == "out");
        self.mask = setup.outputs().position(|port| port == "mask");
        self.arrange(spectrum);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let bins = self.power.len();
        for channel in 0..self.channels.len() {
            for (k, frame) in block.inputs.plane(0, channel).chunks_exact(2 * bins).enumerate() {
                self.decide(channel, frame);
                if let Some(port) = self.out {
                    let out = &mut block.outputs.plane(port, channel)[k * 2 * bins..][..2 * bins];
                    weigh(frame, &self.gains, out);
                }
                if let Some(port) = self.mask {
                    block.outputs.plane(port, channel)[k * bins..][..bins].copy_from_slice(&self.gains);
                }
            }
        }
    }

    fn set_param(&mut self, name: &str, value: f64) {
        match name {
            "reduction_db" => self.reduction_db = value,
            "smoothing_ms" => self.smoothing_ms = value,
            "noise_ms" => self.noise_ms = value,
            _ => {}
        }
        self.pace = self.pace();
    }

    fn reset(&mut self) {
        for Channel { noise, speech } in &mut self.channels {
            noise.reset();
            speech.reset();
        }
    }

    fn save(&self, out: &mut Vec<u8>) {
        for Channel { noise, speech } in &self.channels {
            noise.save(out);
            speech.save(out);
        }
    }

    fn load(&mut self, data: &[u8]) -> Result {
        let room = self.channels.len() * 4 * (6 * self.power.len() + 5);
        if data.len() != room {
            let len = data.len();
            return Err(
                format!("what was saved has {len} bytes, not {room}: it is of another size or channel count").into()
            );
        }
        let mut words = data.as_chunks().0.iter().copied();
        for Channel { noise, speech } in &mut self.channels {
            noise.load(&mut words);
            speech.load(&mut words);
        }
        Ok(())
    }
}

impl Wiener {
    fn with(reduction_db: f64, smoothing_ms: f64, noise_ms: f64, start_ms: f64) -> Self {
        let (channels, power, gains) = (vec![], vec![], vec![]);
        let (rate, pace, out, mask) = (1.0, Pace::default(), None, None);
        Self { reduction_db, smoothing_ms, noise_ms, start_ms, rate, pace, channels, power, gains, out, mask }
    }

    /// Makes room for spectra of this format.
    fn arrange(&mut self, spectrum: Format) {
        let bins = spectrum.cells();
        let channel = |_| Channel { noise: Noise::new(bins), speech: Speech::new(bins) };
        self.rate = spectrum.rate();
        self.pace = self.pace();
        self.channels = (0..spectrum.channels).map(channel).collect();
        (self.power, self.gains) = (vec![0.0; bins], vec![0.0; bins]);
    }

    fn pace(&self) -> Pace {
        // What an exponential average of this time constant keeps from frame to frame.
        let keep = |ms: f64| (-1000.0 / (ms * self.rate)).exp() as f32;
        let start = ((self.start_ms * self.rate / 1000.0).round() as u32).max(1);
        let span = (LEAST_MS * self.rate / 1000.0).round() as u32;
        let noise = noise::Pace { start, keep: keep(self.noise_ms), keep_smooth: keep(SMOOTH_MS), span };
        let speech = speech::Pace { keep: keep(self.smoothing_ms), keep_ratio: keep(PRESENCE_MS) };
        Pace { noise, speech, floor: 10f64.powf(-self.reduction_db / 20.0) as f32 }
    }

    /// Learns from the next frame of a channel and leaves its gains in `self.gains`.
    #[expect(clippy::manual_clamp, reason = "`clamp` lets NaN pass, which would stay in the estimates for ever")]
    fn decide(&mut self, channel: usize, frame: &[f32]) {
        for (power, [re, im]) in self.power.iter_mut().zip(frame.as_chunks().0) {
            *power = (re * re + im * im).max(POWER[0]).min(POWER[1]);
        }
        let Channel { noise, speech } = &mut self.channels[channel];
        noise.update(&self.power, self.pace.noise);
        speech.gains(&self.power, noise.power(), self.pace.speech, self.pace.floor, &mut self.gains);
    }
}

fn weigh(frame: &[f32], gains: &[f32], out: &mut [f32]) {
    let (frame, out) = (frame.as_chunks::<2>().0, out.as_chunks_mut::<2>().0);
    for ((y, [re, im]), gain) in out.iter_mut().zip(frame).zip(gains) {
        *y = [re * gain, im * gain];
    }
}
