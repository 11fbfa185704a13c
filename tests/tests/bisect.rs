//! Planted faults: `aw test` finds each, and `aw bisect` names the place.
#![allow(clippy::unwrap_used)] // helpers of tests, too
mod cc;

use aw_tests::{aw, file};
use std::path::PathBuf;

/// Two channels, taken apart and put together again, with a spectrum on the way.
const GRAPH: &str = "[graph]\nrate = 16000\nblock = 128\n\n[input.mic]\nchannels = 2\n\n[node.halves]\nworker = \"split\"\nin = \
     \"mic\"\nout = { left = 0, right = 1 }\n\n[node.late]\nworker = \"delay\"\nin = \"halves.left\"\nframes = 80\n\n[node.both]\nworker = \"merge\"\nin = \
     { a = \"late\", b = \"halves.right\" }\n\n[node.stft]\nworker = \"stft\"\nin = \"both\"\nsize = 512\nhop = 128\nwindow \
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
    let said = planted(&Room::new(), "a = \"late\", b = \"halves.right\"", "a = \"halves.right\", b = \"late\"");
    assert!(said.contains("`both.out` is the first that differs"), "{said}");
    assert!(said.contains("channels 1 and 2 have changed places"), "{said}");
}

#[test]
fn a_frame_off_by_one_is_found() {
    let said = planted(&Room::new(), "frames = 80", "frames = 81");
    assert!(said.contains("`late.out` is the first that differs"), "{said}");
    assert!(said.contains("B is A, 1 frames later"), "{said}");
    assert!(said.contains("`frames` is 80 in A and 81 in B"), "{said}");
}

#[test]
fn a_window_of_the_other_symmetry_is_found() {
    let said = planted(
        &Room::new(),
        "window = \"hann\"\n\n[node.level]",
        "window = \"hann\"\nperiodic = false\n\n[node.level]",
    );
    assert!(said.contains("`stft.out` is the first that differs: frame 0"), "{said}");
    assert!(said.contains("`periodic` is not set in A and false in B"), "{said}");
    assert!(said.contains("halves.left, halves.right, late.out, both.out"), "what is the same before it: {said}");
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

/// The lowest bit of one weight.
#[test]
fn a_bit_of_a_model_is_found() {
    let room = Room::new();
    let mut model = std::fs::read(file("workers/model/tests/models/fir.onnx")).unwrap();
    std::fs::write(room.path("a.onnx"), &model).unwrap();
    let at = model.windows(4).position(|bytes| bytes == [0x60, 0x67, 0xe2, 0x3e]).unwrap();
    model[at] ^= 1;
    std::fs::write(room.path("b.onnx"), &model).unwrap();
    let graph = "[graph]\nrate = 16000\n[input.mic]\nchannels = 2\n[node.mono]\nworker = \"downmix\"\nin = \"mic\"\n[node.quieter]\nworker \
                 = \"gain\"\nin = \"mono\"\ngain_db = -3\n[node.smooth]\nworker = \"onnx\"\nmodel = \"a.onnx\"\nengine = \"tract\"\nin = { x \
                 = \"quieter\" }\nframes = { x = 128 }\ncontext = { x = 4 }\nkind = { y = \"audio\" }\n[output.out]\nfrom = \
                 \"smooth\"\n[[test]]\nname = \"smooth\"\nplay = { mic = \"in.wav\" }\nexpect = [{ like = \"golden.wav\", bit_equal = true \
                 }]\n";
    room.write("model.toml", graph);
    assert_eq!(room.run(&["test", "model.toml", "--bless"]).0, 0);
    room.write("model.toml", &graph.replace("a.onnx", "b.onnx"));
    let (code, said) = room.run(&["test", "model.toml", "--no-report"]);
    assert!(code == 1 && said.contains("out.bit_equal: not equal, wanted bit for bit"), "{said}");
    let said = room.bisect(&["a.onnx", "b.onnx", "--graph", "model.toml"]);
    assert!(said.contains("`smooth.out` is the first that differs"), "{said}");
    assert!(said.contains("what it hears is the same: quieter.out"), "{said}");
    assert!(said.contains("b.onnx in B"), "{said}");
}

/// A filter in C, before and after somebody changed a line of it.
#[test]
fn a_build_of_a_worker_is_found() {
    let room = Room::new();
    let source = std::fs::read_to_string(file("tests/workers/smooth.c")).unwrap();
    let build = |folder: &str, source: &str| {
        let folder = room.path(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("smooth.c"), source).unwrap();
        cc::library(&folder.join("smooth.c"), &folder, "smooth");
    };
    build("before", &source);
    let changed = source.replace("it->a * (x[i] - past)", "it->a * (x[i] - 0.9999f * past)");
    assert_ne!(changed, source);
    build("after", &changed);
    let graph = GRAPH.replace("in = \"both\"", "in = \"soft\"") + "[node.soft]\nworker = \"smooth\"\nin = \"both\"\n";
    room.write("soft.toml", &graph);
    let said = room.bisect(&["before", "after", "--graph", "soft.toml"]);
    assert!(said.contains("`soft.out` is the first that differs: frame "), "{said}");
    assert!(said.contains("before/") && said.contains("after/"), "the libraries are named: {said}");
    let (code, said) =
        room.run(&["bisect", "before", "after", "--graph", "soft.toml", "--in", "in.wav", "--within", "0.5"]);
    assert!(code == 0 && said.contains("within 0.5"), "{said}");
}

/// A filter whose past outlives it: the second file begins where the first ended.
#[test]
fn a_state_that_is_not_reset_between_files_is_found() {
    let room = Room::new();
    let source = std::fs::read_to_string(file("tests/workers/smooth.c")).unwrap();
    let leaks = source
        .replace("past = it->past[c];", "past = leak;")
        .replace("it->past[c] = past;", "leak = past + 0.01f;")
        .replace("static aw_status process(", "static float leak;\nstatic aw_status process(");
    std::fs::create_dir_all(room.path("workers")).unwrap();
    std::fs::write(room.path("workers/smooth.c"), &leaks).unwrap();
    cc::library(&room.path("workers/smooth.c"), &room.path("workers"), "smooth");
    let graph = "[graph]\nrate = 16000\n[input.mic]\n[node.soft]\nworker = \"smooth\"\nin = \"mic\"\n[output.out]\nfrom = \
                 \"soft\"\n[[test]]\nname = \"words\"\nplay = { mic = [\"yes.wav\", \"no.wav\"] }\nexpect = [{ peak_db = 0 }]\n";
    room.write("soft.toml", graph);
    for name in ["yes", "no"] {
        std::fs::copy(file(&format!("tests/wav/speech/{name}.wav")), room.path(&format!("{name}.wav"))).unwrap();
    }
    let (code, said) = room.run(&["test", "soft.toml", "--workers", "workers", "--jobs", "1", "--no-report"]);
    assert_eq!(code, 0, "each run by itself is as expected: {said}");
    let args = ["test", "soft.toml", "--workers", "workers", "--jobs", "1", "--repeat", "2", "--no-report"];
    let (code, said) = room.run(&args);
    assert!(code == 1 && said.contains("run 2 is not as the first: `out` differs first in frame 0"), "{said}");
    assert!(said.contains("a worker remembers something from run to run"), "{said}");
}

#[test]
fn an_output_that_hears_something_else_is_found() {
    let room = Room::new();
    let two =
        GRAPH.replace("[output.out]", "[node.quiet]\nworker = \"gain\"\nin = \"speech\"\ngain_db = -3\n\n[output.out]");
    room.write("a.toml", &two.replace("from = \"speech\"", "from = \"quiet\""));
    room.write("b.toml", &two);
    let said = room.bisect(&["a.toml", "b.toml"]);
    assert!(said.contains("the output `out` does not sound the same"), "{said}");
}

#[test]
fn in_a_loop_the_node_that_differs_first_is_named() {
    let room = Room::new();
    let graph = "[graph]\nrate = 16000\nblock = 128\n[input.mic]\nchannels = 2\n[node.pre]\nworker = \"mix\"\nin = { dry = \"mic\", wet = { \
                 from = \"back\", feedback = 256 } }\n[node.back]\nworker = \"gain\"\nin = \"pre\"\ngain_db = -20\n[output.out]\nfrom = \
                 \"pre\"\n";
    room.write("a.toml", graph);
    room.write("b.toml", &graph.replace("gain_db = -20", "gain_db = -21"));
    let said = room.bisect(&["a.toml", "b.toml"]);
    assert!(said.contains("`back.out` is the first that differs: frame 0 "), "{said}");
}
