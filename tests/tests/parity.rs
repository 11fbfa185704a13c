//! `aw parity`: features that libraries computed for real models, graphs with one key wrong, and the key that is named.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_host::io::{AudioReader, AudioWriter, Encoding, read_npy};
use aw_tests::{aw, file, run, stderr, stdout};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A graph, the sound and what a library computed of it, in a folder that goes away.
struct Case {
    room: tempfile::TempDir,
    json: Value,
}

/// What a call answered.
struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Case {
    /// The fixture whose name begins so.
    fn new(name: &str) -> Self {
        let files = std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path());
        let is_it = |path: &PathBuf| {
            let file = path.file_name().unwrap().to_string_lossy();
            file.starts_with(name) && file.ends_with(".json")
        };
        let json = serde_json::from_slice(&std::fs::read(files.filter(is_it).last().unwrap()).unwrap()).unwrap();
        Self { room: tempfile::tempdir().unwrap(), json }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }
    fn wav(&self) -> PathBuf {
        fixtures().join(self.json["input"]["file"].as_str().unwrap())
    }
    fn reference(&self) -> PathBuf {
        fixtures().join(self.json["output"]["file"].as_str().unwrap())
    }

    /// The keys of the library's call as a graph has them, but for some.
    fn keys(&self, faults: &[(&str, &str)]) -> String {
        let mut keys: Vec<(String, String)> = vec![];
        for (key, value) in self.json["worker_params"].as_object().unwrap() {
            match value.as_object() {
                Some(group) => {
                    keys.extend(group.iter().map(|(own, value)| (format!("{key}.{own}"), value.to_string())))
                }
                None => keys.push((key.clone(), value.to_string())),
            }
        }
        // The fixture has these as the library's C code has them.
        let flags = keys.iter_mut().filter(|(key, _)| key.contains(".enable_"));
        flags.for_each(|(_, value)| *value = (value == "1").to_string());
        keys.retain(|(key, _)| !faults.iter().any(|(fault, _)| fault == key));
        keys.extend(faults.iter().map(|(key, value)| (key.to_string(), value.to_string())));
        keys.into_iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
    }

    /// Writes the graph with these keys wrong.
    fn graph(&self, faults: &[(&str, &str)]) -> PathBuf {
        let rate = &self.json["input"]["sample_rate"];
        let head = format!("[graph]\nrate = {rate}\n[input.mic]\n[node.mel]\nworker = \"features\"\nin = \"mic\"\n");
        std::fs::write(self.at("g.toml"), head + &self.keys(faults)).unwrap();
        self.at("g.toml")
    }

    fn parity(&self, faults: &[(&str, &str)], more: &[&str]) -> Answer {
        self.against(&self.reference(), faults, more)
    }

    fn against(&self, reference: &Path, faults: &[(&str, &str)], more: &[&str]) -> Answer {
        parity(&self.graph(faults), &self.wav(), reference, more)
    }

    /// The line that is to be written: the graph has `fault` where the library has `right`.
    fn names(&self, (key, fault, right): (&str, &str, &str), more: &[&str]) {
        let answer = self.parity(&[(key, fault)], more);
        let line =
            6 + self.keys(&[(key, fault)]).lines().position(|line| line.starts_with(&format!("{key} ="))).unwrap() + 1;
        let written = format!("{}:{line}: {key} = {right}  # now {fault}", self.at("g.toml").display());
        let name = &self.json["name"];
        let first = answer.out.split("This key makes it fit:\n").nth(1).and_then(|rest| rest.lines().next());
        assert_eq!(first.map(str::trim), Some(written.as_str()), "{name}: {}{}", answer.out, answer.err);
        assert_eq!(answer.code, 1, "{name}");
    }
}

fn fixtures() -> PathBuf {
    file("workers/features/tests/fixtures")
}

fn parity(graph: &Path, wav: &Path, reference: &Path, more: &[&str]) -> Answer {
    let mut call = aw();
    call.arg("parity").arg(graph).arg("--in").arg(wav).arg("--reference").arg(reference).args(more);
    let output = call.output().unwrap();
    Answer { code: output.status.code().unwrap(), out: stdout(&output), err: stderr(&output) }
}

/// Writes an array as NumPy would: its type, its order, its shape, its bytes.
fn npy(path: &Path, descr: &str, fortran: bool, shape: &[usize], body: &[u8]) {
    let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(body);
    std::fs::write(path, bytes).unwrap();
}

fn f32s(data: impl IntoIterator<Item = f64>) -> Vec<u8> {
    data.into_iter().flat_map(|x| (x as f32).to_le_bytes()).collect()
}

#[test]
fn a_graph_with_the_keys_of_a_library_fits() {
    for name in ["p01", "p02", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "p11", "p15"] {
        let answer = Case::new(name).parity(&[], &[]);
        assert_eq!(answer.code, 0, "{name}: {}{}", answer.out, answer.err);
        assert!(answer.out.starts_with("`mel` fits"), "{}", answer.out);
    }
    // What this library computes of the last two frames hangs on where its recording ends.
    assert_eq!(Case::new("p12").parity(&[], &["--seconds", "2.5"]).code, 0);
}

#[test]
fn a_wrong_mel_scale_floor_or_band_is_named() {
    let torchaudio = Case::new("p05");
    torchaudio.names(("mel.scale", "\"slaney\"", "\"htk\""), &[]);
    torchaudio.names(("log.floor_mode", "\"max\"", "\"add\""), &[]);
    torchaudio.names(("mel.bands", "40", "80"), &[]);
    Case::new("p10").names(("mel.fmin", "0.0", "20.0"), &[]);
    Case::new("p15").names(("mel.norm", "\"none\"", "\"slaney\""), &[]);
}

#[test]
fn a_wrong_window_or_edge_is_named() {
    Case::new("p07").names(("frame.window_periodic", "false", "true"), &[]);
    Case::new("p08").names(("frame.edges", "\"center\"", "\"snip\""), &[]);
    Case::new("p15").names(("frame.pad", "\"zero\"", "\"reflect\""), &[]);
    Case::new("p06").names(("frame.drop_last", "0", "1"), &[]);
    Case::new("p06").names(("frame.n_fft", "512", "400"), &[]);
}

#[test]
fn a_wrong_scale_or_power_is_named() {
    Case::new("p06").names(("log.kind", "\"ln\"", "\"log10\""), &[]);
    Case::new("p08").names(("frame.preemphasis", "0.0", "0.97"), &[]);
    Case::new("p08").names(("input_scale", "1.0", "32768.0"), &[]);
    Case::new("p10").names(("spectrum.power", "1.0", "2.0"), &[]);
}

#[test]
fn a_wrong_cepstrum_is_named() {
    Case::new("p07").names(("mfcc.norm", "\"none\"", "\"ortho\""), &[]);
    Case::new("p07").names(("mfcc.lifter_index", "\"zero\"", "\"one\""), &[]);
    Case::new("p12").names(("mfcc.lifter", "0.0", "22.0"), &["--seconds", "2.5"]);
    Case::new("p12").names(("deltas.style", "\"kaldi\"", "\"htk\""), &["--seconds", "2.5"]);
}

#[test]
fn two_wrong_keys_are_found_together_and_so_is_the_preset() {
    let answer = Case::new("p05").parity(&[("mel.scale", "\"slaney\""), ("log.kind", "\"log10\"")], &[]);
    assert!(answer.out.contains("These keys together make it fit:"), "{}", answer.out);
    for line in ["log.kind = \"ln\"  # now \"log10\"", "mel.scale = \"htk\"  # now \"slaney\""] {
        assert!(answer.out.contains(line), "{}", answer.out);
    }
    assert!(answer.out.contains("preset = \"torchaudio_logmel\""), "{}", answer.out);
}

#[test]
fn a_key_that_is_not_written_is_added_to_its_node() {
    let case = Case::new("p06");
    let text = "[graph]\nrate = 16000\n[input.mic]\n\n[node.mel]\nworker = \"features\"\nin = \"mic\"\n\
                preset = \"whisper80\"\nlog.post_scale = 0.5\n";
    std::fs::write(case.at("own.toml"), text).unwrap();
    let answer = parity(&case.at("own.toml"), &case.wav(), &case.reference(), &[]);
    assert!(answer.out.contains("own.toml:9: log.post_scale = 0.25  # now 0.5"), "{}", answer.out);
    std::fs::write(case.at("own.toml"), text.replace("log.post_scale = 0.5", "log.range = 8.0\nmel.norm = \"none\""))
        .unwrap();
    let answer = parity(&case.at("own.toml"), &case.wav(), &case.reference(), &[]);
    assert!(answer.out.contains("own.toml:10: mel.norm = \"slaney\"  # now \"none\""), "{}", answer.out);
    let bare = "[graph]\nrate = 16000\n[input.mic]\n\n[node.mel]\nworker = \"features\"\nin = \"mic\"\n\
                preset = \"whisper128\"\n";
    std::fs::write(case.at("own.toml"), bare).unwrap();
    let answer = parity(&case.at("own.toml"), &case.wav(), &case.reference(), &[]);
    let line = "own.toml:5: mel.bands = 80  # to be added to [node.mel]; now 128, by preset or default";
    assert!(answer.out.contains(line), "{}", answer.out);
    assert!(answer.out.contains("preset = \"whisper80\""), "{}", answer.out);
}

#[test]
fn any_order_of_axes_and_any_type_is_understood() {
    let case = Case::new("p06");
    let array = read_npy(case.reference()).unwrap();
    let (frames, width) = (array.shape[0], array.shape[1]);
    let columns = || (0..width).flat_map(|bin| (0..frames).map(move |t| t * width + bin)).map(|at| array.data[at]);
    let path = case.at("ref.npy");
    let fits = |told: bool| {
        let answer = case.against(&path, &[], &[]);
        assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
        assert_eq!(answer.out.contains("the reference is transposed"), told, "{}", answer.out);
    };
    npy(&path, "<f4", false, &[width, frames], &f32s(columns()));
    fits(true);
    npy(&path, "<f4", false, &[1, width, frames], &f32s(columns()));
    fits(true);
    npy(&path, "<f4", true, &[frames, width], &f32s(columns()));
    fits(false);
    npy(
        &path,
        "<f8",
        false,
        &[1, 1, frames, width],
        &array.data.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>(),
    );
    fits(false);
}

#[test]
fn what_a_difference_looks_like_is_said() {
    let case = Case::new("p15");
    let says = |faults: &[(&str, &str)], words: &[&str]| {
        let answer = case.parity(faults, &["--no-search"]);
        words.iter().for_each(|words| assert!(answer.out.contains(words), "no {words:?} in {}", answer.out));
        assert!(answer.code == 1 && !answer.out.contains("tried"), "{}", answer.out);
    };
    says(&[("frame.pad", "\"zero\"")], &["only the first 2 and the last 1 frames differ", "first at frame 0, bin 0: "]);
    says(&[("log.kind", "\"log10\"")], &["× 2.30259: ln where the graph has log10", "all 301 frames differ"]);
    says(&[("log.kind", "\"db\"")], &["× 0.23026: ln where the graph has dB"]);
    says(&[("mel.norm", "\"none\"")], &["the difference grows with the bin"]);
    says(&[("mel.bands", "64")], &["width: the graph gives 64 values a frame, the reference has 80"]);
    says(&[("frame.hop", "200")], &["frames: the graph gives 241, the reference has 301"]);
    let kaldi = Case::new("p08").parity(&[("input_scale", "1.0")], &["--no-search"]);
    assert!(kaldi.out.contains("the reference is the graph +20.79"), "{}", kaldi.out);
    let array = read_npy(case.reference()).unwrap();
    let late = array.data[..80].iter().chain(&array.data[..300 * 80]).copied();
    npy(&case.at("late.npy"), "<f4", false, &[301, 80], &f32s(late));
    let answer = case.against(&case.at("late.npy"), &[], &["--no-search"]);
    assert!(answer.out.contains("the reference has the same 1 frame later"), "{}", answer.out);
}

#[test]
fn the_answer_is_there_for_scripts() {
    let case = Case::new("p05");
    let answer = case.parity(&[("mel.scale", "\"slaney\"")], &["--json"]);
    let json: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(
        (&json["fits"], &json["frames"]["graph"], &json["width"]["reference"]),
        (&false.into(), &301.into(), &80.into())
    );
    let change = &json["search"]["fits"][0]["changes"][0];
    assert_eq!((&change["key"], &change["write"]), (&"mel.scale".into(), &"\"htk\"".into()));
    assert!(change["line"].as_u64().unwrap() > 6);
    let fits: Value = serde_json::from_str(&case.parity(&[], &["--json"]).out).unwrap();
    assert_eq!((&fits["fits"], &fits["differ"], &fits["search"]), (&true.into(), &0.into(), &Value::Null));
}

#[test]
fn a_long_recording_is_searched_in_its_beginning_and_judged_as_a_whole() {
    let case = Case::new("p08");
    let mut reader = AudioReader::open(case.wav()).unwrap();
    let mut planes = vec![vec![0.0; 160_000]];
    let frames = reader.read(&mut planes).unwrap();
    let mut writer = AudioWriter::create(case.at("long.wav"), 16000, 1, Encoding::S16).unwrap();
    (0..4).for_each(|_| writer.write(&[&planes[0][..frames]]).unwrap());
    writer.finish().unwrap();
    let (wav, reference) = (case.at("long.wav"), case.at("long.npy"));
    let probe = format!("mel={}", reference.display());
    let graph = case.graph(&[]);
    let kept = run([
        "replay".as_ref(),
        graph.as_os_str(),
        "--in".as_ref(),
        wav.as_os_str(),
        "--probe".as_ref(),
        probe.as_ref(),
    ]);
    assert!(kept.status.success(), "{}", stderr(&kept));
    for (key, fault, right) in
        [("mel.slope", "\"hz\"", "\"mel\""), ("frame.drop_last", "1", "0"), ("cmvn.mode", "\"utterance\"", "\"none\"")]
    {
        let answer = parity(&case.graph(&[(key, fault)]), &wav, &reference, &[]);
        assert!(answer.out.contains(&format!("{key} = {right}  # now {fault}")), "{key}: {}{}", answer.out, answer.err);
    }
}

#[test]
fn what_cannot_be_compared_is_said_in_words() {
    let case = Case::new("p06");
    let says = |answer: Answer, code: i32, words: &str| {
        assert_eq!(answer.code, code, "{}{}", answer.out, answer.err);
        assert!(answer.err.contains(words), "no {words:?} in {}", answer.err);
    };
    says(case.against(&case.at("none.npy"), &[], &[]), 1, "there is no file");
    says(case.against(case.room.path(), &[], &[]), 1, "is a folder; name a .npy file in it");
    says(case.against(&case.wav(), &[], &[]), 1, "is no .npy file");
    let mut array = read_npy(case.reference()).unwrap();
    array.data[3 * 80 + 5] = f64::NAN;
    npy(&case.at("nan.npy"), "<f4", false, &[300, 80], &f32s(array.data));
    says(case.against(&case.at("nan.npy"), &[], &[]), 1, "holds NaN at frame 3, bin 5, and 1 of 24000 values");
    npy(&case.at("cube.npy"), "<f4", false, &[2, 2, 2, 2, 2], &[0; 128]);
    says(case.against(&case.at("cube.npy"), &[], &[]), 1, "frames of features are [frames, width]");
    npy(&case.at("empty.npy"), "<f4", false, &[0, 80], &[]);
    says(case.against(&case.at("empty.npy"), &[], &[]), 1, "holds nothing: its shape is [0, 80]");
    says(parity(&case.graph(&[]), Path::new("-"), &case.reference(), &[]), 2, "name a file");
    says(parity(&case.graph(&[]), &case.at("no.wav"), &case.reference(), &[]), 1, "there is no file");
    says(case.parity(&[("mel.bandz", "3")], &[]), 1, "did you mean `mel.bands`?");
    AudioWriter::create(case.at("silent.wav"), 16000, 1, Encoding::F32).unwrap().finish().unwrap();
    says(parity(&case.graph(&[]), &case.at("silent.wav"), &case.reference(), &[]), 1, "the recording is empty");
}

#[test]
fn the_port_is_named_where_it_could_be_another() {
    let case = Case::new("p06");
    let keys = case.keys(&[]);
    let node = |name: &str| format!("[node.{name}]\nworker = \"features\"\nin = \"mic\"\n{keys}");
    let head = "[graph]\nrate = 16000\n[input.mic]\n";
    std::fs::write(case.at("two.toml"), format!("{head}{}{}", node("a"), node("b"))).unwrap();
    std::fs::write(case.at("none.toml"), format!("{head}[node.g]\nworker = \"gain\"\nin = \"mic\"\n")).unwrap();
    let call = |graph: &str, more: &[&str]| parity(&case.at(graph), &case.wav(), &case.reference(), more);
    let two = call("two.toml", &[]);
    assert!(two.code == 2 && two.err.contains("has 2 `features` nodes"), "{}", two.err);
    assert!(two.err.contains("one of a.out, b.out"), "{}", two.err);
    let none = call("none.toml", &[]);
    assert!(none.code == 2 && none.err.contains("no `features` node") && none.err.contains("g.out"), "{}", none.err);
    assert_eq!(call("two.toml", &["--port", "b"]).code, 0);
    assert_eq!(call("two.toml", &["--port", "a.out"]).code, 0);
    let other = call("two.toml", &["--port", "c.out"]);
    assert!(other.code == 2 && other.err.contains("has no node `c`, it has a, b"), "{}", other.err);
}
