//! The simulated sound system as cpal sees it.
use super::Shared;
use super::script::SampleKind;
use super::side::{Call, Slot};
use crate::sound::{Direction, Format};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Data, DeviceDescription, DeviceDescriptionBuilder, DeviceDirection, DeviceId, Error, ErrorKind, HostId,
    InputCallbackInfo, OutputCallbackInfo, SampleFormat, StreamConfig, StreamInstant, SupportedBufferSize,
    SupportedStreamConfig, SupportedStreamConfigRange,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fmt, vec};

impl SampleKind {
    pub(super) fn format(self) -> Format {
        match self {
            SampleKind::U8 => SampleFormat::U8,
            SampleKind::I16 => SampleFormat::I16,
            SampleKind::I24 => SampleFormat::I24,
            SampleKind::I32 => SampleFormat::I32,
            SampleKind::F32 => SampleFormat::F32,
        }
    }
}

pub(super) struct SimulatedHost(pub Arc<Shared>);

impl SimulatedHost {
    fn first(&self, direction: Direction) -> Option<Device> {
        self.devices().ok()?.find(|device| device.ranges(direction).is_ok_and(|mut ranges| ranges.next().is_some()))
    }
}

impl HostTrait for SimulatedHost {
    type Devices = vec::IntoIter<Device>;
    type Device = Device;

    fn is_available() -> bool {
        true
    }

    fn devices(&self) -> Result<Self::Devices, Error> {
        let world = self.0.world();
        if !world.is_up() {
            return Err(Error::with_message(ErrorKind::HostUnavailable, "the sound server is not running"));
        }
        let present = world.cards.iter().enumerate().filter(|(_, card)| card.present);
        let device = |(card, state): (usize, &super::world::CardState)| Device {
            shared: self.0.clone(),
            card,
            age: state.age,
            id: state.id.clone(),
            name: state.name.clone(),
        };
        Ok(present.map(device).collect::<Vec<_>>().into_iter())
    }

    fn default_input_device(&self) -> Option<Device> {
        self.first(Direction::Input)
    }

    fn default_output_device(&self) -> Option<Device> {
        self.first(Direction::Output)
    }
}

/// A card as it was found: it is of no use any more once the card was away.
#[derive(Clone)]
pub(super) struct Device {
    shared: Arc<Shared>,
    card: usize,
    age: u64,
    id: String,
    name: String,
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Device {}

impl std::hash::Hash for Device {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.id)
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Device {
    fn ranges(&self, direction: Direction) -> Result<vec::IntoIter<SupportedStreamConfigRange>, Error> {
        let world = self.shared.world();
        let card = world.cards.get(self.card).filter(|card| card.present && card.age == self.age);
        let card = card.ok_or_else(|| Error::new(ErrorKind::DeviceNotAvailable))?;
        let range = card.side(direction).map(|side| {
            let (min, max) = side.blocks();
            let blocks = SupportedBufferSize::Range { min, max };
            SupportedStreamConfigRange::new(side.channels, side.rate, side.rate, blocks, card.format.format())
        });
        Ok(range.into_iter().collect::<Vec<_>>().into_iter())
    }

    fn usual(&self, direction: Direction) -> Result<SupportedStreamConfig, Error> {
        let range = self.ranges(direction)?.next().ok_or_else(|| Error::new(ErrorKind::UnsupportedOperation))?;
        Ok(range.with_max_sample_rate())
    }

    fn open(
        &self,
        direction: Direction,
        config: StreamConfig,
        format: SampleFormat,
        call: Call,
        complain: Box<dyn FnMut(Error) + Send>,
    ) -> Result<Stream, Error> {
        let offered = self.usual(direction)?;
        if (config.channels, config.sample_rate, format)
            != (offered.channels(), offered.sample_rate(), offered.sample_format())
        {
            return Err(ErrorKind::UnsupportedConfig.into());
        }
        let mut world = self.shared.world();
        self.shared.sync(&mut world, false);
        if world.now < world.cards[self.card].refused {
            self.shared.sync(&mut world, true);
            return Err(ErrorKind::DeviceBusy.into());
        }
        let side = world.cards[self.card].side(direction).ok_or_else(|| Error::new(ErrorKind::DeviceNotAvailable))?;
        let (least, most) = side.blocks();
        let blocks = match config.buffer_size {
            _ if !side.script.blocks.is_empty() => side.script.blocks.clone(),
            BufferSize::Fixed(frames) if (least..=most).contains(&frames) => vec![frames],
            BufferSize::Fixed(_) => return Err(ErrorKind::UnsupportedConfig.into()),
            BufferSize::Default => vec![side.script.block.unwrap_or(256)],
        };
        let block = blocks.iter().copied().max().unwrap_or(1);
        let call = Arc::new(Mutex::new(Some(call)));
        let slot = world.add(Slot {
            id: 0,
            card: self.card,
            direction,
            call: call.clone(),
            complain: Arc::new(Mutex::new(complain)),
            playing: false,
            next: 0,
            blocks,
            turn: 0,
            late: 0.0,
            lose: (0, false),
            flood: None,
        });
        drop(world);
        Ok(Stream { shared: self.shared.clone(), slot, block, call })
    }
}

impl DeviceTrait for Device {
    type SupportedInputConfigs = vec::IntoIter<SupportedStreamConfigRange>;
    type SupportedOutputConfigs = vec::IntoIter<SupportedStreamConfigRange>;
    type Stream = Stream;

    fn description(&self) -> Result<DeviceDescription, Error> {
        let has = |direction| self.ranges(direction).is_ok_and(|mut ranges| ranges.next().is_some());
        let direction = match (has(Direction::Input), has(Direction::Output)) {
            (true, true) => DeviceDirection::Duplex,
            (true, false) => DeviceDirection::Input,
            _ => DeviceDirection::Output,
        };
        Ok(DeviceDescriptionBuilder::new(&self.name).direction(direction).build())
    }

    fn id(&self) -> Result<DeviceId, Error> {
        Ok(DeviceId::new(HostId::Custom, &self.id))
    }

    fn supported_input_configs(&self) -> Result<Self::SupportedInputConfigs, Error> {
        self.ranges(Direction::Input)
    }

    fn supported_output_configs(&self) -> Result<Self::SupportedOutputConfigs, Error> {
        self.ranges(Direction::Output)
    }

    fn default_input_config(&self) -> Result<SupportedStreamConfig, Error> {
        self.usual(Direction::Input)
    }

    fn default_output_config(&self) -> Result<SupportedStreamConfig, Error> {
        self.usual(Direction::Output)
    }

    fn build_input_stream_raw<D, E>(
        &self,
        config: StreamConfig,
        format: SampleFormat,
        call: D,
        complain: E,
        _: Option<Duration>,
    ) -> Result<Stream, Error>
    where
        D: FnMut(&Data, &InputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        self.open(Direction::Input, config, format, Call::In(Box::new(call)), Box::new(complain))
    }

    fn build_output_stream_raw<D, E>(
        &self,
        config: StreamConfig,
        format: SampleFormat,
        call: D,
        complain: E,
        _: Option<Duration>,
    ) -> Result<Stream, Error>
    where
        D: FnMut(&mut Data, &OutputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        self.open(Direction::Output, config, format, Call::Out(Box::new(call)), Box::new(complain))
    }
}

pub(super) struct Stream {
    shared: Arc<Shared>,
    slot: u64,
    block: u32,
    call: Arc<Mutex<Option<Call>>>,
}

impl StreamTrait for Stream {
    fn play(&self) -> Result<(), Error> {
        self.shared.start(self.slot);
        Ok(())
    }

    fn pause(&self) -> Result<(), Error> {
        self.shared.world().slots.iter_mut().filter(|slot| slot.id == self.slot).for_each(|slot| slot.playing = false);
        Ok(())
    }

    fn buffer_size(&self) -> Result<u32, Error> {
        Ok(self.block)
    }

    fn now(&self) -> StreamInstant {
        let world = self.shared.world();
        StreamInstant::from_nanos(world.epoch + world.now as u64)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.world().slots.retain(|slot| slot.id != self.slot);
        // Waits for a callback that is under way, as real ones do.
        self.call.lock().unwrap_or_else(|broken| broken.into_inner()).take();
    }
}
