//! `aw live` from outside: by sockets, by Open Sound Control, and by its keys in a real terminal.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

use aw_host::io::{AudioReader, AudioWriter, Encoding};
use aw_tests::live::Program;
use aw_tests::rig::{db, rms};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const GRAPH: &str = "[graph]\ntitle = \"Levels\"\nrate = 48000\nblock = 256\n[input.mic]\nchannels = 1\n\
                     [node.end]\nworker = \"gain\"\nin = \"mic\"\ngain_db = 0\n[output.speaker]\nfrom = \"end\"\n";

const RATE: usize = 48000;

/// A graph, and a sine at half of full scale of so many seconds.
fn place(seconds: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("graph.toml"), GRAPH).unwrap();
    let sine = |n: usize| (0.5 * (std::f64::consts::TAU * 440.0 * n as f64 / RATE as f64).sin()) as f32;
    let mut file = AudioWriter::create(folder.path().join("in.wav"), RATE as u32, 1, Encoding::F32).unwrap();
    file.write(&[&(0..seconds * RATE).map(sine).collect::<Vec<_>>()]).unwrap();
    file.finish().unwrap();
    folder
}

fn live(folder: &Path) -> Command {
    let mut aw = aw_tests::aw();
    aw.current_dir(folder).args(["live", "graph.toml", "--host", "simulated", "--ordinary"]);
    aw.args(["--in", "in.wav", "--out", "out.wav"]);
    aw
}

/// A port that is free now.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks one thing, and answers what comes back.
fn ask(stream: &mut (impl Read + Write), question: &Value) -> Value {
    writeln!(stream, "{question}").unwrap();
    let mut answer = String::new();
    BufReader::with_capacity(1, stream).read_line(&mut answer).unwrap();
    serde_json::from_str(&answer).unwrap()
}

/// An OSC message with one number.
fn osc(address: &str, value: f32) -> Vec<u8> {
    let padded = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(text.len() / 4 * 4 + 4, 0);
        bytes
    };
    [padded(address), padded(",f"), value.to_be_bytes().to_vec()].concat()
}

#[test]
fn a_parameter_is_set_by_sockets_and_by_osc_and_is_heard() {
    let folder = place(30);
    let (socket, tcp, udp) = (folder.path().join("aw.sock"), port(), port());
    let mut aw = live(folder.path());
    aw.args(["--json", "--control"]).arg(&socket).args(["--control", &tcp.to_string(), "--osc", &udp.to_string()]);
    let mut program = Program::start(aw);
    let value = |scene: &Value| scene["params"][0]["value"].as_f64().unwrap();
    program.wait_for("it plays", |scene| scene["time"].as_f64().unwrap() > 0.5);

    let mut unix = UnixStream::connect(&socket).unwrap();
    let question = json!({ "id": 1, "do": "set", "node": "end", "param": "gain_db", "value": -6, "ramp_ms": 100 });
    assert_eq!(ask(&mut unix, &question), json!({ "id": 1, "ok": true }));
    let time = program.wait_for("it is set by the socket", |scene| value(scene) == -6.0)["time"].as_f64().unwrap();
    program.wait_for("it is heard", |scene| scene["time"].as_f64().unwrap() > time + 0.6);

    let mut stream = TcpStream::connect(("127.0.0.1", tcp)).unwrap();
    let question = json!({ "id": "two", "do": "set", "node": "end", "param": "gain_db", "value": -12 });
    assert_eq!(ask(&mut stream, &question), json!({ "id": "two", "ok": true }));
    let answer = ask(&mut stream, &json!({ "do": "get", "node": "end", "param": "gain_bd" }));
    assert!(answer["error"].as_str().unwrap().contains("did you mean `gain_db`?"), "{answer}");
    let time = program.wait_for("it is set by TCP", |scene| value(scene) == -12.0)["time"].as_f64().unwrap();
    program.wait_for("it is heard", |scene| scene["time"].as_f64().unwrap() > time + 0.6);

    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.send_to(&osc("/end/gain_db", -18.0), ("127.0.0.1", udp)).unwrap();
    let time = program.wait_for("it is set by OSC", |scene| value(scene) == -18.0)["time"].as_f64().unwrap();
    program.wait_for("it is heard", |scene| scene["time"].as_f64().unwrap() > time + 0.6);

    let scene = ask(&mut unix, &json!({ "id": 3, "do": "scene" }));
    assert_eq!((&scene["id"], &scene["ok"]), (&json!(3), &json!(true)), "{scene}");
    assert_eq!(ask(&mut stream, &json!({ "id": 4, "do": "quit" }))["ok"], json!(true));
    program.ended();
    assert!(!socket.exists(), "the socket is left behind");

    let heard = read(&folder.path().join("out.wav"));
    let levels: Vec<f64> = heard.chunks_exact(RATE / 10).map(|chunk| db(rms(chunk) / (0.5 / 2f64.sqrt()))).collect();
    let mut from = 0;
    for wanted in [0.0, -6.0, -12.0, -18.0] {
        let stays = |three: &[f64]| three.iter().all(|level| (level - wanted).abs() < 0.05);
        let at = levels[from..].windows(3).position(stays);
        from += at.unwrap_or_else(|| panic!("{wanted} dB is not heard: {levels:.1?}"));
    }
}

/// The first channel of a WAV file.
fn read(path: &Path) -> Vec<f32> {
    let mut file = AudioReader::open(path).unwrap();
    let (mut all, mut planes) = (vec![], vec![vec![0.0; 65536]; file.spec().channels]);
    while let frames @ 1.. = file.read(&mut planes).unwrap() {
        all.extend_from_slice(&planes[0][..frames]);
    }
    all
}

/// A terminal of its own, in which a program runs.
struct Terminal(PathBuf);

impl Terminal {
    /// `None`, and a line that says so, where there is no tmux.
    fn new(folder: &Path, script: &str) -> Option<Self> {
        let terminal = Self(folder.join("tmux.sock"));
        let here = Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
        if !here {
            println!("skipped: there is no tmux");
            return None;
        }
        let started =
            terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", script]);
        assert!(started.status.success(), "{}", aw_tests::stderr(&started));
        Some(terminal)
    }

    fn tmux(&self, args: &[&str]) -> Output {
        let mut tmux = Command::new("tmux");
        tmux.arg("-S").arg(&self.0).env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        tmux.args(["-u"]).args(args).output().unwrap()
    }

    fn shows(&self) -> String {
        aw_tests::stdout(&self.tmux(&["capture-pane", "-p"]))
    }

    fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let shows = self.shows();
            if holds(&shows) {
                return shows;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}: it is not\n{shows}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn the_screen_shows_it_obeys_keys_and_gives_the_terminal_back() {
    let folder = place(60);
    let aw = aw_tests::built().join("aw");
    let script = format!(
        "cd {}; echo before; {} live graph.toml --host simulated --ordinary --in in.wav --out out.wav; \
         echo ended with $?; stty -a | grep -o '[-]*icanon'; sleep 100",
        folder.path().display(),
        aw.display()
    );
    let Some(terminal) = Terminal::new(folder.path(), &script) else { return };
    let shows = terminal.until("the graph is shown", |shows| shows.contains("Levels") && shows.contains("end"));
    println!("{shows}");
    assert_eq!(shows.lines().count(), 24);
    assert!(shows.contains("mic") && shows.contains("speaker"), "{shows}");
    let level = terminal.until("levels are shown", |shows| shows.contains("-6.0"));
    println!("{level}");

    terminal.key("Space");
    terminal.until("bypass is shown", |shows| shows.to_lowercase().contains("bypass"));
    terminal.key("Space");
    terminal.key("m");
    terminal.until("mute is shown", |shows| shows.to_lowercase().contains("mute"));
    terminal.key("m");
    terminal.key("?");
    let help = terminal.until("help is shown", |shows| shows.contains("bypass: the input as it is"));
    println!("{help}");
    terminal.key("?");
    terminal.until("help is gone", |shows| !shows.contains("bypass: the input as it is"));

    for (columns, rows) in [(40, 12), (120, 40), (20, 5), (80, 24)] {
        terminal.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
        terminal.until("it is drawn anew", |shows| shows.lines().count() == rows && shows.contains("speaker"));
    }

    std::fs::write(folder.path().join("graph.toml"), GRAPH.replace("\"gain\"", "\"gian\"")).unwrap();
    terminal.until("a mistake is shown", |shows| shows.contains("the file as saved is not right"));
    terminal.key("w");
    terminal.until("what is wrong is shown", |shows| shows.contains("did you mean `gain`?"));
    terminal.key("1");
    std::fs::write(folder.path().join("graph.toml"), GRAPH).unwrap();

    terminal.key("q");
    let shows = terminal.until("it ends", |shows| shows.contains("ended with"));
    assert!(shows.contains("ended with 0"), "{shows}");
    let shows = terminal.until("the terminal is as before", |shows| shows.contains("icanon"));
    assert!(shows.contains("before") && !shows.contains("-icanon"), "{shows}");
    let flags =
        aw_tests::stdout(&terminal.tmux(&["display", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}"]));
    assert_eq!(flags.trim(), "0 1 0", "the alternate screen, the cursor, the mouse");
}
