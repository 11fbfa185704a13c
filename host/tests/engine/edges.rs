//! Edges and levels of live graphs: what runs in callbacks asks for no memory and frees none.
use crate::guard;
use aw_host::live::edge::{
    Channels, Clocks, Device, Driver, Feeder, Moment, Port, Pulse, Room, Sound, Spec, Taker, Way, intake, outlet,
};
use aw_host::live::levels::{loudness, meters, spectrum};
use aw_host::render::{Frames, FramesMut};
use std::time::Duration;

fn spec(rate: u32, period: usize, clocks: Clocks) -> Spec {
    Spec {
        device: Device { rate, channels: 2, period },
        port: Port { rate: 48000, channels: 2, of_device: Channels::First },
        driver: Driver { rate: 48000, period: 256, steady: true, graph_rate: 48000, block: 128 },
        clocks,
    }
}

/// A microphone that is replaced by one of another rate and another clock while it plays, and a loudspeaker.
#[test]
fn callbacks_ask_for_no_memory() {
    let (mut input, mut microphones) = Taker::new(2, 48000);
    let (feed, take) = outlet(&spec(48000, 256, Clocks::Cycle)).unwrap();
    let (mut output, mut loudspeaker) = (Feeder::of(feed), Taker::of(take));
    let (mut meters, levels) = meters(2, 48000);
    let (mut weigher, mut loudness) = loudness(2, 48000);
    let (mut tap, _analyser) = spectrum(48000);
    let mut asks = Pulse::new(48000, Way::Asks);
    let (mut block, mut played) = (vec![0.0; 256], vec![0.0; 512]);
    let mut now = 0.0;
    for (rate, period, clocks) in
        [(48000, 256, Clocks::Same), (44100, 441, Clocks::Own), (44100, 441, Clocks::Same), (48000, 100, Clocks::Own)]
    {
        let (feed, take) = intake(&spec(rate, period, clocks)).unwrap();
        let (mut feeder, gauge) = (Feeder::of(feed), take.gauge());
        assert!(microphones.attach(take).is_ok());
        let mut delivers = Pulse::new(rate, Way::Delivers);
        let heard = vec![0.25; 2 * period];
        let (mut next, end) = (now, now + 2.0);
        while now < end {
            let ((), allocations) = guard::count(|| {
                while next <= now {
                    let beat = delivers.beat(period, Moment::after(Duration::from_secs_f64(next)));
                    feeder.feed(Sound::Interleaved(&heard), &beat);
                    next += period as f64 / f64::from(rate);
                }
                let beat = asks.beat(256, Moment::after(Duration::from_secs_f64(now)));
                loudspeaker.drive(Room::Interleaved(&mut played), &beat, || {
                    let room = FramesMut { data: &mut block, stride: 128, frames: 128 };
                    input.take(Room::Planar(room), &beat);
                    let frames = || Frames { data: &block, stride: 128, frames: 128 };
                    meters.planar(&frames());
                    weigher.planar(&frames());
                    tap.planar(&frames(), 2);
                    output.feed(Sound::Planar(frames()), &beat);
                });
            });
            assert_eq!(allocations, 0, "{rate} Hz, {clocks:?}");
            now += 256.0 / 48000.0;
        }
        assert_eq!(gauge.starved(), 0, "{rate} Hz, {clocks:?}");
        assert!((levels.read()[0].rms - -12.04).abs() < 0.1, "{:?}", levels.read());
    }
    loudness.update();
    assert!(loudness.short_term().is_some());
    assert!(microphones.detach());
}
