//! What an edge connects, and by how much it must lag so that nothing is ever missing.
use super::aim::Aim;
use super::convert::Convert;
use super::end::{Follow, How, LATE, TakeEnd};
use super::feed::FeedEnd;
use super::gauge::Gauge;
use super::ring::ring;
use super::route::{Channels, Route};
use num_integer::gcd;
use thiserror::Error;

/// A device, as it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Frames a second.
    pub rate: u32,
    /// Channels.
    pub channels: usize,
    /// Frames a callback, the most if they vary.
    pub period: usize,
}

/// An input or an output of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Frames a second.
    pub rate: u32,
    /// Channels.
    pub channels: usize,
    /// Those of the device that it uses.
    pub of_device: Channels,
}

/// Who renders, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driver {
    /// Frames a second of the device whose callback renders.
    pub rate: u32,
    /// Frames a callback of it, the most if they vary.
    pub period: usize,
    /// They never vary.
    pub steady: bool,
    /// Frames a second within the graph.
    pub graph_rate: u32,
    /// Frames a block of the graph.
    pub block: usize,
}

/// How the clock of a device relates to the driver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clocks {
    /// The driver's own callback: what comes in with it is there before blocks are rendered, and what goes out with it
    /// is taken after.
    Cycle,
    /// The same clock, and a callback of its own, which comes before or after the driver's.
    Same,
    /// A clock of its own.
    Own,
}

/// What an edge connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The device at one end.
    pub device: Device,
    /// The port of the graph at the other.
    pub port: Port,
    /// Who renders.
    pub driver: Driver,
    /// How the device's clock relates to the driver's.
    pub clocks: Clocks,
}

/// Why there can be no edge.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EdgeError {
    /// The device is too narrow.
    #[error(
        "the port has {port} channels and the device {device}: choose another device, or give the port fewer channels"
    )]
    Narrow {
        /// Channels of the port.
        port: usize,
        /// Channels of the device.
        device: usize,
    },
    /// It is not said which is which.
    #[error("{named} channels of the device are named for the {port} of the port: name one for each")]
    Count {
        /// Channels of the port.
        port: usize,
        /// Channels that were named.
        named: usize,
    },
    /// The device has no such channel.
    #[error("the device has no channel {channel}: it has {device}, counted from 1")]
    Channel {
        /// The channel.
        channel: usize,
        /// Channels of the device.
        device: usize,
    },
    /// Two channels of a port on one of a device.
    #[error("channel {channel} of the device is named twice: each can be heard on one channel of its own only")]
    Twice {
        /// The channel, counted from 1.
        channel: usize,
    },
    /// A ratio of rates that is beyond all sense.
    #[error("{from} Hz cannot be made {to} Hz: choose a rate for the device that is nearer to the graph's")]
    Ratio {
        /// Hz that come.
        from: u32,
        /// Hz that are taken.
        to: u32,
    },
    /// A rate, a block or a period of nothing.
    #[error("a device, a port or a block without frames: rates, channels, blocks and periods are 1 or more")]
    Empty,
}

/// An edge from a device into the graph.
///
/// # Errors
/// [`EdgeError`].
pub fn intake(spec: &Spec) -> Result<(FeedEnd, TakeEnd), EdgeError> {
    let counts = Counts::of(spec)?;
    let Spec { device, port, .. } = spec;
    let route = Route::from_device(&port.of_device, device.channels, port.channels)?;
    let rates = Rates { from: device.rate, to: port.rate };
    let lag = match spec.clocks {
        Clocks::Cycle => counts.block - counts.common,
        Clocks::Same => counts.cycle + counts.block - counts.common + counts.late(port.rate),
        Clocks::Own => counts.cycle + counts.block - counts.common + counts.period,
    };
    let aim = match spec.clocks {
        Clocks::Cycle => Aim::fed_first(rates.lag(lag)),
        _ if counts.ties() => Aim::either(rates.lag(lag), device.period, device.rate),
        _ => Aim::fed_first(rates.lag(lag)),
    };
    let how = rates.how(spec, aim)?;
    let (to, from) = ring(counts.room(rates), port.channels);
    let gauge = Gauge::default();
    let feed = FeedEnd::new(to, Some(route), gauge.clone());
    // The frames of one callback of a device are part of what it says of its own latency.
    let take =
        TakeEnd::new(from, how, None, port.rate, if spec.clocks == Clocks::Own { device.period } else { 0 }, gauge);
    Ok((feed, take))
}

/// An edge from the graph to a device.
///
/// # Errors
/// [`EdgeError`].
pub fn outlet(spec: &Spec) -> Result<(FeedEnd, TakeEnd), EdgeError> {
    let counts = Counts::of(spec)?;
    let Spec { device, port, .. } = spec;
    let route = Route::to_device(&port.of_device, device.channels, port.channels)?;
    let rates = Rates { from: port.rate, to: device.rate };
    let aim = match spec.clocks {
        Clocks::Cycle => Aim::at_once(),
        _ if counts.ties() => Aim::either(rates.lag(device.period), counts.cycle, port.rate),
        _ => Aim::fed_first(rates.lag(device.period + counts.late(device.rate))),
    };
    let how = rates.how(spec, aim)?;
    let (to, from) = ring(counts.room(rates), port.channels);
    let gauge = Gauge::default();
    let feed = FeedEnd::new(to, None, gauge.clone());
    Ok((feed, TakeEnd::new(from, how, Some(route), device.rate, 0, gauge)))
}

/// Frames a second that are fed, and that are taken.
#[derive(Clone, Copy)]
struct Rates {
    from: u32,
    to: u32,
}

impl Rates {
    /// So many taken frames, in fed ones; converting, one is read ahead, and there is a fraction.
    fn lag(self, taken: usize) -> usize {
        let fed = (taken as u64 * u64::from(self.from)).div_ceil(u64::from(self.to)) as usize;
        fed + if self.from == self.to { 0 } else { 2 }
    }

    fn how(self, spec: &Spec, aim: Aim) -> Result<How, EdgeError> {
        let convert = || Convert::new(self.from, self.to, spec.port.channels);
        Ok(match spec.clocks {
            Clocks::Own => How::Follows(convert()?, Follow::new(self.from, aim.lag)),
            _ if self.from == self.to => How::Copies(aim),
            _ => How::Converts(convert()?, aim),
        })
    }
}

/// Frames of a port that come and go at once.
///
/// How far an input must lag on one clock: when the driver's callback j of M frames comes, j = 0, 1, …, it renders
/// blocks of B frames until (j + 1) M are there, and so takes B ⌈(j + 1) M / B⌉, at most (j + 1) M + B − gcd(M, B). The
/// device's callback of N frames in the same cycle may come later, so that j M frames have been delivered. The
/// difference is M + B − gcd(M, B), and no less will do: it is reached as soon as (j + 1) M mod B = gcd(M, B). An input
/// that comes with the driver's own callback has delivered (j + 1) M by then, and lags by B − gcd(M, B).
///
/// An output of N frames a callback may ask for (j + 1) N before the driver's callback j: it lags by N.
///
/// Callbacks of different lengths stand in no order: a device's next frames may be as far away as its callback is long,
/// and that is waited for when the first are taken; and all may be late.
///
/// On two clocks the callbacks stand in no order. When a block is taken, what is due with it has come up to a callback of
/// the input before, and blocks are taken up to M + B − gcd(M, B) before they are due: an input lags by both. Beyond
/// that, all lag by what callbacks may be late ([`Follow`]).
struct Counts {
    /// A block of the graph.
    block: usize,
    /// A callback of the driver.
    cycle: usize,
    /// Their greatest common divisor, if both are always the same.
    common: usize,
    /// A callback of the device.
    period: usize,
}

impl Counts {
    fn of(spec: &Spec) -> Result<Self, EdgeError> {
        let Spec { device, port, driver, .. } = spec;
        let some = [device.rate, port.rate, driver.rate, driver.graph_rate].iter().all(|&rate| rate > 0);
        let sizes = [device.channels, device.period, port.channels, driver.period, driver.block];
        if !some || sizes.contains(&0) {
            return Err(EdgeError::Empty);
        }
        let of_port = |frames: usize, rate: u32| {
            let fine = frames as u64 * u64::from(port.rate);
            (fine.div_ceil(u64::from(rate)) as usize, fine.is_multiple_of(u64::from(rate)))
        };
        let (block, whole_block) = of_port(driver.block, driver.graph_rate);
        let (cycle, whole_cycle) = of_port(driver.period, driver.rate);
        let early = if driver.rate == port.rate { 0 } else { 2 }; // read ahead by what converts for the driver
        let cycle = cycle + early;
        let common = if early == 0 && driver.steady && whole_block && whole_cycle { gcd(block, cycle) } else { 1 };
        Ok(Self { block, cycle, common, period: of_port(device.period, device.rate).0 })
    }

    /// Whether the callbacks of the driver and the device are of one length, so that each cycle has one of both.
    fn ties(&self) -> bool {
        self.cycle == self.period
    }

    /// Frames by which callbacks may be late that stand in no order, at so many a second.
    fn late(&self, rate: u32) -> usize {
        if self.ties() { 0 } else { (LATE * f64::from(rate)).ceil() as usize }
    }

    /// Frames that a ring has room for: all that may wait, and as much again.
    fn room(&self, rates: Rates) -> usize {
        (4 * rates.lag(self.block + self.cycle + self.period)).max(rates.from as usize / 5).max(4096)
    }
}
