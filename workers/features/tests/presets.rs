//! `preset = "NAME"` in a graph gives what the library gives: the whole program against the libraries' own numbers.
#![allow(dead_code, clippy::unwrap_used)]

mod bench;

use aw_tests::{aw, stderr};
use bench::*;
use std::path::Path;

/// Presets and what their library computed.
const CASES: &[(&str, &str)] = &[
    ("librosa_stft", "p01_librosa_stft"),
    ("torchaudio_spectrogram", "p02_torchaudio_spectrogram_mag_48k_stereo"),
    ("librosa_mel", "p03_librosa_mel_slaney_48k_stereo"),
    ("librosa_logmel_db", "p04_librosa_logmel_db_top80"),
    ("torchaudio_logmel", "p05_torchaudio_logmel_htk"),
    ("whisper80", "p06_whisper80"),
    ("librosa_mfcc", "p07_librosa_mfcc20_lifter"),
    ("kaldi_fbank80", "p08_kaldi_fbank80_snip"),
    ("kaldi_fbank_nosnip_energy", "p09_kaldi_fbank40_nosnip_energy"),
    ("kaldi_mfcc13", "p10_kaldi_mfcc13_energy"),
    ("htk_mfcc_e_d_a", "p12_htk_mfcc_e_d_a_opensmile"),
    ("opensmile_mfcc_e_d_a", "p12_htk_mfcc_e_d_a_opensmile"),
    ("espnet_logmel80", "p15_espnet_logmel80"),
];

/// The frames that a graph with a preset makes of a recording, with host blocks of that size: channel by channel.
fn replayed(preset: &str, case: &Case, folder: &Path, block: usize) -> Vec<f32> {
    let rate = case.json["input"]["sample_rate"].as_u64().unwrap();
    let graph = format!(
        "[graph]\nrate = {rate}\n[input.mic]\n[node.frames]\nworker = \"features\"\npreset = \"{preset}\"\nin = \"mic\"\n\
         [output.thru]\nfrom = \"mic\"\n"
    );
    std::fs::write(folder.join("graph.toml"), graph).unwrap();
    let sound = case.folder.join(case.json["input"]["file"].as_str().unwrap());
    let out = folder.join("frames.npy");
    let mut command = aw();
    command.arg("replay").arg(folder.join("graph.toml")).arg("--in").arg(sound).args(["--block", &block.to_string()]);
    let done = command.arg("--probe").arg(format!("frames={}", out.display())).output().unwrap();
    assert!(done.status.success(), "{preset}: {}", stderr(&done));
    let frames = Array::read(&out);
    let channels = case.input.shape[0];
    let width = frames.data.len() / frames.shape[0] / channels;
    let plane = |channel: usize| frames.data.chunks(width).skip(channel).step_by(channels).flatten().copied();
    (0..channels).flat_map(plane).collect()
}

#[test]
fn a_preset_gives_what_its_library_gives() {
    let folder = tempfile::tempdir().unwrap();
    for (preset, case) in CASES {
        let case = Case::load(&format!("fixtures/{case}.json"));
        let frames = replayed(preset, &case, folder.path(), 128);
        case.compare(&frames);
        for block in [1021, 37] {
            assert!(replayed(preset, &case, folder.path(), block) == frames, "{preset} in blocks of {block}");
        }
    }
}

/// The reference is kaldi-native-fbank's, which NeMo's streaming models use.
#[test]
fn nemo_is_a_preset_too() {
    let folder = tempfile::tempdir().unwrap();
    let more = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/more");
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(more.join("cases.json")).unwrap()).unwrap();
    let json = cases.into_iter().find(|json| json["name"] == "nemo").unwrap();
    let mut case = Case::new(&more, json);
    let sound = folder.path().join("sound.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&sound, spec).unwrap();
    case.input.data.iter().for_each(|x| writer.write_sample(*x).unwrap());
    writer.finalize().unwrap();
    case.json["input"]["file"] = sound.to_str().unwrap().into();
    case.json["input"]["sample_rate"] = 16000.into();
    case.compare(&replayed("nemo_mel80", &case, folder.path(), 128));
}

#[test]
fn the_microfrontend_of_micro_speech_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let case = Case::load("fixtures/p15_espnet_logmel80.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path.join("p11_tflm_micro_speech_40.json")).unwrap()).unwrap();
    let bytes = std::fs::read(path.join("out/p11_tflm_micro_speech_40.npy")).unwrap();
    let theirs: Vec<f32> = bytes[bytes.len() - 2 * 149 * 40..]
        .chunks_exact(2)
        .map(|b| f32::from(u16::from_le_bytes([b[0], b[1]])))
        .collect();
    let case = Case { json, ..case };
    assert_eq!(replayed("tflm_micro_speech", &case, folder.path(), 128), theirs);
    // The model is trained with a part of these integers.
    let trained: Vec<f32> = theirs.iter().map(|x| x * 10.0 / 256.0).collect();
    assert_eq!(replayed("micro_speech", &case, folder.path(), 128), trained);
}

/// What needs the whole recording is said where it stands, with a way out.
#[test]
fn an_utterance_is_no_live_feature() {
    let folder = tempfile::tempdir().unwrap();
    let graph = folder.path().join("graph.toml");
    let text = |preset: &str| {
        format!(
            "[graph]\nrate = 16000\n[input.mic]\n[node.frames]\nworker = \"features\"\nin = \"mic\"\npreset = \"{preset}\"\n\
             [node.louder]\nworker = \"peaks\"\nin = \"frames\"\n[output.heard]\nfrom = \"louder\"\nto = \"stdout\"\n"
        )
    };
    let check = |preset: &str, live: &[&str]| {
        std::fs::write(&graph, text(preset)).unwrap();
        let output = aw().arg("check").args(live).arg(&graph).output().unwrap();
        (output.status.success(), stderr(&output) + &String::from_utf8_lossy(&output.stdout))
    };
    assert!(check("whisper80", &[]).0);
    let (fine, said) = check("whisper80", &["--live"]);
    assert!(!fine && said.contains("error[offline]") && said.contains("log.range_scope"), "{said}");
    assert!(said.contains(":7:1") && said.contains("\"running\""), "{said}");
    let (fine, said) = check("whisper80_live", &["--live"]);
    assert!(fine, "{said}");
}
