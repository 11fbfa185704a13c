//! Thousands of damaged files: never a panic, never an endless loop, never more memory or samples than the file can hold.

use std::fs;

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::seal::seal;
use super::*;

/// The good files that damage starts from: those of other programs, and one of each trick.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = OTHERS.map(|name| fs::read(fixture(name)).unwrap()).into();
    let (format, body, _) = stereo();
    let (format, data) = (format.chunk(), chunk(b"data", &body));
    seeds.push(wav(&[chunk(b"LIST", b"INFOabc"), format.clone(), chunk(b"ds64", &[1; 28]), data]));
    seeds.push(wav(&[lying_chunk(b"JUNK", 1, b"x"), format, lying_chunk(b"data", 0, &body)]));
    seeds
}

/// A file with some bytes changed, mostly in its head where they matter most; sometimes cut, sometimes spliced.
fn hurt(rng: &mut TestRng, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut below = |n: usize| rng.next_u64() as usize % n;
    let mut bytes = seed.to_vec();
    for _ in 0..below(6) {
        let reach = if below(4) == 0 { bytes.len() } else { 90.min(bytes.len()) };
        let at = below(reach);
        match below(3) {
            0 => bytes[at] ^= 1 << below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)],
            _ => bytes[at] = below(256) as u8,
        }
    }
    match below(5) {
        0 => bytes.truncate(below(bytes.len())),
        1 => drop(bytes.remove(below(bytes.len()))),
        2 => {
            let at = below(bytes.len());
            bytes.splice(at..at, other[..below(60.min(other.len()))].iter().copied());
        }
        _ => {}
    }
    bytes
}

#[test]
fn no_damage_does_any_harm() {
    let seeds = seeds();
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let (mut read, mut refused) = (0, 0);
    for round in 0..6000 {
        let seed = &seeds[round % seeds.len()];
        let other = &seeds[round / seeds.len() % seeds.len()];
        let bytes = hurt(&mut rng, seed, other);
        for heard in [hear_file(&bytes), hear_pipe(&bytes)] {
            harmless(&bytes, &heard);
            *if heard.is_ok() { &mut read } else { &mut refused } += 1;
        }
    }
    assert!(read > 3000 && refused > 1000, "the damage is neither too light nor too heavy: {read}, {refused}");
}

#[test]
fn frames_may_be_wrong_although_their_checksums_are_right() {
    let flacs: Vec<_> = seeds().into_iter().filter(|seed| seed.starts_with(b"fLaC")).collect();
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut below = |n: usize| rng.next_u64() as usize % n;
    let mut decoded = 0;
    for round in 0..6000 {
        let mut bytes = flacs[round % flacs.len()].clone();
        let frames: Vec<usize> = (0..bytes.len() - 60).filter(|&at| bytes[at..].starts_with(&[0xff, 0xf8])).collect();
        let frame = frames[below(frames.len())];
        for _ in 0..=below(4) {
            bytes[frame + 4 + below(50)] = below(256) as u8; // the predictor and its first samples
        }
        seal(&mut bytes);
        let heard = hear_file(&bytes);
        harmless(&bytes, &heard);
        let passed = heard.is_ok_and(|heard| !heard.warnings.iter().any(|warning| warning.contains("behind frame")));
        decoded += usize::from(passed);
    }
    assert!((2000..5500).contains(&decoded), "the damage is neither too light nor too heavy: {decoded}");
}

#[test]
fn a_file_may_end_anywhere() {
    for seed in seeds() {
        for length in (0..seed.len()).filter(|length| *length < 200 || length % 37 == 0) {
            let _ = hear_file(&seed[..length]);
            let _ = hear_pipe(&seed[..length]);
        }
    }
}

#[test]
fn a_format_that_is_said_without_end_is_odd_once() {
    let (mut format, body, samples) = stereo();
    format.block = 5;
    let mut chunks = vec![format.chunk(); 1000];
    chunks.push(chunk(b"data", &body));
    let heard = hear_both(&wav(&chunks));
    assert_eq!(heard.samples, samples);
    assert_eq!(heard.warnings.len(), 1, "{:?}", heard.warnings.first());
}
