//! Whole recordings in memory.
use crate::io::{AudioError, AudioReader, AudioWriter, Encoding};
use crate::replay::Kept;
use std::path::Path;

/// A recording: a plane a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Samples a second.
    pub rate: u32,
    /// Channels, all of one length.
    pub planes: Vec<Vec<f32>>,
    /// What is odd about the file.
    pub warnings: Vec<String>,
}

impl Sound {
    /// Reads a WAV or FLAC file.
    ///
    /// # Errors
    /// A file that is missing, or no sound.
    pub fn read(path: &Path) -> Result<Self, AudioError> {
        const CHUNK: usize = 1 << 14;
        let mut reader = AudioReader::open(path)?;
        let (rate, channels) = (reader.spec().rate, reader.spec().channels);
        let mut planes = vec![vec![]; channels];
        let mut chunk = vec![vec![0.0; CHUNK]; channels];
        loop {
            let frames = reader.read(&mut chunk)?;
            planes.iter_mut().zip(&chunk).for_each(|(plane, chunk)| plane.extend_from_slice(&chunk[..frames]));
            if frames < CHUNK {
                return Ok(Self { rate, planes, warnings: reader.warnings() });
            }
        }
    }

    /// What an output gave, frame by frame.
    pub fn of(kept: &Kept, channels: usize, rate: u32) -> Self {
        let channels = channels.max(1);
        let plane = |channel: usize| kept.data.iter().skip(channel).step_by(channels).copied().collect();
        Self { rate, planes: (0..channels).map(plane).collect(), warnings: vec![] }
    }

    /// As a WAV file of 16 bits, which every browser plays; nothing where there is no room for one.
    pub fn wav(&self) -> Option<Vec<u8>> {
        let path = tempfile::Builder::new().prefix("aw-").suffix(".wav").tempfile().ok()?.into_temp_path();
        let planes: Vec<&[f32]> = self.planes.iter().map(Vec::as_slice).collect();
        let mut writer = AudioWriter::create(&path, self.rate, planes.len(), Encoding::S16).ok()?;
        writer.write(&planes).ok()?;
        writer.finish().ok()?;
        std::fs::read(&path).ok()
    }

    /// Frames.
    pub fn frames(&self) -> usize {
        self.planes.first().map_or(0, Vec::len)
    }

    /// A part of it, by frames; beyond its ends there is nothing.
    pub fn part(&self, from: usize, to: usize) -> Self {
        let (from, to) = (from.min(self.frames()), to.min(self.frames()));
        let planes = self.planes.iter().map(|plane| plane[from..to.max(from)].to_vec()).collect();
        Self { planes, warnings: vec![], ..*self }
    }

    /// A part of it, in seconds.
    pub fn span(&self, from: Option<f64>, to: Option<f64>) -> Self {
        let at = |seconds: f64| (seconds * f64::from(self.rate)).round() as usize;
        self.part(from.map_or(0, at), to.map_or(usize::MAX, at))
    }

    /// One of its channels, from 1.
    pub fn only(&self, channel: usize) -> Option<Self> {
        let plane = self.planes.get(channel.checked_sub(1)?)?.clone();
        Some(Self { planes: vec![plane], warnings: vec![], ..*self })
    }
}
