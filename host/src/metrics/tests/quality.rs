//! What no metric is defined for is said, and nothing makes one panic.
use super::super::{Quality, QualityError};
use proptest::prelude::*;

fn noise(frames: usize, mut state: u32) -> Vec<f32> {
    let mut next = || {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (f64::from(state) / 2f64.powi(31) - 1.0) as f32
    };
    (0..frames).map(|_| 0.1 * next()).collect()
}

/// A rate at which it is defined.
fn rate(quality: Quality) -> u32 {
    if quality == Quality::PesqNb { 8000 } else { 16000 }
}

#[test]
fn each_has_a_name_and_says_what_it_is() {
    for quality in Quality::ALL {
        assert_eq!(Quality::of_key(quality.key()), Some(quality));
        assert!(quality.definition().contains(" 1"), "the definition has a version: {}", quality.definition());
    }
    assert_eq!(Quality::of_key("pesq"), None);
}

#[test]
fn a_signal_that_is_its_reference_is_perfect() {
    let sound = noise(32000, 3);
    let best = [f64::INFINITY, 35.0, 4.644, 4.549, 1.0, 1.0, 0.0];
    for (quality, best) in Quality::ALL.into_iter().zip(best) {
        let found = quality.of(&sound, &sound, rate(quality)).unwrap();
        assert!(found == best || (found - best).abs() < 1e-3, "{}: {found}", quality.key());
    }
}

#[test]
fn a_signal_that_is_silent_is_as_bad_as_can_be() {
    let (sound, silence) = (noise(32000, 3), vec![0.0; 32000]);
    for quality in Quality::ALL {
        let found = quality.of(&sound, &silence, rate(quality));
        match quality {
            Quality::SiSdr => assert_eq!(found, Ok(f64::NEG_INFINITY)),
            // What is off is the reference itself.
            Quality::SegmentalSnr => assert!(found.is_ok_and(|db| db.abs() < 1e-6)),
            Quality::PesqWb | Quality::PesqNb => {
                assert_eq!(found, Err(QualityError::NoUtterance { metric: quality.key() }));
            }
            Quality::Stoi | Quality::Estoi => assert_eq!(found, Ok(0.0)),
            Quality::LogSpectralDistance => assert!(found.is_ok_and(|db| db > 60.0)),
        }
    }
}

#[test]
fn what_cannot_be_compared_is_said() {
    let sound = noise(32000, 3);
    for quality in Quality::ALL {
        let (metric, rate) = (quality.key(), rate(quality));
        assert_eq!(
            quality.of(&sound, &sound[1..], rate),
            Err(QualityError::Lengths { reference: 32000, signal: 31999 }),
            "{metric}"
        );
        assert!(matches!(quality.of(&[], &[], rate), Err(QualityError::TooShort { found: 0, .. })), "{metric}");
        assert_eq!(quality.of(&[0.0; 32000], &sound, rate), Err(QualityError::Silent { metric }));
        let mut broken = sound.clone();
        broken[77] = f32::NEG_INFINITY;
        let infinite = QualityError::NotFinite { of: "signal", frame: 77, value: f32::NEG_INFINITY };
        assert_eq!(quality.of(&sound, &broken, rate), Err(infinite.clone()));
        assert_eq!(infinite.to_string().split(':').next(), Some("sample 77 of the signal is -inf"));
    }
}

#[test]
fn pesq_keeps_to_its_rates() {
    let sound = noise(32000, 3);
    for (quality, rate) in [(Quality::PesqWb, 8000), (Quality::PesqWb, 48000), (Quality::PesqNb, 16000)] {
        let refused = quality.of(&sound, &sound, rate).unwrap_err().to_string();
        assert!(refused.contains("`resample`") && refused.contains("not at"), "{refused}");
    }
    assert_eq!(
        Quality::PesqNb.of(&sound, &sound, 16000).unwrap_err().to_string(),
        "pesq_nb is defined at 8 kHz, not at 16000 Hz; put a `resample` to 8000 before the output, or set the graph's \
         `rate` to it; at 16 kHz there is `pesq_wb`"
    );
    assert!(matches!(Quality::Stoi.of(&sound, &sound, 4000), Err(QualityError::Rate { .. })));
}

#[test]
fn stoi_wants_speech_beside_the_pauses() {
    let mut sound = vec![0.0; 32000];
    sound[8000..10000].copy_from_slice(&noise(2000, 5));
    let refused = Quality::Stoi.of(&sound, &sound, 16000).unwrap_err();
    assert!(matches!(refused, QualityError::LittleSpeech { metric: "stoi", found: 1..30 }), "{refused}");
}

/// Sounds that are none: pieces of silence, noise, a constant, each as loud as a number can be.
fn sound() -> impl Strategy<Value = Vec<f32>> {
    let piece = (0..4u8, 0..12000usize, prop::sample::select(vec![1e-40f32, 1e-20, 1e-5, 1.0, 30.0, 1e20, f32::MAX]));
    prop::collection::vec((piece, any::<u32>()), 0..4).prop_map(|pieces| {
        let make = |((kind, frames, loud), seed): ((u8, usize, f32), u32)| match kind {
            0 => vec![0.0; frames],
            1 => vec![loud; frames],
            2 => noise(frames, seed).iter().map(|sample| sample * 10.0 * loud).collect(),
            _ => noise(frames, seed).iter().map(|sample| loud.copysign(*sample)).collect(),
        };
        pieces.into_iter().flat_map(make).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// A figure or a refusal: never a panic, never a NaN.
    #[test]
    fn any_sound_has_a_figure_or_is_refused(a in sound(), b in sound(), same in any::<bool>(), back in any::<bool>()) {
        let mut b = if same { a.clone() } else { b };
        if back {
            b.reverse();
        }
        let frames = if same { a.len() } else { a.len().min(b.len()) };
        for quality in Quality::ALL {
            if let Ok(found) = quality.of(&a[..frames], &b[..frames], rate(quality)) {
                prop_assert!(!found.is_nan(), "{}", quality.key());
            }
        }
    }
}
