//! What `aw replay` does with the files of a user: it ends, overwrites nothing that is needed, and can be interrupted.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_tests::{aw, file, stderr};
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

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
}

#[test]
fn a_graph_of_sound_and_events_ends_with_its_input() {
    let room = Room::new(BOTH);
    let output = room.replay("--in in.wav --out out.wav --events heard.jsonl");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("out.wav: 10.000 s"), "{}", stderr(&output));
    assert!(std::fs::read_to_string(room.path("heard.jsonl")).unwrap().lines().count() > 2);
}
