//! The flight recorder: what `aw live` played on simulated cards is played again by `aw replay`, bit for bit.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

use aw_host::io::{AudioWriter, Encoding};
use aw_tests::{aw, stderr};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const RATE: usize = 48_000;
/// An echo on a lane: what it gives is made of all that it has heard.
const GRAPH: &str = "
[graph]
rate = 48000
block = 128
[input.mic]
[node.level]
worker = 'gain'
in = 'mic'
gain_db = -3.0
[node.echo]
worker = 'delay'
in = 'level'
ms = 30
feedback = 0.5
mix = 0.5
run = { lane = 'echo', delay = 1, late = 'pass' }
[output.speaker]
from = 'echo'
";

/// What is heard comes from a file; what is played goes nowhere.
const CARDS: &str = "
[[card]]
id = 'desk'
rate = 48000
input = { channels = 1, file = 'in.wav' }
output = { channels = 2 }
";

/// A folder with a graph and seconds of sound.
struct Desk {
    folder: tempfile::TempDir,
}

/// `aw live`, as it plays.
struct Live {
    child: Child,
    socket: PathBuf,
}

impl Desk {
    fn new(seconds: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder };
        fs::write(desk.path("graph.toml"), GRAPH).unwrap();
        fs::write(desk.path("cards.toml"), CARDS).unwrap();
        let sound: Vec<f32> =
            (0..seconds * RATE).map(|i| (i as f32 * 0.03).sin() * 0.3 + (i % 97) as f32 * 1e-3).collect();
        let mut wav = AudioWriter::create(desk.path("in.wav"), RATE as u32, 1, Encoding::F32).unwrap();
        wav.write(&[&sound]).unwrap();
        wav.finish().unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        // As editors save: at once.
        fs::write(self.path("saved"), text.replace(from, to)).unwrap();
        fs::rename(self.path("saved"), self.path(name)).unwrap();
    }

    fn command(&self, graphs: &[&str], more: &[&str]) -> Vec<String> {
        let path = |name: &str| self.path(name).to_str().unwrap().to_string();
        let mut args = vec!["live".to_string()];
        args.extend(graphs.iter().map(|name| path(name)));
        args.extend(["--host", "simulated", "--plain", "--ordinary"].map(String::from));
        let files = [("--in", "cards.toml"), ("--control", "socket"), ("--dump-dir", "dumps"), ("--record", "session")];
        for (option, name) in files {
            args.extend([option.to_string(), path(name)]);
        }
        args.extend(more.iter().map(|text| text.to_string()));
        args
    }

    fn live(&self, graphs: &[&str], more: &[&str]) -> Live {
        Live::start(aw().args(self.command(graphs, more)), self)
    }

    fn replay(&self, folder: &Path, more: &[&str]) -> Output {
        aw().arg("replay").arg(folder).args(more).output().unwrap()
    }

    /// Plays what was recorded; it must be as it was.
    fn is_same(&self, folder: &Path) -> String {
        let output = self.replay(folder, &[]);
        let said = stderr(&output);
        assert!(output.status.success() && said.contains("`speaker`: bit for bit as recorded"), "{said}");
        said
    }

    /// What was written of the last seconds.
    fn dumps(&self) -> Vec<PathBuf> {
        let dumps = fs::read_dir(self.path("dumps")).map(|all| all.map(|one| one.unwrap().path()).collect());
        dumps.unwrap_or_default()
    }
}

impl Live {
    fn start(command: &mut Command, desk: &Desk) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let live = Self { child, socket: desk.path("socket") };
        until(|| UnixStream::connect(&live.socket).is_ok());
        live
    }

    fn ask(&self, request: &str) {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        writeln!(stream, "{request}").unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert!(answer.contains("\"ok\":true"), "{request}: {answer}");
    }

    /// Waits for its end; answers what it said.
    fn end(mut self) -> String {
        let mut said = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {said}");
        said
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits for something, but not for ever.
fn until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "it does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn a_while() {
    std::thread::sleep(Duration::from_millis(700));
}

/// Frames that were recorded, as `aw replay` says.
fn frames(said: &str) -> usize {
    let line = said.lines().find(|line| line.contains("bit for bit")).unwrap();
    line.split_whitespace().rev().nth(1).unwrap().parse().unwrap()
}

#[test]
fn what_was_heard_is_heard_again_with_edits_and_sliders() {
    let desk = Desk::new(6);
    let live = desk.live(&["graph.toml"], &[]);
    live.ask(r#"{"do":"set","node":"level","param":"gain_db","value":-9,"ramp_ms":300}"#);
    a_while();
    desk.edit("graph.toml", "ms = 30", "ms = 20"); // the echo begins anew
    a_while();
    live.ask(r#"{"do":"dump"}"#);
    live.ask(r#"{"do":"set","node":"echo","param":"mix","value":0.25}"#);
    live.ask(r#"{"do":"bypass","on":true}"#);
    a_while();
    live.ask(r#"{"do":"bypass","on":false}"#);
    // Another block: nothing of it can go on, and another graph takes its place.
    desk.edit("graph.toml", "block = 128", "block = 96");
    a_while();
    let said = live.end();
    assert!(said.contains("read anew, and gone over to"), "{said}");
    let recorded = desk.is_same(&desk.path("session"));
    assert!(frames(&recorded) > 6 * RATE, "{recorded}");
    let journal = fs::read_to_string(desk.path("session/session.jsonl")).unwrap();
    for what in ["\"change\"", "\"changed\"", "\"set\"", "\"remove\"", "\"obeyed\"", "\"end\""] {
        assert!(journal.contains(what), "{what} is not in\n{journal}");
    }
    // What was written amid it has all up to then.
    let dumps = desk.dumps();
    assert_eq!(dumps.len(), 1, "{said}");
    assert!(said.contains(dumps[0].to_str().unwrap()), "{said}");
    assert!(frames(&desk.is_same(&dumps[0])) > RATE / 2);

    // What comes can be kept, too.
    let again = desk.path("again.wav");
    assert!(desk.replay(&desk.path("session"), &["--out", again.to_str().unwrap()]).status.success());
    assert_eq!(sound(&again), sound(&desk.path("session/output-speaker.wav")));

    // A worker of another build is refused, unless it is wanted.
    let (other, at) = ("00000000", journal.find("\"crc\":\"").unwrap() + 7);
    let found = journal[at..at + 8].to_string();
    fs::write(desk.path("session/session.jsonl"), journal.replace(&found, other)).unwrap();
    let output = desk.replay(&desk.path("session"), &[]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in ["aw_basics", "CRC-32 00000000", &format!("CRC-32 {found}"), "--anyway"] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    let output = desk.replay(&desk.path("session"), &["--anyway"]);
    assert!(output.status.success() && stderr(&output).contains("bit for bit"), "{}", stderr(&output));

    // One that is not here is named.
    let gone = journal.replace("\"workers\":[\"gain\"", "\"workers\":[\"gone\"");
    fs::write(desk.path("session/session.jsonl"), gone).unwrap();
    let said = stderr(&desk.replay(&desk.path("session"), &["--anyway"]));
    assert!(said.contains("with the worker `gone` is not found"), "{said}");
}

fn sound(path: &Path) -> Vec<u32> {
    let mut reader = aw_host::io::AudioReader::open(path).unwrap();
    let mut planes = vec![vec![0.0f32; 1 << 20]; reader.spec().channels];
    let frames = reader.read(&mut planes).unwrap();
    planes.iter().flat_map(|plane| plane[..frames].iter().map(|x| x.to_bits())).collect()
}

#[test]
fn two_graphs_that_are_compared_are_compared_again() {
    let desk = Desk::new(3);
    fs::write(desk.path("other.toml"), GRAPH.replace("ms = 30", "ms = 55")).unwrap();
    let live = desk.live(&["graph.toml", "other.toml"], &[]);
    for deck in ["b", "a", "b"] {
        live.ask(&format!(r#"{{"do":"hear","deck":"{deck}"}}"#));
        a_while();
    }
    live.end();
    desk.is_same(&desk.path("session"));
}

#[test]
fn a_recording_is_whole_up_to_where_the_process_was_killed() {
    let desk = Desk::new(30);
    let mut live = desk.live(&["graph.toml"], &[]);
    a_while();
    live.ask(r#"{"do":"set","node":"level","param":"gain_db","value":-20}"#);
    a_while();
    a_while();
    live.child.kill().unwrap();
    live.child.wait().unwrap();
    let said = desk.is_same(&desk.path("session"));
    assert!(said.contains("aw was killed, or the disk was full"), "{said}");
    assert!(frames(&said) > RATE, "{said}");
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_sound() {
    let desk = Desk::new(4);
    let mut shell = Command::new("sh");
    // No file may be larger than 600 blocks of 512 bytes, or of 1024 in some shells; what would be is told as an error.
    let exec = "trap '' XFSZ; ulimit -f 600; exec \"$@\"";
    let aw = aw();
    shell.arg("-c").arg(exec).arg("sh").arg(aw.get_program()).args(desk.command(&["graph.toml"], &[]));
    let live = Live::start(shell.current_dir(desk.folder.path()), &desk);
    let said = live.end();
    assert!(said.contains("the recording ends here"), "{said}");
    let said = desk.is_same(&desk.path("session"));
    assert!(frames(&said) > RATE / 2 && frames(&said) < 4 * RATE, "{said}");
}

#[test]
fn what_is_no_recording_or_is_damaged_is_told() {
    let desk = Desk::new(1);
    fs::create_dir(desk.path("session")).unwrap();
    let said = |desk: &Desk| {
        let output = desk.replay(&desk.path("session"), &[]);
        assert_eq!(output.status.code(), Some(1));
        stderr(&output)
    };
    assert!(said(&desk).contains("is no recording"));
    // It is empty, so that it can become one.
    desk.live(&["graph.toml"], &["--seconds", "1.5"]).end();
    let journal = desk.path("session/session.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    // The last line was not written to its end.
    fs::write(&journal, &text[..text.len() - 5]).unwrap();
    assert!(desk.is_same(&desk.path("session")).contains("as far as it goes"));
    let lines: Vec<&str> = text.lines().collect();
    let with = |at: usize, line: &str| {
        let mut lines = lines.clone();
        lines[at] = line;
        fs::write(&journal, lines.join("\n") + "\n").unwrap();
        said(&desk)
    };
    assert!(with(3, "{\"hear\":{\"dry\":").contains("session.jsonl, line 4: "));
    assert!(with(0, &lines[0].replace("\"version\":1", "\"version\":9")).contains("version 9"));
    assert!(with(1, "{\"note\":{\"time\":0,\"text\":\"\"}}").contains("it names no graph"));
    fs::write(&journal, &text).unwrap();
    // A graph that was changed behind its back is played, and differs.
    desk.edit("session/graphs/0/graph.toml", "gain_db = -3.0", "gain_db = -4.0");
    let differs = said(&desk);
    assert!(differs.contains("samples differ, the first in frame") && differs.contains("dB between"), "{differs}");

    // A folder that holds something is not recorded to.
    let output = aw().args(desk.command(&["graph.toml"], &[])).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("name a new folder, or an empty one"), "{}", stderr(&output));
    // Nor is anything asked of a recording that is settled in it.
    let output = desk.replay(&desk.path("session"), &["--rate", "16000"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("leave --rate out"), "{}", stderr(&output));
}
