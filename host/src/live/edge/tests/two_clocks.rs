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
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A device with callbacks of `period` frames.
struct Clock {
    /// Frames a second by the clock on the wall.
    rate: f64,
    period: usize,
    /// When the next callback is due, without what it is late.
    due: f64,
    /// Seconds by which a callback may be late.
    jitter: f64,
    /// When the next callback comes.
    next: f64,
    pulse: Pulse,
}

impl Clock {
    fn new(nominal: u32, ppm: f64, period: usize, jitter: f64, way: Way) -> Self {
        let rate = f64::from(nominal) * (1.0 + ppm * 1e-6);
        Self { rate, period, due: 0.0, jitter, next: 0.0, pulse: Pulse::new(nominal, way) }
    }

    /// Tells when the callback is, and goes on to the next.
    fn beat(&mut self, dice: &mut Dice) -> Beat {
        let beat = self.pulse.beat(self.period, Moment::after(Duration::from_secs_f64(1.0 + self.next)));
        self.due += self.period as f64 / self.rate;
        self.next = self.next.max(self.due + dice.throw() * self.jitter);
        beat
    }

    /// Stands still.
    fn stand(&mut self, seconds: f64) {
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
    gauge: Gauge,
    dice: Dice,
    hz: f64,
    phase: f64,
    played: Vec<f32>,
    /// Frames of the loudspeaker so far, and of the graph.
    frames: [u64; 2],
    block: usize,
    /// Lowest and highest rate at which frames were taken, and the largest error of it.
    ratio: [f64; 2],
}

impl Pair {
    fn new(spec: &Spec, ppm: f64, jitter: f64, hz: f64) -> Self {
        let (feed, take) = intake(spec).unwrap();
        let (device, driver) = (spec.device, spec.driver);
        let gauge = take.gauge();
        Self {
            microphone: Clock::new(device.rate, ppm, device.period, jitter, Way::Delivers),
            loudspeaker: Clock::new(driver.rate, 0.0, driver.period, jitter, Way::Asks),
            feeder: Feeder::of(feed),
            taker: Taker::of(take),
            gauge,
            dice: Dice(0x9E37_79B9_7F4A_7C15),
            hz,
            phase: 0.0,
            played: vec![],
            frames: [0; 2],
            block: driver.block,
            ratio: [f64::MAX, f64::MIN],
        }
    }

    /// Interpolates between two frames instead of by a sinc: an hour of that takes seconds.
    fn roughly(mut self) -> Self {
        let end = self.taker.slot.held().unwrap();
        let How::Follows(convert, _) = &mut end.how else { panic!("two clocks") };
        let linear = PolynomialDegree::Linear;
        *convert = Convert::of(Async::new_poly(1.0, 1.01, linear, 512, 1, FixedAsync::Output).unwrap(), 1.0, 1);
        self
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
        while self.frames[1] < self.frames[0] {
            let frames = self.block;
            self.taker.take(Room::Planar(FramesMut { data: &mut block, stride: 4096, frames }), &beat);
            self.frames[1] += frames as u64;
            if self.hz > 0.0 {
                self.played.extend_from_slice(&block[..frames]);
            }
        }
        let How::Follows(convert, follow) = &self.taker.slot.held().unwrap().how else { return };
        let ratio = convert.steered;
        let _ = follow;
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
fn sinad(sound: &[f32], hz: f64) -> f64 {
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

#[test]
fn a_high_note_stays_clean_at_300_ppm_and_1_ms_of_jitter() {
    for ppm in [300.0, -300.0] {
        let mut pair = Pair::new(&spec([48000, 128], [48000, 128], 128), ppm, 1e-3, 10000.0);
        for s in 1..=20 {
            pair.play(f64::from(s));
            println!("{ppm} {s} s: error {:.2} ppm {:.1} wobble {:.1} settled {}", pair.error(), pair.gauge.ppm(), pair.wobble(), pair.gauge.settled());
        }
        pair.play(60.0);
        println!("wobble 20-60 {:.1}", pair.wobble());
        let from = pair.played.len();
        pair.play(90.0);
        println!("wobble {:.1} starved {} over {} lat {}", pair.wobble(), pair.gauge.starved(), pair.gauge.overrun(), pair.gauge.latency_frames());
        let clean = sinad(&pair.played[from..], 10000.0 * (1.0 + ppm * 0.0));
        println!("at {ppm}: SINAD {clean:.1} dB");
    }
}

#[test]
fn an_hour_without_a_gap() {
    for ppm in [300.0, -300.0] {
        let t = std::time::Instant::now();
        let mut pair = Pair::new(&spec([48000, 128], [48000, 128], 128), ppm, 1e-3, 0.0).roughly();
        pair.play(120.0);
        pair.wobble();
        pair.play(3600.0);
        println!("at {ppm}: starved {} over {} wobble {:.1} ppm {:.2} took {:?}", pair.gauge.starved(), pair.gauge.overrun(), pair.wobble(), pair.gauge.ppm(), t.elapsed());
        assert_eq!((pair.gauge.starved(), pair.gauge.overrun()), (0, 0));
    }
}
