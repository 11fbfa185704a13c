//! Graphs that must hear the whole recording before its first sample is right: `aw replay` plays it once more before.
#![allow(clippy::unwrap_used)] // helpers of tests, too

mod cc;

use aw_tests::{aw, file, stderr, stdout};
use std::fs;
use std::path::PathBuf;
use std::process::{Output, Stdio};

/// A folder with the worker, a graph and a recording; commands run in it.
struct Room(tempfile::TempDir);

const GRAPH: &str = "[graph]\nrate = 16000\n[input.mic]\n[node.loud]\nworker = \"normalize\"\nin = \"mic\"\n\
     [output.out]\nfrom = \"loud\"\n";

impl Room {
    fn new(graph: &str) -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        fs::create_dir(room.path("workers")).unwrap();
        cc::library(&file("tests/workers/normalize.c"), &room.path("workers"), "normalize");
        fs::write(room.path("graph.toml"), graph).unwrap();
        // The loudest sample comes last, and is no power of two.
        let quiet = |i: usize| ((i * 7919) % 1000) as f32 / 4000.0 - 0.1;
        let mut sound: Vec<f32> = (0..20_000).map(quiet).collect();
        sound[19_990] = -0.7;
        fs::write(room.path("in.wav"), wav(&sound)).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn replay(&self, args: &str, stdin: Stdio) -> Output {
        let mut aw = aw();
        aw.current_dir(self.0.path()).args(["replay", "graph.toml", "--workers", "workers"]).args(args.split(' '));
        aw.stdin(stdin).output().unwrap()
    }

    /// The sound that comes of it.
    fn well(&self, args: &str, stdin: Stdio) -> Vec<f32> {
        let output = self.replay(&format!("{args} --out out.wav"), stdin);
        assert!(output.status.success(), "{args}: {}", stderr(&output));
        samples(&fs::read(self.path("out.wav")).unwrap())
    }

    fn open(&self, name: &str) -> Stdio {
        fs::File::open(self.path(name)).unwrap().into()
    }
}

/// Mono, 32-bit float, 16 kHz.
fn wav(sound: &[f32]) -> Vec<u8> {
    let bytes = 4 * sound.len() as u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x03\0\x01\0");
    wav.extend([16_000u32, 64_000].iter().flat_map(|n| n.to_le_bytes()));
    wav.extend(b"\x04\0\x20\0data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(sound.iter().flat_map(|x| x.to_le_bytes()));
    wav
}

/// Samples of such a file.
fn samples(wav: &[u8]) -> Vec<f32> {
    let at = wav.windows(4).position(|word| word == b"data").unwrap() + 8;
    wav[at..].chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

fn peak(sound: &[f32]) -> f32 {
    sound.iter().fold(0.0, |most, x| x.abs().max(most))
}

#[test]
fn the_loudest_sample_is_known_from_the_first_on() {
    let room = Room::new(GRAPH);
    let input = samples(&fs::read(room.path("in.wav")).unwrap());
    let expected: Vec<f32> = input.iter().map(|x| (f64::from(*x) / f64::from(0.7f32)) as f32).collect();
    for block in ["1", "37", "128", "1021", "65536"] {
        let heard = room.well(&format!("--in in.wav --block {block}"), Stdio::null());
        assert!(heard == expected, "blocks of {block}");
        assert_eq!(peak(&heard), 1.0, "blocks of {block}");
    }
    assert_eq!(room.names(), ["graph.toml", "in.wav", "out.wav", "workers"]);
}

#[test]
fn a_pipe_can_be_heard_twice_too() {
    let room = Room::new(GRAPH);
    let expected = room.well("--in in.wav", Stdio::null());
    assert!(room.well("--in -", room.open("in.wav")) == expected);
    // A file of that name is another thing.
    fs::write(room.path("-"), "no sound").unwrap();
    assert!(room.well("--in -", room.open("in.wav")) == expected);
    fs::remove_file(room.path("-")).unwrap();
    // Through a pipe proper, which cannot be sought in; and out through another, in which the sound is once.
    let mut cat = std::process::Command::new("cat").arg(room.path("in.wav")).stdout(Stdio::piped()).spawn().unwrap();
    let output = room.replay("--in - --out -", cat.stdout.take().unwrap().into());
    cat.wait().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(samples(&output.stdout) == expected);
    assert_eq!(room.names(), ["graph.toml", "in.wav", "out.wav", "workers"]);
}

/// What the graph itself names for an output is written once, with the sound that is right.
#[test]
fn only_the_last_run_is_kept() {
    let graph = GRAPH.replace("from = \"loud\"", "from = \"loud\"\nwav = \"mine.wav\"")
        + "[node.meter]\nworker = \"meter\"\nin = \"loud\"\n[node.words]\nworker = \"peaks\"\nin = \"meter.peak\"\n\
           threshold = 0.9\n[output.heard]\nfrom = \"words\"\nto = \"stdout\"\n";
    let room = Room::new(&graph);
    let output = room.replay("--in in.wav --probe meter.peak=peak.npy", Stdio::null());
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 1, "the one event is told once: {}", stdout(&output));
    assert_eq!(peak(&samples(&fs::read(room.path("mine.wav")).unwrap())), 1.0);
    assert_eq!(room.names(), ["graph.toml", "in.wav", "mine.wav", "peak.npy", "workers"]);
}

/// The second in a row learns when the first is right; with a delay before it, it still hears the last sample.
#[test]
fn two_in_a_row_and_one_behind_latency_are_right_too() {
    let second = "[node.late]\nworker = \"istft\"\nin = \"spectrum\"\n\
         [node.spectrum]\nworker = \"stft\"\nin = \"loud\"\nsize = 512\nhop = 128\n\
         [node.half]\nworker = \"normalize\"\nin = \"late\"\npreset = \"half\"\n[output.out]\nfrom = \"half\"\n";
    let room = Room::new(&GRAPH.replace("[output.out]\nfrom = \"loud\"\n", second));
    let heard = room.well("--in in.wav --align", Stdio::null());
    assert_eq!(peak(&heard), 0.5);
    let loudest = heard.iter().position(|x| x.abs() == 0.5);
    assert_eq!(loudest, Some(19_990));
}

/// It has learned nothing that is right, and nobody would know.
#[test]
fn a_worker_that_fails_while_nobody_listens_is_told_of() {
    let room = Room::new(GRAPH);
    let code = fs::read_to_string(file("tests/workers/normalize.c")).unwrap();
    let fails = "static aw_status process(aw_instance *it, const aw_block *block) {\n  static int calls;\n  \
        if (!calls++) return aw_status_ERROR;\n";
    let code = code.replace("static aw_status process(aw_instance *it, const aw_block *block) {\n", fails);
    assert!(code.contains("calls++"));
    fs::write(room.path("once.c"), code).unwrap();
    cc::library(&room.path("once.c"), &room.path("workers"), "normalize");
    let output = room.replay("--in in.wav --out out.wav", Stdio::null());
    assert!(stderr(&output).contains("`loud`") && !output.status.success(), "{}", stderr(&output));
}

#[test]
fn live_it_is_refused_in_the_words_of_the_worker() {
    let room = Room::new(GRAPH);
    let check = |args: &[&str]| {
        let mut aw = aw();
        aw.current_dir(room.0.path()).args(["check", "graph.toml", "--workers", "workers"]).args(args);
        aw.output().unwrap()
    };
    assert_eq!(check(&[]).status.code(), Some(0));
    let output = check(&["--live"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("error[offline]: `loud` must hear the whole recording"), "{said}");
    assert!(said.contains("whose loudest sample is known at its end"), "{said}");
    assert!(said.contains("= help: \"heard\" divides by the loudest so far"), "{said}");
    fs::write(room.path("graph.toml"), GRAPH.replace("in =", "preset = \"live\"\nin =")).unwrap();
    assert_eq!(check(&["--live"]).status.code(), Some(0));
    let heard = room.well("--in in.wav", Stdio::null());
    assert_eq!((heard[0], heard[19_990]), (-0.25, -0.25), "as loud as the loudest so far");
}
