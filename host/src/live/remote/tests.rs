//! Scripts, consoles and strangers at the sockets.
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
fn a_line_without_end_is_cut_off_and_others_do_not_notice() {
    let remote = on_a_port();
    let (mut endless, mut other) = (Script::at(&remote), Script::at(&remote));
    let chunk = vec![b'x'; 1 << 15];
    endless.say(r#"{"id":1,"do":"params"}"#);
    assert_eq!(endless.hear()["id"], 1);
    for _ in 0..5 {
        drop(endless.0.get_mut().write_all(&chunk)); // it may be closed by then
    }
    let mut said = String::new();
    drop(endless.0.read_line(&mut said)); // the answer, unless the connection was reset before it was read
    assert!(said.is_empty() || said.contains("a line is longer than 65536 bytes"), "{said}");
    assert!(endless.is_let_go());
    assert_eq!(other.ask(r#"{"id":2,"do":"params"}"#)["id"], 2);
}

#[test]
fn too_many_clients_are_told_and_make_room_when_they_go() {
    let remote = on_a_port();
    let mut scripts: Vec<Script> = (0..16).map(|_| Script::at(&remote)).collect();
    for script in &mut scripts {
        assert_eq!(script.ask(r#"{"do":"params"}"#)["ok"], true);
    }
    let mut one_more = Script::at(&remote);
    assert!(one_more.hear()["error"].as_str().unwrap().contains("16 clients are connected already"));
    assert!(one_more.is_let_go());
    scripts.pop();
    let mut tries = std::iter::repeat_with(|| {
        let mut script = Script::at(&remote);
        drop(script.0.get_mut().write_all(b"{\"do\":\"params\"}\n"));
        script.hear()["ok"] == true
    });
    assert!(tries.by_ref().take(1000).any(|ok| ok), "its place is free");
}

#[test]
fn a_client_that_does_not_read_is_cut_off_and_the_user_is_told() {
    let mut remote = on_a_port();
    let (mut deaf, mut other) = (Script::at(&remote), Script::at(&remote));
    assert_eq!(deaf.ask(r#"{"do":"events"}"#)["ok"], true);
    let mut scene = scene();
    let mut notes = vec![];
    for n in 0..100_000 {
        scene.events = vec![event(&"x".repeat(10_000), f64::from(n))];
        remote.publish(&scene);
        notes = remote.notes();
        if !notes.is_empty() {
            break;
        }
    }
    assert!(notes[0].contains("did not read what it asked for"), "{notes:?}");
    assert_eq!(other.ask(r#"{"id":2,"do":"params"}"#)["id"], 2);
}

#[test]
fn a_client_that_goes_before_its_answer_is_no_harm() {
    let mut remote = on_a_port();
    let mut hasty = Script::at(&remote);
    hasty.say(r#"{"id":1,"do":"clear"}"#);
    let clear = asked(&mut remote);
    drop(hasty);
    assert_eq!(Script::at(&remote).ask(r#"{"id":2,"do":"params"}"#)["id"], 2);
    clear.answer.give(Ok(String::new()));
    assert_eq!(Script::at(&remote).ask(r#"{"id":3,"do":"params"}"#)["id"], 3);
}

#[test]
fn a_script_that_closes_its_side_is_still_answered() {
    // printf '…' | nc
    let mut remote = on_a_port();
    let mut script = Script::at(&remote);
    script.0.get_mut().write_all(b"{\"id\":1,\"do\":\"params\"}\n{\"id\":2,\"do\":\"clear\"}").unwrap();
    script.0.get_mut().shutdown(Shutdown::Write).unwrap();
    assert_eq!(script.hear()["id"], 1);
    asked(&mut remote).answer.give(Ok(String::new()));
    assert_eq!(script.hear(), json!({"id": 2, "ok": true}));
    assert!(script.is_let_go());
}

#[test]
fn what_is_open_at_the_end_is_answered() {
    let mut remote = on_a_port();
    let mut script = Script::at(&remote);
    for id in 0..3 {
        script.say(&format!(r#"{{"id":{id},"do":"clear"}}"#));
    }
    script.say(r#"{"id":3,"do":"params"}"#);
    assert_eq!(script.hear()["id"], 3);
    let mut acts = remote.acts().into_iter();
    acts.next().unwrap().answer.give(Ok(String::new()));
    drop(acts);
    drop(remote);
    let answers: Vec<Value> = (0..3).map(|_| script.hear()).collect();
    assert_eq!(answers[0], json!({"id": 0, "ok": true}));
    assert!(answers[1..].iter().all(|answer| answer["error"] == "the graph has ended before this was done"));
    assert!(script.is_let_go());
}

#[test]
fn more_than_the_session_takes_is_refused() {
    let mut remote = on_a_port();
    let mut script = Script::at(&remote);
    (0..257).for_each(|id| script.say(&format!(r#"{{"id":{id},"do":"clear"}}"#)));
    let refused = script.hear();
    assert_eq!(refused["id"], 256);
    assert!(refused["error"].as_str().unwrap().contains("256 requests are waiting already"));
    assert_eq!(remote.acts().len(), 256);
}

#[test]
fn a_page_in_a_browser_cannot_send_requests_to_the_port() {
    let mut remote = on_a_port();
    let mut page = Script::at(&remote);
    page.say("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n{\"id\":1,\"do\":\"quit\"}");
    assert!(page.hear()["error"].as_str().unwrap().contains("this port takes JSON"));
    assert!(page.is_let_go());
    assert!(remote.acts().is_empty());
}

#[test]
fn only_this_machine_is_listened_to_unless_it_is_said() {
    let mut remote = on_a_port();
    assert_eq!(remote.tcp().unwrap().ip(), Ipv4Addr::LOCALHOST);
    assert!(remote.notes().is_empty());
    let port = remote.tcp().unwrap().port();
    let taken = Remote::start(&Options { control: vec![Control::Port(port)], ..Options::default() });
    assert!(taken.err().unwrap().to_string().contains("choose another port"));

    let listen = Some(Ipv4Addr::UNSPECIFIED.into());
    let options = Options { control: vec![Control::Port(0)], osc: Some(0), listen };
    let mut open = Remote::start(&options).unwrap();
    assert_eq!(open.osc().unwrap().ip(), Ipv4Addr::UNSPECIFIED);
    let notes = open.notes();
    assert!(notes[0].contains("there is no password"), "{notes:?}");
}

#[test]
fn controls_are_written_in_a_word() {
    assert_eq!("9000".parse::<Control>().unwrap(), Control::Port(9000));
    assert_eq!("/tmp/aw.sock".parse::<Control>().unwrap(), Control::Unix("/tmp/aw.sock".into()));
    assert!("70000".parse::<Control>().unwrap_err().to_string().contains("they end at 65535"));
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;

    fn start(path: &Path) -> Result<Remote, RemoteError> {
        Remote::start(&Options { control: vec![Control::Unix(path.into())], ..Options::default() })
    }

    #[test]
    fn the_socket_is_its_users_alone_and_gone_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aw.sock");
        let mut remote = start(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
        assert_eq!(remote.places(), [path.display().to_string()]);

        let mut script = UnixStream::connect(&path).unwrap();
        script.set_read_timeout(Some(FOREVER)).unwrap();
        script.write_all(b"{\"id\":1,\"do\":\"save\",\"path\":\"/anywhere/at.all\"}\n").unwrap();
        let save = asked(&mut remote);
        assert_eq!(save.act, Act::Save("/anywhere/at.all".into()));
        save.answer.give(Ok(String::new()));
        let mut line = String::new();
        BufReader::new(script).read_line(&mut line).unwrap();
        assert_eq!(line, "{\"id\":1,\"ok\":true}\n");

        drop(remote);
        assert!(!path.exists());
    }

    #[test]
    fn one_that_lives_is_left_alone_and_one_that_is_dead_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aw.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "as a process leaves it that was killed");
        let first = start(&path).unwrap();
        let second = start(&path).err().unwrap();
        assert!(matches!(second, RemoteError::Living(_)), "{second}");
        assert!(UnixStream::connect(&path).is_ok(), "the first is still there");
        drop(first);

        fs::write(&path, "a letter").unwrap();
        let refused = start(&path).err().unwrap();
        assert!(matches!(refused, RemoteError::Other(_)), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "a letter");
    }

    #[test]
    fn a_socket_that_another_has_put_in_its_place_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aw.sock");
        let remote = start(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(remote);
        assert!(path.exists());
    }

    #[test]
    fn no_folder_and_a_name_that_is_too_long_are_told() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("no/aw.sock"), folder.path().join("x".repeat(200))] {
            let why = start(&path).err().unwrap().to_string();
            assert!(why.contains("cannot make the socket"), "{why}");
        }
    }
}
