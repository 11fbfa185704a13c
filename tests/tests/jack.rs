//! Streams on a real JACK server without hardware: the server dies and comes back. One test, since libjack reads the
//! name of the server from the environment of the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

use aw_host::io::{AudioReader, AudioWriter, Encoding};
use aw_host::sound::{Direction, Host, HostName, SoundError, Stream, Trouble, Wish, open_input, open_output};
use aw_tests::jack::{JackServer, Take};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PERIOD: usize = 128;

#[test]
fn sound_goes_through_jack_unchanged_and_again_after_the_server_has_died() {
    let Some(mut server) = JackServer::start(48000, PERIOD as u32) else { return };
    // SAFETY: this is the only test of the program, and no other thread of it runs yet that reads the environment.
    unsafe { std::env::set_var("JACK_DEFAULT_SERVER", server.name()) };
    let folder = tempfile::tempdir().unwrap();

    let devices = aw_tests::stdout(
        &server.known_to(aw_tests::aw().args(["devices", "--host", "jack", "--json"])).output().unwrap(),
    );
    let devices: serde_json::Value = serde_json::from_str(&devices).unwrap();
    assert_eq!(devices["hosts"][0]["cards"][0]["rates"], serde_json::json!([[48000, 48000]]));
    assert_eq!(devices["hosts"][0]["cards"][1]["blocks"], serde_json::json!([128, 128]));

    let host = Host::open(HostName::Jack).unwrap();
    let through = through(&host);
    assert_eq!(through.input.got().block, Some(PERIOD as u32));
    assert_exact(&server, folder.path(), false);
    assert_exact(&server, folder.path(), true);

    server.kill();
    wait("the death of the server is told", || {
        let troubles = through.troubles.lock().unwrap();
        let gone = troubles.iter().filter(|trouble| matches!(trouble, Trouble::Gone(_))).count();
        (gone == 2).then_some(())
    });
    drop(through); // comes back, though the server is dead
    assert!(matches!(Host::open(HostName::Jack), Err(SoundError::NoHost { .. })));

    server.restart();
    let again = self::through(&host);
    assert_exact(&server, folder.path(), false);
    drop(again);
}

struct Through {
    input: Stream,
    _output: Stream,
    troubles: Arc<Mutex<Vec<Trouble>>>,
}

/// What comes in goes out, two blocks later.
fn through(host: &Host) -> Through {
    let troubles = Arc::new(Mutex::new(vec![]));
    let tell = || {
        let troubles = troubles.clone();
        move |trouble| troubles.lock().unwrap().push(trouble)
    };
    let ring = Arc::new(Mutex::new(VecDeque::from(vec![0.0; 2 * 2 * PERIOD])));
    let (push, pull) = (ring.clone(), ring);
    let took = move |samples: &[f32], _| push.lock().unwrap().extend(samples.iter().copied());
    let gave = move |samples: &mut [f32], _| samples.fill_with(|| pull.lock().unwrap().pop_front().unwrap_or(0.0));
    let wish = Wish { channels: Some(2), ..Wish::default() };
    let card = |direction| host.default(direction).unwrap();
    let input = open_input(&card(Direction::Input), wish, took, tell()).unwrap();
    let output = open_output(&card(Direction::Output), wish, gave, tell()).unwrap();
    input.start().unwrap();
    output.start().unwrap();
    Through { input, _output: output, troubles }
}

/// A recording goes through it to the sample, late by whole periods.
fn assert_exact(server: &JackServer, folder: &Path, freewheel: bool) {
    let (play, record) = (folder.join("play.wav"), folder.join("record.wav"));
    let tape: Vec<f32> = (0..96000u32).map(|n| ((n.wrapping_mul(2654435761) >> 8) as f32 / 8388608.0) - 1.0).collect();
    let mut file = AudioWriter::create(&play, 48000, 2, Encoding::F32).unwrap();
    file.write(&[&tape, &tape.iter().map(|x| -x).collect::<Vec<_>>()]).unwrap();
    file.finish().unwrap();
    let prefix = |way: &str| format!("cpal_client_{}_{way}", std::process::id());
    let (into, from) = (prefix("in"), prefix("out"));
    let take = Take { play: &play, record: &record, into: &into, from: &from, tail: 4800, freewheel };
    let output = server.play(&take);
    assert!(output.status.success(), "{}", aw_tests::stderr(&output));
    let mut planes = vec![vec![0.0; 100800]; 2];
    assert_eq!(AudioReader::open(&record).unwrap().read(&mut planes).unwrap(), 100800);
    let late = planes[0].iter().position(|x| *x == tape[0]).expect("nothing was recorded");
    assert_eq!(late % PERIOD, 0, "late by whole periods");
    for (plane, sign) in planes.iter().zip([1.0, -1.0]) {
        let differ = plane[late..][..tape.len()].iter().zip(&tape).position(|(a, b)| *a != sign * b);
        assert_eq!(differ, None, "late by {late}; freewheel {freewheel}; {}", aw_tests::stderr(&output));
    }
}

fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Some(seen) => return seen,
            None if begun.elapsed() > Duration::from_secs(30) => panic!("{what}: it is not"),
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}
