//! Tests of the audio files: each is a story of a file that somebody has.

mod damage;
mod endings;
mod formats;
mod hear;
mod liars;
mod others;
mod output;
mod seal;

use std::io::Cursor;
use std::path::Path;

use self::hear::{Heard, harmless, hear};
use super::{AudioError, AudioReader, Spec};

/// Bytes read as the file they would be.
fn hear_file(bytes: &[u8]) -> Result<Heard, AudioError> {
    let size = bytes.len() as u64;
    hear(AudioReader::from_input(Path::new("x.wav"), Box::new(Cursor::new(bytes.to_vec())), Some(size))?, 7)
}

/// Bytes read as they come out of a pipe: of no known length.
fn hear_pipe(bytes: &[u8]) -> Result<Heard, AudioError> {
    hear(AudioReader::from_input(Path::new("-"), Box::new(Cursor::new(bytes.to_vec())), None)?, 100_000)
}

/// Both ways; they must agree on all but the wording.
fn hear_both(bytes: &[u8]) -> Heard {
    let (file, pipe) = (hear_file(bytes).unwrap(), hear_pipe(bytes).unwrap());
    assert_eq!(file.samples, pipe.samples);
    assert_eq!(file.warnings.len(), pipe.warnings.len(), "{:?} {:?}", file.warnings, pipe.warnings);
    file
}

/// The text of the error that a file ends with.
fn refusal(bytes: &[u8]) -> String {
    hear_pipe(bytes).unwrap_err();
    hear_file(bytes).unwrap_err().to_string()
}

fn fixture(name: &str) -> String {
    format!("{}/../tests/wav/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The files of other programs in `tests/wav`.
const OTHERS: [&str; 11] = [
    "ffmpeg_alaw.wav",
    "ffmpeg_f32_rf64.wav",
    "ffmpeg_f64.wav",
    "ffmpeg_s16.flac",
    "ffmpeg_s16_pipe.wav",
    "ffmpeg_s24_extensible.wav",
    "flac_s24_pipe.flac",
    "sox_mulaw.wav",
    "sox_s24_pipe.wav",
    "sox_s32.wav",
    "sox_u8.wav",
];

/// A format chunk; the tests change what they lie about.
#[derive(Clone, Copy)]
struct Format {
    tag: u16,
    channels: u16,
    rate: u32,
    bits: u16,
    /// Bytes a frame.
    block: u16,
    /// Bytes a second.
    speed: u32,
    /// WAVEFORMATEXTENSIBLE with so many valid bits.
    valid: Option<u16>,
}

impl Format {
    fn new(tag: u16, channels: u16, bits: u16) -> Self {
        let block = channels * bits.div_ceil(8);
        Self { tag, channels, rate: 48000, bits, block, speed: 48000 * u32::from(block), valid: None }
    }

    fn chunk(self) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend(if self.valid.is_some() { 0xfffe } else { self.tag }.to_le_bytes());
        body.extend(self.channels.to_le_bytes());
        body.extend(self.rate.to_le_bytes());
        body.extend(self.speed.to_le_bytes());
        body.extend(self.block.to_le_bytes());
        body.extend(self.bits.to_le_bytes());
        if let Some(valid) = self.valid {
            body.extend(22u16.to_le_bytes());
            body.extend(valid.to_le_bytes());
            body.extend([0; 4]);
            body.extend(self.tag.to_le_bytes());
            body.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
        }
        chunk(b"fmt ", &body)
    }
}

/// A chunk that tells the truth, with its padding.
fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = lying_chunk(name, body.len() as u32, body);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// A chunk that claims `length`, without padding.
fn lying_chunk(name: &[u8; 4], length: u32, body: &[u8]) -> Vec<u8> {
    [&name[..], &length.to_le_bytes(), body].concat()
}

/// A WAV file of chunks.
fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WAVE", &body].concat()
}

/// Integers of `bits` at the high end of containers of `bytes`, offset binary if that is one byte.
fn integers(samples: &[i64], bits: u16, bytes: usize) -> Vec<u8> {
    let encode = |&sample: &i64| {
        let sample = sample << (8 * bytes as u32 - u32::from(bits));
        let offset = if bytes == 1 { 128 } else { 0 };
        (sample + offset).to_le_bytes().into_iter().take(bytes)
    };
    samples.iter().flat_map(encode).collect()
}

/// Two channels of 16 bits: a format chunk, the bytes of 50 frames, and their samples by the definition.
fn stereo() -> (Format, Vec<u8>, Vec<f32>) {
    let codes: Vec<i64> = (0..100).map(|n| (n * 7919 + 13) % 65536 - 32768).collect();
    let samples = codes.iter().map(|&code| (code as f64 / 32768.0) as f32).collect();
    (Format::new(1, 2, 16), integers(&codes, 16, 2), samples)
}
