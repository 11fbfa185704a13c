//! Reads audio files to their end, and knows what no file may do. `tests/fuzz` reads with it too.

use super::{AudioError, AudioReader, Spec};

/// Samples after which enough is heard: FLAC packs hours of silence into a few kilobytes.
pub(crate) const ENOUGH: usize = 1 << 23;

/// A file's samples, interleaved, and what was said about it.
#[derive(Debug)]
pub(crate) struct Heard {
    pub spec: Spec,
    pub samples: Vec<f32>,
    pub warnings: Vec<String>,
}

/// Reads an open file to its end in pieces of `block` frames.
pub(crate) fn hear(mut reader: AudioReader, block: usize) -> Result<Heard, AudioError> {
    let spec = reader.spec().clone();
    let mut planes = vec![vec![f32::NAN; block]; spec.channels];
    let mut samples = Vec::new();
    loop {
        let frames = reader.read(&mut planes)?;
        for frame in 0..frames {
            samples.extend(planes.iter().map(|plane| plane[frame]));
        }
        if frames < block {
            assert!(planes.iter().all(|plane| plane[frames..].iter().all(|&sample| sample == 0.0)));
            assert_eq!(reader.read(&mut planes)?, 0, "after its end a file has nothing more");
        }
        if frames < block || samples.len() >= ENOUGH {
            return Ok(Heard { spec, samples, warnings: reader.warnings() });
        }
    }
}

/// Whatever the bytes were, the answer is short, and no longer in samples than they can hold.
pub(crate) fn harmless(bytes: &[u8], heard: &Result<Heard, AudioError>) {
    match heard {
        Ok(heard) => {
            // FLAC packs thousands of equal samples into a few bytes; a WAV sample has at least one.
            let most = if bytes.starts_with(b"fLaC") { bytes.len() * 70_000 } else { bytes.len() };
            assert!(heard.samples.len() <= most);
            assert!((1..=64).contains(&heard.spec.channels) && heard.spec.rate > 0, "{:?}", heard.spec);
            assert!(heard.warnings.len() < 5, "{:?}", heard.warnings);
            assert!(heard.samples.iter().all(|sample| sample.is_finite()));
        }
        Err(error) => assert!(error.to_string().len() < 300, "{error}"),
    }
}
