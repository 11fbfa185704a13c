//! `aw replay` as a user calls it: the same bytes at every block, the right lengths and delays, and nothing left behind.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_tests::{aw, file, run, stderr, stdout};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

const BLOCKS: [&str; 7] = ["1", "37", "64", "128", "480", "1021", "4096"];

/// An identity chain of spectra, with a mask of ones made of its own magnitude.
const SPECTRA: &str = "[graph]\nrate = 16000\n[input.mic]\n\
     [node.stft]\nworker = \"stft\"\nin = \"mic\"\nsize = 512\nhop = 128\n\
     [node.level]\nworker = \"magnitude\"\nin = \"stft\"\n\
     [node.clean]\nworker = \"apply_mask\"\nin = { spectrum = \"stft\", mask = \"level\" }\n\
     [node.speech]\nworker = \"istft\"\nin = \"clean\"\n[output.out]\nfrom = \"speech\"\n";

const IDENTITY: &str = "[graph]\nrate = 16000\n[input.mic]\n\
     [node.stft]\nworker = \"stft\"\nin = \"mic\"\nsize = 512\nhop = 128\n\
     [node.speech]\nworker = \"istft\"\nin = \"stft\"\n[output.out]\nfrom = \"speech\"\n";

const MIXED: &str = "[graph]\nrate = 16000\n[input.mic]\n\
     [node.up]\nworker = \"resample\"\nin = \"mic\"\nrate = 48000\n\
     [node.down]\nworker = \"resample\"\nin = \"up\"\nrate = 16000\n\
     [node.loud]\nworker = \"meter\"\nin = \"mic\"\nwindow_ms = 10\n\
     [node.gate]\nworker = \"gate\"\nin = { in = \"down\", level = \"loud.peak\" }\nthreshold = 0.02\n\
     [node.echo]\nworker = \"delay\"\nin = \"gate\"\nms = 30.0\nfeedback = 0.4\n\
     [node.all]\nworker = \"mix\"\nin = { a = \"echo\", b = \"mic\", c = { from = \"round\", feedback = 400 } }\n\
     [node.round]\nworker = \"gain\"\nin = \"all\"\ngain_db = -9.0\n\
     [output.out]\nfrom = \"all\"\n";

struct Room(tempfile::TempDir);

impl Room {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    fn put(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.at(name)
    }
    fn at(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().into()
    }
    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn noisy() -> String {
    file("tests/wav/noisy.wav").to_str().unwrap().into()
}

fn replay(args: &[&str]) -> Output {
    run(std::iter::once("replay").chain(args.iter().copied()))
}

fn well(args: &[&str]) -> Output {
    let output = replay(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    let said = stderr(&output);
    assert!(!said.bytes().any(|b| b < b' ' && b != b'\n'), "control characters in a pipe: {said:?}");
    output
}

/// Channels of 32-bit float WAV, and its rate.
fn read(path: &Path) -> (u32, Vec<Vec<f32>>) {
    let bytes = fs::read(path).unwrap();
    let (mut at, mut channels, mut rate, mut data) = (12, 0, 0, &bytes[..0]);
    while at + 8 <= bytes.len() {
        let size = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        let body = &bytes[at + 8..(at + 8 + size).min(bytes.len())];
        match &bytes[at..at + 4] {
            b"fmt " => {
                channels = usize::from(u16::from_le_bytes(body[2..4].try_into().unwrap()));
                rate = u32::from_le_bytes(body[4..8].try_into().unwrap());
                assert_eq!(u16::from_le_bytes(body[14..16].try_into().unwrap()), 32);
            }
            b"data" => data = body,
            _ => {}
        }
        at += 8 + size + size % 2;
    }
    let samples: Vec<f32> = data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    (rate, (0..channels).map(|c| samples.iter().skip(c).step_by(channels).copied().collect()).collect())
}

/// A 32-bit float WAV.
fn write(path: &Path, rate: u32, planes: &[Vec<f32>]) {
    let (channels, frames) = (planes.len() as u32, planes[0].len());
    let bytes = frames as u32 * channels * 4;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x03\0");
    wav.extend((channels as u16).to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * channels * 4).to_le_bytes());
    wav.extend((channels as u16 * 4).to_le_bytes());
    wav.extend(b"\x20\0data");
    wav.extend(bytes.to_le_bytes());
    (0..frames).for_each(|i| planes.iter().for_each(|plane| wav.extend(plane[i].to_le_bytes())));
    fs::write(path, wav).unwrap();
}

fn snr_db(reference: &[f32], heard: &[f32]) -> f64 {
    let energy = |x: f64| x * x;
    let signal: f64 = reference.iter().map(|x| energy(f64::from(*x))).sum();
    let error: f64 = reference.iter().zip(heard).map(|(x, y)| energy(f64::from(*x) - f64::from(*y))).sum();
    10.0 * (signal / error.max(1e-300)).log10()
}

#[test]
fn the_same_bytes_at_every_block_twice_and_with_load() {
    let room = Room::new();
    let (_, input) = read_any(&room, &noisy());
    for (name, text, tail) in [("spectra", SPECTRA, 0), ("mixed", MIXED, 8000)] {
        let graph = room.put(&format!("{name}.toml"), text);
        let mut first: Option<Vec<u8>> = None;
        for block in BLOCKS {
            for load in [false, true] {
                let out = room.at("out.wav");
                let noisy = noisy();
                let mut args = vec![graph.as_str(), "--in", &noisy, "--out", &out, "--block", block];
                args.extend(["--tail", if tail > 0 { "0.5" } else { "0" }]);
                args.extend(load.then_some("--load"));
                let said = stderr(&well(&args));
                assert_eq!(said.contains("deadline"), load, "{said}");
                let bytes = fs::read(&out).unwrap();
                let first = first.get_or_insert_with(|| bytes.clone());
                assert!(*first == bytes, "{name}, --block {block}, --load {load}");
            }
        }
        assert_eq!(read(&room.path("out.wav")).1[0].len(), input[0].len() + tail, "{name}");
    }
    assert_eq!(room.names(), ["in.wav", "mixed.toml", "out.wav", "spectra.toml"]);
}

/// Any WAV as 32-bit floats: through a graph that does nothing.
fn read_any(room: &Room, path: &str) -> (u32, Vec<Vec<f32>>) {
    let graph = "[graph]\nrate = 16000\n[input.mic]\n[output.out]\nfrom = \"mic\"\n";
    let graph = room.put("nothing.toml", graph);
    well(&[&graph, "--in", path, "--out", &room.at("in.wav")]);
    fs::remove_file(graph).unwrap();
    read(&room.path("in.wav"))
}

#[test]
fn an_identity_chain_of_spectra_is_the_input_once_aligned() {
    let room = Room::new();
    let graph = room.put("graph.toml", IDENTITY);
    let (_, input) = read_any(&room, &noisy());
    let (aligned, late) = (room.at("aligned.wav"), room.at("late.wav"));
    well(&[&graph, "--in", &noisy(), "--out", &aligned, "--align"]);
    well(&[&graph, "--in", &noisy(), "--out", &late]);
    let (aligned, late) = (&read(Path::new(&aligned)).1[0], &read(Path::new(&late)).1[0]);
    // Three more frames of the spectrum hold some of the last sample.
    let whole = input[0].len() + 3 * 128;
    assert_eq!((aligned.len(), late.len()), (whole, whole));
    let snr = snr_db(&input[0], aligned);
    println!("{snr:.1} dB");
    assert!(snr >= 120.0, "{snr}");
    assert_eq!(late[384..], aligned[..aligned.len() - 384], "512 − 128 samples late");
}

/// Files at the rates of sound cards through a graph at 16 kHz: as long as they were, in their own rate, at their place.
#[test]
fn files_of_other_rates_and_channels_come_back_as_they_were() {
    let room = Room::new();
    let graph = room.put("graph.toml", "[graph]\nrate = 16000\n[input.mic]\n[output.out]\nfrom = \"mic\"\n");
    for rate in [48000u32, 44100] {
        let tone = |hz: f64| {
            let at = move |i: usize| (std::f64::consts::TAU * hz * i as f64 / f64::from(rate)).sin() * 0.5;
            (0..rate as usize + 77).map(|i| at(i) as f32).collect::<Vec<f32>>()
        };
        let planes = [tone(440.0), tone(1000.0), tone(2500.0)];
        write(&room.path("in.wav"), rate, &planes);
        let out = room.at("out.wav");
        let input = room.at("in.wav");
        for block in ["128", "1021"] {
            // Filters ring on: without --tail the file is longer by that.
            well(&[&graph, "--in", &input, "--out", &out, "--align", "--block", block, "--tail", "0"]);
            let (found, heard) = read(Path::new(&out));
            assert_eq!((found, heard.len(), heard[0].len()), (rate, 3, planes[0].len()));
            for (plane, heard) in planes.iter().zip(&heard) {
                let (a, b) = (rate as usize / 8, rate as usize * 7 / 8);
                let snr = snr_db(&plane[a..b], &heard[a..b]);
                assert!(snr > 60.0, "{rate} Hz, blocks of {block}: {snr} dB");
            }
        }
        well(&[&graph, "--in", &input, "--out", &out, "--rate", "16000", "--tail", "0"]);
        let (found, heard) = read(Path::new(&out));
        let expected = (planes[0].len() as u64 * 16000).div_ceil(u64::from(rate));
        assert_eq!((found, heard[0].len() as u64), (16000, expected));
    }
}

#[test]
fn probes_are_numpy_files_with_the_frames_of_a_port() {
    let room = Room::new();
    let graph = room.put("graph.toml", SPECTRA);
    let npy = |port: &str, block: &str| {
        let path = room.at("probe.npy");
        let probe = format!("{port}={path}");
        let out = room.at("out.wav");
        well(&[&graph, "--in", &noisy(), "--out", &out, "--probe", &probe, "--block", block]);
        let bytes = fs::read(path).unwrap();
        assert_eq!(&bytes[..6], b"\x93NUMPY");
        let size = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        (String::from_utf8_lossy(&bytes[10..10 + size]).into_owned(), bytes[10 + size..].to_vec())
    };
    let (_, input) = read_any(&room, &noisy());
    let frames = input[0].len() / 128 + 3; // three hold some of the last sample
    for (port, shape, width) in [("level", "257, )", 257), ("stft", "257, 2, )", 514)] {
        let (header, data) = npy(port, "128");
        assert!(header.contains("'<f4'") && header.contains(shape), "{header}");
        assert_eq!(data.len() % (4 * width), 0);
        let count = data.len() / 4 / width;
        assert_eq!(count, frames);
        assert!(data.chunks_exact(4).any(|b| f32::from_le_bytes(b.try_into().unwrap()) > 0.1));
        assert_eq!(npy(port, "1021"), (header, data), "blocks change nothing");
    }
}

#[test]
fn pipes_are_as_good_as_files() {
    let room = Room::new();
    let graph = room.put("graph.toml", IDENTITY);
    let out = room.at("out.wav");
    well(&[&graph, "--in", &noisy(), "--out", &out]);
    let mut child = aw();
    child.args(["replay", &graph, "--in", "-", "--out", "-"]);
    let stdin = fs::File::open(noisy()).unwrap();
    let output = child.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    // The length in the head of a pipe is not known when it is written; all samples are there.
    fs::write(room.path("piped.wav"), &output.stdout).unwrap();
    assert_eq!(read(&room.path("piped.wav")), read(Path::new(&out)));
}

#[test]
fn calls_that_cannot_be_are_refused_and_leave_nothing() {
    let room = Room::new();
    let graph = room.put("graph.toml", IDENTITY);
    fs::copy(noisy(), room.path("in.wav")).unwrap();
    let before = fs::read(room.path("in.wav")).unwrap();
    let (input, out) = (room.at("in.wav"), room.at("out.wav"));
    let none = room.at("none.wav");
    for (args, code, words) in [
        (vec![graph.as_str(), "--in", &input, "--out", &input], 1, "read and written at once"),
        (vec![&graph, "--in", &input, "--out", "/dev/full"], 1, "/dev/full"),
        (vec![&graph, "--in", &none, "--out", &out], 1, "none.wav"),
        (vec![&graph, "--out", &out], 1, "nothing to play"),
        (vec![&graph, "--in", &input, "--out", &out, "--set", "what"], 2, "NODE.PARAM=VALUE"),
        (vec![&graph, "--in", &input, "--out", &out, "--block", "0"], 2, "--block"),
    ] {
        let output = replay(&args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
    assert_eq!(fs::read(room.path("in.wav")).unwrap(), before);
    assert_eq!(room.names(), ["graph.toml", "in.wav"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_long_run_and_leaves_nothing() {
    let room = Room::new();
    let graph = room.put("graph.toml", IDENTITY);
    write(&room.path("long.wav"), 16000, &[vec![0.25; 16000 * 600]]);
    let mut child = aw();
    let (input, out) = (room.at("long.wav"), room.at("out.wav"));
    child.args(["replay", &graph, "--in", &input, "--out", &out, "--block", "1"]);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let growing = || room.names().len() > 2;
    let start = std::time::Instant::now();
    while !growing() && start.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(growing(), "it has begun to write");
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("interrupted"), "{}", stderr(&output));
    assert_eq!(room.names(), ["graph.toml", "long.wav"]);
}

#[test]
fn many_files_in_one_call_are_as_one_by_one() {
    let room = Room::new();
    let graph = room.put("graph.toml", MIXED);
    let (_, input) = read_any(&room, &noisy());
    for (i, name) in ["a", "b", "c", "d", "e"].iter().enumerate() {
        write(&room.path(&format!("{name}.wav")), 16000, &[input[0][i * 1000..i * 3000 + 9000].to_vec()]);
    }
    let paths = ["a", "b", "c", "d", "e"].map(|name| room.at(&format!("{name}.wav")));
    let folder = room.at("all");
    let mut args = vec![graph.as_str(), "--in"];
    args.extend(paths.iter().map(String::as_str));
    args.extend(["--out", &folder]);
    well(&args);
    for (name, path) in ["a", "b", "c", "d", "e"].iter().zip(&paths) {
        let one = room.at("one.wav");
        well(&[&graph, "--in", path, "--out", &one]);
        let together = fs::read(Path::new(&folder).join(format!("{name}.wav"))).unwrap();
        assert!(fs::read(one).unwrap() == together, "{name}");
    }
}

#[test]
fn events_go_where_they_are_sent_and_do_not_depend_on_blocks() {
    let room = Room::new();
    let graph = room.put(
        "graph.toml",
        "[graph]\nrate = 16000\n[input.mic]\n\
         [node.loud]\nworker = \"meter\"\nin = \"mic\"\nwindow_ms = 10\n\
         [node.words]\nworker = \"peaks\"\nin = \"loud.peak\"\nthreshold = 0.1\nlabels = \"loud\"\nhold_ms = 100\n\
         [output.heard]\nfrom = \"words.events\"\nto = \"stdout\"\n",
    );
    let lines = stdout(&well(&[&graph, "--in", &noisy()]));
    assert!(lines.lines().count() >= 2, "{lines}");
    let times: Vec<f64> = lines
        .lines()
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!((&event["output"], &event["label"]), (&"heard".into(), &"loud".into()));
            event["time"].as_f64().unwrap()
        })
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    for block in BLOCKS {
        let path = room.at("events.jsonl");
        let said = stdout(&well(&[&graph, "--in", &noisy(), "--events", &path, "--block", block]));
        assert_eq!((said.as_str(), fs::read_to_string(&path).unwrap()), ("", lines.clone()), "--block {block}");
    }
}

/// A library that allocates while rendering is named in a warning; none of ours is.
#[test]
fn no_worker_allocates_while_it_renders() {
    let room = Room::new();
    for (name, text) in [("spectra", SPECTRA), ("identity", IDENTITY), ("mixed", MIXED)] {
        let graph = room.put(&format!("{name}.toml"), text);
        for block in ["37", "480"] {
            let said = stderr(&well(&[&graph, "--in", &noisy(), "--out", &room.at("out.wav"), "--block", block]));
            assert!(!said.contains("while rendering"), "{name}: {said}");
            assert!(said.contains("out → "), "{said}");
        }
    }
}
