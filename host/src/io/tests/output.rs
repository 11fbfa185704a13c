//! What is written can be read: by this reader, and by the bytes of the specifications.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::io::wav_header::Shape;
use crate::io::{AudioWriter, Encoding, NpyWriter, Written};

/// Writes planes to a file and reads it again.
fn there_and_back(encoding: Encoding, rate: u32, planes: &[Vec<f32>], batch: usize) -> (Heard, Written, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let mut writer = AudioWriter::create(&path, rate, planes.len(), encoding).unwrap();
    let frames = planes[0].len();
    for start in (0..frames).step_by(batch) {
        let end = frames.min(start + batch);
        writer.write(&planes.iter().map(|plane| &plane[start..end]).collect::<Vec<_>>()).unwrap();
    }
    let written = writer.finish().unwrap();
    let bytes = fs::read(&path).unwrap();
    (hear(AudioReader::open(path).unwrap(), 64).unwrap(), written, bytes)
}

/// The definition of each encoding: the nearest code in range, as a number again; and whether it was out of range.
fn stored(encoding: Encoding, sample: f32) -> (f32, bool) {
    let bits = match encoding {
        Encoding::F32 => return (sample, false),
        Encoding::S16 => 16,
        Encoding::S24 => 24,
        Encoding::S32 => 32,
    };
    let half = 2f64.powi(bits - 1);
    let code = (f64::from(sample) * half).round_ties_even();
    ((code.clamp(-half, half - 1.0) / half) as f32, code < -half || code >= half)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_encoding_comes_back(
        encoding in prop::sample::select(&Encoding::ALL[..]),
        channels in 1usize..=9,
        rate in 1u32..400_000,
        samples in prop::collection::vec(prop_oneof![8 => -1.0f32..1.0, 1 => -4.0f32..4.0, 1 => Just(1.0), 1 => Just(-1.0)], 0..200),
        batch in 1usize..50,
    ) {
        let frames = samples.len() / channels;
        let samples = &samples[..frames * channels];
        let planes: Vec<Vec<f32>> =
            (0..channels).map(|channel| samples.iter().skip(channel).step_by(channels).copied().collect()).collect();
        let (heard, written, bytes) = there_and_back(encoding, rate, &planes, batch);
        let expected: Vec<_> = samples.iter().map(|&sample| stored(encoding, sample)).collect();
        prop_assert_eq!(heard.samples, expected.iter().map(|&(sample, _)| sample).collect::<Vec<_>>());
        prop_assert_eq!((heard.spec.rate, heard.spec.channels, heard.spec.frames), (rate, channels, Some(frames as u64)));
        prop_assert_eq!(heard.warnings.len(), usize::from(frames == 0));
        let outer = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
        prop_assert_eq!((bytes.len() % 2, outer as usize), (0, bytes.len() - 8), "chunks are padded and counted");
        let peak = samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        let clipped = expected.iter().filter(|&&(_, clipped)| clipped).count() as u64;
        prop_assert_eq!(written, Written { frames: frames as u64, clipped, not_finite: 0, peak });
    }
}

#[test]
fn sixteen_bit_stereo_begins_with_the_44_bytes_that_everybody_knows() {
    let (_, _, bytes) = there_and_back(Encoding::S16, 48000, &[vec![0.5, -1.0], vec![0.25, 0.0]], 10);
    let expected = b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0data\x08\0\0\0\
        \0\x40\0\x20\0\x80\0\0";
    assert_eq!(bytes, expected);
}

#[test]
fn a_nan_does_not_spoil_the_file() {
    let plane = vec![0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let (heard, written, _) = there_and_back(Encoding::S24, 8000, std::slice::from_ref(&plane), 3);
    assert_eq!(heard.samples, [0.5, 0.0, 1.0 - 1.0 / 8_388_608.0, -1.0]);
    assert_eq!(written, Written { frames: 4, clipped: 2, not_finite: 3, peak: 0.5 });
    let (_, written, bytes) = there_and_back(Encoding::F32, 8000, &[plane], 3);
    assert!(f32::from_le_bytes(*bytes[..bytes.len() - 4].last_chunk().unwrap()).is_infinite(), "floats stay");
    assert_eq!(written.not_finite, 3);
}

#[test]
fn the_head_of_a_file_beyond_four_gigabytes_is_rf64() {
    let shape = Shape { encoding: Encoding::F32, channels: 8, rate: 48000, patched: true };
    let frames = 1 << 40;
    let (short, long) = (shape.head(1000).unwrap(), shape.head(frames).unwrap());
    assert_eq!((short.len(), &short[..4], &short[12..16]), (long.len(), &b"RIFF"[..], &b"JUNK"[..]));
    assert_eq!((&long[..4], &long[12..16]), (&b"RF64"[..], &b"ds64"[..]));
    let lengths: Vec<u64> = long[20..44].as_chunks().0.iter().map(|&eight| u64::from_le_bytes(eight)).collect();
    let data = frames * shape.frame();
    assert_eq!(lengths, [data + long.len() as u64 - 8, data, frames], "EBU Tech 3306: the file, the data, the frames");
    let heard = hear_pipe(&long).unwrap();
    assert_eq!(heard.spec.frames, Some(frames));
    // The last length that fits, and the first that does not.
    let fits = (u64::from(u32::MAX) - short.len() as u64 + 8) / shape.frame();
    assert_eq!(&shape.head(fits).unwrap()[..4], b"RIFF");
    assert_eq!(&shape.head(fits + 1).unwrap()[..4], b"RF64");
    let plain = Shape { encoding: Encoding::S16, channels: 1, ..shape };
    assert!(plain.head(1 << 30).is_some() && plain.head(1 << 31).is_none(), "44 bytes have no room for more");
    assert!(shape.head(u64::MAX).is_none());
}

#[test]
fn a_pipe_gets_a_head_of_open_length() {
    for encoding in Encoding::ALL {
        for channels in [1, 2, 6] {
            let shape = Shape { encoding, channels, rate: 44100, patched: false };
            let mut bytes = shape.head(0).unwrap();
            bytes.extend(vec![0; 10 * shape.frame() as usize]);
            let heard = hear_pipe(&bytes).unwrap();
            assert_eq!((heard.spec.frames, heard.spec.channels), (None, usize::from(channels)));
            assert_eq!((heard.samples.len(), heard.warnings.len()), (10 * usize::from(channels), 0));
        }
    }
}

#[test]
fn what_a_wav_file_cannot_hold_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    for (rate, channels) in [(0, 1), (48000, 0), (48000, 65), (2_000_000, 1)] {
        let error = AudioWriter::create(&path, rate, channels, Encoding::F32).unwrap_err().to_string();
        assert!(error.ends_with("a WAV file has 1 to 64 channels at 1 to 1536000 Hz"), "{error}");
    }
    let mut writer = AudioWriter::create(&path, 48000, 2, Encoding::F32).unwrap();
    assert!(writer.write(&[&[0.0]]).unwrap_err().to_string().contains("has 2 channels"));
    assert!(writer.write(&[&[0.0], &[0.0, 0.0]]).is_err());
    assert_eq!("s24".parse(), Ok(Encoding::S24));
    assert_eq!("pcm".parse::<Encoding>(), Err("there is no encoding `pcm`; there are s16, s24, s32, f32".into()));
}

#[test]
fn an_npy_array_has_the_frames_that_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    for (tail, text) in [(&[][..], "(6, )"), (&[2], "(3, 2, )"), (&[3, 1, 2], "(1, 3, 1, 2, )")] {
        let mut writer = NpyWriter::create(&path, tail).unwrap();
        writer.write(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        writer.write(&[]).unwrap();
        assert_eq!(writer.finish().unwrap(), 6 / tail.iter().product::<usize>() as u64);
        let bytes = fs::read(&path).unwrap();
        let (head, values) = bytes.split_at(128);
        assert_eq!(&head[..10], b"\x93NUMPY\x01\0\x76\0");
        let dict = std::str::from_utf8(&head[10..]).unwrap();
        let expected = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {text}, }}");
        assert_eq!((dict.trim_end(), dict.ends_with(" \n")), (expected.as_str(), true));
        assert_eq!(values, [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0].map(f32::to_le_bytes).concat());
    }
    let mut writer = NpyWriter::create(&path, &[40]).unwrap();
    let error = writer.write(&[0.0; 41]).unwrap_err().to_string();
    assert!(error.ends_with("has frames of 40 values; 41 are no whole number of them"), "{error}");
    for tail in [&[0][..], &[usize::MAX, 2]] {
        assert!(NpyWriter::create(&path, tail).unwrap_err().to_string().contains("cannot hold frames of the shape"));
    }
    assert!(NpyWriter::create("-", &[2]).unwrap_err().to_string().contains("begins with its length; name a file"));
}
