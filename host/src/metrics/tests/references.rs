//! Our figures against those of published implementations, which `tests/metrics/make.py` computed of the same sounds.
use super::super::*;
use crate::io::AudioReader;
use serde_json::Value;

fn file(name: &str) -> String {
    format!("{}/../tests/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn figures(what: &str) -> Vec<Value> {
    let all: Value = serde_json::from_slice(&std::fs::read(file("metrics/figures.json")).unwrap()).unwrap();
    all[what].as_array().unwrap().clone()
}

fn wav(name: &str) -> Vec<f32> {
    let mut reader = AudioReader::open(file(&format!("wav/{name}"))).unwrap();
    let mut planes = vec![vec![0.0; 1 << 20]];
    let frames = reader.read(&mut planes).unwrap();
    planes[0][..frames].to_vec()
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap()
}

/// As a file of 16 bits keeps it.
fn bits16(samples: impl Iterator<Item = f64>) -> Vec<f32> {
    samples.map(|x| ((x * 32768.0 + 0.5).floor().clamp(-32768.0, 32767.0) / 32768.0) as f32).collect()
}

fn spoilt(samples: &[f32], how: &str) -> Vec<f32> {
    let all = samples.iter().map(|sample| f64::from(*sample));
    match how {
        "clip" => bits16(all.map(|x| x.clamp(-0.05, 0.05))),
        "noise" => {
            let mut state = 1u32;
            let mut noise = || {
                state = state.wrapping_mul(1664525).wrapping_add(1013904223);
                f64::from(state) / 2f64.powi(31) - 1.0
            };
            bits16(all.map(|x| x + 0.02 * noise()))
        }
        "delay" => [&[0.0; 37], &samples[..samples.len() - 37]].concat(),
        "low_pass" => {
            let mut y = 0.0;
            bits16(all.map(|x| {
                y += 0.2 * (x - y);
                y
            }))
        }
        "quiet" => bits16(all.map(|x| -0.01 * x)),
        other => panic!("{other}"),
    }
}

/// At half the rate, roughly.
fn halved(samples: &[f32]) -> Vec<f32> {
    bits16(samples.as_chunks::<2>().0.iter().map(|[a, b]| (f64::from(*a) + f64::from(*b)) / 2.0))
}

/// A row's reference and signal.
fn pair(row: &Value) -> (Vec<f32>, Vec<f32>, u32) {
    let (name, how, rate) =
        (row["reference"].as_str().unwrap(), row["signal"].as_str().unwrap(), number(row, "rate") as u32);
    let at_rate = |samples: Vec<f32>| if rate == 8000 { halved(&samples) } else { samples };
    let folder = if name == "clean" { "" } else { "speech/" };
    let reference = at_rate(wav(&format!("{folder}{name}.wav")));
    let signal = if how == "noisy" { at_rate(wav("noisy.wav")) } else { spoilt(&reference, how) };
    (reference, signal, rate)
}

#[test]
fn every_metric_agrees_with_its_reference_implementation() {
    let (mut furthest, mut compared) = ([0.0f64; 7], [0; 7]);
    for row in figures("quality") {
        let (reference, signal, rate) = pair(&row);
        for (at, quality) in Quality::ALL.into_iter().enumerate() {
            let what = format!("{} of {row}", quality.key());
            let Some(wanted) = row.get(quality.key()) else { continue };
            match (quality.of(&reference, &signal, rate), wanted.as_f64()) {
                (Ok(found), Some(wanted)) => {
                    furthest[at] = furthest[at].max((found - wanted).abs());
                    compared[at] += 1;
                }
                (Err(QualityError::LittleSpeech { .. } | QualityError::NoUtterance { .. }), None) => {}
                (found, _) => panic!("{what}: {found:?}"),
            }
        }
    }
    for ((quality, furthest), compared) in Quality::ALL.into_iter().zip(furthest).zip(compared) {
        // The model of PESQ computes in f32, and so does its reference.
        let bound = if matches!(quality, Quality::PesqWb | Quality::PesqNb) { 1e-3 } else { 1e-6 };
        assert!(furthest <= bound && compared >= 8, "{}: off by {furthest} in {compared} pairs", quality.key());
    }
}

#[test]
fn loudness_agrees_with_pyloudnorm() {
    for row in figures("loudness") {
        let found = loudness(&[wav(row["file"].as_str().unwrap())], number(&row, "rate") as u32).unwrap();
        assert!((found - number(&row, "lufs")).abs() < 1e-3, "{row}: {found}");
    }
    assert_eq!(loudness(&[vec![0.0; 16000]], 16000), None);
    assert_eq!(loudness(&[vec![0.5; 6000]], 16000), None);
    assert_eq!(loudness(&[], 16000), None);
}

#[test]
fn bands_agree_with_scipy() {
    let sound = &wav("noisy.wav")[..2048 * 40];
    for row in figures("bands") {
        let found = band_db(sound, 16000, number(&row, "low"), number(&row, "high"));
        assert!((found - number(&row, "db")).abs() < 1e-6, "{row}: {found}");
    }
}

#[test]
fn scores_agree_with_mir_eval() {
    for row in figures("onsets") {
        let labels = |key: &str| {
            let times = row[key].as_array().unwrap().iter().map(|time| time.as_f64().unwrap());
            times.map(|start_s| Label { start_s, end_s: None, label: "on".into() }).collect::<Vec<_>>()
        };
        let found = score(&labels("expected"), &labels("heard"), number(&row, "tolerance")).total;
        for (found, key) in [(found.f1(), "f1"), (found.precision(), "precision"), (found.recall(), "recall")] {
            assert!((found - number(&row, key)).abs() < 1e-12, "{key} {found} of {row}");
        }
    }
}
