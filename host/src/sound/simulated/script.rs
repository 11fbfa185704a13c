//! What simulated cards are there, and what happens to them.
use crate::sound::{Direction, SoundError};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Cards, and what happens to them. As a file:
///
/// ```toml
/// pace = "real"              # "free": as fast as possible; "hand": by [`super::Simulated::step`]
/// seed = 1                   # of all that is random
///
/// [[card]]
/// id     = "usb"
/// name   = "USB microphone"
/// rate   = 48000
/// format = "i16"             # of its samples; f32
/// input  = { file = "mic.wav", channels = 1, block = 128, ppm = 50, jitter_us = 800 }
/// output = { file = "out.wav", channels = 2 }
///
/// [[at]]
/// seconds = 2.5
/// card    = "usb"            # all, if none is named
/// does    = "vanish"
///
/// [[at]]
/// seconds = 4
/// card    = "usb"
/// does    = "return"
/// rate    = 44100
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// How time passes.
    #[serde(default)]
    pub pace: Pace,
    /// Of all that is random.
    #[serde(default)]
    pub seed: u64,
    /// The cards.
    #[serde(default, rename = "card")]
    pub cards: Vec<CardScript>,
    /// What happens.
    #[serde(default, rename = "at")]
    pub events: Vec<Event>,
}

/// How time passes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// By the clock, from the start of the first stream on.
    #[default]
    Real,
    /// As fast as possible, from the start of the first stream on.
    Free,
    /// By [`super::Simulated::step`].
    Hand,
}

/// A card.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardScript {
    /// Its id.
    pub id: String,
    /// Its name; the id, if it has none.
    #[serde(default)]
    pub name: String,
    /// Samples a second; those of its files, or 48,000.
    pub rate: Option<u32>,
    /// How it represents samples.
    #[serde(default)]
    pub format: SampleKind,
    /// What it hears.
    pub input: Option<SideScript>,
    /// What it plays.
    pub output: Option<SideScript>,
}

/// How a card represents samples.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // as they are called
pub enum SampleKind {
    U8,
    I16,
    I24,
    I32,
    #[default]
    F32,
}

/// One direction of a card.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideScript {
    /// Channels; those of the file, or 2.
    pub channels: Option<u16>,
    /// What is heard, or what is written. Without a file, output is kept in memory.
    pub file: Option<PathBuf>,
    /// A sine of this frequency in Hz, at half of full scale, is heard instead; without either, silence.
    pub sine: Option<f64>,
    /// Frames a callback; otherwise as is wished.
    pub block: Option<u32>,
    /// Frames of one callback after the other, from the front again after the last: as of sound servers.
    #[serde(default)]
    pub blocks: Vec<u32>,
    /// How much faster its clock is than it says, in millionths.
    #[serde(default)]
    pub ppm: f64,
    /// By how much callbacks come late at most, in microseconds; evenly distributed.
    #[serde(default)]
    pub jitter_us: f64,
    /// By how much timestamps are off at most, either way, in microseconds; evenly distributed.
    #[serde(default)]
    pub stamp_us: f64,
}

/// What happens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When, in seconds.
    pub seconds: f64,
    /// To the card of this id; to all, if none is named.
    pub card: Option<String>,
    /// What.
    pub does: Deed,
    /// For how many seconds: restart, flood, stall, refuse.
    #[serde(rename = "for")]
    pub duration: Option<f64>,
    /// How many callbacks are lost.
    pub callbacks: Option<u32>,
    /// Nobody is told: streams only fall silent, or samples are only lost.
    #[serde(default)]
    pub silent: bool,
    /// What the card is now, where it is something else: return, change.
    pub rate: Option<u32>,
    /// As `rate`.
    pub input_channels: Option<u16>,
    /// As `rate`.
    pub output_channels: Option<u16>,
    /// As `rate`: another card comes in its place.
    pub id: Option<String>,
    /// As `rate`.
    pub name: Option<String>,
}

/// What may happen to a card.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// It is pulled out. Its streams are told, and end.
    #[default]
    Vanish,
    /// It is plugged in again, maybe as something else.
    Return,
    /// It has another rate or other channels. Its streams are told, and end.
    Change,
    /// The sound server dies, and comes back after a while. All cards are gone meanwhile.
    Restart,
    /// Callbacks are lost.
    Lose,
    /// A gap is reported, and nothing is lost.
    Xrun,
    /// Nothing but complaints, a hundred a second.
    Flood,
    /// Its clock stands still, as in a machine that sleeps.
    Stall,
    /// Its streams go by another way, and play on.
    Reroute,
    /// It cannot be opened: somebody else has it.
    Refuse,
}

impl Script {
    /// From a TOML file. Files that it names are looked for beside it.
    ///
    /// # Errors
    /// It cannot be read, or says what makes no sense.
    pub fn read(path: &Path) -> Result<Self, SoundError> {
        let fail = |why: String| SoundError::Script { path: path.display().to_string(), why };
        let text = std::fs::read_to_string(path).map_err(|why| fail(why.to_string()))?;
        let mut script: Script = toml::from_str(&text).map_err(|why| fail(why.to_string().trim().into()))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        for side in script.cards.iter_mut().flat_map(|card| [&mut card.input, &mut card.output]).flatten() {
            side.file = side.file.take().map(|file| beside.join(file));
        }
        script.check().map_err(fail)?;
        Ok(script)
    }

    /// A card that hears one file and plays to another, in real time.
    pub fn files(input: Option<&Path>, output: Option<&Path>) -> Self {
        let side = |file: &Path| SideScript { file: Some(file.into()), ..SideScript::default() };
        let name = "Simulated card".into();
        let (input, output) = (input.map(side), output.map(side));
        let card = CardScript { id: "simulated".into(), name, input, output, ..CardScript::default() };
        Script { cards: vec![card], ..Script::default() }
    }

    /// What `--in` and `--out` of a command mean: a script (`.toml`) or a sound file each.
    ///
    /// # Errors
    /// The script cannot be read.
    pub fn given(input: Option<&Path>, output: Option<&Path>) -> Result<Self, SoundError> {
        let script = [input, output].into_iter().flatten().find(|path| path.extension().is_some_and(|e| e == "toml"));
        script.map_or_else(|| Ok(Self::files(input, output)), Self::read)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        for card in &self.cards {
            let blocks = |side: &SideScript| side.block.into_iter().chain(side.blocks.iter().copied()).all(|n| n > 0);
            let sound = |side: &SideScript| side.channels != Some(0) && blocks(side) && side.ppm.abs() < 1e5;
            if card.rate == Some(0) || ![&card.input, &card.output].into_iter().flatten().all(sound) {
                return Err(format!("card `{}`: rates, channels and blocks are at least 1, ppm below 100000", card.id));
            }
        }
        for event in &self.events {
            let known = |id: &String| {
                let later = self.events.iter().filter_map(|event| event.id.as_ref());
                self.cards.iter().map(|card| &card.id).chain(later).any(|known| known == id)
            };
            if let Some(id) = event.card.as_ref().filter(|id| !known(id)) {
                return Err(format!("at {} s: there is no card `{id}`", event.seconds));
            }
            event.check().map_err(|why| format!("at {} s: {why}", event.seconds))?;
        }
        Ok(())
    }
}

impl Event {
    fn check(&self) -> Result<(), String> {
        use Deed::*;
        let other =
            [self.rate.is_some(), self.input_channels.is_some(), self.output_channels.is_some()].contains(&true);
        let renamed = self.id.is_some() || self.name.is_some();
        let given = [
            ("for", self.duration.is_some(), matches!(self.does, Restart | Flood | Stall | Refuse)),
            ("callbacks", self.callbacks.is_some(), self.does == Lose),
            ("silent", self.silent, matches!(self.does, Vanish | Restart | Lose)),
            ("rate or channels", other, matches!(self.does, Return | Change)),
            ("id or name", renamed, self.does == Return),
        ];
        if let Some((key, ..)) = given.iter().find(|(_, given, fits)| *given && !fits) {
            return Err(format!("{:?} takes no {key}", self.does).to_lowercase());
        }
        let finite = |x: f64| (0.0..1e9).contains(&x);
        if !finite(self.seconds) || !self.duration.is_none_or(finite) || self.rate == Some(0) {
            return Err("times are not negative, and rates at least 1".into());
        }
        Ok(())
    }
}

impl CardScript {
    pub(super) fn side(&self, direction: Direction) -> Option<&SideScript> {
        match direction {
            Direction::Input => self.input.as_ref(),
            Direction::Output => self.output.as_ref(),
        }
    }
}
