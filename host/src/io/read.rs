//! Reading audio, frame by frame, from a file or a pipe.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use super::flac::Flac;
use super::pcm::{Coding, Layout};
use super::sniff::{self, Kind};
use super::{AudioError, STANDARD, error, fill, riff};

/// What is read from. Nothing seeks.
type Input = Box<dyn Read + Send + Sync>;

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Frames a second.
    pub rate: u32,
    /// Samples a frame.
    pub channels: usize,
    /// Frames in the file; `None` where only its end will tell.
    pub frames: Option<u64>,
    /// How samples are stored: "PCM 16 bit", "float 32 bit", "FLAC 24 bit".
    pub encoding: String,
}

/// An open WAV (RIFF, RF64, BW64) or FLAC file.
///
/// Samples of n-bit integers are x / 2^(n-1); floats are as they are, only NaN and infinities become 0. Headers are
/// doubted and damaged files read as far as they can be: [`AudioReader::warnings`] tells.
pub struct AudioReader {
    path: PathBuf,
    spec: Spec,
    source: Source,
    oddities: Vec<String>,
    not_finite: u64,
}

enum Source {
    Wav(Wav),
    Flac(Box<Flac>),
}

struct Wav {
    input: Input,
    layout: Layout,
    /// Bytes of samples still to come, as far as anybody knows.
    left: Option<u64>,
    frames_read: u64,
    buffer: Vec<u8>,
}

impl AudioReader {
    /// Opens a file, or standard input for `-`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, AudioError> {
        let path = path.as_ref();
        if path == Path::new(STANDARD) {
            return Self::from_input(path, Box::new(BufReader::new(io::stdin())), None);
        }
        let failed = |source| AudioError::Open { path: path.into(), source };
        let file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let size = about.is_file().then_some(about.len());
        Self::from_input(path, Box::new(BufReader::with_capacity(1 << 16, file)), size)
    }

    /// Reads the head of an input; `size` is its length in bytes if that is known.
    pub(super) fn from_input(path: &Path, mut input: Input, size: Option<u64>) -> Result<Self, AudioError> {
        let mut head = vec![0; 12];
        let have = fill(&mut input, &mut head).map_err(|source| AudioError::Read { path: path.into(), source })?;
        head.truncate(have);
        match sniff::kind(&head) {
            _ if have == 0 => Err(AudioError::Broken { path: path.into(), what: "is empty".into() }),
            Kind::Wave => Self::wave(path, input, size),
            Kind::Flac => Self::flac(path, Box::new(Cursor::new(head).chain(input))),
            Kind::Foreign(what) => Err(AudioError::Foreign { path: path.into(), what: what.into() }),
        }
    }

    fn wave(path: &Path, mut input: Input, size: Option<u64>) -> Result<Self, AudioError> {
        let wave = riff::read(path, &mut input)?;
        let (layout, mut oddities, mut left) = (wave.layout, wave.oddities, wave.length);
        let frame = layout.frame() as u64;
        if let Some(here) = size.map(|size| size.saturating_sub(wave.start)) {
            if let Some(claimed) = left.filter(|&claimed| claimed > here) {
                oddities.push(cut_short(claimed / frame, here / frame));
            }
            left = Some(left.unwrap_or(here).min(here));
        }
        let frames = left.map(|bytes| bytes / frame);
        let spec = Spec { rate: wave.rate, channels: layout.channels, frames, encoding: layout.text() };
        let input: Input = Box::new(Cursor::new(wave.taken).chain(input));
        let source = Source::Wav(Wav { input, layout, left, frames_read: 0, buffer: Vec::new() });
        Ok(Self { path: path.into(), spec, source, oddities, not_finite: 0 })
    }

    fn flac(path: &Path, input: Input) -> Result<Self, AudioError> {
        let flac = Flac::open(path, input)?;
        let encoding = format!("FLAC {} bit", flac.bits);
        let spec = Spec { rate: flac.rate, channels: flac.channels, frames: flac.frames, encoding };
        let source = Source::Flac(Box::new(flac));
        Ok(Self { path: path.into(), spec, source, oddities: Vec::new(), not_finite: 0 })
    }

    /// What the file holds.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Fills the planes, one a channel and all equally long, with the next frames. Returns how many there were: fewer
    /// than fit only at the end of the file, and then zeros follow them.
    pub fn read(&mut self, planes: &mut [Vec<f32>]) -> Result<usize, AudioError> {
        let room = planes.first().map_or(0, Vec::len);
        if planes.len() != self.spec.channels || planes.iter().any(|plane| plane.len() != room) {
            let what =
                format!("has {} channels; one plane for each, all of one length, takes them", self.spec.channels);
            return Err(AudioError::Misfit { path: self.path.clone(), what });
        }
        let mut at = 0;
        while at < room {
            let frames = match &mut self.source {
                Source::Wav(wav) => wav.read(&self.path, planes, at, &mut self.oddities, &mut self.not_finite)?,
                Source::Flac(flac) => flac.read(&self.path, planes, at, &mut self.oddities)?,
            };
            if frames == 0 {
                break;
            }
            at += frames;
        }
        planes.iter_mut().for_each(|plane| plane[at..].fill(0.0));
        Ok(at)
    }

    /// What was odd about the file but did not keep it from being read, a sentence each. More may be known at its end.
    pub fn warnings(&self) -> Vec<String> {
        let name = error::input(&self.path);
        let mut warnings: Vec<_> = self.oddities.iter().map(|what| format!("{name} {what}")).collect();
        if self.not_finite > 0 {
            warnings
                .push(format!("{name} has {} samples that are NaN or infinite; they are read as 0", self.not_finite));
        }
        warnings
    }
}

impl Wav {
    /// Reads frames into the planes from frame `at` on; 0 is the end.
    fn read(
        &mut self,
        path: &Path,
        planes: &mut [Vec<f32>],
        at: usize,
        oddities: &mut Vec<String>,
        not_finite: &mut u64,
    ) -> Result<usize, AudioError> {
        /// Bytes fetched at once, at most; larger than any frame.
        const CHUNK: usize = 1 << 15;
        let frame = self.layout.frame();
        let room = planes.first().map_or(0, |plane| plane.len() - at).min(CHUNK / frame) * frame;
        let wanted = self.left.map_or(room, |left| room.min(usize::try_from(left).unwrap_or(room)));
        if wanted == 0 {
            return Ok(0);
        }
        self.buffer.resize(wanted, 0);
        let have =
            fill(&mut self.input, &mut self.buffer).map_err(|source| AudioError::Read { path: path.into(), source })?;
        let frames = have / frame;
        self.frames_read += frames as u64;
        if have < wanted
            && let Some(left) = self.left
        {
            let claimed = self.frames_read + (left - (frames * frame) as u64) / frame as u64;
            oddities.push(cut_short(claimed, self.frames_read));
        }
        if have % frame > 0 {
            oddities.push(format!("ends inside a frame; its last {} bytes are left out", have % frame));
        }
        // A short read is the end, whatever the head said.
        let over = have < room;
        self.left = if over { Some(0) } else { self.left.map(|left| left - have as u64) };
        let bad = self.layout.decode(&self.buffer[..frames * frame], planes, at);
        if self.layout.coding == Coding::Float {
            *not_finite += bad;
        }
        Ok(frames)
    }
}

/// The clause for a file that ends early, in frames.
pub(super) fn cut_short(claimed: u64, here: u64) -> String {
    format!("is cut short: it promises {claimed} frames and holds {here}")
}
