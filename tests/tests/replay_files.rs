//! What `aw replay` does with the files of a user: it ends, overwrites nothing that is needed, and can be interrupted.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_tests::{aw, file, stderr, stdout};
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

const NOTHING: &str = "[graph]\nrate = 16000\n[input.mic]\n[output.out]\nfrom = \"mic\"\n";

/// Sound and events from one graph.
const BOTH: &str = "[graph]\nrate = 16000\n[input.mic]\n\
     [node.loud]\nworker = \"meter\"\nin = \"mic\"\n\
     [node.words]\nworker = \"peaks\"\nin = \"loud.peak\"\nthreshold = 0.1\n\
     [output.heard]\nfrom = \"words.events\"\nto = \"stdout\"\n[output.out]\nfrom = \"mic\"\n";

/// A folder with a graph, `graph.toml`, and sound, `in.wav`; commands run in it.
struct Room(tempfile::TempDir);

impl Room {
    fn new(graph: &str) -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        std::fs::write(room.path("graph.toml"), graph).unwrap();
        std::fs::copy(file("tests/wav/noisy.wav"), room.path("in.wav")).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `aw replay graph.toml` with these words behind it; a run that does not end within a minute fails the test.
    fn replay(&self, args: &str) -> Output {
        let mut aw = aw();
        aw.current_dir(self.0.path()).args(["replay", "graph.toml"]).args(args.split(' '));
        let mut child = aw.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if begun.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                panic!("`aw replay graph.toml {args}` does not end");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.wait_with_output().unwrap()
    }

    /// What it says when it refuses with this code; nothing is written or changed.
    fn refused(&self, code: i32, args: &str) -> String {
        let all = || self.names().into_iter().map(|name| (std::fs::read(self.path(&name)).ok(), name));
        let before: Vec<_> = all().collect();
        let output = self.replay(args);
        let said = stderr(&output);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(code), ""), "{args}: {said}");
        assert!(before.into_iter().eq(all()), "{args} wrote something");
        said
    }
}

#[test]
fn a_graph_of_sound_and_events_ends_with_its_input() {
    let room = Room::new(BOTH);
    let output = room.replay("--in in.wav --out out.wav --events heard.jsonl");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("out.wav: 10.000 s"), "{}", stderr(&output));
    assert!(std::fs::read_to_string(room.path("heard.jsonl")).unwrap().lines().count() > 2);
}

#[test]
fn standard_output_carries_one_thing() {
    let room = Room::new(BOTH);
    assert!(room.refused(2, "--in in.wav --out -").contains("only one thing can go to standard output"));
    std::fs::copy(room.path("in.wav"), room.path("b.wav")).unwrap();
    assert!(room.refused(2, "--in in.wav b.wav").contains("a folder for their events"));
    let room = Room::new(NOTHING);
    assert!(room.refused(2, "--in in.wav --events heard.jsonl").contains("no output of events"));
}

#[test]
fn nothing_that_is_needed_is_overwritten() {
    let room = Room::new(NOTHING);
    std::fs::copy(room.path("in.wav"), room.path("clean.wav")).unwrap();
    for (args, words) in [
        ("--in in.wav --out ./clean.wav --reference clean.wav", "./clean.wav would be read and written at once"),
        ("--in in.wav --out graph.toml", "graph.toml would be read and written at once"),
        ("--in in.wav --out out.wav --probe mic=./out.wav", "./out.wav would be written twice"),
    ] {
        assert!(room.refused(1, args).contains(words), "{args}");
    }
    let two = format!("{NOTHING}[output.again]\nfrom = \"mic\"\n");
    let room = Room::new(&two);
    assert!(room.refused(1, "--in in.wav --out out=a.wav again=a.wav").contains("a.wav would be written twice"));
    let room = Room::new(&NOTHING.replace("[output.out]", "[output.out]\nwav = \"a.wav\""));
    std::fs::copy(room.path("in.wav"), room.path("b.wav")).unwrap();
    assert!(room.refused(1, "--in in.wav b.wav").contains("a.wav would be written twice"));
    assert!(room.replay("--in in.wav").status.success(), "one file is what the graph is for");
}

#[test]
fn what_cannot_be_measured_is_said_in_words() {
    let room = Room::new(NOTHING);
    let said = stderr(&room.replay("--in in.wav --reference in.wav"));
    assert!(said.contains("inf dB before, inf dB after\n"), "{said}");
    let mut silence = std::fs::read(room.path("in.wav")).unwrap();
    silence[44..].fill(0);
    std::fs::write(room.path("silence.wav"), silence).unwrap();
    let said = stderr(&room.replay("--in in.wav --reference silence.wav"));
    assert!(said.contains("cannot be measured") && !said.contains("NaN"), "{said}");
}

/// Ctrl-C has to end a run that waits for a pipe whose other end says nothing more, and take its file away.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_that_waits_for_a_pipe() {
    use std::io::Write;
    let room = Room::new(NOTHING);
    let mut aw = aw();
    aw.current_dir(room.0.path()).args(["replay", "graph.toml", "--in", "-", "--out", "out.wav"]);
    let mut child = aw.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let sound = std::fs::read(room.path("in.wav")).unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&sound[..100_000]).unwrap();
    let begun = Instant::now();
    while room.names().len() < 3 && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(room.names().len(), 3, "it has begun to write");
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(pipe); // ends a run that did not listen
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(begun.elapsed() < Duration::from_secs(19), "only the end of its input ended it");
    assert_eq!(room.names(), ["graph.toml", "in.wav"]);
}

/// `aw … 2>&1 | head` closes standard error under its feet.
#[cfg(target_os = "linux")]
#[test]
fn a_message_that_nobody_hears_is_no_crash() {
    let room = Room::new(NOTHING);
    let mut aw = aw();
    aw.current_dir(room.0.path()).args(["replay", "graph.toml", "--in", "in.wav", "--out", "out.wav"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(aw.stderr(full).status().unwrap().code(), Some(0));
    assert_eq!(room.names(), ["graph.toml", "in.wav", "out.wav"]);
}
