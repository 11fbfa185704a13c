//! Clients that send too much, read too little, come too many, or go too early.
use super::*;

#[test]
fn a_line_without_end_is_cut_off_and_others_do_not_notice() {
    let remote = on_a_port();
    let (mut endless, mut other) = (Script::at(&remote), Script::at(&remote));
    let chunk = vec![b'x'; 1 << 15];
    endless.say(r#"{"id":1,"do":"params"}"#);
    assert_eq!(endless.hear()["id"], 1);
    for _ in 0..5 {
        endless.0.get_mut().write_all(&chunk).unwrap();
    }
    assert!(endless.hear()["error"].as_str().unwrap().contains("a line is longer than 65536 bytes"));
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
