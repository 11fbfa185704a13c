//! The workers, played as the host plays them: what comes out is what the libraries computed.
#![allow(dead_code, clippy::unwrap_used)]

mod bench;

use aw_features::{CmvnWorker, DeltasWorker, Features};
use aw_sdk::*;
use bench::*;
use serde_json::Value;
use std::path::Path;

/// Keys of a case as a graph gives them: `mel = { bands = 80 }` is `mel.bands`.
fn params(json: &Value, folder: &Path) -> Vec<(String, Given)> {
    let mut params = vec![];
    for (key, value) in json.as_object().unwrap() {
        match value {
            Value::Object(group) => {
                params.extend(group.iter().map(|(inner, value)| (format!("{key}.{inner}"), given(value))))
            }
            value => params.push((key.clone(), given(value))),
        }
    }
    for (key, value) in &mut params {
        if let ("cmvn.file", Given::Text(file)) = (key.as_str(), &value) {
            *value = Given::Text(folder.join(file).to_str().unwrap().into());
        }
        if let ("log.ref", Given::Num(number)) = (key.as_str(), &value) {
            *value = Given::Text(number.to_string());
        }
    }
    params
}

fn given(value: &Value) -> Given {
    match value {
        Value::Bool(yes) => (*yes).into(),
        Value::Number(number) => number.as_f64().unwrap().into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => Given::List(list.iter().map(|x| x.as_f64().unwrap()).collect()),
        other => panic!("{other} is no value of a key"),
    }
}

/// A worker with all that is played through it: plane by plane, frames of `width` numbers.
struct Played {
    rig: Rig,
    planes: Vec<Vec<f32>>,
    width: usize,
    /// Frames that come before the sound does.
    early: usize,
}

impl Played {
    fn features(case: &Case) -> Self {
        let params = params(&case.json["worker_params"], &case.folder);
        let params: Vec<(&str, Given)> = params.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        let rate = case.keys.sample_rate;
        let channels = case.input.shape[0];
        let rig = Rig::new::<Features>(&params, &[("in", Format::audio(channels as u32, rate))], &["out"]);
        let rig = rig.unwrap_or_else(|why| panic!("{}: {why}", case.name));
        let planes = case.input.data.chunks(case.input.data.len() / channels).map(<[f32]>::to_vec).collect();
        Self { rig, planes, width: 1, early: 0 }
    }

    /// As the host does: the sound in blocks, then silence, and all that once more for those who must hear it before.
    /// Blocks of 0 are of random sizes.
    fn run(mut self, block: usize) -> Vec<f32> {
        let frames = (self.planes[0].len() / self.width) as u64;
        let answer = self.rig.output(0);
        let count = self.rig.extent(0, frames).unwrap() as usize;
        let passes = self.rig.rehearsals().0 + 1;
        // Frames in which the sound begins late count as the host counts them.
        let lead = (self.early as f64 * answer.format.rate() / self.rig.input(0).format.rate()).ceil() as usize;
        let (skip, width) = (answer.latency + lead, answer.format.width());
        for pass in 1..=passes {
            self.rig.begin_after(self.early as u32);
            let mut out = self.feed(frames as usize, block, skip + count);
            if pass < passes {
                self.rig.rewind();
                continue;
            }
            let kept = |plane: &mut Vec<f32>| plane[skip * width..(skip + count) * width].to_vec();
            return out.iter_mut().flat_map(kept).collect();
        }
        vec![]
    }

    fn feed(&mut self, frames: usize, block: usize, wanted: usize) -> Vec<Vec<f32>> {
        let width = self.width;
        let early = vec![0.0; self.early * width];
        let mut out = self.rig.run(&[&vec![&early[..]; self.planes.len()]]).remove(0);
        let (mut at, mut seed) = (0, 1_u64);
        let take = |out: &mut Vec<Vec<f32>>, rig: &mut Rig, planes: &[&[f32]]| {
            for (to, from) in out.iter_mut().zip(rig.run(&[planes]).remove(0)) {
                to.extend(from);
            }
        };
        while at < frames {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
            let size = if block == 0 { (seed >> 40) as usize % 700 + 1 } else { block }.min(frames - at);
            if at + size == frames {
                // The host knows the end before a frame behind it arrives.
                self.rig.end_at(frames as u64);
            }
            let planes: Vec<&[f32]> = self.planes.iter().map(|p| &p[at * width..(at + size) * width]).collect();
            take(&mut out, &mut self.rig, &planes);
            at += size;
        }
        let silence = vec![0.0; 64 * width];
        let per_frame = self.rig.output(0).format.width();
        while out[0].len() < wanted * per_frame {
            take(&mut out, &mut self.rig, &vec![&silence[..]; self.planes.len()]);
        }
        out
    }
}

fn agree(case: &Case) {
    let whole = Played::features(case).run(usize::MAX);
    case.compare(&whole);
    for block in [1, 7, 64, 160, 480, 0] {
        let blocks = Played::features(case).run(block);
        let same = whole.iter().map(|x| x.to_bits()).eq(blocks.iter().map(|x| x.to_bits()));
        assert!(same, "{} in blocks of {block} is another", case.name);
    }
}

#[test]
fn every_case_of_the_libraries_comes_out_of_the_worker() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut cases = 0;
    for name in names.filter(|name| name.ends_with(".json")) {
        let json: Value = serde_json::from_str(&std::fs::read_to_string(folder.join(&name)).unwrap()).unwrap();
        if ["post", "resynth", "microfrontend"].iter().any(|other| json["worker_params"]["type"] == *other) {
            continue;
        }
        agree(&Case::new(&folder, json));
        cases += 1;
    }
    assert_eq!(cases, 12);
}

#[test]
fn other_keys_do_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/more");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
    for json in cases.into_iter().filter(|json| json["worker_params"]["type"] != "post") {
        agree(&Case::new(&folder, json));
    }
}

/// Behind a node with latency the sound begins late; frames still count from its beginning.
#[test]
fn frames_count_from_the_beginning_of_the_sound_however_late_it_comes() {
    for name in ["p06_whisper80", "p09_kaldi_fbank40_nosnip_energy", "p12_htk_mfcc_e_d_a_opensmile"] {
        let case = Case::load(&format!("fixtures/{name}.json"));
        let straight = Played::features(&case).run(160);
        for early in [1, 100, 160, 384] {
            let late = Played { early, ..Played::features(&case) }.run(160);
            assert_eq!(late, straight, "{name}, {early} samples late");
        }
    }
}

/// Another node, or a mean of the utterance, lets a replay hear the recording before: it is not the past for that.
#[test]
fn the_loudest_up_to_now_knows_nothing_of_a_run_before() {
    let params = [("log.kind", "db".into()), ("log.ref", "max".into()), ("log.range_scope", "running".into())];
    let rig = || Rig::new::<Features>(&params, &[("in", Format::audio(1, 16000))], &["out"]).unwrap();
    // Ever louder.
    let sound: Vec<f32> = (0..8000).map(|i| (i * 7919 % 1000) as f32 * 1e-9 * i as f32).collect();
    let mut first = Played { rig: rig(), planes: vec![sound.clone()], width: 1, early: 0 };
    let mut again = Played { rig: rig(), planes: vec![sound], width: 1, early: 0 };
    again.feed(8000, 160, 50);
    again.rig.rewind();
    assert_eq!(again.feed(8000, 160, 50), first.feed(8000, 160, 50));
}

#[test]
fn the_microfrontend_is_exact() {
    let samples: Vec<f32> = {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/in/mix16.wav");
        let mut reader = hound::WavReader::open(path).unwrap();
        reader.samples::<i16>().map(|x| f32::from(x.unwrap()) / 32768.0).collect()
    };
    let number = |key: &'static str, value: f64| (key, Given::Num(value));
    let params = [
        ("type", "microfrontend".into()),
        number("microfrontend.size_ms", 30.0),
        number("microfrontend.step_ms", 20.0),
        number("microfrontend.channels", 40.0),
        ("microfrontend.enable_pcan", true.into()),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/microfrontend");
    let bytes = std::fs::read(folder.join("p11_tflm_micro_speech_40.npy")).unwrap();
    let theirs: Vec<f32> = bytes[bytes.len() - 2 * 149 * 40..]
        .chunks_exact(2)
        .map(|b| f32::from(u16::from_le_bytes([b[0], b[1]])))
        .collect();
    for block in [usize::MAX, 1, 7, 480, 0] {
        let rig = Rig::new::<Features>(&params, &[("in", Format::audio(1, 16000))], &["out"]).unwrap();
        let ours = Played { rig, planes: vec![samples.clone()], width: 1, early: 0 }.run(block);
        assert_eq!(ours, theirs, "in blocks of {block}");
    }
    // Models are trained with a part of these integers.
    let params = [&params[..], &[number("microfrontend.post_scale", 0.0390625)]].concat();
    let rig = Rig::new::<Features>(&params, &[("in", Format::audio(1, 16000))], &["out"]).unwrap();
    let ours = Played { rig, planes: vec![samples], width: 1, early: 0 }.run(0);
    assert_eq!(ours, theirs.iter().map(|x| x * 10.0 / 256.0).collect::<Vec<_>>());
}

#[test]
fn slopes_and_normalisation_are_workers_of_their_own_too() {
    let case = Case::load("fixtures/p16_kaldi_deltas_cmvn.json");
    let (frames, width) = (case.input.shape[0], case.input.shape[1]);
    let at = |size| Format::audio(1, 16000).carrying(Kind::FEATURES, size as u32).paced(1, 160).unwrap();
    let params = [("order", 2.0.into()), ("style", "kaldi".into())];
    let rig = Rig::new::<DeltasWorker>(&params, &[("in", at(width))], &["out"]).unwrap();
    let sloped = Played { rig, planes: vec![case.input.data.clone()], width, early: 0 }.run(7);
    assert_eq!(sloped.len(), frames * width * 3);
    let params = [("mode", "utterance".into()), ("norm_vars", true.into())];
    let rig = Rig::new::<CmvnWorker>(&params, &[("in", at(3 * width))], &["out"]).unwrap();
    assert!(rig.rehearsals().1.contains("`mode` is \"utterance\""), "{}", rig.rehearsals().1);
    case.compare(&Played { rig, planes: vec![sloped], width: 3 * width, early: 0 }.run(1));
}

#[test]
fn what_does_not_fit_is_refused_in_the_authors_words() {
    let refused = |params: &[(&str, Given)], rate: u32| {
        Rig::new::<Features>(params, &[("in", Format::audio(2, rate))], &["out"]).err().unwrap().0
    };
    let rate = refused(&[("sample_rate", 16000.0.into())], 48000);
    assert!(rate.contains("`sample_rate` is 16000, and 48000") && rate.contains("`rate = 16000` in [graph]"), "{rate}");
    let channel = refused(&[("channel", "2".into())], 16000);
    assert!(channel.contains("2 arrive at `in`; they count from 0 to 1"), "{channel}");
    assert!(refused(&[("channel", "left".into())], 16000).contains("\"each\", \"mix\""));
    assert!(refused(&[("log.ref", "loud".into())], 16000).contains("`log.ref` is \"loud\""));
    let bands = refused(&[("mel.bands", 300.0.into())], 16000);
    assert!(bands.contains("`mel.bands`"), "{bands}");
    let whole = Rig::new::<Features>(
        &[("log.kind", "db".into()), ("log.range", 80.0.into()), ("cmvn.mode", "utterance".into())],
        &[("in", Format::audio(1, 16000))],
        &["out"],
    );
    let whole = whole.unwrap();
    assert_eq!(whole.rehearsals().0, 2);
    assert!(whole.rehearsals().1.contains("`log.range_scope`"), "{}", whole.rehearsals().1);
}
