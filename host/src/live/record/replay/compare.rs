//! What comes, against what was heard.
use crate::io::{AudioError, AudioReader, AudioWriter};
use crate::live::player::Planes;
use crate::metrics::Sums;

/// Seconds at the end that are compared by themselves.
const END: u64 = 5;
/// What does not begin with the session is taken for the same if it is as near as this in the end, in dB.
const NEAR: f64 = 60.0;

/// An output that is compared.
pub struct Track {
    /// Its number in the plan.
    pub output: usize,
    reader: AudioReader,
    writer: Option<AudioWriter>,
    recorded: Vec<Vec<f32>>,
    rate: u32,
    /// Frames compared, and from which on it is the end.
    at: u64,
    end: u64,
    said: Compared,
    sums: Sums,
    of_end: Sums,
}

/// How an output compares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Frames compared.
    pub frames: u64,
    /// Samples that are not the same, bit for bit.
    pub differ: u64,
    /// The first frame with such a one, and its time in seconds.
    pub first: Option<(u64, f64)>,
    /// What was heard over what it is off by, in dB.
    pub snr_db: f64,
    /// The same of the last seconds.
    pub end_db: f64,
}

impl Compared {
    /// Whether it is as it was; near enough in the end if it is not the `whole` session.
    pub fn is_same(&self, whole: bool) -> bool {
        self.differ == 0 || (!whole && self.end_db >= NEAR)
    }
}

impl Track {
    /// An output of the plan against its file, of `frames` frames.
    pub fn new(
        output: usize,
        name: String,
        channels: usize,
        rate: u32,
        frames: u64,
        reader: AudioReader,
        writer: Option<AudioWriter>,
    ) -> Self {
        let end = frames.saturating_sub((END * u64::from(rate)).min(frames / 2));
        let said = Compared { name, ..Compared::default() };
        let (sums, of_end) = (Sums::default(), Sums::default());
        Self { output, reader, writer, recorded: vec![vec![]; channels], rate, at: 0, end, said, sums, of_end }
    }

    /// Compares the next frames.
    ///
    /// # Errors
    /// A file.
    pub fn take(&mut self, planes: &Planes, frames: usize) -> Result<(), AudioError> {
        self.recorded.iter_mut().for_each(|plane| plane.resize(frames, 0.0));
        let there = self.reader.read(&mut self.recorded)?;
        for (channel, recorded) in self.recorded.iter().enumerate().take(planes.channels()) {
            let now = planes.plane(channel, frames);
            for (frame, (recorded, now)) in recorded.iter().zip(now).take(there).enumerate() {
                let at = self.at + frame as u64;
                self.sums.add(*recorded, *now);
                if at >= self.end {
                    self.of_end.add(*recorded, *now);
                }
                if recorded.to_bits() != now.to_bits() {
                    self.said.differ += 1;
                    if self.said.first.is_none_or(|(first, _)| at < first) {
                        self.said.first = Some((at, at as f64 / f64::from(self.rate.max(1))));
                    }
                }
            }
        }
        (self.at, self.said.frames) = (self.at + frames as u64, self.said.frames + there as u64);
        if let Some(writer) = &mut self.writer {
            let all: Vec<&[f32]> = (0..planes.channels()).map(|channel| planes.plane(channel, frames)).collect();
            writer.write(&all)?;
        }
        Ok(())
    }

    /// How it compares.
    ///
    /// # Errors
    /// The file that is written.
    pub fn finish(self) -> Result<Compared, AudioError> {
        if let Some(writer) = self.writer {
            writer.finish()?;
        }
        Ok(Compared { snr_db: self.sums.snr_db(), end_db: self.of_end.snr_db(), ..self.said })
    }
}
