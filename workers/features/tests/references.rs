//! Features against what the libraries computed.
#![allow(clippy::unwrap_used)] // of files that lie beside the tests
mod bench;

use aw_features::*;
use bench::*;

/// Every case of a file, in blocks of several sizes that must agree bit for bit.
fn agree(case: &Case) {
    let whole = case.run(usize::MAX);
    case.compare(&whole);
    for block in [1, 7, 64, 160, 480, 0] {
        let blocks = case.run(block);
        let same = whole.iter().map(|x| x.to_bits()).eq(blocks.iter().map(|x| x.to_bits()));
        assert!(same, "{} in blocks of {block} is another", case.name);
    }
}

#[test]
fn an_stft_is_that_of_librosa() {
    agree(&Case::load("fixtures/p01_librosa_stft.json"));
}

#[test]
fn a_spectrogram_is_that_of_torchaudio() {
    agree(&Case::load("fixtures/p02_torchaudio_spectrogram_mag_48k_stereo.json"));
}

#[test]
fn mel_bands_are_those_of_librosa() {
    agree(&Case::load("fixtures/p03_librosa_mel_slaney_48k_stereo.json"));
    agree(&Case::load("fixtures/p04_librosa_logmel_db_top80.json"));
}

#[test]
fn mel_bands_are_those_of_torchaudio_whisper_and_espnet() {
    agree(&Case::load("fixtures/p05_torchaudio_logmel_htk.json"));
    agree(&Case::load("fixtures/p06_whisper80.json"));
    agree(&Case::load("fixtures/p15_espnet_logmel80.json"));
}

#[test]
fn cepstra_are_those_of_librosa() {
    agree(&Case::load("fixtures/p07_librosa_mfcc20_lifter.json"));
}

#[test]
fn mel_bands_and_cepstra_are_those_of_kaldi() {
    agree(&Case::load("fixtures/p08_kaldi_fbank80_snip.json"));
    agree(&Case::load("fixtures/p09_kaldi_fbank40_nosnip_energy.json"));
    agree(&Case::load("fixtures/p10_kaldi_mfcc13_energy.json"));
}

#[test]
fn cepstra_with_slopes_are_those_of_htk() {
    agree(&Case::load("fixtures/p12_htk_mfcc_e_d_a_opensmile.json"));
}

#[test]
fn slopes_and_normalised_features_are_those_of_kaldi() {
    agree(&Case::load("fixtures/p16_kaldi_deltas_cmvn.json"));
}

#[test]
fn frames_are_ready_when_the_libraries_have_heard_them() {
    for name in ["p01_librosa_stft", "p06_whisper80", "p08_kaldi_fbank80_snip", "p09_kaldi_fbank40_nosnip_energy"] {
        let case = Case::load(&format!("fixtures/{name}.json"));
        let frames = Frames::new(&case.keys);
        let facts = &case.json["streaming"];
        assert_eq!(frames.needs(0), facts["frame_0_ready_after_samples"].as_u64().unwrap(), "{name}");
        let samples = case.json["input"]["samples"].as_u64().unwrap();
        let late = (0..frames.count(samples)).filter(|t| frames.needs(*t) > samples).count() as u64;
        assert_eq!(late, facts["frames_only_after_end_of_input"].as_u64().unwrap(), "{name}");
    }
}

/// What `make_more.py` wrote, where the keys are others.
#[test]
fn other_keys_agree_with_the_libraries_too() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/more");
    let cases = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_str(&cases).unwrap();
    assert!(cases.len() > 20);
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|json| {
            let case = Case::new(&folder, json);
            let name = case.name.clone();
            std::panic::catch_unwind(move || agree(&case)).err().map(|_| name)
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
