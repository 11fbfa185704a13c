//! `aw devices`, on a machine that may have no sound at all.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

use aw_tests::{run, stderr, stdout};
use serde_json::{Value, json};

const SCRIPT: &str = "
[[card]]
id     = 'usb'
name   = 'USB microphone'
rate   = 44100
format = 'i16'
input  = { channels = 1, block = 128 }

[[card]]
id     = 'desk'
rate   = 48000
input  = { channels = 2 }
output = { channels = 4 }
";

#[test]
fn the_cards_of_a_script_are_listed_with_what_they_can_do() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("cards.toml");
    std::fs::write(&script, SCRIPT).unwrap();
    let args = ["devices", "--host", "simulated", "--in", script.to_str().unwrap()];
    let output = run(args);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let expected = "\
the simulated sound system (--host simulated), used unless --host names another
* in   USB microphone  usb
         44100 Hz; mono; blocks of 128 (2.9 ms at 44100 Hz); i16
  in   desk            desk
         48000 Hz; 2 channels; blocks of 16 to 8192 (0.3 ms at 48000 Hz); f32
* out  desk            desk
         48000 Hz; 4 channels; blocks of 16 to 8192 (0.3 ms at 48000 Hz); f32

* the system's own choice
";
    assert_eq!(stdout(&output), expected);
    let output = run(args.iter().chain(&["--json"]));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let card = &told["hosts"][0]["cards"][0];
    assert_eq!((&card["id"], &card["direction"], &card["default"]), (&json!("usb"), &json!("input"), &json!(true)));
    assert_eq!(
        (&card["rates"], &card["channels"], &card["blocks"]),
        (&json!([[44100, 44100]]), &json!([1]), &json!([128, 128]))
    );
}

#[test]
fn every_sound_system_is_listed_or_says_why_not() {
    let output = run(["devices", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let hosts = told["hosts"].as_array().unwrap();
    assert!(!hosts.is_empty() || !cfg!(any(target_os = "linux", target_os = "macos", windows)));
    for host in hosts {
        assert_eq!(host["usable"] == json!(true), host["why"].is_null(), "{host}");
        for card in host["cards"].as_array().unwrap() {
            assert_eq!(card["usable"] == json!(true), card["why"].is_null(), "{card}");
        }
    }
    let usable = |card: &Value| card["usable"] == json!(true);
    let any = hosts.iter().any(|host| host["cards"].as_array().unwrap().iter().any(usable));
    assert_eq!(output.status.code(), Some(if any { 0 } else { 1 }));
}

#[test]
fn a_misspelt_sound_system_is_guessed() {
    let output = run(["devices", "--host", "simulatd"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `simulated`?"), "{}", stderr(&output));
}
