//! Consoles and fader boxes on the network.
use super::super::tests::{asked, param, scene};
use super::*;
use crate::live::remote::{Options, Remote};
use proptest::prelude::*;
use rosc::OscBundle;
use std::net::UdpSocket as Socket;

struct Console {
    remote: Remote,
    socket: Socket,
}

impl Console {
    fn new() -> Self {
        let mut remote = Remote::start(&Options { osc: Some(0), ..Options::default() }).unwrap();
        remote.publish(&scene());
        let socket = Socket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { remote, socket }
    }

    fn send(&self, packet: OscPacket) {
        self.raw(&encoder::encode(&packet).unwrap());
    }

    fn raw(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.remote.osc().unwrap()).unwrap();
    }

    fn say(&self, addr: &str, args: Vec<OscType>) {
        self.send(message(addr, args));
    }

    fn hear(&self) -> OscMessage {
        let mut packet = [0; 4096];
        let length = self.socket.recv(&mut packet).unwrap();
        match decoder::decode_udp(&packet[..length]).unwrap().1 {
            OscPacket::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// What is said to be wrong with a message.
    fn error(&self, addr: &str, args: Vec<OscType>) -> String {
        self.say(addr, args);
        let heard = self.hear();
        assert_eq!((heard.addr.as_str(), &heard.args[0]), ("/aw/error", &OscType::String(addr.into())), "{heard:?}");
        heard.args[1].clone().string().unwrap()
    }

    fn act(&mut self) -> Act {
        let asked = asked(&mut self.remote);
        asked.answer.give(Ok(String::new()));
        asked.act
    }
}

fn message(addr: &str, args: Vec<OscType>) -> OscPacket {
    OscPacket::Message(OscMessage { addr: addr.into(), args })
}

fn set(node: &str, param: &str, value: &str, ramp_ms: f64) -> Act {
    Act::Set { node: node.into(), param: param.into(), value: value.into(), ramp_ms }
}

#[test]
fn faders_and_buttons_set_parameters() {
    let mut console = Console::new();
    for (addr, args, act) in [
        ("/gain/gain_db", vec![OscType::Float(0.1)], set("gain", "gain_db", "0.1", 0.0)),
        ("/gain/gain_db", vec![OscType::Float(-6.0)], set("gain", "gain_db", "-6", 0.0)),
        ("/gain/gain_db", vec![OscType::Int(-6)], set("gain", "gain_db", "-6", 0.0)),
        ("/gain.gain_db", vec![OscType::Double(1e-9)], set("gain", "gain_db", "1e-9", 0.0)),
        ("/eq/low.db", vec![OscType::Int(2), OscType::Float(50.0)], set("eq", "low.db", "2", 50.0)),
        ("/eq/low/db", vec![OscType::Int(2)], set("eq", "low.db", "2", 0.0)),
        ("/gain/invert", vec![OscType::Float(1.0)], set("gain", "invert", "true", 0.0)),
        ("/gain/invert", vec![OscType::Bool(false)], set("gain", "invert", "false", 0.0)),
        ("/gain/invert", vec![OscType::String("true".into())], set("gain", "invert", "true", 0.0)),
        ("/aw/bypass", vec![OscType::Int(1)], Act::Bypass(true)),
        ("/aw/mute", vec![OscType::Bool(false)], Act::Mute(false)),
        ("/aw/reload", vec![], Act::Reload),
        ("/aw/load", vec![OscType::String("presets/warm.toml".into())], Act::Load("presets/warm.toml".into())),
    ] {
        console.say(addr, args);
        assert_eq!(console.act(), act, "{addr}");
    }
    console.say("/aw/reload", vec![OscType::Float(0.0)]); // let go
    console.say("/aw/clear", vec![OscType::Float(1.0)]);
    assert_eq!(console.act(), Act::Clear);
}

#[test]
fn a_pattern_is_for_all_that_it_fits() {
    let console = Console::new();
    console.say("/gain*/gain_db", vec![OscType::Int(-3)]);
    console.say("/aw/get", vec![OscType::String("/*/*db".into())]);
    let values: Vec<OscMessage> = (0..3).map(|_| console.hear()).collect();
    let told: Vec<(&str, &OscType)> = values.iter().map(|message| (message.addr.as_str(), &message.args[0])).collect();
    assert_eq!(
        told,
        [
            ("/gain/gain_db", &OscType::Float(-3.0)),
            ("/gain-2/gain_db", &OscType::Float(0.5)),
            ("/eq/low.db", &OscType::Float(2.0))
        ]
    );
    let mut remote = console.remote;
    let acts: Vec<Act> = remote.acts().into_iter().map(|asked| asked.act.clone()).collect();
    assert_eq!(acts, [set("gain", "gain_db", "-3", 0.0), set("gain-2", "gain_db", "-3", 0.0)]);
}

#[test]
fn what_is_wrong_is_said_to_who_sent_it() {
    let mut console = Console::new();
    for (addr, args, words) in [
        ("/gian/gain_db", vec![OscType::Int(1)], "did you mean `/gain/gain_db`?"),
        ("/x*/gain_db", vec![OscType::Int(1)], "fits no live parameter"),
        ("/gain/gain_db", vec![], "one value is wanted"),
        ("/gain/gain_db", vec![OscType::Blob(vec![1])], "a finite number, true or false, or a text is wanted"),
        ("/gain/gain_db", vec![OscType::Float(f32::NAN)], "a finite number"),
        ("/gain/gain_db", vec![OscType::Int(1), OscType::Int(-5)], "how many milliseconds"),
        ("/gain/invert", vec![OscType::Int(7)], "0 to 1 are its choices: false, true"),
        ("/aw/bypas", vec![OscType::Int(1)], "did you mean `bypass`?"),
        ("/aw/bypass", vec![], "0 or 1"),
        ("/aw/hear", vec![OscType::String("C".into())], "A, B or X"),
        ("/aw/save", vec![OscType::String("/etc/x.toml".into())], "out of reach from here"),
        ("/aw/quit", vec![], "not ended by a single packet"),
        ("/aw/subscribe", vec![OscType::String("all".into())], "`meters`, `events` and `params` can be subscribed"),
        ("/aw/subscribe", vec![OscType::String("meters".into()), OscType::Int(500)], "0.1 to 60 times a second"),
    ] {
        let error = console.error(addr, args);
        assert!(error.contains(words), "{addr}: {error}");
    }
    console.say("/gain/gain_db", vec![OscType::Int(99)]);
    asked(&mut console.remote).answer.give(Err("`gain_db` cannot be 99 dB; -60 to 12 dB are allowed".into()));
    assert_eq!(console.hear().args[1], OscType::String("`gain_db` cannot be 99 dB; -60 to 12 dB are allowed".into()));
    console.raw(b"GET / HTTP/1.1\r\n");
    assert_eq!(console.hear().addr, "/aw/error");
}

#[test]
fn two_hosts_do_not_send_each_other_errors_for_ever() {
    let console = Console::new();
    console.say("/aw/error", vec![OscType::String("/x".into()), OscType::String("no".into())]);
    console.say("/aw/get", vec![OscType::String("/eq/low.db".into())]);
    assert_eq!(console.hear().addr, "/eq/low.db", "nothing comes before it");
}

#[test]
fn who_subscribes_is_told_until_the_time_is_over() {
    let mut console = Console::new();
    console.say("/aw/subscribe", vec![OscType::String("events".into())]);
    console.say("/aw/get", vec![OscType::String("/eq/low.db".into())]);
    assert_eq!(console.hear().addr, "/eq/low.db");
    let mut seen = scene();
    seen.events = vec![crate::live::Happening { time: 1.5, output: "claps".into(), label: "clap".into(), value: 0.9 }];
    console.remote.publish(&seen);
    let text = |text: &str| OscType::String(text.into());
    let args = vec![text("claps"), text("clap"), OscType::Float(0.9), OscType::Double(1.5)];
    assert_eq!(console.hear(), OscMessage { addr: "/aw/event".into(), args });
    console.say("/aw/subscribe", vec![text("params")]);
    console.say("/aw/get", vec![text("/eq/low.db")]);
    assert_eq!(console.hear().args, [OscType::Float(2.0)]);
    seen.params[3].value = 4.5;
    console.remote.publish(&seen);
    assert_eq!(console.hear(), OscMessage { addr: "/eq/low.db".into(), args: vec![OscType::Float(4.5)] });
    console.say("/aw/subscribe", vec![text("meters"), OscType::Int(60)]);
    let args =
        vec![text("mic"), OscType::Int(1), OscType::Float(-20.0), OscType::Float(-200.0), OscType::Float(-200.0)];
    assert_eq!(console.hear(), OscMessage { addr: "/aw/meter".into(), args });
    assert_eq!(console.hear().addr, "/aw/meter");
}

/// A socket and what it needs, in a time of our own.
struct Bench {
    osc: Osc,
    desk: Desk,
    asked: std::sync::mpsc::Receiver<crate::live::remote::Asked>,
    from: SocketAddr,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let (desk, asked) = Desk::alone();
        let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let from = socket.local_addr().unwrap();
        Self { osc: Osc::new(socket), desk, asked, from, now: Instant::now() }
    }

    fn read(&mut self, packet: &OscPacket) {
        self.osc.read(&encoder::encode(packet).unwrap(), self.from, &self.desk, self.now);
    }

    /// What is asked until so many milliseconds have passed.
    fn after(&mut self, ms: u64) -> Vec<Act> {
        self.now += Duration::from_millis(ms);
        self.osc.readable = false;
        for Later { from, message, .. } in self.osc.due(self.now) {
            self.osc.act(&message, from, &self.desk, self.now);
        }
        self.asked.try_iter().map(|asked| asked.act.clone()).collect()
    }
}

fn at(seconds_from_now: f64, messages: &[(&str, i32)]) -> OscPacket {
    let at = SystemTime::now() + Duration::from_secs(100_000) - Duration::from_secs_f64(100_000.0 - seconds_from_now);
    let content = messages.iter().map(|(addr, value)| message(addr, vec![OscType::Int(*value)])).collect();
    OscPacket::Bundle(OscBundle { timetag: OscTime::try_from(at).unwrap(), content })
}

#[test]
fn bundles_are_done_together_when_their_time_comes() {
    let mut bench = Bench::new();
    bench.read(&at(10.0, &[("/gain/gain_db", 3), ("/aw/mute", 1)]));
    bench.read(&at(5.0, &[("/gain/gain_db", 2)]));
    bench.read(&at(-5.0, &[("/gain/gain_db", 1)]));
    assert_eq!(bench.after(0), [set("gain", "gain_db", "1", 0.0)], "what is late is done at once");
    assert_eq!(bench.after(4000), []);
    assert_eq!(bench.osc.next(bench.now).map(|next| next - bench.now <= Duration::from_secs(1)), Some(true));
    assert_eq!(bench.after(2000), [set("gain", "gain_db", "2", 0.0)]);
    assert_eq!(bench.after(6000), [set("gain", "gain_db", "3", 0.0), Act::Mute(true)]);
    assert_eq!(bench.osc.next(bench.now), None);

    let immediately = OscTime { seconds: 0, fractional: 1 };
    let content = vec![message("/aw/mute", vec![OscType::Int(0)])];
    bench.read(&OscPacket::Bundle(OscBundle { timetag: immediately, content }));
    assert_eq!(bench.after(0), [Act::Mute(false)]);

    (0..2000).for_each(|_| bench.read(&at(60.0, &[("/aw/clear", 1)])));
    bench.read(&at(7200.0, &[("/aw/clear", 1)]));
    assert_eq!(bench.osc.later.len(), MOST_LATER, "no more than that wait");
}

#[test]
fn time_tags_go_on_when_their_seconds_begin_again() {
    let at = |unix: u64| UNIX_EPOCH + Duration::from_secs(unix);
    let tag = |seconds: u32| OscTime { seconds, fractional: 1 << 31 };
    let wrap = (1u64 << 32) - NTP_TO_UNIX; // 7 February 2036
    assert_eq!(until(tag(0), at(wrap - 1)), Duration::from_millis(1500));
    assert_eq!(until(tag(u32::MAX), at(wrap - 3)), Duration::from_millis(2500));
    assert_eq!(until(tag(u32::MAX), at(wrap + 3)), Duration::ZERO);
    assert_eq!(until(OscTime { seconds: 0, fractional: 1 }, at(wrap - 100)), Duration::ZERO, "at once");
}

#[test]
fn subscriptions_end() {
    let mut bench = Bench::new();
    bench.read(&message("/aw/subscribe", vec![OscType::String("meters".into())]));
    assert_eq!(bench.osc.listeners.len(), 1);
    bench.osc.serve(&bench.desk, bench.now + Duration::from_secs(9));
    assert_eq!(bench.osc.listeners.len(), 1);
    bench.osc.serve(&bench.desk, bench.now + Duration::from_secs(11));
    assert!(bench.osc.listeners.is_empty());
}

#[test]
fn a_packet_that_is_made_to_exhaust_the_stack_is_refused() {
    let mut bench = Bench::new();
    let mut bomb = vec![];
    for _ in 0..3000u32 {
        let inner = std::mem::take(&mut bomb);
        bomb = [b"#bundle\0\0\0\0\0\0\0\0\x01".as_slice(), &(inner.len() as u32).to_be_bytes(), &inner].concat();
    }
    let mut lists = [b"/x\0\0,".as_slice(), &[b'['].repeat(30_000), &[b']'].repeat(30_000)].concat();
    lists.resize(lists.len().next_multiple_of(4) + 4, 0);
    for packet in [bomb, lists] {
        bench.osc.read(&packet, bench.from, &bench.desk, bench.now);
    }
    assert_eq!(bench.after(0), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_packet_does_harm(
        mut packet in prop::sample::select(vec![
            encoder::encode(&message("/gain/gain_db", vec![OscType::Float(1.0), OscType::String("x".into())])).unwrap(),
            encoder::encode(&at(1.0, &[("/gain/gain_db", 3), ("/aw/mute", 1)])).unwrap(),
        ]),
        changes in prop::collection::vec((0usize..64, any::<u8>()), 1..6),
        end in 0usize..64,
    ) {
        for (at, byte) in changes {
            let length = packet.len();
            packet[at % length] = byte;
        }
        packet.truncate(end.max(1));
        let mut bench = Bench::new();
        bench.osc.read(&packet, bench.from, &bench.desk, bench.now);
        bench.after(10_000);
    }
}

#[test]
fn a_node_called_aw_is_reached_with_a_dot() {
    let mut console = Console::new();
    let mut seen = scene();
    seen.params.push(param("aw", "mute", 0.0));
    console.remote.publish(&seen);
    console.say("/aw.mute", vec![OscType::Float(0.5)]);
    assert_eq!(console.act(), set("aw", "mute", "0.5", 0.0));
}
