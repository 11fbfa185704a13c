//! Scripts, consoles and strangers at the sockets.
mod strangers; // clients that do not behave
#[cfg(unix)]
mod unix; //     the file of a socket

use super::*;
use crate::live::{Act, Happening, Meter, Note, Param, Port, Where};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::Duration;

/// Nothing here takes so long.
const FOREVER: Duration = Duration::from_secs(60);

pub(super) fn param(node: &str, param: &str, value: f64) -> Param {
    Param { at: Where { node: node.into(), param: param.into() }, value, ..Param::default() }
}

/// A scene with parameters, a level and no events.
pub(super) fn scene() -> Scene {
    let switch = Param { choices: vec!["false".into(), "true".into()], ..param("gain", "invert", 1.0) };
    let gain = Param { range: Some([-60.0, 12.0]), unit: "dB".into(), ..param("gain", "gain_db", -3.0) };
    let mic = Port { name: "mic".into(), meters: vec![Meter { rms: -20.0, ..Meter::default() }], ..Port::default() };
    let params = vec![gain, switch, param("gain-2", "gain_db", 0.5), param("eq", "low.db", 2.0)];
    Scene { title: "test".into(), inputs: vec![mic], params, ..Scene::default() }
}

fn event(label: &str, time: f64) -> Happening {
    Happening { time, output: "claps".into(), label: label.into(), value: 0.5 }
}

fn on_a_port() -> Remote {
    let mut remote = Remote::start(&Options { control: vec![Control::Port(0)], ..Options::default() }).unwrap();
    remote.publish(&scene());
    remote
}

/// What the session does in a turn, until something is asked.
pub(super) fn asked(remote: &mut Remote) -> Asked {
    let mut all = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(1));
        remote.acts()
    });
    let mut acts = all.by_ref().take(60_000).find(|acts| !acts.is_empty()).expect("something is asked");
    assert_eq!(acts.len(), 1);
    acts.remove(0)
}

struct Script(BufReader<TcpStream>);

impl Script {
    fn at(remote: &Remote) -> Self {
        let stream = TcpStream::connect(remote.tcp().unwrap()).unwrap();
        stream.set_read_timeout(Some(FOREVER)).unwrap();
        Self(BufReader::new(stream))
    }

    fn say(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line:?}"))
    }

    fn ask(&mut self, line: &str) -> Value {
        self.say(line);
        self.hear()
    }

    /// Whether nothing more comes.
    fn is_let_go(&mut self) -> bool {
        let mut rest = vec![];
        match self.0.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(why) => why.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

#[test]
fn what_is_asked_reaches_the_session_and_its_answer_comes_back() {
    let mut remote = on_a_port();
    let mut script = Script::at(&remote);
    script.say(r#"{"id":1,"do":"set","node":"gain","param":"gain_db","value":-6,"ramp_ms":50}"#);
    let first = asked(&mut remote);
    let set = Act::Set { node: "gain".into(), param: "gain_db".into(), value: "-6".into(), ramp_ms: 50.0 };
    assert_eq!(first.act, set);
    script.say(r#"{"id":"second","do":"bypass","on":true}"#);
    let second = asked(&mut remote);
    assert_eq!(second.act, Act::Bypass(true));
    second.answer.give(Err("the graph has no input; there is nothing to hear".into()));
    first.answer.give(Ok(String::new()));
    assert_eq!(
        script.hear(),
        json!({"id": "second", "ok": false, "error": "the graph has no input; there is nothing to hear"})
    );
    assert_eq!(script.hear(), json!({"id": 1, "ok": true}));
    script.say(r#"{"do":"save","path":"warm.toml"}"#);
    asked(&mut remote).answer.give(Ok("12 values are in warm.toml".into()));
    assert_eq!(script.hear(), json!({"id": null, "ok": true, "note": "12 values are in warm.toml"}));
}

#[test]
fn what_is_seen_is_told_at_once() {
    let remote = on_a_port();
    let mut script = Script::at(&remote);
    let gain =
        json!({"node": "gain", "param": "gain_db", "value": -3.0, "start": 0.0, "range": [-60.0, 12.0], "unit": "dB"});
    let mut answer = gain.clone();
    (answer["id"], answer["ok"]) = (1.into(), true.into());
    assert_eq!(script.ask(r#"{"id":1,"do":"get","node":"gain","param":"gain_db"}"#), answer);
    let params = script.ask(r#"{"id":2,"do":"params"}"#);
    assert_eq!(params["params"].as_array().unwrap().len(), 4);
    assert_eq!(params["params"][0], gain);
    assert_eq!(params["params"][1]["choice"], "true");
    assert_eq!(script.ask(r#"{"do":"scene"}"#)["scene"]["title"], "test");
    for (line, words) in [
        (r#"{"do":"get","node":"gain","param":"gain_bd"}"#, "did you mean `gain_db`?"),
        (r#"{"do":"get","node":"gian","param":"gain_db"}"#, "did you mean `gain`?"),
        (r#"{"do":"get","node":"gain","param":"q"}"#, "it has gain_db, invert"),
        (r#"{"do":"get","node":"reverb","param":"q"}"#, "those of gain, gain-2, eq are"),
    ] {
        let error = script.ask(line)["error"].to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn nothing_is_seen_before_there_is_a_scene() {
    let remote = Remote::start(&Options { control: vec![Control::Port(0)], ..Options::default() }).unwrap();
    let answer = Script::at(&remote).ask(r#"{"id":1,"do":"params"}"#);
    assert_eq!(answer, json!({"id": 1, "ok": false, "error": "nothing plays yet; ask again in a moment"}));
}

#[test]
fn every_mistake_has_an_answer_with_the_way_out() {
    let remote = on_a_port();
    let mut script = Script::at(&remote);
    for (line, words) in [
        ("{\"id\":1,", "this is not JSON"),
        ("{\"id\":\"\\ud800\"}", "this is not JSON"),
        ("[1,2]", "a request is an object"),
        ("{}", "`do` is missing; known are set, get"),
        (r#"{"do":7}"#, "`do` is a text"),
        (r#"{"do":"byposs","on":true}"#, "did you mean `bypass`?"),
        (r#"{"do":"explode"}"#, "nothing is called `explode`; known are"),
        (r#"{"do":"set","node":"gain","parm":"gain_db","value":1}"#, "did you mean `param`?"),
        (r#"{"do":"quit","now":true}"#, "it takes nothing else"),
        (r#"{"do":"set","node":"gain","param":"gain_db"}"#, "`set` needs `value`"),
        (r#"{"do":"set","node":"gain","param":"gain_db","value":null}"#, "`value` is a number, true or false"),
        (r#"{"do":"set","node":"gain","param":"gain_db","value":1,"ramp_ms":-1}"#, "0 to 600000 are allowed"),
        (r#"{"do":"set","node":3,"param":"gain_db","value":1}"#, "`node` is a text"),
        (r#"{"do":"mute"}"#, "`mute` needs `on`: true or false"),
        (r#"{"do":"mute","on":1}"#, "`on` is true or false"),
        (r#"{"do":"hear","deck":"C"}"#, "A, B or X"),
        (r#"{"do":"meters","hz":1000}"#, "0.1 to 60 are allowed"),
        (r#"{"do":"load","path":""}"#, "`path` is empty"),
        (r#"{"id":[1],"do":"params"}"#, "`id` is a number or a text"),
        (r#"{"do":"save","path":"/etc/passwd.toml"}"#, "out of reach from here"),
        (r#"{"do":"load","path":"../secret.toml"}"#, "out of reach from here"),
        (r#"{"do":"save","path":"graph.txt"}"#, "out of reach from here"),
    ] {
        let answer = script.ask(line);
        assert_eq!(answer["ok"], false, "{line}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{line}: {answer}");
    }
    assert_eq!(script.ask(&format!("{}{}", "[".repeat(5000), "]".repeat(5000)))["ok"], false);
    assert_eq!(script.ask("\r\n \n{\"id\":9,\"do\":\"params\"}\r")["id"], 9, "empty lines are no requests");
}

#[test]
fn events_and_notes_come_once_to_those_who_want_them() {
    let mut remote = on_a_port();
    let (mut listener, mut other) = (Script::at(&remote), Script::at(&remote));
    assert_eq!(listener.ask(r#"{"id":1,"do":"events"}"#), json!({"id": 1, "ok": true}));
    let mut scene = scene();
    for n in 0..20 {
        scene.events.push(event("clap", f64::from(n)));
        if n % 3 == 0 {
            scene.events.drain(..scene.events.len().saturating_sub(4));
            remote.publish(&scene);
            remote.publish(&scene);
        }
    }
    scene.notes.push(Note { time: 1.0, text: "no real-time rights".into(), warns: true });
    remote.publish(&scene);
    for n in 0..20 {
        let line = json!({"event": "event", "time": f64::from(n), "output": "claps", "label": "clap", "value": 0.5});
        assert_eq!(listener.hear(), line);
    }
    assert_eq!(listener.hear()["text"], "no real-time rights");
    assert_eq!(listener.ask(r#"{"id":2,"do":"events","on":false}"#)["id"], 2);
    scene.events.push(event("late", 99.0));
    remote.publish(&scene);
    assert_eq!(listener.ask(r#"{"id":3,"do":"params"}"#)["id"], 3);
    assert_eq!(other.ask(r#"{"id":4,"do":"params"}"#)["id"], 4, "nobody is told what he did not ask for");
}

#[test]
fn who_follows_parameters_is_told_when_another_moves_them() {
    let mut remote = on_a_port();
    let mut script = Script::at(&remote);
    assert_eq!(script.ask(r#"{"id":1,"do":"params","follow":true}"#)["params"].as_array().unwrap().len(), 4);
    let mut scene = scene();
    remote.publish(&scene);
    scene.params[0].value = -9.0;
    remote.publish(&scene);
    remote.publish(&scene);
    assert_eq!(script.hear(), json!({"event": "param", "node": "gain", "param": "gain_db", "value": -9.0}));
    assert_eq!(script.ask(r#"{"id":2,"do":"params","follow":false}"#)["params"][0]["value"], -9.0);
    scene.params[0].value = -12.0;
    remote.publish(&scene);
    assert_eq!(script.ask(r#"{"id":3,"do":"params"}"#)["id"], 3);
}

#[test]
fn meters_come_again_and_again() {
    let remote = on_a_port();
    let mut script = Script::at(&remote);
    assert_eq!(script.ask(r#"{"id":1,"do":"meters","hz":60}"#)["ok"], true);
    for _ in 0..3 {
        let meters = script.hear();
        assert_eq!(meters["inputs"][0]["name"], "mic");
        assert_eq!(meters["inputs"][0]["meters"][0]["rms"], -20.0);
        assert_eq!(meters["inputs"][0]["meters"][0]["peak"], Value::Null, "−∞");
    }
    script.say(r#"{"id":2,"do":"meters","on":false}"#);
    let mut rest = std::iter::repeat_with(|| script.hear());
    assert!(rest.any(|line| line["id"] == 2));
    assert_eq!(script.ask(r#"{"id":3,"do":"params"}"#)["id"], 3);
}

#[test]
fn controls_are_written_in_a_word() {
    assert_eq!("9000".parse::<Control>().unwrap(), Control::Port(9000));
    assert_eq!("/tmp/aw.sock".parse::<Control>().unwrap(), Control::Unix("/tmp/aw.sock".into()));
    assert!("70000".parse::<Control>().unwrap_err().to_string().contains("they end at 65535"));
}
