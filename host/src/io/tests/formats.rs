//! Every layout of samples that a WAV file can have, made by hand, against the definition of its scale.

use super::*;

/// Codes over the whole range of `bits`, its ends included.
fn codes(bits: u16, count: usize) -> Vec<i64> {
    let half = 1i64 << (bits - 1);
    let mut codes: Vec<i64> = (0..count as i64).map(|n| (n * 0x1_2345_6789) % (2 * half) - half).collect();
    codes[0] = -half;
    codes[1] = half - 1;
    codes
}

#[test]
fn integers_of_every_width_are_exact() {
    // bits, bytes of the container
    for (bits, bytes) in [(8, 1), (5, 1), (12, 2), (16, 2), (20, 3), (24, 3), (24, 4), (20, 4), (32, 4)] {
        for channels in 1..=8 {
            let codes = codes(bits, 30 * usize::from(channels));
            let expected: Vec<f32> =
                codes.iter().map(|&code| (code as f64 / (1i64 << (bits - 1)) as f64) as f32).collect();
            let data = chunk(b"data", &integers(&codes, bits, bytes));
            let block = channels * bytes as u16;
            let bare = Format { block, ..Format::new(1, channels, bits) };
            let extensible = Format { valid: Some(bits), bits: 8 * bytes as u16, ..bare };
            for format in [bare, extensible] {
                let heard = hear_both(&wav(&[format.chunk(), data.clone()]));
                assert_eq!(heard.samples, expected, "{bits} bits in {bytes} bytes, {channels} channels");
                let spec = heard.spec;
                assert_eq!((spec.rate, spec.channels, spec.frames), (48000, usize::from(channels), Some(30)));
                let wide = if bytes > usize::from(bits.div_ceil(8)) { format!(" in {}", 8 * bytes) } else { "".into() };
                assert_eq!(spec.encoding, format!("PCM {bits} bit{wide}"));
                assert_eq!(heard.warnings, [""; 0]);
            }
        }
    }
}

#[test]
fn floats_are_as_they_are() {
    for channels in 1..=8 {
        let samples: Vec<f32> = (0..30 * channels).map(|n| (f32::from(n) - 100.0) * 0.037).collect();
        let narrow: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let wide: Vec<u8> = samples.iter().flat_map(|&sample| f64::from(sample).to_le_bytes()).collect();
        for (bits, body) in [(32, narrow), (64, wide)] {
            for valid in [None, Some(bits)] {
                let format = Format { valid, ..Format::new(3, channels, bits) };
                let heard = hear_both(&wav(&[format.chunk(), chunk(b"data", &body)]));
                assert_eq!(heard.samples, samples);
                assert_eq!(heard.spec.encoding, format!("float {bits} bit"));
                assert_eq!(heard.warnings, [""; 0]);
            }
        }
    }
}

#[test]
fn a_nan_in_a_float_file_is_read_as_silence_and_counted() {
    let samples = [0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.5];
    let body: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let heard = hear_both(&wav(&[Format::new(3, 1, 32).chunk(), chunk(b"data", &body)]));
    assert_eq!(heard.samples, [0.5, 0.0, 0.0, 0.0, -0.5]);
    assert_eq!(heard.warnings, ["`x.wav` has 3 samples that are NaN or infinite; they are read as 0"]);

    let body: Vec<u8> = [1e300, -0.25].iter().flat_map(|sample: &f64| sample.to_le_bytes()).collect();
    let heard = hear_both(&wav(&[Format::new(3, 1, 64).chunk(), chunk(b"data", &body)]));
    assert_eq!((heard.samples, heard.warnings.len()), (vec![0.0, -0.25], 1), "a double too large for f32");
}

#[test]
fn telephone_codings_follow_their_table() {
    // The ends and the middle of ITU-T G.711, tables 1a and 2a, in units of 16 bits.
    let a_law = [(0x2a, 32256), (0xaa, -32256), (0x55, 8), (0xd5, -8), (0x5a, 248), (0x45, 264)];
    let mu_law = [(0x00, -32124), (0x80, 32124), (0x7f, 0), (0xff, 0), (0xfe, 8), (0x6f, -132)];
    for (tag, sign, table, name) in [(6, -1.0, a_law, "A-law 8 bit"), (7, 1.0, mu_law, "mu-law 8 bit")] {
        let body: Vec<u8> = table.iter().map(|&(code, _)| code).collect();
        let expected: Vec<f32> = table.iter().map(|&(_, value)| sign * value as f32 / 32768.0).collect();
        let heard = hear_both(&wav(&[Format::new(tag, 1, 8).chunk(), chunk(b"data", &body)]));
        assert_eq!((heard.samples, heard.spec.encoding.as_str()), (expected, name));
    }
}

#[test]
fn files_beyond_four_gigabytes_say_their_length_elsewhere() {
    let (format, body, samples) = stereo();
    for name in [b"RF64", b"BW64"] {
        let mut lengths = vec![0; 28];
        lengths[8..16].copy_from_slice(&(body.len() as u64).to_le_bytes());
        let data = lying_chunk(b"data", u32::MAX, &body);
        let mut bytes = wav(&[chunk(b"ds64", &lengths), format.chunk(), data, chunk(b"LIST", b"INFO")]);
        bytes[..4].copy_from_slice(name);
        let heard = hear_both(&bytes);
        assert_eq!((heard.samples, heard.spec.frames), (samples.clone(), Some(50)));
        assert_eq!(heard.warnings, [""; 0]);
    }
}
