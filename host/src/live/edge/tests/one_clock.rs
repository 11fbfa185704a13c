//! Devices on one clock: what comes out is what came in, later by a number that is known beforehand.
use super::super::*;
use crate::render::{Frames, FramesMut};
use proptest::prelude::*;
use std::time::Duration;

/// A card whose microphone and loudspeaker have callbacks of their own, and a graph that passes what it hears.
struct Card {
    spec: Spec,
    microphone: Feeder,
    input: Taker,
    output: Feeder,
    loudspeaker: Taker,
    beats: [Pulse; 2],
    lag: usize,
    /// Frames that the microphone has heard: it hears 1, 2, 3, …
    heard: usize,
    /// What the loudspeaker played.
    played: Vec<f32>,
    gauge: Gauge,
}

fn spec(device: usize, driver: usize, block: usize, clocks: Clocks) -> Spec {
    Spec {
        device: Device { rate: 48000, channels: 1, period: device },
        port: Port { rate: 48000, channels: 1, of_device: Channels::First },
        driver: Driver { rate: 48000, period: driver, steady: true, graph_rate: 48000, block },
        clocks,
    }
}

impl Card {
    fn new(spec: Spec, sooner: usize) -> Self {
        let (feed, mut take) = intake(&spec).unwrap();
        let super::super::end::How::Copies(aim) = &mut take.how else { panic!("one clock, one rate") };
        aim.lag -= sooner;
        let lag = aim.lag;
        let driver = Spec {
            device: Device { rate: spec.driver.rate, channels: 1, period: spec.driver.period },
            clocks: Clocks::Cycle,
            ..spec.clone()
        };
        let (output, loudspeaker) = outlet(&driver).unwrap();
        let (input, mut plug) = Taker::new(1, 48000);
        let mut input = input.at_once();
        let gauge = take.gauge();
        assert!(plug.attach(take).is_ok());
        input.take(
            Room::Planar(FramesMut { data: &mut [], stride: 0, frames: 0 }),
            &Pulse::new(48000, Way::Asks).beat(0, moment(0.0)),
        );
        Self {
            microphone: Feeder::of(feed),
            input,
            output: Feeder::of(output),
            loudspeaker: Taker::of(loudspeaker).at_once(),
            beats: [Pulse::new(48000, Way::Delivers), Pulse::new(48000, Way::Asks)],
            lag,
            heard: 0,
            played: vec![],
            gauge,
            spec,
        }
    }

    fn hear(&mut self, frames: usize, at: f64) {
        let sound: Vec<f32> = (self.heard..self.heard + frames).map(|at| (at + 1) as f32).collect();
        self.heard += frames;
        let beat = self.beats[0].beat(frames, moment(at));
        self.microphone.feed(Sound::Interleaved(&sound), &beat);
    }

    fn play(&mut self, frames: usize, at: f64) {
        assert_eq!(self.play_whatever(frames, at).short, 0);
    }

    fn play_whatever(&mut self, frames: usize, at: f64) -> Taken {
        let beat = self.beats[1].beat(frames, moment(at));
        let mut block = vec![0.0; self.spec.driver.block];
        let mut sound = vec![f32::NAN; frames];
        let Self { input, output, loudspeaker, .. } = self;
        let taken = loudspeaker.drive(Room::Interleaved(&mut sound), &beat, || {
            let (stride, frames) = (block.len(), block.len());
            input.take(Room::Planar(FramesMut { data: &mut block, stride, frames }), &beat);
            output.feed(Sound::Planar(Frames { data: &block, stride, frames }), &beat);
        });
        self.played.extend(sound);
        taken
    }

    /// Everything that was heard is played, `lag` frames later, and nothing else.
    fn is_exact(&self, lag: usize) -> bool {
        let want = (0..self.played.len()).map(|at| (at + 1).saturating_sub(lag) as f32);
        self.gauge.starved() == 0 && self.gauge.overrun() == 0 && want.eq(self.played.iter().copied())
    }
}

fn moment(seconds: f64) -> Moment {
    Moment::after(Duration::from_secs_f64(1.0 + seconds))
}

/// Cycles in which the microphone's callback comes before the loudspeaker's (true), or after.
fn in_cycles(period: usize, block: usize, orders: &[bool], sooner: usize) -> Card {
    let mut card = Card::new(spec(period, period, block, Clocks::Same), sooner);
    for (cycle, &microphone_first) in orders.iter().enumerate() {
        let at = (cycle * period) as f64 / 48000.0;
        let then = at + 0.1 * period as f64 / 48000.0;
        if microphone_first {
            card.hear(period, at);
            card.play(period, then);
        } else {
            card.play(period, at);
            card.hear(period, then);
        }
    }
    card
}

/// Wherever the two callbacks of a cycle may have come in either order, whatever period and block are: nothing is
/// missing, and no sample is another.
#[test]
fn callbacks_of_a_cycle_may_come_in_either_order() {
    let sizes = [(128, 128), (1024, 128), (441, 128), (64, 128), (128, 100), (96, 160), (1, 7)];
    for ((period, block), orders) in sizes.into_iter().flat_map(|size| (0..1 << 8).map(move |orders| (size, orders))) {
        let orders: Vec<bool> = (0..8).map(|cycle| orders >> cycle & 1 == 1).collect();
        let card = in_cycles(period, block, &orders, 0);
        assert!(card.is_exact(card.lag), "period {period}, block {block}, {orders:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_period_and_block_in_any_order(
        period in 1usize..600,
        block in 1usize..600,
        orders in prop::collection::vec(any::<bool>(), 2..60),
    ) {
        let card = in_cycles(period, block, &orders, 0);
        prop_assert!(card.is_exact(card.lag));
    }

    /// One frame less, and there is an order in which something is missing: once the loudspeaker has come first when
    /// the blocks stand as unfavourably as they can.
    #[test]
    fn no_less_will_do(period in 1usize..600, block in 1usize..600) {
        let mut orders = vec![false; 2 + block];
        orders[0] = true;
        let card = in_cycles(period, block, &orders, 1);
        prop_assert!(card.gauge.starved() > 0);
    }
}

/// A microphone with short callbacks and a loudspeaker with long ones, and the other way round, of one card.
#[test]
fn callbacks_need_not_be_of_one_size() {
    for (microphone, loudspeaker, block) in [(64, 1024, 128), (1024, 64, 128), (441, 480, 160), (100, 128, 128)] {
        let mut card = Card::new(spec(microphone, loudspeaker, block, Clocks::Same), 0);
        while card.played.len() < 40_000 {
            let (heard, played) = ((card.heard + microphone) as f64, card.played.len() as f64);
            // Frames have been heard when they are delivered, and are asked for before they are played.
            if heard <= played {
                card.hear(microphone, heard / 48000.0);
            } else {
                card.play(loudspeaker, played / 48000.0);
            }
        }
        let lag = card.played.iter().take_while(|sample| **sample == 0.0).count();
        assert!(card.is_exact(lag), "{microphone}, {loudspeaker}, {block}");
        assert!((card.lag..card.lag + 2 * microphone).contains(&lag), "{lag} and not {}", card.lag);
    }
}

/// A card whose callbacks all come at once, in which the microphone's frames are there first, as many as are asked for.
#[test]
fn callbacks_that_come_together_may_be_of_any_size() {
    let mut spec = spec(500, 500, 128, Clocks::Cycle);
    spec.driver.steady = false;
    let mut card = Card::new(spec, 0);
    for frames in [100, 500, 1, 1, 77, 128, 499, 500, 3, 250, 127, 129] {
        let at = card.heard as f64 / 48000.0;
        card.hear(frames, at);
        card.play(frames, at);
    }
    assert_eq!(card.lag, 127);
    assert!(card.is_exact(127));
}

/// The microphone has been open for a while before the loudspeaker is: what is old is left out.
#[test]
fn who_comes_late_hears_what_is_new() {
    let mut card = Card::new(spec(128, 128, 128, Clocks::Same), 0);
    for cycle in 0..30 {
        card.hear(128, f64::from(cycle) * 128.0 / 48000.0);
    }
    for cycle in 29..60 {
        let at = f64::from(cycle) * 128.0 / 48000.0;
        if cycle > 29 {
            card.hear(128, at);
        }
        card.play(128, at + 100e-6);
    }
    assert_eq!(card.gauge.starved(), 0);
    let first = (29 * 128 - card.lag + 1) as f32;
    assert!(card.played.iter().copied().eq((0..card.played.len()).map(|at| first + at as f32)));
}

/// Eleven callbacks of the microphone are left out, of which one was ahead: a fade, and then the sound again, as late as before.
#[test]
fn a_gap_leaves_the_lag_as_it_was() {
    let mut card = Card::new(spec(128, 128, 128, Clocks::Same), 0);
    for cycle in 0..200 {
        let at = f64::from(cycle) * 128.0 / 48000.0;
        if !(50..=60).contains(&cycle) {
            card.hear(128, at);
        } else {
            card.heard += 128;
        }
        card.play_whatever(128, at + 100e-6);
    }
    let last = card.played.len() - 1;
    assert_eq!(card.played[last], (card.played.len() - card.lag) as f32);
    assert_eq!((card.gauge.starved(), card.gauge.missing()), (1, 10 * 128));
}
