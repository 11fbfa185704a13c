//! What is asked of the host itself:
//!
//! ```text
//! /aw/bypass 0|1     /aw/mute 0|1       /aw/hear A|B|X
//! /aw/reload         /aw/dump           /aw/measure
//! /aw/clear                             each with 0 behind it, as a button sends when it is let go: nothing
//! /aw/load FILE      /aw/save FILE      .toml below the folder in which aw runs
//! /aw/get ADDRESS                       sent back: ADDRESS and the value, for each parameter that fits
//! /aw/subscribe meters|events|params [HZ [SECONDS]]     for 10 seconds, meters 10 times in each, unless said; say it
//!                           again in time. A parameter that changes is told by its own address
//! /aw/unsubscribe
//! ```
use super::super::super::act::Act;
use super::super::answer::To;
use super::super::client::Every;
use super::super::request::{FASTEST, below, deck, suggest};
use super::super::thread::Desk;
use super::{Listener, Osc, address_of, find, number};
use rosc::{OscMessage, OscType};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const KNOWN: &[&str] = &[
    "bypass",
    "mute",
    "hear",
    "reload",
    "dump",
    "measure",
    "clear",
    "load",
    "save",
    "get",
    "subscribe",
    "unsubscribe",
];
/// Most who are told.
const MOST_LISTENERS: usize = 16;
/// Longest that one is told without asking again, in seconds.
const LONGEST: f64 = 3600.0;

impl Osc {
    pub(super) fn word(
        &mut self,
        word: &str,
        message: &OscMessage,
        from: SocketAddr,
        desk: &Desk,
        now: Instant,
    ) -> Result<(), String> {
        let args = &message.args[..];
        let act = match word {
            "bypass" => Act::Bypass(on(args)?),
            "mute" => Act::Mute(on(args)?),
            "hear" => Act::Hear(deck(text(args)?)?),
            "load" | "save" => {
                let path = PathBuf::from(text(args)?);
                below(&path)?;
                if word == "load" { Act::Load(path) } else { Act::Save(path) }
            }
            "reload" | "dump" | "measure" | "clear" if args.first().and_then(number) == Some(0.0) => return Ok(()),
            "reload" => Act::Reload,
            "dump" => Act::Dump,
            "measure" => Act::Measure,
            "clear" => Act::Clear,
            "get" => {
                for param in find(text(args)?, desk.scene.as_deref())? {
                    let args = vec![OscType::Float(param.value as f32)];
                    self.send(from, OscMessage { addr: address_of(&param.at), args });
                }
                return Ok(());
            }
            "subscribe" => return self.subscribe(args, from, now),
            "unsubscribe" => {
                self.listeners.retain(|listener| listener.at != from);
                return Ok(());
            }
            "quit" => return Err("a graph is not ended by a single packet; ask the socket for JSON lines".into()),
            _ => {
                let list = || format!("; known are {}", KNOWN.join(", "));
                let near = suggest(word, KNOWN.iter().copied()).unwrap_or_else(list);
                return Err(format!("there is no `/aw/{word}`{near}"));
            }
        };
        desk.ask(act, To::Osc(from, message.addr.clone()));
        Ok(())
    }

    fn subscribe(&mut self, args: &[OscType], from: SocketAddr, now: Instant) -> Result<(), String> {
        let what = text(args)?;
        let nth = |at: usize, default: f64, least: f64, most: f64| match args.get(at) {
            None => Ok(default),
            Some(arg) => number(arg).filter(|x| (least..=most).contains(x)).ok_or_else(|| {
                let what = if at == 1 { "times a second" } else { "seconds" };
                format!("{least} to {most} {what} are allowed")
            }),
        };
        let (hz, seconds) = (nth(1, 10.0, 0.1, FASTEST)?, nth(2, 10.0, 1.0, LONGEST)?);
        if !["meters", "events", "params"].contains(&what) {
            return Err(format!("`meters`, `events` and `params` can be subscribed, not `{what}`"));
        }
        let until = now + Duration::from_secs_f64(seconds);
        let known = self.listeners.iter().position(|listener| listener.at == from);
        let at = match known {
            Some(at) => at,
            None if self.listeners.len() >= MOST_LISTENERS => {
                return Err(format!("{MOST_LISTENERS} are told already; let one of them unsubscribe"));
            }
            None => {
                self.listeners.push(Listener { at: from, events: false, params: false, meters: None, until });
                self.listeners.len() - 1
            }
        };
        let listener = &mut self.listeners[at];
        listener.until = listener.until.max(until);
        match what {
            "events" => listener.events = true,
            "params" => listener.params = true,
            _ => listener.meters = Some(Every::hz(hz, now)),
        }
        Ok(())
    }
}

fn on(args: &[OscType]) -> Result<bool, String> {
    match args {
        [arg] => number(arg).map(|x| x != 0.0).ok_or_else(|| "0 or 1 is wanted".into()),
        _ => Err("one number is wanted, 0 or 1".into()),
    }
}

fn text(args: &[OscType]) -> Result<&str, String> {
    match args.first() {
        Some(OscType::String(text)) if !text.is_empty() => Ok(text),
        _ => Err("a text is wanted".into()),
    }
}
