//! FLAC files, decoded by symphonia: the samples, and what became of the file.

use std::io::{self, ErrorKind, Read};
use std::path::Path;

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, ReadOnlySource};
use symphonia::default::codecs::FlacDecoder;
use symphonia::default::formats::FlacReader;

use super::read::cut_short;
use super::{AudioError, MAX_CHANNELS, MAX_RATE, fill};

/// An open FLAC stream.
pub(super) struct Flac {
    pub rate: u32,
    pub channels: usize,
    pub bits: u32,
    /// Frames, if the encoder knew.
    pub frames: Option<u64>,
    reader: FlacReader<'static>,
    decoder: FlacDecoder,
    /// The decoded block, interleaved, and how many of its samples are handed out.
    block: Vec<f32>,
    used: usize,
    /// The place in the stream behind the last block; blocks say where they belong.
    next: Option<i64>,
    frames_read: u64,
    done: bool,
}

impl Flac {
    /// Reads the head of a stream, its first bytes included.
    pub fn open(path: &Path, input: impl Read + Send + Sync + 'static) -> Result<Self, AudioError> {
        let input = MediaSourceStream::new(Box::new(ReadOnlySource::new(Patient(input))), Default::default());
        let reader = FlacReader::try_new(input, Default::default()).map_err(|error| head_error(path, error))?;
        let track = reader.default_track(TrackType::Audio);
        let params = track.and_then(|track| track.codec_params.as_ref()?.audio());
        let (Some(track), Some(params)) = (track, params) else {
            return Err(broken(path, "is a FLAC file without audio".into()));
        };
        let rate = params.sample_rate.unwrap_or(0);
        let channels = params.channels.as_ref().map_or(0, |channels| channels.count());
        if rate == 0 || rate > MAX_RATE || channels == 0 || channels > MAX_CHANNELS {
            return Err(broken(path, format!("says it has {channels} channels at {rate} Hz; its head is damaged")));
        }
        let options = AudioDecoderOptions::default().verify(true);
        let decoder = FlacDecoder::try_new(params, &options).map_err(|error| head_error(path, error))?;
        let (bits, frames) = (params.bits_per_sample.unwrap_or(0), track.num_frames);
        Ok(Self {
            rate,
            channels,
            bits,
            frames,
            reader,
            decoder,
            block: Vec::new(),
            used: 0,
            next: None,
            frames_read: 0,
            done: false,
        })
    }

    /// Fills the planes from frame `at` on as far as the block in hand goes; fetches the next block when it is used up.
    /// 0 is the end. What ends a stream early is an oddity, and nothing behind a damaged block is read: later frames
    /// would sit at the wrong time.
    pub fn read(
        &mut self,
        path: &Path,
        planes: &mut [Vec<f32>],
        at: usize,
        oddities: &mut Vec<String>,
    ) -> Result<usize, AudioError> {
        if self.used == self.block.len() && !self.done {
            self.done = !self.fetch(path, oddities)?;
        }
        if self.done {
            return Ok(0);
        }
        let left = self.block[self.used..].len() / self.channels;
        let frames = planes.first().map_or(0, |plane| plane.len() - at).min(left);
        let samples = &self.block[self.used..self.used + frames * self.channels];
        for (channel, plane) in planes.iter_mut().enumerate() {
            let own = samples.iter().skip(channel).step_by(self.channels);
            plane[at..].iter_mut().zip(own).for_each(|(to, from)| *to = *from);
        }
        self.used += frames * self.channels;
        Ok(frames)
    }

    /// Decodes the next block; false at the end.
    fn fetch(&mut self, path: &Path, oddities: &mut Vec<String>) -> Result<bool, AudioError> {
        let packet = match self.reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(self.end(oddities)),
            Err(Error::IoError(source)) if source.kind() != ErrorKind::UnexpectedEof => {
                return Err(AudioError::Read { path: path.into(), source });
            }
            Err(_) => return Ok(self.end(oddities)),
        };
        let start = packet.pts.get();
        if self.next.is_some_and(|next| next != start) {
            return Ok(self.damaged(oddities));
        }
        let Ok(block) = self.decoder.decode(&packet) else { return Ok(self.damaged(oddities)) };
        if block.spec().channels().count() != self.channels || block.frames() == 0 {
            return Ok(self.damaged(oddities));
        }
        self.frames_read += block.frames() as u64;
        self.next = start.checked_add_unsigned(block.frames() as u64);
        block.copy_to_vec_interleaved(&mut self.block);
        self.used = 0;
        Ok(true)
    }

    /// The stream has ended by itself: is it whole, and are these the samples that were encoded?
    fn end(&mut self, oddities: &mut Vec<String>) -> bool {
        if let Some(promised) = self.frames.filter(|&frames| frames > self.frames_read) {
            oddities.push(cut_short(promised, self.frames_read));
        } else if self.decoder.finalize().verify_ok == Some(false) {
            oddities.push("is damaged: its samples do not match its checksum".into());
        }
        false
    }

    fn damaged(&self, oddities: &mut Vec<String>) -> bool {
        oddities.push(format!("is damaged behind frame {}; it is read up to there", self.frames_read));
        false
    }
}

/// An input that goes on after a signal, which symphonia takes for the end of the file.
struct Patient<R>(R);

impl<R: Read> Read for Patient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        fill(&mut self.0, buffer)
    }
}

fn head_error(path: &Path, error: Error) -> AudioError {
    match error {
        Error::IoError(source) if source.kind() != ErrorKind::UnexpectedEof => {
            AudioError::Read { path: path.into(), source }
        }
        error => broken(path, format!("is a FLAC file with a damaged head: {error}")),
    }
}

fn broken(path: &Path, what: String) -> AudioError {
    AudioError::Broken { path: path.into(), what }
}
