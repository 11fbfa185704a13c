//! Right checksums for damaged FLAC files: what a reader does behind a wrong one is soon tried out. `tests/fuzz` seals
//! with it too.

/// Corrects the checksums of all that looks like frames, each up to the next (RFC 9639, section 9).
pub(crate) fn seal(bytes: &mut [u8]) {
    let looks = |at: &usize| bytes[*at] == 0xff && bytes[at + 1] & 0xfe == 0xf8;
    let mut starts: Vec<usize> = (0..bytes.len().saturating_sub(1)).filter(looks).collect();
    starts.push(bytes.len());
    for ends in starts.windows(2) {
        let frame = &mut bytes[ends[0]..ends[1]];
        let head = head(frame);
        if frame.len() < head + 3 {
            continue;
        }
        frame[head] = crc(&frame[..head], 8, 0x07) as u8;
        let body = frame.len() - 2;
        let sum = crc(&frame[..body], 16, 0x8005);
        frame[body..].copy_from_slice(&sum.to_be_bytes());
    }
}

/// Bytes of a frame's head before its checksum.
fn head(frame: &[u8]) -> usize {
    let byte = |at: usize| frame.get(at).copied().unwrap_or(0);
    // The number of the frame, coded like a letter of UTF-8.
    let number = byte(4).leading_ones().max(1) as usize;
    let size = match byte(2) >> 4 {
        6 => 1,
        7 => 2,
        _ => 0,
    };
    let rate = match byte(2) & 15 {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    4 + number + size + rate
}

/// A cyclic redundancy check of `width` bits, most significant bit first, from 0 on.
fn crc(bytes: &[u8], width: u32, polynomial: u32) -> u16 {
    let top = 1u32 << (width - 1);
    let step = |sum: u32, _| if sum & top == 0 { sum << 1 } else { sum << 1 ^ polynomial };
    let sum = bytes.iter().fold(0u32, |sum, byte| (0..8).fold(sum ^ u32::from(*byte) << (width - 8), step));
    (sum & ((1 << width) - 1)) as u16
}
