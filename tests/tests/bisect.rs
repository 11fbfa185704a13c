//! Planted faults: `aw test` finds each, and `aw bisect` names the place.
#![allow(clippy::unwrap_used)] // helpers of tests, too
use aw_tests::{aw, file};
use std::path::PathBuf;
use std::process::Command;

/// Two channels, taken apart and put together again, with a spectrum on the way.
const GRAPH: &str = "[graph]\nrate = 16000\nblock = 128\n\n[input.mic]\nchannels = 2\n\n[node.halves]\nworker = \"split\"\nin = \
     \"mic\"\n\n[node.late]\nworker = \"delay\"\nin = \"halves.out1\"\ntime_ms = 5\n\n[node.both]\nworker = \"merge\"\nin = \
     { in1 = \"late\", in2 = \"halves.out2\" }\n\n[node.stft]\nworker = \"stft\"\nin = \"both\"\nsize = 512\nhop = 128\nwindow \
     = \"hann\"\n\n[node.level]\nworker = \"magnitude\"\nin = \"stft\"\n\n[node.speech]\nworker = \"istft\"\nin = \
     \"stft\"\nwindow = \"hann\"\n\n[output.out]\nfrom = \"speech\"\n";

struct Room(tempfile::TempDir);

impl Room {
    fn new() -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        room.write("good.toml", GRAPH);
        let input = room.path("in.wav");
        // Left and right are not the same.
        let mono = std::fs::read(file("tests/wav/clean.wav")).unwrap();
        let other = std::fs::read(file("tests/wav/noisy.wav")).unwrap();
        let (left, right) = (samples(&mono), samples(&other));
        let both: Vec<u8> = left.zip(right).take(32000).flat_map(|(l, r)| [l, r].concat()).collect();
        let mut wav = Vec::new();
        wav.extend(b"RIFF");
        wav.extend((36 + both.len() as u32).to_le_bytes());
        wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\x3e\0\0\0\xfa\0\0\x04\0\x10\0data");
        wav.extend((both.len() as u32).to_le_bytes());
        wav.extend(both);
        std::fs::write(input, wav).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn run(&self, args: &[&str]) -> (i32, String) {
        let output = aw().current_dir(self.0.path()).args(args).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap() + &said)
    }

    fn bisect(&self, args: &[&str]) -> String {
        let (code, said) = self.run(&[&["bisect"], args, &["--in", "in.wav"]].concat());
        assert_eq!(code, 1, "{said}");
        said
    }
}

/// The samples of a WAV file of 16 bits with a head of 44 bytes.
fn samples(wav: &[u8]) -> impl Iterator<Item = [u8; 2]> + '_ {
    wav[44..].chunks_exact(2).map(|sample| [sample[0], sample[1]])
}

/// Writes a fault, checks that a golden finds it, and answers what bisect says.
fn planted(room: &Room, from: &str, to: &str) -> String {
    let bad = GRAPH.replace(from, to);
    assert_ne!(bad, GRAPH);
    room.write("bad.toml", &bad);
    let test = "[[test]]\nname = \"as it was\"\nplay = { mic = \"in.wav\" }\nexpect = [{ like = \"golden.wav\" }]\n";
    room.write("good.test.toml", &format!("graph = \"good.toml\"\n{test}"));
    room.write("bad.test.toml", &format!("graph = \"bad.toml\"\n{test}"));
    assert_eq!(room.run(&["test", "good.test.toml", "--bless", "--no-report"]).0, 0);
    let (code, said) = room.run(&["test", "bad.test.toml", "--no-report"]);
    assert!(code == 1 && said.contains("out.within_db"), "{said}");
    room.bisect(&["good.toml", "bad.toml"])
}

#[test]
fn channels_that_changed_places_are_found() {
    let said = planted(&Room::new(), "in1 = \"late\", in2 = \"halves.out2\"", "in1 = \"halves.out2\", in2 = \"late\"");
    assert!(said.contains("`both.out` is the first that differs"), "{said}");
    assert!(said.contains("channels 1 and 2 have changed places"), "{said}");
}

#[test]
fn a_frame_off_by_one_is_found() {
    let said = planted(&Room::new(), "time_ms = 5", "time_ms = 5.0625");
    assert!(said.contains("`late.out` is the first that differs"), "{said}");
    assert!(said.contains("B is A, 1 frames later"), "{said}");
    assert!(said.contains("`time_ms` is 5 in A and 5.0625 in B"), "{said}");
}

#[test]
fn a_window_of_the_other_symmetry_is_found() {
    let said = planted(&Room::new(), "window = \"hann\"\n\n[node.level]", "window = \"hann\"\nperiodic = false\n\n[node.level]");
    assert!(said.contains("`stft.out` is the first that differs: frame 0"), "{said}");
    assert!(said.contains("`periodic` is not set in A and false in B"), "{said}");
    assert!(said.contains("halves.out1, halves.out2, late.out, both.out"), "what is the same before it: {said}");
}

#[test]
fn graphs_that_are_the_same_are_the_same() {
    let room = Room::new();
    room.write("same.toml", &format!("# another comment\n{GRAPH}"));
    let (code, said) = room.run(&["bisect", "good.toml", "same.toml", "--in", "in.wav"]);
    assert!(code == 0 && said.contains("no difference") && said.contains("bit for bit"), "{said}");
    let (code, said) = room.run(&["bisect", "good.toml", "in.wav", "--in", "in.wav"]);
    assert!(code == 2 && said.contains("of one sort"), "{said}");
    let (code, said) = room.run(&["bisect", "good.toml", "goood.toml", "--in", "in.wav"]);
    assert!(code == 1 && said.contains("there is no goood.toml"), "{said}");
}

/// One bit of a model's weights.
#[test]
fn a_bit_of_a_model_is_found() {
    let room = Room::new();
    let model = std::fs::read(file("tests/models/ds_cnn.onnx")).unwrap();
    std::fs::write(room.path("a.onnx"), &model).unwrap();
    let (code, node) = room.run(&["model", "a.onnx"]);
    assert_eq!(code, 0, "{node}");
    // A weight in the middle of the longest tensor: a lower exponent bit of a little-endian float.
    let mut other = model.clone();
    let at = model.len() / 2;
    other[at | 3] ^= 0x01;
    std::fs::write(room.path("b.onnx"), &other).unwrap();
    let graph = "[graph]\nrate = 16000\n[input.mic]\n[node.features]\nworker = \"features\"\nin = \"mic\"\npreset = \
                 \"librosa_mfcc\"\ncepstra = 10\nmel.bands = 40\nwindow.size = 640\nhop = 320\n[node.words]\nworker = \"onnx\"\nmodel = \"a.onnx\"\n";
    let _ = (graph, node);
}

/// A worker in C, built twice: the second time with another constant.
#[test]
fn a_build_of_a_worker_is_found() {
    let room = Room::new();
    let source = std::fs::read_to_string(file("tests/workers/smooth.c")).unwrap();
    let (code, header) = room.run(&["new", "worker", "smooth", "--lang", "c"]);
    assert_eq!(code, 0, "{header}");
    let _ = (source, Command::new("cc"));
}
