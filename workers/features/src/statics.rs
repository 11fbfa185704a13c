//! Static features of one channel: those that hang on the samples of one frame.
use crate::extractor::Extractor;
use crate::geometry::Frames;
use crate::history::History;
use crate::keys::{FrameKeys, Keys};
use crate::microfrontend::{self, Microfrontend};
use crate::{Edges, Kind, WindowPlace};

/// From samples to static frames.
pub enum Statics {
    /// In floats, one frame independent of the other.
    Float(Box<Extractor>),
    /// In the integers of the microfrontend.
    Micro(Box<Micro>),
}

/// A microfrontend with what stands around it.
pub struct Micro {
    frontend: Microfrontend,
    frames: Frames,
    samples: Vec<i16>,
    levels: Vec<u16>,
    /// What the integers are multiplied by.
    post_scale: f32,
}

impl Statics {
    /// The extractor of these keys.
    ///
    /// # Errors
    /// Keys that make no sense, in words.
    pub fn float(keys: &Keys) -> Result<Self, String> {
        Extractor::new(keys).map(|extractor| Self::Float(Box::new(extractor)))
    }

    /// The microfrontend of these keys, whose integers are multiplied by `post_scale`.
    ///
    /// # Errors
    /// Keys that make no sense, in words.
    pub fn micro(keys: &microfrontend::Keys, sample_rate: u32, post_scale: f32) -> Result<Self, String> {
        let frontend = Microfrontend::new(keys, sample_rate)?;
        let (window, step) = (frontend.window_samples(), frontend.step_samples());
        let mut cut = Keys::new(Kind::Spectrogram, sample_rate);
        let (edges, window_place) = (Edges::Snip, WindowPlace::Start);
        cut.frame = FrameKeys { n_fft: window, win_length: window, hop: step, edges, window_place, ..cut.frame };
        let levels = vec![0; frontend.channels()];
        let (frames, samples) = (Frames::new(&cut), vec![0; window]);
        Ok(Self::Micro(Box::new(Micro { frontend, frames, samples, levels, post_scale })))
    }

    /// Which samples frames read.
    pub fn frames(&self) -> &Frames {
        match self {
            Self::Float(extractor) => extractor.frames(),
            Self::Micro(micro) => &micro.frames,
        }
    }

    /// Numbers of a frame.
    pub fn width(&self) -> usize {
        match self {
            Self::Float(extractor) => extractor.width(),
            Self::Micro(micro) => micro.levels.len(),
        }
    }

    /// Whether it must hear the whole recording before.
    pub fn needs_learning(&self) -> bool {
        matches!(self, Self::Float(extractor) if extractor.needs_learning())
    }

    /// Hears frame t of a recording that will be played again.
    pub fn learn(&mut self, history: &History, t: u64, end: Option<u64>) {
        if let Self::Float(extractor) = self {
            extractor.learn(history, t, end);
        }
    }

    /// The loudest value that was learned.
    pub fn maximum(&self) -> f32 {
        match self {
            Self::Float(extractor) => extractor.maximum(),
            Self::Micro(_) => f32::NEG_INFINITY,
        }
    }

    /// Goes back to the start of a recording whose loudest value is known: `-inf` if it is not.
    pub fn restart(&mut self, maximum: f32) {
        match self {
            Self::Float(extractor) => {
                extractor.reset();
                extractor.set_maximum(maximum);
            }
            Self::Micro(micro) => micro.frontend.reset(),
        }
    }

    /// Writes frame t, the next in order; see [`Extractor::frame`].
    pub fn frame(&mut self, history: &History, t: u64, end: Option<u64>, out: &mut [f32]) {
        match self {
            Self::Float(extractor) => extractor.frame(history, t, end, out),
            Self::Micro(micro) => micro.frame(history, t, out),
        }
    }
}

impl Micro {
    fn frame(&mut self, history: &History, t: u64, out: &mut [f32]) {
        let first = self.frames.first(t).max(0) as u64;
        let heard = history.slice(first, self.samples.len()).unwrap_or_default();
        for (sample, x) in self.samples.iter_mut().zip(heard) {
            *sample = (x * 32768.0).round() as i16; // saturates
        }
        self.frontend.frame(&self.samples, &mut self.levels);
        for (y, level) in out.iter_mut().zip(&self.levels) {
            *y = f32::from(*level) * self.post_scale;
        }
    }
}
