//! A sound card, or what a sound system shows as one.
use super::error::SoundError;
use super::host::HostName;
use super::{alsa, choose};
use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{DeviceDirection, SupportedBufferSize, SupportedStreamConfigRange};
use std::fmt;

/// Which way sound goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a microphone.
    Input,
    /// To a loudspeaker.
    Output,
}

impl Direction {
    /// "input" or "output".
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Input => "input",
            Direction::Output => "output",
        }
    }
}

/// How a card represents a sample.
pub type Format = cpal::SampleFormat;

/// Some of what a card can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Channels.
    pub channels: u16,
    /// The lowest rate and the highest, in samples a second.
    pub rate: (u32, u32),
    /// The shortest block and the longest, in frames; `None` if it is not told.
    pub block: Option<(u32, u32)>,
    /// The samples.
    pub format: Format,
}

/// What a card can do in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Face {
    /// In the order of the sound system.
    pub ranges: Vec<Range>,
    /// The rate and the channels that the sound system would choose.
    pub usual: Option<(u32, u16)>,
}

impl Face {
    /// All rates, in samples a second: from, to.
    pub fn rates(&self) -> Vec<(u32, u32)> {
        let mut rates: Vec<_> = self.ranges.iter().map(|range| range.rate).collect();
        rates.sort_unstable();
        rates.dedup();
        rates
    }

    /// All numbers of channels.
    pub fn channels(&self) -> Vec<u16> {
        let mut channels: Vec<_> = self.ranges.iter().map(|range| range.channels).collect();
        channels.sort_unstable();
        channels.dedup();
        channels
    }

    /// All representations of samples, in the order of the sound system.
    pub fn formats(&self) -> Vec<Format> {
        let mut formats = vec![];
        self.ranges.iter().for_each(|range| {
            if !formats.contains(&range.format) {
                formats.push(range.format);
            }
        });
        formats
    }

    /// The shortest block and the longest, in frames, as far as they are told.
    pub fn blocks(&self) -> Option<(u32, u32)> {
        let told = self.ranges.iter().filter_map(|range| range.block);
        told.reduce(|all, block| (all.0.min(block.0), all.1.max(block.1)))
    }
}

/// A sound card.
#[derive(Clone)]
pub struct Card {
    /// Its sound system.
    pub host: HostName,
    /// What it is called by the sound system; the same tomorrow.
    pub id: String,
    /// What it is called by people.
    pub name: String,
    /// Not a card, but a way of ALSA's to one that is listed already. Found by its id or its whole name only.
    pub detour: bool,
    sides: Vec<Side>,
    device: cpal::Device,
    /// Where ALSA converts samples that the card has in a representation unknown here: three bytes each, mostly.
    converting: Option<cpal::Device>,
}

#[derive(Clone, Copy)]
struct Side {
    direction: Direction,
    default: bool,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.id, self.host)
    }
}

impl Card {
    /// Whether it goes this way.
    pub fn has(&self, direction: Direction) -> bool {
        self.sides.iter().any(|side| side.direction == direction)
    }

    /// Whether the system prefers it.
    pub fn is_default(&self, direction: Direction) -> bool {
        self.sides.iter().any(|side| side.direction == direction && side.default)
    }

    /// What it can do. ALSA opens the card to know, which fails while it is used.
    ///
    /// # Errors
    /// In the words of the sound system.
    pub fn face(&self, direction: Direction) -> Result<Face, SoundError> {
        self.way(direction).map(|(face, _)| face)
    }

    /// As [`Card::face`], and the device that is opened for it.
    pub(super) fn way(&self, direction: Direction) -> Result<(Face, &cpal::Device), SoundError> {
        let face = self.face_of(&self.device, direction)?;
        match &self.converting {
            Some(device) if !choose::is_usable(&face) => Ok((self.face_of(device, direction)?, device)),
            _ => Ok((face, &self.device)),
        }
    }

    fn face_of(&self, device: &cpal::Device, direction: Direction) -> Result<Face, SoundError> {
        let refused = |why: cpal::Error| SoundError::Refused { card: self.name.clone(), why: why.to_string() };
        let (ranges, usual): (Vec<_>, _) = match direction {
            Direction::Input => {
                (device.supported_input_configs().map_err(refused)?.collect(), device.default_input_config())
            }
            Direction::Output => {
                (device.supported_output_configs().map_err(refused)?.collect(), device.default_output_config())
            }
        };
        let usual = usual.ok().map(|usual| (usual.sample_rate(), usual.channels()));
        Ok(Face { ranges: ranges.iter().map(range).collect(), usual })
    }
}

fn range(config: &SupportedStreamConfigRange) -> Range {
    let block = match *config.buffer_size() {
        SupportedBufferSize::Range { min, max } => Some((min, max)),
        SupportedBufferSize::Unknown => None,
    };
    let rate = (config.min_sample_rate(), config.max_sample_rate());
    Range { channels: config.channels(), rate, block, format: config.sample_format() }
}

/// All cards of a sound system.
pub(super) fn gather(host: HostName, system: &cpal::Host) -> Result<Vec<Card>, SoundError> {
    let id_of = |device: &cpal::Device| device.id().map(|id| id.id().to_string()).unwrap_or_default();
    let input = system.default_input_device().map(|device| id_of(&device));
    let output = system.default_output_device().map(|device| id_of(&device));
    let devices = system.devices().map_err(|why| SoundError::NoHost { host, why: why.to_string() })?;
    let mut cards: Vec<Card> = vec![];
    for device in devices {
        let id = id_of(&device);
        let told = device.description().ok();
        let mut sides = vec![];
        // JACK's cards have one direction and claim both.
        let other_way = |way| told.as_ref().is_some_and(|told| told.direction() == way);
        if device.supports_input() && !other_way(DeviceDirection::Output) {
            sides.push(Side { direction: Direction::Input, default: input.as_ref() == Some(&id) });
        }
        if device.supports_output() && !other_way(DeviceDirection::Input) {
            sides.push(Side { direction: Direction::Output, default: output.as_ref() == Some(&id) });
        }
        let name = told.as_ref().map(|told| told.name().trim().to_string()).unwrap_or_default();
        let name = if name.is_empty() { id.clone() } else { name };
        cards.push(Card { host, id, name, detour: false, sides, device, converting: None });
    }
    if host == HostName::Alsa {
        let known: Vec<(String, String)> = cards.iter().map(|card| (card.id.clone(), card.name.clone())).collect();
        let converting: Vec<Option<cpal::Device>> = cards
            .iter()
            .map(|card| {
                cards.iter().find(|other| alsa::converts(&other.id, &card.id)).map(|other| other.device.clone())
            })
            .collect();
        for (card, converting) in cards.iter_mut().zip(converting) {
            card.detour = alsa::is_detour(&card.id, &card.name, &known);
            card.converting = converting;
        }
    }
    Ok(cards)
}
