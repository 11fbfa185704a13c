//! All stages from samples to one frame of features.
use crate::cepstrum::Cepstrum;
use crate::choices::Kind;
use crate::energy::Energy;
use crate::geometry::Frames;
use crate::history::History;
use crate::keys::Keys;
use crate::log::Log;
use crate::mel::MelBank;
use crate::spectrum::Spectrum;
use crate::waveform::Waveform;

/// Static features (without deltas) of one channel.
pub struct Extractor {
    kind: Kind,
    frames: Frames,
    width: usize,
    waveform: Waveform,
    spectrum: Spectrum,
    mel: Option<MelBank>,
    log: Log,
    cepstrum: Option<Cepstrum>,
    energy: Energy,
    power: Vec<f32>,
    bands: Vec<f32>,
}

impl Extractor {
    /// Plans and tables for these keys, or what is wrong with them.
    pub fn new(keys: &Keys) -> Result<Self, String> {
        keys.check()?;
        let banded = matches!(keys.kind, Kind::Mel | Kind::Mfcc);
        Ok(Self {
            kind: keys.kind,
            frames: Frames::new(keys),
            width: keys.width(),
            waveform: Waveform::new(keys),
            spectrum: Spectrum::new(keys),
            mel: banded.then(|| MelBank::new(keys)),
            log: Log::new(keys),
            cepstrum: (keys.kind == Kind::Mfcc).then(|| Cepstrum::new(keys)),
            energy: Energy::new(keys),
            power: vec![0.0; keys.bins() + MelBank::MARGIN],
            bands: vec![0.0; keys.mel.bands],
        })
    }

    /// Which samples frames read.
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// Numbers of a frame; of complex bins two each.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether [`Self::learn`] must see all frames before [`Self::frame`] computes the first.
    pub fn needs_learning(&self) -> bool {
        self.log.needs_learning()
    }

    /// Sees frame t in a first pass over the recording. Arguments are those of [`Self::frame`].
    pub fn learn(&mut self, history: &History, t: u64, end: Option<u64>) {
        self.load(history, t, end);
        self.spectrum.power(&mut self.power);
        match &self.mel {
            None => self.log.learn(&self.power[..self.power.len() - MelBank::MARGIN]),
            Some(mel) => {
                mel.apply(&self.power, &mut self.bands);
                self.log.learn(&self.bands);
            }
        }
    }

    /// The largest value before the logarithm that was learned, −∞ of none.
    pub fn maximum(&self) -> f32 {
        self.log.maximum()
    }

    /// Takes a maximum learned elsewhere: of all channels, or of a recording that was heard before.
    pub fn set_maximum(&mut self, maximum: f32) {
        self.log.set_maximum(maximum);
    }

    /// Forgets what was learned.
    pub fn reset(&mut self) {
        self.log.reset();
    }

    /// Writes static frame t, [`Self::width`] numbers, from samples of which [`Frames::needs`] were heard, or all of
    /// them, `end` being how many. Only `log.range_scope` of `window` and `running` ask for frames in order; else frames
    /// are functions of the samples alone.
    pub fn frame(&mut self, history: &History, t: u64, end: Option<u64>, out: &mut [f32]) {
        let energy = self.load(history, t, end);
        let body = self.energy.place(energy, out);
        let Some(mel) = &self.mel else {
            if self.kind == Kind::Stft {
                self.spectrum.complex(body);
            } else {
                self.spectrum.power(body);
                self.log.apply(t, body);
            }
            return;
        };
        self.spectrum.power(&mut self.power);
        if let Some(cepstrum) = &self.cepstrum {
            mel.apply(&self.power, &mut self.bands);
            self.log.apply(t, &mut self.bands);
            cepstrum.apply(&self.bands, energy, body);
        } else {
            mel.apply(&self.power, body);
            self.log.apply(t, body);
        }
    }

    /// Transforms frame t; the logarithm of its energy.
    fn load(&mut self, history: &History, t: u64, end: Option<u64>) -> f32 {
        let (samples, mut energy) = self.waveform.frame(history, t, end);
        self.spectrum.load(samples);
        if self.energy.windowed() {
            energy = self.spectrum.energy();
        }
        self.spectrum.transform();
        self.energy.level(energy)
    }
}
