//! Devices on clocks of their own, simulated: no test here waits, and every run is the same.
use super::super::convert::Convert;
use super::super::end::How;
use super::super::*;
use crate::render::FramesMut;
use rubato::{Async, FixedAsync, PolynomialDegree};
use std::f64::consts::TAU;
use std::time::Duration;

const RATE: f64 = 48000.0;

/// xorshift64 (G. Marsaglia, 2003), from 0 to 1.
pub struct Dice(pub u64);

impl Dice {
    fn throw(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A device with callbacks of `period` frames.
pub struct Clock {
    /// Frames a second by the clock on the wall.
    rate: f64,
    period: usize,
    /// When the next callback is due, without what it is late.
    due: f64,
    /// Seconds by which a callback may be late.
    jitter: f64,
    /// When the next callback comes.
    pub next: f64,
    pulse: Pulse,
}

impl Clock {
    pub fn new(nominal: u32, ppm: f64, period: usize, jitter: f64, way: Way) -> Self {
        let rate = f64::from(nominal) * (1.0 + ppm * 1e-6);
        Self { rate, period, due: 0.0, jitter, next: 0.0, pulse: Pulse::new(nominal, way) }
    }

    /// Tells when the callback is, and goes on to the next.
    pub fn beat(&mut self, dice: &mut Dice) -> Beat {
        let beat = self.pulse.beat(self.period, Moment::after(Duration::from_secs_f64(1.0 + self.next)));
        self.due += self.period as f64 / self.rate;
        self.next = self.next.max(self.due + dice.throw() * self.jitter);
        beat
    }

    /// Stands still.
    pub fn stand(&mut self, seconds: f64) {
        self.due += seconds;
        self.next += seconds;
    }
}

/// A microphone on a clock of its own that hears a sine, and a loudspeaker that renders.
struct Pair {
    microphone: Clock,
    loudspeaker: Clock,
    feeder: Feeder,
    taker: Taker,
    plug: Plug<TakeEnd>,
    gauge: Gauge,
    dice: Dice,
    hz: f64,
    phase: f64,
    played: Vec<f32>,
    /// Frames of the loudspeaker so far, and of the graph.
    frames: [u64; 2],
    block: usize,
    /// Frames a second that the loudspeaker says it has.
    nominal: u32,
    /// Lowest and highest ratio at which frames were taken.
    ratio: [f64; 2],
}

impl Pair {
    fn new(spec: &Spec, ppm: f64, jitter: f64, hz: f64) -> Self {
        let driver = spec.driver;
        let (taker, plug) = Taker::new(1, spec.port.rate);
        let mut pair = Self {
            microphone: Clock::new(spec.device.rate, 0.0, 1, 0.0, Way::Delivers),
            loudspeaker: Clock::new(driver.rate, 0.0, driver.period, jitter, Way::Asks),
            feeder: Feeder::new(1).0,
            taker,
            plug,
            gauge: Gauge::default(),
            dice: Dice(0x9E37_79B9_7F4A_7C15),
            hz,
            phase: 0.0,
            played: vec![],
            frames: [0; 2],
            block: driver.block,
            nominal: driver.rate,
            ratio: [f64::MAX, f64::MIN],
        };
        pair.attach(spec, ppm, jitter, |_| {});
        pair
    }

    /// A microphone comes, or comes back.
    fn attach(&mut self, spec: &Spec, ppm: f64, jitter: f64, change: impl FnOnce(&mut TakeEnd)) {
        let now = self.loudspeaker.next;
        let (feed, mut take) = intake(spec).unwrap();
        change(&mut take);
        self.microphone = Clock::new(spec.device.rate, ppm, spec.device.period, jitter, Way::Delivers);
        self.microphone.stand(now);
        self.feeder = Feeder::of(feed);
        self.gauge = take.gauge();
        assert!(self.plug.attach(take).is_ok());
    }

    /// What comes next by the clock on the wall, until then.
    fn play(&mut self, until: f64) {
        while self.loudspeaker.next.min(self.microphone.next) < until {
            if self.microphone.next <= self.loudspeaker.next {
                self.hear();
            } else {
                self.render();
            }
        }
    }

    fn hear(&mut self) {
        let step = self.hz / self.microphone.rate;
        let mut sound = [0.0; 4096];
        let sound = &mut sound[..self.microphone.period];
        for sample in &mut *sound {
            *sample = if self.hz > 0.0 { 0.5 * (TAU * self.phase).sin() as f32 } else { 0.0 };
            self.phase = (self.phase + step).fract();
        }
        let beat = self.microphone.beat(&mut self.dice);
        self.feeder.feed(Sound::Interleaved(sound), &beat);
    }

    fn render(&mut self) {
        let beat = self.loudspeaker.beat(&mut self.dice);
        self.frames[0] += self.loudspeaker.period as u64;
        let mut block = [0.0; 4096];
        while self.frames[1] as f64 / RATE < self.frames[0] as f64 / f64::from(self.nominal) {
            let frames = self.block;
            self.taker.take(Room::Planar(FramesMut { data: &mut block, stride: 4096, frames }), &beat);
            self.frames[1] += frames as u64;
            if self.hz > 0.0 {
                self.played.extend_from_slice(&block[..frames]);
            }
        }
        let Some(How::Follows(convert, _)) = self.taker.slot.held().map(|end| &end.how) else { return };
        let ratio = convert.steered;
        self.ratio = [self.ratio[0].min(ratio), self.ratio[1].max(ratio)];
    }

    fn error(&mut self) -> f64 {
        let How::Follows(_, follow) = &self.taker.slot.held().unwrap().how else { return f64::NAN };
        follow.steer.error
    }

    /// Parts in a million between the highest and the lowest rate since the last call.
    fn wobble(&mut self) -> f64 {
        let [low, high] = std::mem::replace(&mut self.ratio, [f64::MAX, f64::MIN]);
        (high - low) * 1e6
    }
}

fn spec(device: [usize; 2], driver: [usize; 2], block: usize) -> Spec {
    Spec {
        device: Device { rate: device[0] as u32, channels: 1, period: device[1] },
        port: Port { rate: 48000, channels: 1, of_device: Channels::First },
        driver: Driver { rate: driver[0] as u32, period: driver[1], steady: true, graph_rate: 48000, block },
        clocks: Clocks::Own,
    }
}

/// Signal over noise and distortion, in dB: what is left of a window when the sine that fits best is taken out. The
/// worst of several windows.
pub fn sinad(sound: &[f32], hz: f64) -> f64 {
    let windows = sound.chunks_exact(8192).step_by(7).map(|window| {
        let power: f64 = window.iter().map(|x| f64::from(*x).powi(2)).sum();
        let mut best = (f64::MAX, hz);
        let mut width = hz * 500e-6;
        for _ in 0..9 {
            for k in -4..=4 {
                let hz = best.1 + f64::from(k) * width * if best.0 < f64::MAX { 1.0 } else { 0.0 };
                let left = power - fitted(window, hz);
                if left < best.0 {
                    best = (left, hz);
                }
            }
            width /= 4.0;
        }
        10.0 * (power / best.0).log10()
    });
    windows.fold(f64::MAX, f64::min)
}

/// Power of the sine of a frequency that fits best: least squares.
fn fitted(window: &[f32], hz: f64) -> f64 {
    let (mut cc, mut ss, mut cs, mut yc, mut ys) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (at, sample) in window.iter().enumerate() {
        let (s, c) = (TAU * hz * at as f64 / RATE).sin_cos();
        let y = f64::from(*sample);
        (cc, ss, cs, yc, ys) = (cc + c * c, ss + s * s, cs + c * s, yc + c * y, ys + s * y);
    }
    let det = cc * ss - cs * cs;
    ((yc * ss - ys * cs) * yc + (ys * cc - yc * cs) * ys) / det
}

/// The steepest that a sine of amplitude 0.5 gets, from one sample to the next.
pub fn steepest(hz: f64) -> f32 {
    (0.5 * TAU * hz / RATE) as f32
}

/// The largest step from one sample to the next.
pub fn step(sound: &[f32]) -> f32 {
    sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

pub fn rms(sound: &[f32]) -> f32 {
    (sound.iter().map(|x| x * x).sum::<f32>() / sound.len() as f32).sqrt()
}

#[test]
fn a_high_note_stays_clean_at_300_ppm_and_1_ms_of_jitter() {
    for ppm in [300.0, -300.0] {
        let mut pair = Pair::new(&spec([48000, 128], [48000, 128], 128), ppm, 1e-3, 10000.0);
        pair.play(18.0);
        for s in 18..60 {
            pair.play(f64::from(s));
            assert!(pair.error().abs() < 2.0, "{ppm} ppm: {} frames off after {s} s", pair.error());
            assert!(pair.gauge.settled());
        }
        pair.wobble();
        let from = pair.played.len();
        pair.play(90.0);
        let (clean, wobble, found) = (sinad(&pair.played[from..], 10000.0), pair.wobble(), pair.gauge.ppm());
        assert!(clean >= 80.0, "{ppm} ppm: {clean} dB");
        assert!(wobble <= 15.0, "{ppm} ppm: {wobble}");
        assert!((found - ppm).abs() < 5.0, "{ppm} ppm: {found}");
        assert_eq!((pair.gauge.starved(), pair.gauge.overrun()), (0, 0));
    }
}

/// While the drift is being learned, the pitch wavers by less than anybody hears: 10 ppm are 0.02 cents.
#[test]
fn a_note_that_begins_hardly_wavers() {
    for ppm in [300.0, -300.0] {
        let mut pair = Pair::new(&spec([48000, 128], [48000, 128], 128), ppm, 200e-6, 0.0);
        pair.play(5.0);
        pair.wobble();
        pair.play(12.0);
        let first = pair.wobble();
        pair.play(40.0);
        pair.wobble();
        pair.play(60.0);
        let then = pair.wobble();
        assert!(first <= 10.0 && then <= 0.5, "{first} {then}");
    }
}

#[test]
fn an_hour_without_a_gap() {
    for ppm in [300.0, -300.0] {
        let spec = spec([48000, 128], [48000, 128], 128);
        let mut pair = Pair::new(&spec, ppm, 1e-3, 0.0);
        // Between two frames a straight line, and no sinc: an hour of that takes seconds.
        pair.attach(&spec, ppm, 1e-3, |end| {
            let How::Follows(convert, _) = &mut end.how else { panic!("two clocks") };
            let line = Async::new_poly(1.0, 1.01, PolynomialDegree::Linear, 512, 1, FixedAsync::Output).unwrap();
            *convert = Convert::of(line, 1.0, 1);
        });
        pair.play(60.0);
        pair.wobble();
        pair.play(3600.0);
        let wobble = pair.wobble();
        assert!(wobble <= 15.0, "{ppm} ppm: {wobble}");
        assert_eq!((pair.gauge.starved(), pair.gauge.overrun()), (0, 0));
    }
}

/// Large and odd periods, small blocks, other nominal rates.
#[test]
fn any_device_meets_any_driver() {
    let cases = [
        ([48000, 1024], [48000, 128], 128),
        ([48000, 64], [48000, 1024], 128),
        ([44100, 441], [48000, 480], 128),
        ([96000, 256], [44100, 512], 160),
        ([16000, 160], [48000, 441], 100),
    ];
    for (device, driver, block) in cases {
        let mut pair = Pair::new(&spec(device, driver, block), -150.0, 1e-3, 1000.0);
        pair.play(40.0);
        let from = pair.played.len();
        pair.play(45.0);
        let clean = sinad(&pair.played[from..], 1000.0);
        assert!(clean > 70.0, "{device:?} {driver:?} {block}: {clean} dB");
        assert_eq!((pair.gauge.starved(), pair.gauge.overrun()), (0, 0), "{device:?} {driver:?} {block}");
        assert!((pair.gauge.ppm() + 150.0).abs() < 20.0, "{}", pair.gauge.ppm());
    }
}

/// The clock of the microphone stands still for two seconds: a fade, silence, a fade, and the note again; the same for
/// the loudspeaker's, when too much has come and not too little.
#[test]
fn a_clock_that_stands_still_comes_back() {
    let hz = 440.0;
    for loudspeaker in [false, true] {
        let mut pair = Pair::new(&spec([48000, 128], [48000, 128], 128), 200.0, 1e-3, hz);
        pair.play(20.0);
        let before = pair.played.len();
        let stands = if loudspeaker { &mut pair.loudspeaker } else { &mut pair.microphone };
        stands.stand(2.0);
        pair.play(24.0);
        let after = pair.played.len();
        pair.play(60.0);
        assert!(step(&pair.played[before - 100..]) < 2.0 * steepest(hz), "{}", step(&pair.played[before - 100..]));
        let (gauge, again) = (&pair.gauge, &pair.played[after + 48000..]);
        assert!((rms(again) - 0.5 / 2f32.sqrt()).abs() < 0.005, "{}", rms(again));
        assert_eq!((gauge.starved() > 0, gauge.overrun() > 0), (!loudspeaker, loudspeaker));
        assert!(gauge.settled() && (gauge.ppm() - 200.0).abs() < 5.0, "{}", gauge.ppm());
        assert!(pair.error().abs() < 2.0);
    }
}

/// A microphone is pulled out and another one plugged in, at another rate: the graph hears a fade, silence and a fade.
#[test]
fn a_microphone_goes_and_another_comes() {
    let hz = 440.0;
    let mut pair = Pair::new(&spec([48000, 128], [48000, 128], 128), 100.0, 1e-3, hz);
    pair.play(5.0);
    assert!(pair.plug.detach());
    let gone = pair.played.len();
    pair.play(6.0);
    assert!(step(&pair.played[gone - 100..]) < 1.1 * steepest(hz));
    assert!(pair.played[gone + 480..].iter().all(|sample| *sample == 0.0), "silent after 10 ms");
    assert!(pair.plug.free(), "what was held came home");
    let back = pair.played.len();
    pair.attach(&spec([44100, 441], [48000, 128], 128), -80.0, 1e-3, |_| {});
    pair.play(8.0);
    assert!(step(&pair.played[back..]) < 1.1 * steepest(hz));
    assert!((rms(&pair.played[back + 24000..]) - 0.5 / 2f32.sqrt()).abs() < 0.005);
    // It is taken over from without a pause as well.
    let taken_over = pair.played.len();
    pair.attach(&spec([48000, 256], [48000, 128], 128), 50.0, 1e-3, |_| {});
    pair.play(10.0);
    assert!(step(&pair.played[taken_over..]) < 2.0 * steepest(hz));
}

/// The loudspeaker, which renders, is pulled out and plugged in again: its clock counts anew, and the note goes on.
#[test]
fn the_loudspeaker_goes_and_comes_again() {
    let hz = 440.0;
    let spec = spec([48000, 128], [48000, 128], 128);
    let mut pair = Pair::new(&spec, 100.0, 1e-3, hz);
    pair.play(5.0);
    let back = pair.loudspeaker.next + 1.0;
    pair.loudspeaker = Clock::new(48000, 0.0, 128, 1e-3, Way::Asks);
    pair.loudspeaker.stand(back);
    pair.attach(&spec, 100.0, 1e-3, |_| {});
    let played = pair.played.len();
    pair.play(8.0);
    assert!((rms(&pair.played[played + 24000..]) - 0.5 / 2f32.sqrt()).abs() < 0.005);
}

/// Callbacks that are 8 ms late now and then starve the edge a few times; then it has learned to wait for them.
#[test]
fn it_learns_how_late_callbacks_are() {
    let mut pair = Pair::new(&spec([48000, 128], [48000, 128], 128), 0.0, 8e-3, 440.0);
    let first = pair.gauge.latency_frames();
    pair.play(30.0);
    let (starved, lag) = (pair.gauge.starved(), pair.gauge.latency_frames());
    pair.play(90.0);
    assert!(starved > 0 && lag > first && lag < first + 0.01 * RATE);
    assert_eq!(pair.gauge.starved(), starved);
}
