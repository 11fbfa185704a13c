//! A sound card, or what a sound system shows as one.
use super::error::SoundError;
use super::host::HostName;
use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{DeviceDirection, SupportedBufferSize, SupportedStreamConfigRange};

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

/// A sound card.
#[derive(Clone)]
pub struct Card {
    /// Its sound system.
    pub host: HostName,
    /// What it is called by the sound system; the same tomorrow.
    pub id: String,
    /// What it is called by people.
    pub name: String,
    sides: Vec<Side>,
    device: cpal::Device,
}

#[derive(Clone, Copy)]
struct Side {
    direction: Direction,
    default: bool,
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
        let refused = |why: cpal::Error| SoundError::Refused { card: self.name.clone(), why: why.to_string() };
        let (ranges, usual): (Vec<_>, _) = match direction {
            Direction::Input => {
                (self.device.supported_input_configs().map_err(refused)?.collect(), self.device.default_input_config())
            }
            Direction::Output => (
                self.device.supported_output_configs().map_err(refused)?.collect(),
                self.device.default_output_config(),
            ),
        };
        let usual = usual.ok().map(|usual| (usual.sample_rate(), usual.channels()));
        Ok(Face { ranges: ranges.iter().map(range).collect(), usual })
    }

    pub(super) fn device(&self) -> &cpal::Device {
        &self.device
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
        cards.push(Card { host, id, name, sides, device });
    }
    Ok(cards)
}
