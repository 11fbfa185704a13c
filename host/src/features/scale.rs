//! What the values of a frame are, for the eyes: frequencies, where the keys tell them.
use crate::picture::Bands;
use serde_json::{Map, Value as Json};

/// The keys of a node, read for a picture.
pub struct Scale<'a> {
    keys: &'a Map<String, Json>,
    /// Samples a second.
    rate: f64,
}

impl<'a> Scale<'a> {
    /// Of all keys of `features`, at this rate of its graph.
    pub fn new(keys: &'a Map<String, Json>, rate: u32) -> Self {
        Self { keys, rate: f64::from(rate) }
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.keys.get(key)?.as_f64()
    }

    fn text(&self, key: &str) -> &str {
        self.keys.get(key).and_then(Json::as_str).unwrap_or_default()
    }

    /// What comes out: "mel", "mfcc" ...; "" where a graph has the keys.
    pub fn kind(&self) -> &str {
        self.text("type")
    }

    /// From frame to frame, in seconds.
    pub fn step(&self) -> Option<f64> {
        match self.kind() {
            "" => None,
            "microfrontend" => Some(self.number("microfrontend.step_ms")? / 1000.0),
            _ => Some(self.number("frame.hop")? / self.rate),
        }
    }

    /// What the bands of a frame of so many values are: more or fewer than there are bands are no bands alone.
    pub fn bands(&self, width: usize) -> Bands {
        let whole = |count: Option<f64>| count == Some(width as f64);
        match self.kind() {
            "stft" | "spectrogram" => match self.number("frame.n_fft") {
                Some(n_fft) => Bands::Linear { first: 0.0, step: self.rate / n_fft },
                None => Bands::Numbers,
            },
            "mel" if whole(self.number("mel.bands")) => self.mel(width).map_or(Bands::Numbers, Bands::Centres),
            "microfrontend" if whole(self.number("microfrontend.channels")) => {
                let limits = self.number("microfrontend.lower").zip(self.number("microfrontend.upper"));
                limits.map_or(Bands::Numbers, |(low, high)| Bands::Centres(centres(width, low, high, &HTK)))
            }
            _ => Bands::Numbers,
        }
    }

    /// The centres of the triangles, in Hz.
    fn mel(&self, bands: usize) -> Option<Vec<f64>> {
        let (low, high) = (self.number("mel.fmin")?, self.number("mel.fmax")?);
        // As the worker has it: an upper end that is not above 0 counts from half the rate.
        let high = if high > 0.0 { high } else { self.rate / 2.0 + high };
        Some(centres(bands, low, high, if self.text("mel.scale") == "htk" { &HTK } else { &SLANEY }))
    }

    /// The unit of the values, and how they become those of the picture: powers and amplitudes become dB.
    pub fn unit(&self) -> (&'static str, fn(f32) -> f32) {
        let is_linear = matches!(self.text("log.kind"), "none" | "");
        if self.number("log.post_scale").is_some_and(|x| x != 1.0)
            || self.number("log.post_offset").is_some_and(|x| x != 0.0)
        {
            return ("", |x| x);
        }
        match (self.kind(), self.text("log.kind")) {
            ("stft", _) => ("dB", |x| 20.0 * x.max(f32::MIN_POSITIVE).log10()),
            ("spectrogram" | "mel", _) if is_linear && self.number("spectrum.power") == Some(1.0) => {
                ("dB", |x| 20.0 * x.max(f32::MIN_POSITIVE).log10())
            }
            ("spectrogram" | "mel", _) if is_linear => ("dB", |x| 10.0 * x.max(f32::MIN_POSITIVE).log10()),
            ("spectrogram" | "mel", "db") => ("dB", |x| x),
            ("spectrogram" | "mel", "ln") => ("ln", |x| x),
            ("spectrogram" | "mel", "log10") => ("log10", |x| x),
            ("spectrogram" | "mel", "log2") => ("log2", |x| x),
            _ => ("", |x| x),
        }
    }
}

/// A mel scale: hertz to mel and back.
type Mel = (fn(f64) -> f64, fn(f64) -> f64);

/// O'Shaughnessy's, as HTK and Kaldi have it: 1127 ln(1 + f / 700).
const HTK: Mel = (|hz| 1127.0 * (hz / 700.0).ln_1p(), |mel| 700.0 * (mel / 1127.0).exp_m1());

/// Slaney's Auditory Toolbox: 200/3 Hz a mel up to 1 kHz, then 27 mel for each factor of 6.4.
const SLANEY: Mel = (
    |hz| if hz < 1000.0 { hz * 3.0 / 200.0 } else { 15.0 + (hz / 1000.0).ln() * 27.0 / 6.4_f64.ln() },
    |mel| if mel < 15.0 { mel * 200.0 / 3.0 } else { 1000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp() },
);

/// The middles of bands that are evenly spaced in mel between two ends.
fn centres(bands: usize, low: f64, high: f64, (to_mel, to_hz): &Mel) -> Vec<f64> {
    let (low, high) = (to_mel(low), to_mel(high));
    (1..=bands).map(|band| to_hz(low + (high - low) * band as f64 / (bands + 1) as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `librosa.mel_frequencies(4, fmin=0, fmax=8000)[1:-1]` and with `htk=True`.
    #[test]
    fn centres_are_those_of_librosa() {
        let near = |ours: Vec<f64>, theirs: [f64; 2]| {
            assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 0.01), "{ours:?} for {theirs:?}");
        };
        near(centres(2, 0.0, 8000.0, &SLANEY), [1005.6453, 2836.3995]);
        near(centres(2, 0.0, 8000.0, &HTK), [921.4558, 3055.8841]);
    }

    #[test]
    fn energy_or_slopes_beside_bands_are_no_frequencies() {
        let keys =
            serde_json::json!({"type": "mel", "mel.bands": 2, "mel.fmin": 0.0, "mel.fmax": -100.0, "mel.scale": "htk"});
        let scale = Scale::new(keys.as_object().unwrap(), 16000);
        assert_eq!(scale.bands(3), Bands::Numbers);
        assert_eq!(scale.bands(2), Bands::Centres(centres(2, 0.0, 7900.0, &HTK)));
    }
}
