//! The short-time Fourier transform of sound, in dB, frame by frame.
use super::{Bands, Columns, PictureError, Reduce, Window};
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// How sound is taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Samples a frame; even.
    pub size: usize,
    /// Samples from frame to frame; at most `size`.
    pub hop: usize,
    /// What a frame is multiplied with.
    pub window: Window,
    /// So many mel bands instead of bins.
    pub mel: Option<usize>,
    /// The upper end of the bands, in Hz; half the sample rate by default.
    pub max_hz: Option<f64>,
}

/// A level somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// 0 dB is a sine at full scale.
    pub db: f32,
    /// The middle of its frame.
    pub seconds: f64,
    /// The centre of its band.
    pub hz: f64,
}

/// What came out: frames × bands in dB.
#[derive(Clone, Debug)]
pub struct Spectrum {
    /// The levels.
    pub columns: Columns,
    /// Their frequencies.
    pub bands: Bands,
    /// The highest and the lowest level; `None` where there was no sound at all.
    pub extremes: Option<(Level, Level)>,
    /// Samples that came.
    pub samples: u64,
}

/// Makes a [`Spectrum`] of samples as they come, in memory that does not grow with them.
///
/// Frame t belongs to the samples `t · hop .. (t + 1) · hop`: its middle is theirs. Beyond the ends there is silence.
/// The level of a bin is 20 log10(2 |X| / Σw), which is 0 dB for a sine of amplitude 1 (|X| / Σw at 0 Hz and at half
/// the rate, whose partner is itself).
pub struct Spectrogram {
    rate: u32,
    hop: usize,
    fourier: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// Samples that wait for their frame to be whole.
    waiting: Vec<f32>,
    frame: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    power: Vec<f32>,
    bank: Bank,
    /// The frequency of each band.
    centres: Vec<f64>,
    levels: Vec<f32>,
    bands: Bands,
    columns: Columns,
    extremes: Option<(Level, Level)>,
    samples: u64,
}

/// How bins become bands.
enum Bank {
    /// The loudest of so many bins.
    Loudest(usize),
    /// A weighted sum: the first bin, and the weights from there on.
    Sum(Vec<(usize, Vec<f32>)>),
}

impl Spectrogram {
    /// The lowest level that is told apart, in dB: the logarithm of digital silence has no end.
    pub const FLOOR: f32 = -200.0;

    /// For one channel of this many samples a second. Fails if the shape cannot be, in words that name the parameter.
    pub fn new(rate: u32, shape: &Shape) -> Result<Self, PictureError> {
        shape.check(rate).map_err(PictureError::Shape)?;
        let &Shape { size, hop, .. } = shape;
        let fourier = RealFftPlanner::new().plan_fft_forward(size);
        let window = shape.window.samples(size);
        let max_hz = shape.max_hz.unwrap_or(f64::from(rate) / 2.0);
        let (bank, bands, centres) = match shape.mel {
            Some(count) => mel(count, max_hz, rate, &window),
            None => linear(max_hz, rate, size),
        };
        Ok(Self {
            rate,
            hop,
            waiting: vec![0.0; (size - hop) / 2],
            frame: fourier.make_input_vec(),
            bins: fourier.make_output_vec(),
            scratch: fourier.make_scratch_vec(),
            power: vec![0.0; size / 2 + 1],
            levels: vec![0.0; centres.len()],
            columns: Columns::new(centres.len(), Reduce::Max),
            fourier,
            window,
            bank,
            bands,
            centres,
            extremes: None,
            samples: 0,
        })
    }

    /// Appends samples.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), PictureError> {
        self.samples += samples.len() as u64;
        for part in samples.chunks(self.window.len()) {
            self.take(part)?;
        }
        Ok(())
    }

    /// The end: the last samples get their frames.
    pub fn finish(mut self) -> Result<Spectrum, PictureError> {
        let frames = self.samples.div_ceil(self.hop as u64);
        let silence = vec![0.0; self.hop];
        while self.columns.frames() < frames {
            self.take(&silence)?;
        }
        let Self { columns, bands, extremes, samples, .. } = self;
        Ok(Spectrum { columns, bands, extremes, samples })
    }

    fn take(&mut self, samples: &[f32]) -> Result<(), PictureError> {
        self.waiting.extend_from_slice(samples);
        let (size, mut start) = (self.window.len(), 0);
        while start + size <= self.waiting.len() {
            let time = self.waiting[start..start + size].iter().zip(&self.window);
            self.frame.iter_mut().zip(time).for_each(|(out, (sample, window))| *out = sample * window);
            self.transform()?;
            start += self.hop;
        }
        self.waiting.drain(..start);
        Ok(())
    }

    /// From the frame to the levels of its bands.
    fn transform(&mut self) -> Result<(), PictureError> {
        let done = self.fourier.process_with_scratch(&mut self.frame, &mut self.bins, &mut self.scratch);
        done.map_err(|why| PictureError::Shape(why.to_string()))?;
        let sum: f32 = self.window.iter().sum();
        let last = self.bins.len() - 1;
        for (bin, (power, x)) in self.power.iter_mut().zip(&self.bins).enumerate() {
            let scale = if bin == 0 || bin == last { 1.0 / sum } else { 2.0 / sum };
            *power = (x * scale).norm_sqr();
        }
        for (band, level) in self.levels.iter_mut().enumerate() {
            let power = match &self.bank {
                Bank::Loudest(many) => {
                    let bins = band * many..((band + 1) * many).min(self.power.len());
                    self.power[bins].iter().copied().fold(0.0, f32::max)
                }
                Bank::Sum(weights) => {
                    let (first, weights) = &weights[band];
                    weights.iter().zip(&self.power[*first..]).map(|(weight, power)| weight * power).sum()
                }
            };
            *level = (10.0 * power.log10()).max(Self::FLOOR);
        }
        self.note();
        self.columns.push(&self.levels);
        Ok(())
    }

    /// Keeps the highest and the lowest level of all.
    fn note(&mut self) {
        let seconds = (self.columns.frames() as f64 + 0.5) * self.hop as f64 / f64::from(self.rate);
        for (&db, &hz) in self.levels.iter().zip(&self.centres) {
            let here = Level { db, seconds, hz };
            let (loudest, quietest) = self.extremes.get_or_insert((here, here));
            if db > loudest.db {
                *loudest = here;
            }
            if db < quietest.db {
                *quietest = here;
            }
        }
    }
}

impl Shape {
    fn check(&self, rate: u32) -> Result<(), String> {
        let Self { size, hop, .. } = *self;
        let nyquist = f64::from(rate) / 2.0;
        if size < 2 || !size.is_multiple_of(2) {
            return Err(format!("`size` is {size}: it takes an even number of samples, such as {}", (size + 1).max(2)));
        }
        if hop == 0 || hop > size {
            return Err(format!(
                "`hop` is {hop}: it takes 1 to {size} samples, the `size`, or sound would be left out"
            ));
        }
        if self.mel == Some(0) {
            return Err("`mel` is 0: it takes 1 band or more".into());
        }
        match self.max_hz {
            Some(hz) if !(hz > 0.0 && hz <= nyquist) => {
                Err(format!("`max-hz` is {hz}: a file of {rate} Hz holds more than 0 and up to {nyquist} Hz"))
            }
            _ => Ok(()),
        }
    }
}

/// Bins up to a frequency; where they are more than a picture has rows, several become a band.
fn linear(max_hz: f64, rate: u32, size: usize) -> (Bank, Bands, Vec<f64>) {
    const MOST: usize = 1024;
    let step = f64::from(rate) / size as f64;
    let bins = ((max_hz / step + 1e-9) as usize).min(size / 2) + 1;
    let many = bins.div_ceil(MOST);
    let (first, step) = ((many - 1) as f64 / 2.0 * step, many as f64 * step);
    let centres = (0..bins.div_ceil(many)).map(|band| first + band as f64 * step).collect();
    (Bank::Loudest(many), Bands::Linear { first, step }, centres)
}

/// Triangles over the power of the bins, evenly spaced and 50 % overlapping on the mel scale 2595 log10(1 + f / 700)
/// (O'Shaughnessy, "Speech Communication", 1987), 1 at the centre. No side is narrower than a bin, so that none is
/// empty. Divided by the window's noise bandwidth in bins, a sine at a centre comes near its own level.
fn mel(count: usize, max_hz: f64, rate: u32, window: &[f32]) -> (Bank, Bands, Vec<f64>) {
    let size = window.len();
    let bin = f64::from(rate) / size as f64;
    let top = 2595.0 * (1.0 + max_hz / 700.0).log10();
    let edge = |i: usize| 700.0 * (10f64.powf(top * i as f64 / (count + 1) as f64 / 2595.0) - 1.0);
    let (sum, squares) = window.iter().fold((0.0, 0.0), |(sum, squares), w| {
        let w = f64::from(*w);
        (sum + w, squares + w * w)
    });
    let bandwidth = size as f64 * squares / (sum * sum);
    let triangle = |band: usize| {
        let centre = edge(band + 1);
        let (below, above) = ((centre - edge(band)).max(bin), (edge(band + 2) - centre).max(bin));
        let weight = |at: usize| {
            let off = at as f64 * bin - centre;
            1.0 - if off < 0.0 { -off / below } else { off / above }
        };
        let first = ((centre - below) / bin).ceil().max(0.0) as usize;
        let last = (((centre + above) / bin) as usize).min(size / 2);
        (first, (first..=last).map(|at| (weight(at).max(0.0) / bandwidth) as f32).collect())
    };
    let centres: Vec<f64> = (1..=count).map(edge).collect();
    (Bank::Sum((0..count).map(triangle).collect()), Bands::Centres(centres.clone()), centres)
}
