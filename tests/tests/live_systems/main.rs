//! `aw live` on sound systems as people have them, each a private one without hardware: PulseAudio, PipeWire, ALSA on
//! JACK. They may lose samples, so what is heard is looked for in what was played; on JACK itself it is the same to the
//! bit, which is tested elsewhere.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

mod alike;
mod live;

use aw_host::io::{AudioReader, AudioWriter, Encoding};
use aw_tests::jack::{JackServer, Take};
use aw_tests::pulse::PulseServer;
use live::{Live, peaks};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Samples a second of the speech that is played.
const RATE: u32 = 16000;
/// Seconds of it.
const SECONDS: usize = 4;
/// The share of it that must be heard.
const ENOUGH: f64 = 0.75;
/// How long two clocks may take until they know each other: up to then the pitch wavers.
const SETTLES: Duration = Duration::from_secs(3);

#[test]
fn sound_goes_through_pulseaudio_and_again_after_the_server_has_died() {
    if let Some(server) = PulseServer::start() {
        goes_through(server, "pulse");
    }
}

#[test]
fn sound_goes_through_pipewire_and_again_after_the_server_has_died() {
    if let Some(server) = PulseServer::start_pipewire() {
        goes_through(server, "pipewire");
    }
}

#[test]
fn alsa_plays_on_jack_in_blocks_that_it_can_and_again_after_the_server_has_died() {
    let mut folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    if !folders.any(|folder| folder.path().join("alsa-lib/libasound_module_pcm_jack.so").exists()) {
        return println!("skipped: ALSA has no way to JACK; the package is called libasound2-plugins");
    }
    let Some(mut server) = JackServer::start(48000, 1024) else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("asound.conf");
    let ports = |way: &str| format!("{way}_ports {{ 0 system:{way}_1 1 system:{way}_2 }}\n");
    let slave = format!("pcm.jack {{ type jack\n{}{} }}\n", ports("playback"), ports("capture"));
    // `plug` says that it can have any block, and JACK's is 1024 frames.
    fs::write(&config, slave + "pcm.!default { type plug slave.pcm jack hint { show on description JACK } }\n")
        .unwrap();
    let mut aw = live_on("alsa", &graph(folder.path()));
    let mut live = Live::start(server.known_to(&mut aw).env("ALSA_CONFIG_PATH", &config));
    let plays = live.wait("it plays", 0, |line| peaks(line).is_some());
    heard(&mut live, |wav| on_jack(&server, folder.path(), wav));
    server.kill();
    let gone = live.wait("the death of the server is told", plays, |line| line.contains(" is gone ("));
    server.restart();
    back(&mut live, gone);
    heard(&mut live, |wav| on_jack(&server, folder.path(), wav));
    live.end();
}

#[test]
fn memory_stays_where_it_may_and_where_it_may_not_that_is_said() {
    let Some(server) = JackServer::start(48000, 256) else { return };
    let folder = tempfile::tempdir().unwrap();
    let graph = graph(folder.path());
    let locked = |live: &Live| {
        let status = fs::read_to_string(format!("/proc/{}/status", live.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    };
    let says = |line: &str| line.contains("memory may be swapped out while it plays");

    let mut live = Live::start(server.known_to(&mut live_on("jack", &graph)));
    live.wait("it plays", 0, |line| peaks(line).is_some());
    // As this machine has it: one or the other.
    assert_eq!(locked(&live) > 10 << 20, !live.said().iter().any(|line| says(line)), "{:?}", live.said());
    live.end();

    // As on a machine where nobody may. Whoever may all can be forbidden it.
    let of_aw = live_on("jack", &graph);
    let mut aw = Command::new("prlimit");
    aw.current_dir(aw_tests::root()).arg("--memlock=65536:65536");
    if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
        aw.args(["setpriv", "--bounding-set", "-ipc_lock"]);
    }
    aw.arg(of_aw.get_program()).args(of_aw.get_args());
    let mut live = Live::start(server.known_to(&mut aw));
    live.wait("the note", 0, |line| says(line) && line.contains("memlock unlimited"));
    live.wait("it plays", 0, |line| peaks(line).is_some());
    assert!(locked(&live) < 1 << 20, "what JACK shares with its clients, and no more");
    assert_eq!(live.end().iter().filter(|line| says(line)).count(), 1);
}

/// The whole story on a server that speaks as PulseAudio does.
fn goes_through(mut server: PulseServer, host: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut aw = live_on(host, &graph(folder.path()));
    let mut live = Live::start(server.known_to(aw.args(["--in", "mic.monitor", "--out", "speaker"])));
    let plays = live.wait("it plays", 0, |line| peaks(line).is_some());
    heard(&mut live, |wav| server.play(wav, RATE));
    server.kill();
    let gone = live.wait("the death of the server is told", plays, |line| line.contains(" is gone ("));
    server.restart();
    back(&mut live, gone);
    heard(&mut live, |wav| server.play(wav, RATE));
    live.end();

    let mut aw = live_on(host, &graph(folder.path()));
    aw.args(["--in", "mic.monitor", "--out", "speaker", "--seconds", "3"]);
    let said = Live::start(server.known_to(&mut aw)).ended();
    // A second may be told a little before it is over.
    let told = |second: &str| said.iter().any(|line| line.starts_with(second));
    assert!(told("0:00:01.") || told("0:00:02."), "{said:?}");
}

/// Both directions of a device are there again.
fn back(live: &mut Live, gone: usize) {
    for way in ["the input `", "the output `"] {
        live.wait("it is back", gone, |line| line.contains(way) && line.contains("` is back"));
    }
}

/// Speech is played; most of it is heard, and levels move while it is. A machine that stalls gets another chance.
fn heard(live: &mut Live, play: impl Fn(&Path) -> Vec<f32>) {
    let folder = tempfile::tempdir().unwrap();
    let (wav, speech) = speech(folder.path());
    std::thread::sleep(SETTLES);
    let before = live.said().len();
    let found: Vec<f64> =
        (0..3).map(|_| alike::found(&speech, &play(&wav), 0.9)).take_while(|found| *found < ENOUGH).collect();
    let said = live.said().join("\n");
    assert!(found.len() < 3, "of {SECONDS} s were heard {found:?}\n{said}");
    let loud = |line: &String| peaks(line).is_some_and(|peaks| peaks.iter().all(|peak| *peak > -30.0));
    assert!(live.said()[before..].iter().any(loud), "no levels\n{said}");
}

/// What is played into ALSA's ports on JACK comes out of them, at [`RATE`].
fn on_jack(server: &JackServer, folder: &Path, wav: &Path) -> Vec<f32> {
    let (play, record) = (folder.join("play.wav"), folder.join("record.wav"));
    // Each sample three times: what that adds lies above what is compared.
    write(&play, 48000, &read(wav).iter().flat_map(|sample| [*sample; 3]).collect::<Vec<_>>());
    let (into, from) = ("aw.C.", "aw.P.");
    let take = Take { play: &play, record: &record, into, from, tail: 24000, freewheel: false };
    let output = server.play(&take);
    assert!(output.status.success(), "{}", aw_tests::stderr(&output));
    read(&record).chunks_exact(3).map(|three| three.iter().sum::<f32>() / 3.0).collect()
}

fn live_on(host: &str, graph: &Path) -> Command {
    let mut aw = aw_tests::aw();
    aw.arg("live").arg(graph).args(["--plain", "--host", host]);
    aw.arg("--dump-dir").arg(graph.parent().unwrap());
    aw
}

/// A graph through which sound goes as it is.
fn graph(folder: &Path) -> PathBuf {
    let path = folder.join("through.toml");
    let text = "[graph]\nrate = 48000\nblock = 256\n[input.mic]\n[output.speaker]\nfrom = \"mic\"\n";
    fs::write(&path, text).unwrap();
    path
}

/// Some speech, as a file and as samples.
fn speech(folder: &Path) -> (PathBuf, Vec<f32>) {
    let mut speech = read(&aw_tests::file("tests/wav/clean.wav"));
    speech.truncate(SECONDS * RATE as usize);
    let path = folder.join("speech.wav");
    write(&path, RATE, &speech);
    (path, speech)
}

fn read(path: &Path) -> Vec<f32> {
    let mut reader = AudioReader::open(path).unwrap();
    let mut planes = vec![vec![0.0; 1 << 20]; reader.spec().channels];
    let frames = reader.read(&mut planes).unwrap();
    planes[0][..frames].to_vec()
}

fn write(path: &Path, rate: u32, samples: &[f32]) {
    let mut file = AudioWriter::create(path, rate, 1, Encoding::F32).unwrap();
    file.write(&[samples]).unwrap();
    file.finish().unwrap();
}
