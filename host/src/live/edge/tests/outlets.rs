//! From the graph to devices, and the channels of both.
use super::super::*;
use super::two_clocks::{Clock, Dice, rms, sinad, steepest, step};
use crate::render::Frames;
use proptest::prelude::*;
use std::f64::consts::TAU;
use std::time::Duration;

fn moment(seconds: f64) -> Moment {
    Moment::after(Duration::from_secs_f64(1.0 + seconds))
}

fn spec(device: [u32; 3], channels: Channels, port: usize, clocks: Clocks) -> Spec {
    let [rate, channels_of_device, period] = device;
    Spec {
        device: Device { rate, channels: channels_of_device as usize, period: period as usize },
        port: Port { rate: 48000, channels: port, of_device: channels },
        driver: Driver { rate: 48000, period: 128, steady: true, graph_rate: 48000, block: 128 },
        clocks,
    }
}

/// Frames 1, 2, 3, … of a graph, whose channels are 1000 apart.
struct Counter(usize);

impl Counter {
    fn block(&mut self, frames: usize, channels: usize) -> Vec<f32> {
        let from = self.0;
        self.0 += frames;
        (0..channels)
            .flat_map(|channel| (from..from + frames).map(move |at| (1 + at + 1000 * channel) as f32))
            .collect()
    }
}

/// What a loudspeaker of the driver plays in one callback of 4 frames.
fn on_device(device: usize, port: usize, channels: Channels) -> Result<Vec<f32>, EdgeError> {
    let spec = spec([48000, device as u32, 4], channels, port, Clocks::Cycle);
    let (feed, take) = outlet(&spec)?;
    let (mut feeder, mut taker) = (Feeder::of(feed), Taker::of(take).at_once());
    let beat = Pulse::new(48000, Way::Asks).beat(2, moment(0.0));
    let (mut counter, mut played) = (Counter(0), vec![f32::NAN; 2 * device]);
    taker.drive(Room::Interleaved(&mut played), &beat, || {
        let data = counter.block(2, port);
        feeder.feed(Sound::Planar(Frames { data: &data, stride: 2, frames: 2 }), &beat);
    });
    Ok(played)
}

#[test]
fn ports_are_heard_where_one_expects_them() {
    assert_eq!(on_device(2, 2, Channels::First).unwrap(), [1.0, 1001.0, 2.0, 1002.0]);
    assert_eq!(on_device(2, 1, Channels::First).unwrap(), [1.0, 1.0, 2.0, 2.0], "mono on both");
    assert_eq!(on_device(1, 1, Channels::First).unwrap(), [1.0, 2.0]);
    assert_eq!(on_device(4, 2, Channels::First).unwrap(), [1.0, 1001.0, 0.0, 0.0, 2.0, 1002.0, 0.0, 0.0]);
    assert_eq!(on_device(4, 2, Channels::These(vec![4, 3])).unwrap(), [0.0, 0.0, 1001.0, 1.0, 0.0, 0.0, 1002.0, 2.0]);
    assert_eq!(on_device(3, 1, Channels::These(vec![3])).unwrap(), [0.0, 0.0, 1.0, 0.0, 0.0, 2.0]);
    assert_eq!(on_device(1, 2, Channels::First), Err(EdgeError::Narrow { port: 2, device: 1 }));
    assert_eq!(on_device(2, 2, Channels::These(vec![1])), Err(EdgeError::Count { port: 2, named: 1 }));
    assert_eq!(on_device(2, 2, Channels::These(vec![1, 3])), Err(EdgeError::Channel { channel: 3, device: 2 }));
    assert_eq!(on_device(2, 1, Channels::These(vec![0])), Err(EdgeError::Channel { channel: 0, device: 2 }));
    assert_eq!(on_device(2, 2, Channels::These(vec![2, 2])), Err(EdgeError::Twice { channel: 2 }));
    assert_eq!(on_device(0, 1, Channels::First), Err(EdgeError::Empty));
}

/// Input 3 of a card with 8, heard by a mono port.
#[test]
fn a_port_hears_the_channel_that_it_names() {
    for (channels, heard) in [(Channels::These(vec![3]), [13.0, 23.0]), (Channels::First, [11.0, 21.0])] {
        let (feed, take) = intake(&spec([48000, 8, 128], channels, 1, Clocks::Cycle)).unwrap();
        let (mut feeder, mut taker) = (Feeder::of(feed), Taker::of(take).at_once());
        let frames: Vec<f32> =
            (1..=2).flat_map(|frame| (1..=8).map(move |channel| (10 * frame + channel) as f32)).collect();
        let beat = Pulse::new(48000, Way::Asks).beat(2, moment(0.0));
        feeder.feed(Sound::Interleaved(&frames), &beat);
        let mut room = [0.0; 2];
        taker.take(Room::Interleaved(&mut room), &beat);
        assert_eq!(room, heard);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A driver whose callbacks ask for as many frames as they like, however large the blocks are.
    #[test]
    fn callbacks_of_any_size_hear_every_frame_once(block in 1usize..400, sizes in prop::collection::vec(0usize..3000, 1..30)) {
        let (feed, take) = outlet(&spec([48000, 1, 128], Channels::First, 1, Clocks::Cycle)).unwrap();
        let (mut feeder, mut taker) = (Feeder::of(feed), Taker::of(take).at_once());
        let (mut pulse, mut counter, mut played) = (Pulse::new(48000, Way::Asks), Counter(0), vec![]);
        for size in sizes {
            let beat = pulse.beat(size, moment(played.len() as f64 / 48000.0));
            let mut room = vec![f32::NAN; size];
            let taken = taker.drive(Room::Interleaved(&mut room), &beat, || {
                let data = counter.block(block, 1);
                feeder.feed(Sound::Planar(Frames { data: &data, stride: block, frames: block }), &beat);
            });
            prop_assert_eq!(taken.short, 0);
            played.extend(room);
        }
        prop_assert!(played.iter().copied().eq((1..=played.len()).map(|at| at as f32)));
        prop_assert!(counter.0 < played.len() + block, "no more is rendered than must be");
    }

    /// A second device on the driver's clock, whose callbacks come before or after the driver's.
    #[test]
    fn a_second_device_lags_by_one_callback(period in 1usize..500, block in 1usize..500, orders in prop::collection::vec(any::<bool>(), 2..40)) {
        let mut spec = spec([48000, 1, period as u32], Channels::First, 1, Clocks::Same);
        (spec.driver.period, spec.driver.block) = (period, block);
        let (feed, take) = outlet(&spec).unwrap();
        let gauge = take.gauge();
        prop_assert_eq!(gauge.latency_frames(), period as f64);
        let (mut feeder, mut plug) = Feeder::new(48000);
        prop_assert!(plug.attach(feed).is_ok());
        let mut taker = Taker::of(take).at_once();
        let mut pulses = [Pulse::new(48000, Way::Asks), Pulse::new(48000, Way::Asks)];
        let (mut counter, mut played) = (Counter(0), vec![]);
        for (cycle, driver_first) in orders.into_iter().enumerate() {
            for driver in [driver_first, !driver_first] {
                let late = if driver == driver_first { 0.0 } else { 0.1 };
                let at = moment((cycle as f64 + late) * period as f64 / 48000.0);
                let beat = pulses[usize::from(driver)].beat(period, at);
                if driver {
                    while counter.0 < (cycle + 1) * period {
                        let data = counter.block(block, 1);
                        feeder.feed(Sound::Planar(Frames { data: &data, stride: block, frames: block }), &beat);
                    }
                } else {
                    let mut room = vec![f32::NAN; period];
                    taker.take(Room::Interleaved(&mut room), &beat);
                    played.extend(room);
                }
            }
        }
        prop_assert_eq!((gauge.starved(), gauge.overrun()), (0, 0));
        let lag = played.iter().take_while(|sample| **sample == 0.0).count();
        prop_assert!(played.iter().copied().eq((0..played.len()).map(|at| (at + 1).saturating_sub(lag) as f32)));
        prop_assert_eq!(lag, period);
    }
}

/// The driver is opened at another rate than the graph's: the graph renders as much as is needed, and the note is clean.
#[test]
fn a_driver_of_another_rate_hears_the_same_note() {
    let mut spec = spec([44100, 2, 441], Channels::First, 1, Clocks::Cycle);
    (spec.driver.rate, spec.driver.period) = (44100, 441);
    let (feed, take) = outlet(&spec).unwrap();
    let (mut feeder, mut taker) = (Feeder::of(feed), Taker::of(take).at_once());
    let (mut pulse, mut rendered, mut played) = (Pulse::new(44100, Way::Asks), 0usize, vec![]);
    for callback in 0..300 {
        let beat = pulse.beat(441, moment(f64::from(callback) * 0.01));
        let mut room = vec![f32::NAN; 882];
        taker.drive(Room::Interleaved(&mut room), &beat, || {
            let data: Vec<f32> = (rendered..rendered + 128)
                .map(|at| (0.5 * (TAU * 1000.0 * at as f64 / 48000.0).sin()) as f32)
                .collect();
            rendered += 128;
            feeder.feed(Sound::Planar(Frames { data: &data, stride: 128, frames: 128 }), &beat);
        });
        played.extend(room.chunks(2).map(|frame| frame[0]));
    }
    assert!(rendered <= 300 * 480 + 2 + 128, "{rendered}");
    let clean = sinad(&played[44100..], 1000.0 * 48000.0 / 44100.0);
    assert!(clean > 100.0, "{clean}");
}

/// A second device on a clock of its own, which is pulled out and plugged in again.
#[test]
fn a_second_device_on_its_own_clock() {
    let hz = 1000.0;
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let mut driver = Clock::new(48000, 0.0, 128, 1e-3, Way::Asks);
    let (mut feeder, mut plug) = Feeder::new(48000);
    let mut rendered = 0usize;
    for (ppm, rate, period) in [(120.0, 48000, 256), (-250.0, 44100, 441)] {
        let (feed, take) = outlet(&spec([rate, 1, period], Channels::First, 1, Clocks::Own)).unwrap();
        let gauge = take.gauge();
        let mut taker = Taker::of(take);
        assert!(plug.attach(feed).is_ok());
        let mut device = Clock::new(rate, ppm, period as usize, 1e-3, Way::Asks);
        device.stand(driver.next);
        let (end, mut played) = (driver.next + 45.0, vec![]);
        while driver.next < end {
            if driver.next <= device.next {
                let beat = driver.beat(&mut dice);
                let data: Vec<f32> = (rendered..rendered + 128)
                    .map(|at| (0.5 * (TAU * hz * at as f64 / 48000.0).sin()) as f32)
                    .collect();
                rendered += 128;
                feeder.feed(Sound::Planar(Frames { data: &data, stride: 128, frames: 128 }), &beat);
            } else {
                let beat = device.beat(&mut dice);
                let mut room = vec![f32::NAN; period as usize];
                taker.take(Room::Interleaved(&mut room), &beat);
                played.extend(room);
            }
        }
        assert_eq!((gauge.starved(), gauge.overrun()), (0, 0));
        assert!(gauge.settled() && (gauge.ppm() - ppm).abs() < 5.0, "{} and not {ppm}", gauge.ppm());
        let last = &played[played.len() - rate as usize * 5..];
        let clean = sinad(last, hz * 48000.0 / (f64::from(rate) * (1.0 + ppm * 1e-6)));
        assert!(clean > 95.0, "{clean}");
        assert!(step(&played) < 1.2 * steepest(hz) * 48000.0 / rate as f32);
        assert!((rms(last) - 0.5 / 2f32.sqrt()).abs() < 0.005);
        assert!(plug.detach());
    }
}
