//! RT — which channel of a device is which channel of a port.
use super::spec::EdgeError;

/// The channels of a device that a port uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Channels {
    /// As many as the port has, from the first on. A port with one channel hears the first channel of its device (the
    /// mean of two would be quieter by 6 dB if only one has a microphone, and has a comb's sound if both have), and is
    /// heard on the first two, as mono is.
    #[default]
    First,
    /// These, counted from 1 as on the front of the device: one for each channel of the port. A port with one channel
    /// may be heard on several.
    These(Vec<usize>),
}

/// Which is which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Channels of the device.
    device: usize,
    /// Channel of the device, channel of the port.
    pairs: Vec<[usize; 2]>,
}

impl Route {
    /// Out of a device with `device` channels into a port with `port`.
    ///
    /// # Errors
    /// The device lacks a channel, or it is not said which is which.
    pub fn from_device(channels: &Channels, device: usize, port: usize) -> Result<Self, EdgeError> {
        Self::new(channels, device, port, false)
    }

    /// Out of a port into a device, likewise.
    ///
    /// # Errors
    /// Likewise.
    pub fn to_device(channels: &Channels, device: usize, port: usize) -> Result<Self, EdgeError> {
        Self::new(channels, device, port, true)
    }

    fn new(channels: &Channels, device: usize, port: usize, spreads: bool) -> Result<Self, EdgeError> {
        let pairs: Vec<[usize; 2]> = match channels {
            Channels::First if port > device => return Err(EdgeError::Narrow { port, device }),
            Channels::First if spreads && port == 1 => (0..device.min(2)).map(|channel| [channel, 0]).collect(),
            Channels::First => (0..port).map(|channel| [channel, channel]).collect(),
            Channels::These(these) => {
                if these.len() != port && !(spreads && port == 1 && !these.is_empty()) {
                    return Err(EdgeError::Count { port, named: these.len() });
                }
                if let Some(&channel) = these.iter().find(|&&channel| channel == 0 || channel > device) {
                    return Err(EdgeError::Channel { channel, device });
                }
                let of_port = |at: usize| if port == 1 { 0 } else { at };
                these.iter().enumerate().map(|(at, channel)| [channel - 1, of_port(at)]).collect()
            }
        };
        let is_twice = |at: usize, [to, _]: &[usize; 2]| pairs[..at].iter().any(|[other, _]| other == to);
        if let Some((_, [to, _])) = pairs.iter().enumerate().find(|&(at, pair)| spreads && is_twice(at, pair)) {
            return Err(EdgeError::Twice { channel: to + 1 });
        }
        Ok(Self { device, pairs })
    }

    /// Channels of the device.
    pub fn width(&self) -> usize {
        self.device
    }

    /// RT — samples of a channel of the port out of a device's frames; `to` is as long as those.
    pub(super) fn pick(&self, channel: usize, interleaved: &[f32], to: &mut [f32]) {
        let from = self.pairs.iter().find(|[_, of]| *of == channel).map_or(0, |[from, _]| *from);
        for (to, frame) in to.iter_mut().zip(interleaved.chunks_exact(self.device)) {
            *to = frame[from];
        }
    }

    /// RT — the planes of a port into a device's frames; the channels that it does not use are silent.
    pub(super) fn place(&self, planes: &[Vec<f32>], interleaved: &mut [f32]) {
        if self.pairs.len() < self.device {
            interleaved.fill(0.0);
        }
        for &[to, from] in &self.pairs {
            for (frame, sample) in interleaved.chunks_exact_mut(self.device).zip(&planes[from]) {
                frame[to] = *sample;
            }
        }
    }
}
