//! The head of a WAV file: everything before the first sample, read forwards only.
//!
//! Sources: Multimedia Programming Interface 1.0 (RIFF, WAVE), WAVEFORMATEXTENSIBLE (ksmedia.h), EBU Tech 3306 (RF64),
//! ITU-R BS.2088 (BW64). Lengths in real files lie: the outer length is never looked at, and the length of the data only
//! as far as the file bears it out. Demuxers that were tried (symphonia 0.6.1, hound 3.5.1) refuse such files, read them
//! as empty, or take 24 bits in 4 bytes for 3; hence this one.

use std::io::{self, Read};
use std::path::Path;

use super::pcm::{Coding, Layout};
use super::{AudioError, MAX_CHANNELS, MAX_RATE, fill};

/// What the head says, after doubt.
#[derive(Debug)]
pub(super) struct Wave {
    pub layout: Layout,
    /// Frames a second.
    pub rate: u32,
    /// Bytes of samples; `None` if the writer did not know and they go on to the end.
    pub length: Option<u64>,
    /// Bytes already taken from behind a data chunk of length 0: the first samples.
    pub taken: Vec<u8>,
    /// Bytes of the file before the samples.
    pub start: u64,
    /// What was odd, as clauses after the file's name.
    pub oddities: Vec<String>,
}

/// Reads on behind the 12 bytes that announce a WAVE, up to the first sample.
pub(super) fn read(path: &Path, input: &mut impl Read) -> Result<Wave, AudioError> {
    let mut chunks = Chunks { path, input, at: 12, early: None };
    let mut oddities = Vec::new();
    let (mut format, mut long) = (None, None);
    loop {
        let Some((name, length)) = chunks.next()? else {
            let (layout, rate) = format.ok_or_else(|| broken(path, "ends before it says what it holds"))?;
            oddities.push("ends before its samples".into());
            return Ok(Wave { layout, rate, length: Some(0), taken: Vec::new(), start: chunks.at, oddities });
        };
        match &name {
            b"fmt " => {
                let body = chunks.body::<40>(length)?;
                oddities.clear(); // a file may say it again, without end: the last word counts
                format = Some(layout(path, &body, length.min(40) as usize, &mut oddities)?);
            }
            b"ds64" => long = Some(u64::from_le_bytes(bytes(&chunks.body::<28>(length)?, 8))),
            b"data" => {
                let (layout, rate) =
                    format.ok_or_else(|| broken(path, "has its samples before the chunk that describes them"))?;
                let start = chunks.at;
                let (length, taken) = chunks.data(length, long, layout.frame() as u32, &mut oddities)?;
                return Ok(Wave { layout, rate, length, taken, start, oddities });
            }
            _ => drop(chunks.body::<0>(length)?),
        }
    }
}

/// The chunks of a file, in its order.
struct Chunks<'a, R> {
    path: &'a Path,
    input: &'a mut R,
    /// Bytes of the file behind us.
    at: u64,
    /// The first byte of the next chunk's name, read where a padding byte was due.
    early: Option<u8>,
}

impl<R: Read> Chunks<'_, R> {
    /// The next chunk's name and length; `None` at the end of the file.
    fn next(&mut self) -> Result<Option<([u8; 4], u32)>, AudioError> {
        let mut head = [0; 8];
        let early = self.early.take();
        head[0] = early.unwrap_or(0);
        let from = usize::from(early.is_some());
        let whole = self.fill(&mut head[from..])? == 8 - from;
        Ok(whole.then_some((bytes(&head, 0), u32::from_le_bytes(bytes(&head, 4)))))
    }

    /// The first N bytes of a chunk's body, zeros if it is shorter; the rest of it is skipped.
    fn body<const N: usize>(&mut self, length: u32) -> Result<[u8; N], AudioError> {
        let mut body = [0; N];
        let kept = N.min(length as usize);
        let rest = u64::from(length) - self.fill(&mut body[..kept])? as u64;
        let skipped = io::copy(&mut self.input.take(rest), &mut io::sink()).map_err(|source| self.failed(source))?;
        self.at += skipped;
        if skipped < rest {
            return Err(broken(self.path, "ends before its samples, inside a chunk that claims to be longer"));
        }
        // A zero follows a chunk of odd length. Some writers forget it; then the next chunk's name is already here.
        let mut padding = [0];
        if length % 2 == 1 && self.fill(&mut padding)? == 1 && padding != [0] {
            self.early = Some(padding[0]);
        }
        Ok(body)
    }

    /// How many bytes of samples follow, and those already taken to find out.
    fn data(
        &mut self,
        length: u32,
        long: Option<u64>,
        frame: u32,
        oddities: &mut Vec<String>,
    ) -> Result<(Option<u64>, Vec<u8>), AudioError> {
        // What ffmpeg, sox and arecord write into a pipe, where they cannot come back with the true length.
        const UNKNOWN: [u32; 4] = [u32::MAX, 0x8000_0000, 0x7fff_ffff, 0x7fff_f000];
        // Chunks that stand behind the samples of a file that truly has none.
        const TRAILING: [&[u8]; 8] = [b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"smpl", b"JUNK"];
        match (length, long) {
            (u32::MAX, Some(long)) if long != 0 && long != u64::MAX => return Ok((Some(long), Vec::new())),
            (0, _) => {}
            _ if UNKNOWN.iter().any(|&mark| length == mark || length == mark - mark % frame) => {
                return Ok((None, Vec::new()));
            }
            _ => return Ok((Some(length.into()), Vec::new())),
        }
        let mut taken = vec![0; 8];
        let have = self.fill(&mut taken)?;
        taken.truncate(have);
        if have < 8 || TRAILING.contains(&&taken[..4]) {
            oddities.push("holds no samples".into());
            return Ok((Some(0), Vec::new()));
        }
        oddities.push("says that it holds no samples, yet goes on; the rest is read as samples".into());
        Ok((None, taken))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, AudioError> {
        let bytes = fill(self.input, buffer).map_err(|source| self.failed(source))?;
        self.at += bytes as u64;
        Ok(bytes)
    }

    fn failed(&self, source: io::Error) -> AudioError {
        AudioError::Read { path: self.path.into(), source }
    }
}

/// The format chunk's meaning: how samples lie, and frames a second. `length` of the 40 bytes are the file's.
fn layout(
    path: &Path,
    chunk: &[u8; 40],
    length: usize,
    oddities: &mut Vec<String>,
) -> Result<(Layout, u32), AudioError> {
    let word = |at| u16::from_le_bytes(bytes(chunk, at));
    let (channels, rate) = (usize::from(word(2)), u32::from_le_bytes(bytes(chunk, 4)));
    let (block, container) = (usize::from(word(12)), word(14));
    if length < 16 {
        return Err(broken(path, "does not say what it holds: its `fmt ` chunk is cut short"));
    }
    if channels == 0 || channels > MAX_CHANNELS {
        return Err(broken(path, &format!("says it has {channels} channels; 1 to {MAX_CHANNELS} can be read")));
    }
    if rate == 0 || rate > MAX_RATE {
        return Err(broken(path, &format!("says its sample rate is {rate} Hz; 1 to {MAX_RATE} Hz can be read")));
    }
    let (tag, valid) = match word(0) {
        EXTENSIBLE if length < 40 => {
            return Err(broken(path, "does not say how its samples are coded: its `fmt ` chunk is cut short"));
        }
        EXTENSIBLE if !SUBTYPES.contains(&bytes(chunk, 26)) => {
            return Err(foreign(path, "a WAV file of a coding of its maker's own".into()));
        }
        EXTENSIBLE => (word(24), word(18)),
        tag => (tag, container),
    };
    let (coding, bits, least) = match (tag, container) {
        (1, 1..=32) => (Coding::Integer, container, usize::from(container.div_ceil(8))),
        (3, 32 | 64) => (Coding::Float, container, usize::from(container / 8)),
        (6, _) => (Coding::ALaw, 8, 1),
        (7, _) => (Coding::MuLaw, 8, 1),
        (1 | 3, _) => return Err(foreign(path, format!("a WAV file of {container} bits a sample"))),
        (tag, _) => return Err(foreign(path, format!("a WAV file with {} inside", coding_name(tag)))),
    };
    // Integers of more than a byte may lie in a larger container: 12 bits in 2 bytes, 24 in 4.
    let bytes = match block / channels {
        wider @ 3..=4 if coding == Coding::Integer && least > 1 && wider > least => wider,
        _ => least,
    };
    if block != bytes * channels {
        oddities.push(format!("says a frame is {block} bytes; its {channels} channels take {}", bytes * channels));
    }
    let narrower = coding == Coding::Integer && (1..bits).contains(&valid);
    Ok((Layout { coding, bytes, bits: if narrower { valid } else { bits }, channels }, rate))
}

/// The format tag that moves the coding into the first bytes of a GUID.
const EXTENSIBLE: u16 = 0xfffe;

/// The other bytes of that GUID: KSDATAFORMAT_SUBTYPE_*, and the same codings in ambisonic B-format.
const SUBTYPES: [[u8; 14]; 2] =
    [*b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", *b"\0\0\x21\x07\xd3\x11\x86\x44\xc8\xc1\xca\0\0\0"];

/// Format tags of RFC 2361 that are met in practice.
fn coding_name(tag: u16) -> String {
    match tag {
        0x02 | 0x11 => "ADPCM".into(),
        0x31 => "GSM 6.10".into(),
        0x50 | 0x55 => "MP3".into(),
        0xff | 0x1600 | 0x1610 => "AAC".into(),
        0x160..=0x163 => "Windows Media Audio".into(),
        0x2000 => "AC-3".into(),
        _ => format!("an unknown coding (0x{tag:04x})"),
    }
}

/// N bytes of a chunk from `at` on; the callers' chunks are long enough, and zeros stand in for what is not there.
fn bytes<const N: usize>(chunk: &[u8], at: usize) -> [u8; N] {
    chunk.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

fn broken(path: &Path, what: &str) -> AudioError {
    AudioError::Broken { path: path.into(), what: what.into() }
}

fn foreign(path: &Path, what: String) -> AudioError {
    AudioError::Foreign { path: path.into(), what }
}
