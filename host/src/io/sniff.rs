//! What a file is, told by its first bytes, never by its name.

/// What the first 12 bytes (fewer only if the file is shorter) announce.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    /// A RIFF, RF64 or BW64 file that holds a WAVE.
    Wave,
    /// A native FLAC stream.
    Flac,
    /// Something else, with its article.
    Foreign(&'static str),
}

pub(super) fn kind(head: &[u8]) -> Kind {
    let form = head.get(8..12).unwrap_or_default();
    match head {
        [b'R', b'I', b'F', b'F', ..] | [b'R', b'F', b'6', b'4', ..] | [b'B', b'W', b'6', b'4', ..]
            if form == b"WAVE" =>
        {
            Kind::Wave
        }
        [b'f', b'L', b'a', b'C', ..] => Kind::Flac,
        _ => Kind::Foreign(foreign(head, form)),
    }
}

/// Signatures: the format specifications; the same first bytes that `file(1)` goes by.
fn foreign(head: &[u8], form: &[u8]) -> &'static str {
    match head {
        [b'R', b'I', b'F', b'F', ..] if form == b"AVI " => "an AVI video",
        [b'R', b'I', b'F', b'X', ..] => "a big-endian WAV file (RIFX)",
        [b'r', b'i', b'f', b'f', ..] => "a Wave64 file",
        [b'I', b'D', b'3', ..] => "an MP3 file",
        [b'O', b'g', b'g', b'S', ..] => "an Ogg file (Vorbis, Opus or FLAC)",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "an MP4 file (M4A, AAC)",
        [b'F', b'O', b'R', b'M', ..] => "an AIFF file",
        [b'c', b'a', b'f', b'f', ..] => "a Core Audio file",
        [b'.', b's', b'n', b'd', ..] => "an AU file",
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "a Matroska or WebM file",
        [b'w', b'v', b'p', b'k', ..] => "a WavPack file",
        [b'#', b'!', b'A', b'M', b'R', ..] => "an AMR file",
        [0xff, 0xf1 | 0xf9, ..] => "an AAC file",
        [0xff, second, ..] if second & 0xe0 == 0xe0 => "an MP3 file",
        _ => "neither WAV nor FLAC",
    }
}
