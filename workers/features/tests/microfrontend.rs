//! Frames of the microfrontend against those of the library whose models it feeds: every bit, in every frame. How the
//! references were made is in `fixtures/microfrontend/README.md`.

// A fixture that is missing fails the test.
#![allow(clippy::unwrap_used)]

use aw_features::microfrontend::{Keys, Microfrontend};
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// What is heard.
#[derive(Clone, Copy)]
enum Sound {
    /// Speech and noise.
    Mix,
    Silence,
    /// Full scale, 40 samples up and 40 down.
    Square,
    /// One sample.
    Impulse,
    /// One sample of -32768, where a window weighs it in full.
    Lone,
    /// 700 samples of -32768, which has no opposite, and 700 of silence.
    Lowest,
    /// White, full scale.
    Noise,
    /// White, from -4 to 3.
    Hiss,
    /// White, a quarter of a second quiet and as long loud.
    Bursts,
}

impl Sound {
    fn samples(self, len: usize) -> Vec<i16> {
        let mut seed = 1_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
            seed
        };
        let mut make = |sample: &mut dyn FnMut(usize, u32) -> i16| (0..len).map(|n| sample(n, random())).collect();
        match self {
            Self::Mix => mix().into_iter().take(len).collect(),
            Self::Silence => vec![0; len],
            Self::Square => make(&mut |n, _| if n / 40 % 2 == 0 { i16::MAX } else { i16::MIN }),
            Self::Impulse => make(&mut |n, _| if n == 1000 { i16::MAX } else { 0 }),
            Self::Lone => make(&mut |n, _| if n == 1000 { i16::MIN } else { 0 }),
            Self::Lowest => make(&mut |n, _| if n / 700 % 2 == 0 { i16::MIN } else { 0 }),
            Self::Noise => make(&mut |_, random| (random >> 16) as i16),
            Self::Hiss => make(&mut |_, random| (random >> 29) as i16 - 4),
            Self::Bursts => make(&mut |n, random| (random >> 16) as i16 >> if n / 4000 % 2 == 0 { 12 } else { 0 }),
        }
    }
}

/// The samples of `mix16.wav`, 16 bits after a header of 44 bytes.
fn mix() -> Vec<i16> {
    let bytes = std::fs::read(fixture("in/mix16.wav")).unwrap();
    words(&bytes[44..]).map(|word| word as i16).collect()
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]))
}

/// The values of a file of u16 in NumPy's format, version 1: a header of the length written in bytes 8 and 9, then values.
fn reference(name: &str) -> Vec<u16> {
    let bytes = std::fs::read(fixture(&format!("microfrontend/{name}.npy"))).unwrap();
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(String::from_utf8_lossy(&bytes[10..header]).contains("'<u2', 'fortran_order': False"), "{name}");
    words(&bytes[header..]).collect()
}

/// All frames of `samples`, one after the other.
fn frames(frontend: &mut Microfrontend, samples: &[i16]) -> Vec<u16> {
    let mut frame = vec![0; frontend.channels()];
    let windows = samples.windows(frontend.window_samples()).step_by(frontend.step_samples());
    let mut out = Vec::new();
    for window in windows {
        frontend.frame(window, &mut frame);
        out.extend_from_slice(&frame);
    }
    out
}

fn pcan() -> Keys {
    Keys { enable_pcan: true, ..Keys::default() }
}

/// Compares the frames of a sound with the reference of that name.
fn same(name: &str, sound: Sound, len: usize, rate: u32, keys: Keys) {
    let mut frontend = Microfrontend::new(&keys, rate).unwrap();
    let (ours, theirs) = (frames(&mut frontend, &sound.samples(len)), reference(name));
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let channels = frontend.channels();
    for (frame, (ours, theirs)) in ours.chunks(channels).zip(theirs.chunks(channels)).enumerate() {
        assert_eq!(ours, theirs, "{name}, frame {frame}");
    }
}

#[test]
fn micro_speech_hears_what_it_was_trained_on() {
    let keys = Keys { size_ms: 30, step_ms: 20, channels: 40, ..pcan() };
    same("p11_tflm_micro_speech_40", Sound::Mix, 48003, 16000, keys);
}

#[test]
fn wake_words_hear_what_they_were_trained_on() {
    same("30_10_40", Sound::Mix, 12000, 16000, Keys { size_ms: 30, step_ms: 10, channels: 40, ..pcan() });
}

#[test]
fn every_stage_can_be_left_out() {
    let no_log = Keys { enable_log: false, ..Keys::default() };
    same("defaults", Sound::Mix, 12000, 16000, Keys::default());
    same("pcan", Sound::Mix, 12000, 16000, pcan());
    same("no_log", Sound::Mix, 12000, 16000, no_log);
    same("pcan_no_log", Sound::Mix, 12000, 16000, Keys { enable_log: false, ..pcan() });
}

#[test]
fn any_windows_rates_and_channels() {
    let keys = Keys { size_ms: 32, step_ms: 16, channels: 20, upper: 3800.0, ..Keys::default() };
    same("32_16_20", Sound::Mix, 12000, 16000, keys);
    let keys = Keys { channels: 64, lower: 20.0, upper: 7900.0, ..Keys::default() };
    same("64_channels", Sound::Mix, 12000, 16000, keys);
    same("8000_hz", Sound::Mix, 8000, 8000, Keys { upper: 3800.0, ..pcan() });
    let keys = Keys { size_ms: 32, step_ms: 16, channels: 40, lower: 60.0, upper: 10000.0, ..Keys::default() };
    same("22050_hz", Sound::Mix, 12000, 22050, keys);
    same("44100_hz", Sound::Mix, 24000, 44100, Keys { channels: 48, upper: 20000.0, ..pcan() });
    let keys = Keys { size_ms: 4, step_ms: 2, channels: 6, lower: 0.0, upper: 3700.0, ..Keys::default() };
    same("small_fft", Sound::Mix, 800, 8000, keys);
}

#[test]
fn channels_too_narrow_for_a_bin_stay_silent() {
    same("160_channels", Sound::Mix, 6000, 16000, Keys { channels: 160, ..Keys::default() });
}

/// One weight of these filters is another with the logarithm of crate `libm`.
#[test]
fn a_weight_next_to_a_half_rounds_as_the_library_rounds_it() {
    let keys = Keys { size_ms: 49, step_ms: 20, channels: 89, lower: 163.3468, upper: 7224.335, ..Keys::default() };
    same("rounding", Sound::Mix, 12000, 16000, keys);
}

#[test]
fn noise_and_gain_by_other_keys() {
    let smoothing =
        Keys { smoothing_bits: 8, even_smoothing: 0.3, odd_smoothing: 0.01, min_signal_remaining: 0.2, ..pcan() };
    same("smoothing", Sound::Mix, 12000, 16000, smoothing);
    same(
        "gain",
        Sound::Mix,
        12000,
        16000,
        Keys { strength: 0.6, offset: 20.0, gain_bits: 18, scale_shift: 9, ..pcan() },
    );
}

#[test]
fn the_ends_of_the_scale() {
    same("silence", Sound::Silence, 4000, 16000, pcan());
    same("square", Sound::Square, 12000, 16000, pcan());
    same("impulse", Sound::Impulse, 8000, 16000, pcan());
    same("noise", Sound::Noise, 12000, 16000, pcan());
    same("hiss", Sound::Hiss, 12000, 16000, pcan());
    same("bursts", Sound::Bursts, 20000, 16000, pcan());
}

#[test]
fn numbers_without_room_wrap_as_the_library_wraps_them() {
    same("lowest", Sound::Lowest, 12000, 16000, pcan());
    same("lowest_no_log", Sound::Lowest, 12000, 16000, Keys { enable_log: false, ..Keys::default() });
    same("lone", Sound::Lone, 4000, 16000, Keys { enable_log: false, ..Keys::default() });
    same("wrap", Sound::Bursts, 12000, 16000, Keys { smoothing_bits: 22, enable_log: false, ..Keys::default() });
}

#[test]
fn a_second_stream_after_a_reset_sounds_like_the_first() {
    let mut frontend = Microfrontend::new(&pcan(), 16000).unwrap();
    let samples = mix();
    let first = frames(&mut frontend, &samples);
    assert_ne!(frames(&mut frontend, &samples), first, "the noise of the first stream is remembered");
    frontend.reset();
    assert_eq!(frames(&mut frontend, &samples), first);
}

#[test]
fn a_window_that_ends_early_goes_on_as_silence() {
    let (mut cut, mut padded) =
        (Microfrontend::new(&pcan(), 16000).unwrap(), Microfrontend::new(&pcan(), 16000).unwrap());
    let mut samples = mix()[8000..8400].to_vec();
    let (mut a, mut b) = ([0; 32], [0; 40]);
    cut.frame(&samples[..300], &mut a);
    samples[300..].fill(0);
    padded.frame(&samples, &mut b);
    assert_eq!(a, b[..32]);
    assert_eq!(b[32..], [0; 8], "values beyond the channels are left alone");
    assert_ne!(a, [0; 32]);
}
