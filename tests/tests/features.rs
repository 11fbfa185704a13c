//! `aw features`: what it writes is what a graph feeds a model, and a second call goes on where the first ended.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_host::io::{NpyArray, read_npy};
use aw_tests::{aw, file, stderr, stdout};
use serde_json::Value;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

/// Where the sounds and what the libraries made of them lie.
const FIXTURES: &str = "workers/features/tests/fixtures";

/// A folder with sounds: `s/a.wav`, 16 kHz mono, and `s/sub/b.wav`, 48 kHz stereo; commands run in it.
struct Room(tempfile::TempDir);

impl Room {
    fn new() -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(room.path("s/sub")).unwrap();
        for (from, to) in [("speech16.wav", "s/a.wav"), ("sweep48s.wav", "s/sub/b.wav")] {
            std::fs::copy(file(FIXTURES).join("in").join(from), room.path(to)).unwrap();
        }
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    fn call(&self, args: &str) -> Output {
        aw().current_dir(self.0.path()).args(args.split(' ')).output().unwrap()
    }

    /// What is said by a call that ends well.
    fn done(&self, args: &str) -> String {
        let output = self.call(args);
        assert_eq!(output.status.code(), Some(0), "{args}: {}", stderr(&output));
        stderr(&output)
    }

    /// What is said by a call that ends with this code.
    fn refused(&self, code: i32, args: &str) -> String {
        let output = self.call(args);
        assert_eq!(output.status.code(), Some(code), "{args}: {}", stderr(&output));
        stderr(&output)
    }

    /// All files below, hidden ones too.
    fn files(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else { return vec![] };
        let below = |entry: std::fs::DirEntry| {
            let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            if entry.path().is_dir() { self.files(&name) } else { vec![name] }
        };
        let mut all: Vec<String> = entries.flat_map(|entry| below(entry.unwrap())).collect();
        all.sort();
        all
    }
}

/// The probe of a graph that a user would play live, written by hand.
#[test]
fn an_array_is_the_probe_of_a_graph_bit_for_bit() {
    let room = Room::new();
    let graph = "[graph]\nrate = 16000\nblock = 128\n[input.mic]\n\
        [node.words]\nworker = \"features\"\nin = \"mic\"\npreset = \"whisper80\"\nmel.bands = 40\n\
        [node.loud]\nworker = \"gain\"\nin = \"mic\"\n[output.speaker]\nfrom = \"loud\"\nwav = \"never.wav\"\n";
    std::fs::write(room.path("g.toml"), graph).unwrap();
    for (sound, name) in [("s/a.wav", "a"), ("s/sub/b.wav", "sub/b")] {
        room.done(&format!("replay g.toml --in {sound} --out out.wav --probe words=probe.npy"));
        let probe = room.bytes("probe.npy");
        assert!(probe.len() > 40_000);
        for (at, more) in ["", " --block 1", " --block 37", " --block 1021 --jobs 1", " --jobs 2"].iter().enumerate() {
            room.done(&format!("features s --preset whisper80 --set mel.bands=40 --out o{at}{more}"));
            assert!(room.bytes(&format!("o{at}/{name}.npy")) == probe, "{sound}{more}");
        }
        room.done(&format!("features s --graph g.toml --node words --out g_{}", sound.len()));
        assert!(room.bytes(&format!("g_{}/{name}.npy", sound.len())) == probe, "{sound} through the graph");
    }
    assert!(!room.path("never.wav").exists(), "an output of the graph was played");
}

/// The tolerance is that of the fixture, as `workers/features/tests/references.rs` reads it.
#[test]
fn arrays_agree_with_whisper_and_kaldi() {
    let room = Room::new();
    for (preset, case) in [("whisper80", "p06_whisper80"), ("kaldi_fbank80", "p08_kaldi_fbank80_snip")] {
        let said = room.done(&format!("features s/a.wav --preset {preset} --out {preset}"));
        let json = std::fs::read_to_string(file(FIXTURES).join(format!("{case}.json"))).unwrap();
        let json: Value = serde_json::from_str(&json).unwrap();
        let NpyArray { shape, data: ours, .. } = read_npy(room.path(&format!("{preset}/a.npy"))).unwrap();
        let NpyArray { shape: wanted, data: theirs, .. } =
            read_npy(file(FIXTURES).join("out").join(format!("{case}.npy"))).unwrap();
        assert_eq!(shape, wanted);
        assert!(said.contains(&format!("1 of 1 file, {} frames of 80 values; 3.0 s of sound", shape[0])), "{said}");
        let number = |key: &str| json["compare"][key].as_f64().unwrap();
        let (unit, noise) = (number("unit"), number("c") * 2.0_f64.powi(-24));
        for (ours, theirs) in ours.chunks(80).zip(theirs.chunks(80)) {
            let top = theirs.iter().fold(f64::MIN, |top, x| top.max(*x));
            for (a, r) in ours.iter().zip(theirs) {
                let allowed = number("atol") + unit * noise * ((top - r) / (2.0 * unit)).min(60.0).exp();
                assert!((a - r).abs() <= allowed, "{case}: {a} for {r}");
            }
        }
    }
}

#[test]
fn a_second_call_does_only_what_is_missing() {
    let room = Room::new();
    let call = "features s --preset kaldi_fbank80 --out o";
    assert!(room.done(call).contains("2 of 2 files, 597 frames of 2 × 80 values or 80 values"));
    let (a, b) = (room.bytes("o/a.npy"), room.bytes("o/sub/b.npy"));
    assert!(room.done(call).contains("o: no new array; 2 there already"));
    std::fs::remove_file(room.path("o/a.npy")).unwrap();
    std::fs::write(room.path("o/sub/b.npy"), &b[..b.len() - 4]).unwrap();
    assert!(room.done(call).contains("2 of 2 files"), "one is gone, one was cut off");
    assert!((room.bytes("o/a.npy"), room.bytes("o/sub/b.npy")) == (a.clone(), b.clone()));
    std::thread::sleep(Duration::from_millis(20));
    std::fs::copy(room.path("s/a.wav"), room.path("s/new.wav")).unwrap();
    let younger = std::fs::File::options().append(true).open(room.path("s/sub/b.wav")).unwrap();
    younger.set_modified(std::time::SystemTime::now()).unwrap();
    assert!(room.done(call).contains("2 of 3 files"), "one is new, and one sound was written again");
    assert!(room.bytes("o/new.npy") == a);
}

/// Two data sets have files of the same names, and what was copied keeps its age.
#[test]
fn a_sound_of_the_same_name_from_elsewhere_is_not_there_already() {
    let room = Room::new();
    let call = |folder: &str| room.done(&format!("features {folder} --preset kaldi_fbank80 --out o"));
    call("s");
    let first = room.bytes("o/a.npy");
    std::fs::create_dir(room.path("t")).unwrap();
    std::fs::copy(file(FIXTURES).join("in/mix16.wav"), room.path("t/a.wav")).unwrap();
    let old = std::fs::File::options().append(true).open(room.path("t/a.wav")).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
    assert!(call("t").contains("1 of 1 file,"), "an older sound was taken for the one that was there");
    let second = room.bytes("o/a.npy");
    assert!(second != first);
    assert!(call("t").contains("1 there already"));
    assert!(call("s").contains("1 there already"), "what was not named again is still known");
    assert!(room.bytes("o/a.npy") == first);
}

/// `--force` of some sounds leaves arrays of the old keys beside theirs, which are not those of the new keys.
#[test]
fn arrays_that_force_did_not_reach_are_made_by_the_next_call() {
    let room = Room::new();
    room.done("features s --preset kaldi_fbank80 --out o");
    room.done("features s/a.wav --preset kaldi_fbank80 --set mel.bands=40 --out o --force");
    let said = room.done("features s --preset kaldi_fbank80 --set mel.bands=40 --out o");
    assert!(said.contains("1 of 2 files") && said.contains("1 there already"), "{said}");
    assert_eq!(read_npy(room.path("o/sub/b.npy")).unwrap().shape, [298, 2, 40]);
}

/// The mean is not known before what it is of: the range of the features, which is learned first.
#[test]
fn a_mean_behind_features_that_learn_is_that_of_what_they_give_at_last() {
    let room = Room::new();
    let graph = "[graph]\nrate = 16000\n[input.mic]\n[node.mel]\nworker = \"features\"\nin = \"mic\"\n\
        preset = \"whisper80\"\n[node.norm]\nworker = \"cmvn\"\nin = \"mel\"\n";
    std::fs::write(room.path("g.toml"), graph).unwrap();
    room.done("features s/a.wav --graph g.toml --node mel --out mel");
    room.done("features s/a.wav --graph g.toml --node norm --out norm");
    let [mel, norm] = ["mel/a.npy", "norm/a.npy"].map(|npy| read_npy(room.path(npy)).unwrap().data);
    let frames = mel.len() / 80;
    for band in 0..80 {
        let mean = mel.iter().skip(band).step_by(80).sum::<f64>() / frames as f64;
        for (x, y) in mel.iter().zip(&norm).skip(band).step_by(80) {
            assert!((*x - mean - *y).abs() < 1e-5, "band {band}: {y} of {x}, the mean is {mean}");
        }
    }
}

#[test]
fn other_keys_do_not_mix_with_what_is_there() {
    let room = Room::new();
    room.done("features s --preset kaldi_fbank80 --out o");
    let before = room.bytes("o/a.npy");
    let said = room.refused(1, "features s --preset kaldi_fbank80 --set mel.bands=40 --out o");
    assert!(
        said.contains("the arrays in o were made with `mel.bands` = 80, not 40") && said.contains("--force"),
        "{said}"
    );
    assert!(room.bytes("o/a.npy") == before);
    let all = "features s --preset kaldi_fbank80 --set mel.bands=40";
    room.done(&format!("{all} --out o --force"));
    assert_eq!(read_npy(room.path("o/a.npy")).unwrap().shape, [299, 40]);
    assert!(room.done(&format!("{all} --out o")).contains("2 there already"));
    std::fs::remove_file(room.path("o/features.json")).unwrap();
    let said = room.refused(1, &format!("{all} --out o"));
    assert!(said.contains("o/a.npy is there, and no features.json says how it was made"), "{said}");
}

#[test]
fn a_broken_file_does_not_keep_the_others_from_being_done() {
    let room = Room::new();
    std::fs::write(room.path("s/broken.wav"), "no sound").unwrap();
    let said = room.refused(1, "features s s/gone.wav --preset kaldi_fbank80 --out o");
    assert!(said.contains("s/broken.wav` is neither WAV nor FLAC") && said.contains("there is no file"), "{said}");
    assert!(said.contains("2 of 4 files"), "{said}");
    assert_eq!(room.files("o"), ["o/a.npy", "o/features.json", "o/sub/b.npy"]);
    let said = room.refused(1, "features s --preset kaldi_fbank80 --npz o.npz");
    assert!(said.contains("2 of 3 files"), "{said}");
    let said = room.refused(1, "features s/broken.wav --preset kaldi_fbank80 --npz none.npz");
    assert!(said.contains("no new array") && !room.path("none.npz").exists(), "{said}");
}

#[test]
fn an_archive_has_the_same_arrays() {
    let room = Room::new();
    room.done("features s --preset kaldi_fbank80 --out o");
    for jobs in ["1", "2"] {
        room.done(&format!("features s --preset kaldi_fbank80 --npz {jobs}.npz --jobs {jobs}"));
        let mut archive =
            zip::ZipArchive::new(std::fs::File::open(room.path(&format!("{jobs}.npz"))).unwrap()).unwrap();
        let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["a.npy", "sub/b.npy"]);
        for name in ["a.npy", "sub/b.npy"] {
            let mut bytes = vec![];
            archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
            assert!(bytes == room.bytes(&format!("o/{name}")), "{name}");
        }
    }
    assert!(room.bytes("1.npz") == room.bytes("2.npz"), "archives of the same sounds are the same");
    let left: Vec<_> = std::fs::read_dir(room.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn a_call_that_does_not_fit_says_what_would() {
    let room = Room::new();
    std::fs::copy(room.path("s/a.wav"), room.path("s/sub/a.wav")).unwrap();
    for (args, words) in [
        ("features s --preset kaldi_fbank8 --out o", "did you mean `kaldi_fbank80`?"),
        ("features s --preset kaldi_fbank80 --set mel.bandz=3 --out o", "did you mean `mel.bands`?"),
        ("features s --preset kaldi_fbank80 --set mel.bands=3.5 --out o", "`mel.bands` takes a whole number"),
        ("features s --preset kaldi_fbank80 --set mel.scale=bark --out o", "mel.scale"),
        ("features s/a.wav s/sub/a.wav --preset kaldi_fbank80 --out o", "would both become `a.npy`"),
        ("features s --out o", "aw features --list"),
        ("features - --preset kaldi_fbank80 --out o", "standard input has no name"),
    ] {
        let said = room.refused(2, args);
        assert!(said.contains(words), "{args}: {said}");
        assert!(!room.path("o").exists(), "{args} wrote something");
    }
    let said = room.refused(1, "features s --preset kaldi_fbank80 --set mel.bands=300 --out o");
    assert!(said.contains("mel.bands = 300") && said.matches("error[").count() == 1, "{said}");
    assert_eq!(room.files("o"), [""; 0], "no record of what was never made");
    let presets = stdout(&room.call("features --list"));
    assert!(presets.contains("whisper80 ") && presets.contains("tflm_micro_speech "), "{presets}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_half_file_and_the_next_call_goes_on() {
    let room = Room::new();
    for copy in 0..400 {
        std::fs::copy(room.path("s/a.wav"), room.path(&format!("s/{copy}.wav"))).unwrap();
    }
    let mut aw = aw();
    aw.current_dir(room.0.path()).args(["features", "s", "--preset", "kaldi_fbank80", "--out", "o"]);
    let child = aw.stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while room.files("o").len() < 4 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let files = room.files("o");
    assert!(files.len() < 400, "it was over before it was interrupted");
    for npy in files.iter().filter(|name| *name != "o/features.json") {
        assert_eq!(read_npy(room.path(npy)).unwrap().shape.last(), Some(&80), "{npy}");
    }
    let said = room.done("features s --preset kaldi_fbank80 --out o");
    assert!(said.contains(&format!("{} there already", files.len() - 1)), "{said}");
    assert_eq!(room.files("o").len(), 403);
}

#[test]
fn pictures_stand_beside_arrays() {
    let room = Room::new();
    room.done("features s --preset kaldi_fbank80 --out o");
    room.done("features s --preset kaldi_fbank80 --out o --png");
    for png in ["o/a.png", "o/sub/b.png"] {
        assert!(room.bytes(png).starts_with(b"\x89PNG"), "{png}");
    }
    for preset in ["librosa_stft", "htk_mfcc_e_d_a", "tflm_micro_speech", "torchaudio_spectrogram"] {
        room.done(&format!("features s --preset {preset} --out {preset} --png"));
        assert!(room.bytes(&format!("{preset}/sub/b.png")).len() > 1000, "{preset}");
    }
}
