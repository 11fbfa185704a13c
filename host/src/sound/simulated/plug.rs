//! What is at the other end of a simulated card: a file, a tone, memory.
use super::script::SideScript;
use crate::io::{AudioError, AudioReader, AudioWriter, Encoding};
use std::f64::consts::TAU;

/// What a microphone hears, frame after frame.
pub(super) enum Microphone {
    Silence,
    Sine { hz: f64 },
    File { reader: Box<AudioReader>, planes: Vec<Vec<f32>>, ended: bool },
}

impl Microphone {
    pub fn new(side: &SideScript) -> Result<Self, AudioError> {
        Ok(match (&side.file, side.sine) {
            (Some(path), _) => {
                let reader = AudioReader::open(path)?;
                let planes = vec![vec![]; reader.spec().channels];
                Microphone::File { reader: Box::new(reader), planes, ended: false }
            }
            (None, Some(hz)) => Microphone::Sine { hz },
            (None, None) => Microphone::Silence,
        })
    }

    /// Rate and channels of the file, if it is one.
    pub fn shape(&self) -> Option<(u32, u16)> {
        match self {
            Microphone::File { reader, .. } => Some((reader.spec().rate, reader.spec().channels as u16)),
            _ => None,
        }
    }

    /// Whether all was heard that there is to hear.
    pub fn ended(&self) -> bool {
        matches!(self, Microphone::File { ended: true, .. })
    }

    /// Frames from `at` on, counted since the microphone was there; interleaved. Of a file the next ones.
    pub fn hear(&mut self, at: u64, rate: u32, channels: u16, frames: usize) -> Vec<f32> {
        let channels = usize::from(channels);
        let mut heard = vec![0.0; frames * channels];
        match self {
            Microphone::Silence => {}
            Microphone::Sine { hz } => {
                for (frame, number) in heard.chunks_exact_mut(channels).zip(at..) {
                    frame.fill((0.5 * (TAU * *hz * number as f64 / f64::from(rate)).sin()) as f32);
                }
            }
            Microphone::File { reader, planes, ended } => {
                let mut done = 0;
                while done < frames && !*ended {
                    planes.iter_mut().for_each(|plane| plane.resize(frames - done, 0.0));
                    // A file that breaks off has ended.
                    let got = reader.read(planes).unwrap_or(0);
                    *ended = got == 0;
                    for frame in 0..got {
                        for channel in 0..channels {
                            heard[(done + frame) * channels + channel] = planes[channel % planes.len()][frame];
                        }
                    }
                    done += got;
                }
            }
        }
        heard
    }
}

/// What becomes of what is played.
pub(super) enum Loudspeaker {
    Memory(Vec<f32>),
    File(Box<AudioWriter>),
    /// The disk is full: it is said once.
    Broken(String),
}

impl Loudspeaker {
    pub fn new(side: &SideScript, rate: u32, channels: u16) -> Result<Self, AudioError> {
        Ok(match &side.file {
            Some(path) => Loudspeaker::File(Box::new(AudioWriter::create(path, rate, channels.into(), Encoding::F32)?)),
            None => Loudspeaker::Memory(vec![]),
        })
    }

    /// Interleaved frames of so many channels are heard, on a loudspeaker that had `own` channels in the beginning.
    pub fn play(&mut self, frames: &[f32], channels: u16, own: u16) {
        let (channels, own) = (usize::from(channels), usize::from(own));
        match self {
            Loudspeaker::Memory(heard) => heard.extend_from_slice(frames),
            Loudspeaker::File(writer) => {
                let plane = |channel: usize| -> Vec<f32> {
                    let of = |frame: &[f32]| frame.get(channel).copied().unwrap_or(0.0);
                    frames.chunks_exact(channels).map(of).collect()
                };
                let planes: Vec<Vec<f32>> = (0..own).map(plane).collect();
                let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
                if let Err(why) = writer.write(&planes) {
                    *self = Loudspeaker::Broken(why.to_string());
                }
            }
            Loudspeaker::Broken(_) => {}
        }
    }

    /// The file gets its name.
    pub fn finish(self) -> Result<(), String> {
        match self {
            Loudspeaker::Memory(_) => Ok(()),
            Loudspeaker::File(writer) => writer.finish().map(drop).map_err(|why| why.to_string()),
            Loudspeaker::Broken(why) => Err(why),
        }
    }
}
