//! `aw devices`.
use super::{FAILED, fail, json, print};
use aw_host::sound::{Card, Direction, Face, Host, HostName, HostState, SoundError, asked, hosts};
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {
    /// Only this sound system: jack, pulse, alsa, coreaudio, wasapi, simulated
    #[arg(long, value_name = "HOST")]
    host: Option<HostName>,
    /// The script or the sound file of the simulated sound system
    #[arg(long = "in", value_name = "FILE")]
    input: Option<String>,
    /// ALSA's detours to cards that are listed already, too
    #[arg(long)]
    all: bool,
    /// For scripts
    #[arg(long)]
    json: bool,
}

/// A sound system and what it has, or why it has nothing.
struct Found {
    name: HostName,
    sides: Result<Vec<Side>, String>,
}

struct Side {
    card: Card,
    direction: Direction,
    face: Result<Face, SoundError>,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let found = self.find()?;
        let preferred = found.iter().find(|host| host.sides.is_ok()).map(|host| host.name);
        match self.json {
            true => print(&json(
                &json!({ "hosts": found.iter().map(|host| to_json(host, preferred)).collect::<Vec<_>>() }),
            ))?,
            false => print(&to_text(&found, preferred))?,
        }
        let usable = |host: &Found| host.sides.as_ref().is_ok_and(|sides| sides.iter().any(|side| side.face.is_ok()));
        let any = found.iter().any(usable);
        if !any && !self.json {
            say!("no sound card can be used; `aw doctor` says more");
            if self.host != Some(HostName::Simulated) {
                say!("  files play without one: --host simulated --in voice.wav --out out.wav");
            }
        }
        Ok(if any { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    fn find(&self) -> Result<Vec<Found>, ExitCode> {
        let list = |host: Host| host.cards().map(|cards| self.sides(cards)).map_err(|why| why.to_string());
        if self.host == Some(HostName::Simulated) {
            let asked = asked(self.host, self.input.as_deref(), None).map_err(fail)?;
            return Ok(vec![Found { name: HostName::Simulated, sides: list(asked.host) }]);
        }
        let states = hosts().into_iter().filter(|state| self.host.is_none_or(|host| host == state.name));
        let sides = |state: &HostState| match &state.here {
            Ok(()) => Host::open(state.name).map_err(|why| why.to_string()).and_then(list),
            Err(why) => Err(why.to_string()),
        };
        Ok(states.map(|state| Found { name: state.name, sides: sides(&state) }).collect())
    }

    fn sides(&self, cards: Vec<Card>) -> Vec<Side> {
        let both = [Direction::Input, Direction::Output];
        let shown = cards.into_iter().filter(|card| self.all || !card.detour);
        let ways = shown.flat_map(|card| both.map(|direction| (card.clone(), direction)));
        let ways = ways.filter(|(card, direction)| card.has(*direction));
        ways.map(|(card, direction)| Side { face: card.face(direction), card, direction }).collect()
    }
}

fn to_text(found: &[Found], preferred: Option<HostName>) -> String {
    let mut text = String::new();
    for host in found {
        let gap = if text.is_empty() { "" } else { "\n" };
        let sides = match &host.sides {
            Ok(sides) => sides,
            Err(why) => {
                let _ = writeln!(text, "{gap}{why}");
                continue;
            }
        };
        let used = if preferred == Some(host.name) { ", used unless --host names another" } else { "" };
        let _ = writeln!(text, "{gap}{} (--host {}){used}", host.name, host.name.as_str());
        if sides.is_empty() {
            text += "  no cards\n";
        }
        let width = sides.iter().map(|side| side.card.name.chars().count()).max().unwrap_or(0).min(40);
        for Side { card, direction, face } in sides {
            let way = if *direction == Direction::Input { "in " } else { "out" };
            let mark = if card.is_default(*direction) { "*" } else { " " };
            let _ = writeln!(text, "{mark} {way}  {:width$}  {}", card.name, card.id);
            let _ = match face {
                Ok(face) => writeln!(text, "         {}", ability(face)),
                Err(SoundError::Refused { why, .. }) => writeln!(text, "         cannot be used: {why}"),
                Err(why) => writeln!(text, "         {why}"),
            };
        }
    }
    if text.contains("\n* ") {
        text += "\n* the system's own choice\n";
    }
    text
}

/// "44100, 48000 Hz; 1 to 2 channels; blocks of 64 to 8192 (1.3 ms at 48000 Hz); i16, i32".
fn ability(face: &Face) -> String {
    let span = |from: String, to: String| if from == to { from } else { format!("{from} to {to}") };
    let rates = face.rates().into_iter().map(|(from, to)| span(from.to_string(), to.to_string()));
    let rates = rates.collect::<Vec<_>>().join(", ");
    let channels = face.channels();
    let channels = match channels[..] {
        [] => return "it can do nothing that is known here".into(),
        [1] => "mono".into(),
        [one] => format!("{one} channels"),
        [first, .., last] if usize::from(last - first) + 1 == channels.len() => format!("{first} to {last} channels"),
        _ => channels.iter().map(u16::to_string).collect::<Vec<_>>().join(", ") + " channels",
    };
    let blocks = face.blocks().map(|(least, most)| {
        let rate = usual_rate(face);
        let ms = f64::from(least) * 1e3 / f64::from(rate);
        format!("; blocks of {} ({ms:.1} ms at {rate} Hz)", span(least.to_string(), most.to_string()))
    });
    let formats = face.formats().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("{rates} Hz; {channels}{}; {formats}", blocks.unwrap_or_default())
}

fn usual_rate(face: &Face) -> u32 {
    face.usual.map_or(48000, |(rate, _)| rate).max(1)
}

fn to_json(host: &Found, preferred: Option<HostName>) -> Value {
    let sides = host.sides.as_ref().map(Vec::as_slice).unwrap_or_default();
    let cards = sides.iter().map(|Side { card, direction, face }| {
        let about = json!({
            "id": card.id, "name": card.name, "direction": direction.as_str(),
            "default": card.is_default(*direction), "detour": card.detour,
        });
        let told = match face {
            Err(why) => json!({ "usable": false, "why": why.to_string() }),
            Ok(face) => json!({
                "usable": true, "rates": face.rates(), "channels": face.channels(), "blocks": face.blocks(),
                "formats": face.formats().iter().map(ToString::to_string).collect::<Vec<_>>(),
                "usual": face.usual.map(|(rate, channels)| json!({ "rate": rate, "channels": channels })),
                "least_ms": face.blocks().map(|(least, _)| f64::from(least) * 1e3 / f64::from(usual_rate(face))),
            }),
        };
        match (about, told) {
            (Value::Object(mut about), Value::Object(told)) => {
                about.extend(told);
                Value::Object(about)
            }
            (about, _) => about,
        }
    });
    json!({
        "host": host.name.as_str(), "name": host.name.to_string(), "usable": host.sides.is_ok(),
        "why": host.sides.as_ref().err(), "preferred": preferred == Some(host.name),
        "cards": cards.collect::<Vec<_>>(),
    })
}
