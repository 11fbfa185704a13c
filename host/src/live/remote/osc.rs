//! Open Sound Control 1.0 over UDP.
//!
//! `/NODE/PARAM x` sets a live parameter, `/NODE/PARAM x ms` within so many milliseconds; an address may be a pattern,
//! and `/NODE.PARAM` is the same. `x` is a number, true or false, or the name of a choice; of a choice, a number counts
//! from 0. Beside nodes there is `/aw/…`, see [`words`]. What goes wrong is sent back as `/aw/error ADDRESS WORDS`.
//! Messages of a bundle are done when its time comes, at once if that is past.
mod pattern; // addresses that stand for many
mod sent; //    what is told
mod words; //   `/aw/…`

use super::super::act::Act;
use super::super::scene::{Param, Scene, Where};
use super::answer::To;
use super::client::Every;
use super::news::News;
use super::request::{LONGEST_RAMP, suggest};
use super::tell::NOT_YET;
use super::thread::Desk;
use mio::net::UdpSocket;
use rosc::{OscMessage, OscPacket, OscTime, OscType, decoder, encoder};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Most packets that are read before others have their turn.
const AT_ONCE: usize = 64;
/// Most messages that wait for their time.
const MOST_LATER: usize = 1024;
/// Longest that one may wait: beyond, the clocks of the two machines do not agree.
const LATEST: Duration = Duration::from_secs(3600);
/// Most bundles in bundles, and lists in lists, that are read: both are read, and dropped, recursively.
const MOST_NESTED: usize = 64;
/// Seconds from 1900, where the time of a bundle begins, to 1970 (RFC 5905).
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// The socket, and what is kept for its senders.
pub struct Osc {
    socket: UdpSocket,
    readable: bool,
    later: Vec<Later>,
    listeners: Vec<Listener>,
}

struct Later {
    due: Instant,
    from: SocketAddr,
    message: OscMessage,
}

/// Who wants to be told, until when.
struct Listener {
    at: SocketAddr,
    events: bool,
    params: bool,
    meters: Option<Every>,
    until: Instant,
}

impl Osc {
    pub fn new(socket: UdpSocket) -> Self {
        Self { socket, readable: true, later: vec![], listeners: vec![] }
    }

    /// There is something to be read.
    pub fn readable(&mut self) {
        self.readable = true;
    }

    /// When there is something to do, if nothing comes.
    pub fn next(&self, now: Instant) -> Option<Instant> {
        let meters = self.listeners.iter().filter_map(|listener| Some(listener.meters.as_ref()?.next));
        let later = self.later.iter().map(|later| later.due);
        meters.chain(later).chain(self.readable.then_some(now)).min()
    }

    /// Reads what has come, does what is due, and sends meters.
    pub fn serve(&mut self, desk: &Desk, now: Instant) {
        let mut packet = vec![0; 1 << 16];
        for _ in 0..AT_ONCE {
            match self.socket.recv_from(&mut packet) {
                Ok((length, from)) => self.read(&packet[..length], from, desk, now),
                Err(why) if why.kind() == ErrorKind::WouldBlock => {
                    self.readable = false;
                    break;
                }
                Err(_) => {} // of an answer that found nobody: on some systems it comes here
            }
        }
        for Later { from, message, .. } in self.due(now) {
            self.act(&message, from, desk, now);
        }
        self.listeners.retain(|listener| listener.until > now);
        let Some(scene) = &desk.scene else { return };
        let mut meters = None;
        for at in 0..self.listeners.len() {
            let is_due = self.listeners[at].meters.as_mut().is_some_and(|every| every.is_due(now));
            if is_due {
                let to = self.listeners[at].at;
                meters
                    .get_or_insert_with(|| sent::levels(scene))
                    .iter()
                    .for_each(|message| self.send(to, message.clone()));
            }
        }
    }

    /// Messages whose time has come, in its order.
    fn due(&mut self, now: Instant) -> Vec<Later> {
        self.later.sort_by_key(|later| later.due); // of equal ones, the first stays first
        let due = self.later.partition_point(|later| later.due <= now);
        self.later.drain(..due).collect()
    }

    fn read(&mut self, packet: &[u8], from: SocketAddr, desk: &Desk, now: Instant) {
        let bundles = packet.windows(8).filter(|bytes| bytes == b"#bundle\0").count();
        let lists = packet.iter().filter(|byte| **byte == b'[').count();
        if bundles > MOST_NESTED || lists > MOST_NESTED {
            return self.error(from, "", &format!("more than {MOST_NESTED} bundles or lists are in one packet"));
        }
        match decoder::decode_udp(packet) {
            Ok((_, packet)) => self.packet(packet, from, Duration::ZERO, desk, now),
            Err(why) => self.error(from, "", &format!("this is no packet of Open Sound Control: {why}")),
        }
    }

    fn packet(&mut self, packet: OscPacket, from: SocketAddr, wait: Duration, desk: &Desk, now: Instant) {
        match packet {
            OscPacket::Message(message) if wait.is_zero() => self.act(&message, from, desk, now),
            OscPacket::Message(message) if self.later.len() >= MOST_LATER => {
                self.error(from, &message.addr, &format!("{MOST_LATER} messages wait for their time already"));
            }
            OscPacket::Message(message) if wait > LATEST => {
                self.error(from, &message.addr, "its time is more than an hour away; set the clocks of both machines");
            }
            OscPacket::Message(message) => self.later.push(Later { due: now + wait, from, message }),
            OscPacket::Bundle(bundle) => {
                let wait = until(bundle.timetag, SystemTime::now());
                bundle.content.into_iter().for_each(|packet| self.packet(packet, from, wait, desk, now));
            }
        }
    }

    fn act(&mut self, message: &OscMessage, from: SocketAddr, desk: &Desk, now: Instant) {
        let result = match message.addr.strip_prefix("/aw/") {
            Some("error") => Ok(()), // another host: two that answer errors never end
            Some(word) => self.word(word, message, from, desk, now),
            None => set(message, desk.scene.as_deref()).map(|acts| {
                acts.into_iter().for_each(|act| desk.ask(act, To::Osc(from, message.addr.clone())));
            }),
        };
        if let Err(why) = result {
            self.error(from, &message.addr, &why);
        }
    }

    /// Says what became of an act, if it was not done.
    pub fn answer(&self, to: SocketAddr, what: &str, result: &Result<String, String>) {
        if let Err(why) = result {
            self.error(to, what, why);
        }
    }

    /// Tells what happened to those who wait for it.
    pub fn tell(&self, news: &News) {
        let wants = |listener: &&Listener| match news {
            News::Param(..) => listener.params,
            _ => listener.events,
        };
        for listener in self.listeners.iter().filter(wants) {
            self.send(listener.at, sent::news(news));
        }
    }

    fn error(&self, to: SocketAddr, what: &str, why: &str) {
        let args = [what, why].map(|text| OscType::String(text.replace('\0', ""))).into();
        self.send(to, OscMessage { addr: "/aw/error".into(), args });
    }

    fn send(&self, to: SocketAddr, message: OscMessage) {
        if let Ok(bytes) = encoder::encode(&OscPacket::Message(message)) {
            drop(self.socket.send_to(&bytes, to)); // what is not sent is lost, as any packet may be
        }
    }
}

/// How long to wait for the time of a bundle; not at all for one that is past, or for the time 1, which is "at once".
/// Seconds begin again in 2036, so what counts is how far they are apart.
fn until(time: OscTime, now: SystemTime) -> Duration {
    if (time.seconds, time.fractional) == (0, 1) {
        return Duration::ZERO;
    }
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let apart = f64::from(time.seconds.wrapping_sub((now.as_secs() + NTP_TO_UNIX) as u32) as i32);
    let wait = apart + f64::from(time.fractional) / 4_294_967_296.0 - f64::from(now.subsec_nanos()) * 1e-9;
    Duration::try_from_secs_f64(wait).unwrap_or_default()
}

/// What a message sets.
fn set(message: &OscMessage, scene: Option<&Scene>) -> Result<Vec<Act>, String> {
    let found = find(&message.addr, scene)?;
    let ramp_ms = match &message.args[..] {
        [_] => 0.0,
        [_, ramp] => number(ramp).filter(|ms| (0.0..=LONGEST_RAMP).contains(ms)).ok_or_else(|| {
            format!("behind the value stands how many milliseconds it takes to get there, 0 to {LONGEST_RAMP}")
        })?,
        _ => {
            return Err(
                "one value is wanted, and may be followed by how many milliseconds it takes to get there".into()
            );
        }
    };
    let act = |param: &Param| {
        let (node, name) = (param.at.node.clone(), param.at.param.clone());
        Ok(Act::Set { node, param: name, value: value(param, &message.args[0])?, ramp_ms })
    };
    found.into_iter().map(act).collect()
}

/// The live parameters at an address.
fn find<'s>(address: &str, scene: Option<&'s Scene>) -> Result<Vec<&'s Param>, String> {
    let params = &scene.ok_or(NOT_YET)?.params;
    let is_meant = |param: &&Param| spellings(param).iter().any(|known| pattern::fits(address, known));
    let found: Vec<&Param> = params.iter().filter(is_meant).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    if pattern::is_pattern(address) {
        return Err("this pattern fits no live parameter".into());
    }
    let known: Vec<String> = params.iter().map(|param| address_of(&param.at)).collect();
    let near = suggest(address, known.iter().map(String::as_str)).unwrap_or_default();
    Err(format!("no live parameter has this address{near}"))
}

fn address_of(at: &Where) -> String {
    format!("/{}/{}", at.node, at.param)
}

/// A parameter in a group has a name with a dot, where an address would have a slash.
fn spellings(param: &Param) -> [String; 3] {
    let (node, name) = (&param.at.node, &param.at.param);
    [address_of(&param.at), format!("/{node}/{}", name.replace('.', "/")), format!("/{node}.{name}")]
}

fn number(arg: &OscType) -> Option<f64> {
    match arg {
        OscType::Int(n) => Some(f64::from(*n)),
        OscType::Long(n) => Some(*n as f64),
        OscType::Float(x) => x.to_string().parse().ok().filter(|x: &f64| x.is_finite()), // 0.1, not 0.10000000149
        OscType::Double(x) => Some(*x).filter(|x| x.is_finite()),
        OscType::Bool(yes) => Some(f64::from(u8::from(*yes))),
        _ => None,
    }
}

/// A value as it would stand in a graph file.
fn value(param: &Param, arg: &OscType) -> Result<String, String> {
    match arg {
        OscType::String(text) => return Ok(text.clone()),
        OscType::Bool(yes) => return Ok(yes.to_string()),
        _ => {}
    }
    let x = number(arg).ok_or("a finite number, true or false, or a text is wanted")?;
    if !param.choices.is_empty() {
        let last = param.choices.len() - 1;
        let choice = (x.round() >= 0.0).then(|| param.choices.get(x.round() as usize)).flatten();
        return choice.cloned().ok_or_else(|| format!("0 to {last} are its choices: {}", param.choices.join(", ")));
    }
    // Faders send 4.0 where 4 is meant.
    Ok(if x.fract() == 0.0 && x.abs() < 1e15 { format!("{x}") } else { format!("{x:?}") })
}

#[cfg(test)]
mod tests;
