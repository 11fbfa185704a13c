//! How samples are written to a WAV file, and the head in front of them.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// How an output stores its samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// PCM of 16 bits.
    S16,
    /// PCM of 24 bits in 3 bytes.
    S24,
    /// PCM of 32 bits.
    S32,
    /// IEEE 754 of 32 bits: what the graph computed, unrounded and unclipped.
    #[default]
    F32,
}

impl Encoding {
    /// All of them, in the order of a help text.
    pub const ALL: [Self; 4] = [Self::S16, Self::S24, Self::S32, Self::F32];

    /// The name in a command: `s16`, `s24`, `s32`, `f32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::S16 => "s16",
            Self::S24 => "s24",
            Self::S32 => "s32",
            Self::F32 => "f32",
        }
    }

    /// Bytes a sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
        }
    }
}

impl Display for Encoding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|encoding| encoding.name() == name)
            .ok_or_else(|| format!("there is no encoding `{name}`; there are {names}"))
    }
}

/// What the head of a file depends on, apart from its length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub encoding: Encoding,
    pub channels: u16,
    pub rate: u32,
    /// The file is finished by a second head, with its length. Without, the length stays open: the samples of a pipe
    /// go on to its end.
    pub patched: bool,
}

impl Shape {
    /// 16 bits, mono or stereo: the 44 bytes that even the simplest reader takes. Such a file ends at 4 GiB; all others
    /// reserve the place for the longer lengths of RF64.
    fn plain(self) -> bool {
        self.encoding == Encoding::S16 && self.channels <= 2
    }

    /// Bytes a frame.
    pub fn frame(self) -> u64 {
        self.channels as u64 * self.encoding.bytes() as u64
    }

    /// The head for a number of frames, always of one size; `None` if so many frames cannot be described.
    pub fn head(self, frames: u64) -> Option<Vec<u8>> {
        let data = frames.checked_mul(self.frame())?;
        let format = self.format();
        // The samples' count is asked for where they are not plain PCM.
        let fact = self.encoding == Encoding::F32;
        let reserve = self.patched && !self.plain();
        let before = 4 + 36 * u64::from(reserve) + 8 + format.len() as u64 + 12 * u64::from(fact) + 8;
        let riff = data.checked_add(before + data % 2)?;
        let long = self.patched && riff > u64::from(u32::MAX);
        if long && !reserve {
            return None;
        }
        // The lengths that say "see ds64" in RF64 say "unknown" in a pipe.
        let short = |length: u64| if long || !self.patched { u32::MAX } else { length as u32 };
        let mut head = Vec::new();
        head.extend(if long { b"RF64" } else { b"RIFF" });
        head.extend(short(riff).to_le_bytes());
        head.extend(b"WAVE");
        if reserve {
            head.extend(if long { b"ds64" } else { b"JUNK" });
            head.extend(28u32.to_le_bytes());
            let lengths = if long { [riff, data, frames] } else { [0; 3] };
            lengths.iter().for_each(|length| head.extend(length.to_le_bytes()));
            head.extend([0; 4]);
        }
        head.extend(b"fmt ");
        head.extend((format.len() as u32).to_le_bytes());
        head.extend(format);
        if fact {
            head.extend(b"fact");
            head.extend(4u32.to_le_bytes());
            head.extend(short(frames).to_le_bytes());
        }
        head.extend(b"data");
        head.extend(short(data).to_le_bytes());
        Some(head)
    }

    /// The body of the format chunk: WAVEFORMAT, WAVEFORMATEX, or WAVEFORMATEXTENSIBLE where that is asked for (more than
    /// two channels, or integers of more than 16 bits).
    fn format(self) -> Vec<u8> {
        let bits = 8 * self.encoding.bytes() as u16;
        let coding: u16 = if self.encoding == Encoding::F32 { 3 } else { 1 };
        let extensible = self.channels > 2 || !matches!(self.encoding, Encoding::S16 | Encoding::F32);
        let mut format = Vec::new();
        format.extend(if extensible { 0xfffe } else { coding }.to_le_bytes());
        format.extend(self.channels.to_le_bytes());
        format.extend(self.rate.to_le_bytes());
        format.extend((self.rate * self.frame() as u32).to_le_bytes());
        format.extend((self.frame() as u16).to_le_bytes());
        format.extend(bits.to_le_bytes());
        if extensible {
            // A graph's channels beyond stereo are no loudspeakers: their mask names none.
            let speakers: u32 = [4, 3].get(usize::from(self.channels) - 1).copied().unwrap_or(0);
            format.extend(22u16.to_le_bytes());
            format.extend(bits.to_le_bytes());
            format.extend(speakers.to_le_bytes());
            format.extend(coding.to_le_bytes());
            format.extend(b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
        } else if coding == 3 {
            format.extend(0u16.to_le_bytes());
        }
        format
    }
}
