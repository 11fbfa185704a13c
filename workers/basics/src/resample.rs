//! `resample`: audio at another rate.
use crate::polyphase::{Bank, Line};
use aw_sdk::*;

/// Gives audio another rate, by a polyphase filter of linear phase.
///
/// For the reduced ratio L/M of the rates, output n is the low-pass of the input, thought of at L times its rate with
/// zeros in between, at n M of those fine samples. The low-pass is flat to 0.9 of the lower of the two Nyquist
/// frequencies and 95 dB down from that Nyquist frequency on, so neither aliases nor images are heard.
///
/// One firing takes M and gives L frames. The latency is a whole number of output frames; with `whole` it is a whole
/// number of input frames too, so that a path that goes to another rate and back can be aligned with one that does not.
pub struct Resample {
    rate: u32,
    whole: bool,
    bank: Bank,
    /// One a channel.
    lines: Vec<Line>,
}

/// Largest L or M. Rates of sound cards and models need at most 2560 (192000 to 11025 Hz).
const MOST: usize = 4096;

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Worker for Resample {
    const SPEC: Spec = Spec {
        id: c"resample",
        summary: c"Gives audio another rate",
        ports: &[
            Port::input(c"in", Kind::AUDIO).doc(c"Audio, any number of channels"),
            Port::output(c"out", Kind::AUDIO)
                .doc(c"The same channels at `rate`: flat to 0.9 of the lower Nyquist frequency, -95 dB from there on"),
        ],
        params: &[
            Param::int(c"rate", 16000).range(1.0, 768_000.0).unit(c"Hz").required().doc(c"Rate of `out`"),
            Param::bool(c"whole", true).doc(
                c"Latency is a whole number of `in` frames too, so that a path back can join one at the rate of `in`; \
                false lags less for odd ratios (44100 to 16000 Hz: 3.9 ms instead of 10)",
            ),
        ],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        let (rate, whole) = (values.size("rate") as u32, values.bool("whole"));
        Ok(Self { rate, whole, bank: Bank::default(), lines: vec![] })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        setup.output("out", Format { rate_num: self.rate, rate_den: 1, ..audio });
        let (give, take) = (self.rate as usize * audio.rate_den as usize, audio.rate_num as usize);
        let (give, take) = (give / gcd(give, take), take / gcd(give, take));
        if give.max(take) > MOST {
            let (from, to) = (audio.rate(), self.rate);
            return Err(format!(
                "`in` comes at {from} Hz, and `rate` = {to} makes the ratio {give}/{take}, whose filter would be huge \
                 (terms up to {MOST} are fine): choose rates that share a greater divisor"
            )
            .into());
        }
        self.lines.clear();
        if give == take {
            return Ok(()); // the same rate: frames pass as they are
        }
        self.bank = Bank::new(give, take, self.whole);
        self.lines.extend((0..audio.channels).map(|_| Line::new(&self.bank)));
        setup.moves("in", take);
        setup.moves("out", give);
        setup.latency("out", self.bank.latency);
        setup.tail("out", self.bank.tail as u32);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let (x, y) = (block.inputs.plane(0, channel), block.outputs.plane(0, channel));
            match self.lines.get_mut(channel) {
                Some(line) => line.fire(&self.bank, x, y),
                None => y.copy_from_slice(x),
            }
        }
    }

    fn reset(&mut self) {
        self.lines.iter_mut().for_each(Line::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces, sine};
    use std::f64::consts::TAU;

    /// The rates that sound cards, files and models have.
    const PAIRS: [(u32, u32); 8] = [
        (48000, 16000),
        (16000, 48000),
        (44100, 16000),
        (16000, 44100),
        (44100, 48000),
        (48000, 44100),
        (32000, 48000),
        (48000, 32000),
    ];

    fn rig(from: u32, to: u32, whole: bool) -> Rig {
        let params = [("rate", f64::from(to).into()), ("whole", whole.into())];
        Rig::new::<Resample>(&params, &[("in", Format::audio(1, from))], &["out"]).unwrap()
    }

    fn db(x: f64) -> f64 {
        20.0 * x.log10()
    }

    /// Gives a second of a tone of amplitude 1 another rate. Answers the amplitude of the sine that it should be, at the
    /// stated latency, and the RMS of all else: phase error, images, aliases, rounding.
    fn tone_through(from: u32, to: u32, hz: f64) -> (f64, f64) {
        let mut rig = rig(from, to, true);
        let latency = rig.output(0).latency;
        let out = rig.run(&[&[&sine(hz, from.into(), from as usize)]]).remove(0).remove(0);
        let from = latency + rig.output(0).tail as usize;
        let due = |n: usize| (TAU * hz * (n as f64 - latency as f64) / f64::from(to)).sin();
        let pairs: Vec<(f64, f64)> = (from..out.len()).map(|n| (f64::from(out[n]), due(n))).collect();
        let amplitude = pairs.iter().map(|(y, s)| y * s).sum::<f64>() / pairs.iter().map(|(_, s)| s * s).sum::<f64>();
        let rest = pairs.iter().map(|(y, s)| (y - amplitude * s).powi(2)).sum::<f64>() / pairs.len() as f64;
        (amplitude, rest.sqrt())
    }

    #[test]
    fn what_the_lower_rate_can_carry_passes_unchanged_and_in_time() {
        for (from, to) in PAIRS {
            let nyquist = f64::from(from.min(to)) / 2.0;
            for part in [0.01, 0.1, 0.333, 0.7, 0.85, 0.9] {
                let (amplitude, rest) = tone_through(from, to, part * nyquist);
                assert!(db(amplitude).abs() < 0.001, "{from} to {to}, {part}: {} dB", db(amplitude));
                assert!(db(rest) < -95.0, "{from} to {to}, {part}: {} dB beside the tone", db(rest));
            }
        }
    }

    #[test]
    fn what_it_cannot_carry_is_gone() {
        for (from, to) in PAIRS.iter().filter(|(from, to)| from > to) {
            let (nyquist, top) = (f64::from(*to) / 2.0, f64::from(*from) / 2.0);
            for part in [0.0, 0.02, 0.1, 0.35, 0.6, 0.95] {
                let hz = nyquist + part * (top - nyquist);
                let mut rig = rig(*from, *to, true);
                let out = rig.run(&[&[&sine(hz, f64::from(*from), *from as usize)]]).remove(0).remove(0);
                let heard = &out[rig.output(0).latency + rig.output(0).tail as usize..];
                let loudest = heard.iter().fold(0f32, |loudest, y| loudest.max(y.abs()));
                assert!(db(loudest.into()) < -95.0, "{from} to {to}, {hz} Hz: {} dB", db(loudest.into()));
            }
        }
    }

    #[test]
    fn a_click_arrives_exactly_when_the_plan_says() {
        for (from, to) in PAIRS {
            for whole in [true, false] {
                let mut rig = rig(from, to, whole);
                let (take, give, latency) = (rig.input(0).frames, rig.output(0).frames, rig.output(0).latency);
                let mut click = vec![0.0; 40 * take.max(20)];
                click[3 * take] = 1.0;
                let out = rig.run(&[&[&click]]).remove(0).remove(0);
                let due = 3 * give + latency;
                let peak = out.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
                assert_eq!(peak.0, due, "{from} to {to}");
                for i in 1..=rig.output(0).tail as usize {
                    assert!((out[due - i] - out[due + i]).abs() < 1e-7, "the response is symmetric");
                }
                assert!(out[due + rig.output(0).tail as usize + 1..].iter().all(|y| *y == 0.0), "the tail is all");
                assert!(!whole || latency * take % give == 0, "whole in input frames too");
            }
        }
    }

    #[test]
    fn there_and_back_is_the_same_signal_at_the_sum_of_the_latencies() {
        let (mut down, mut up) = (rig(44100, 16000, true), rig(16000, 44100, true));
        let speech = sine(3000.0, 44100.0, 44100);
        let there = down.run(&[&[&speech]]).remove(0).remove(0);
        let back = up.run(&[&[&there]]).remove(0).remove(0);
        let late = down.output(0).latency * 441 / 160 + up.output(0).latency;
        let wrong = (2 * late..back.len()).map(|n| (back[n] - speech[n - late]).abs()).fold(0.0, f32::max);
        assert!(wrong < 1e-4, "{wrong} after {late} frames");
    }

    #[test]
    fn latencies_are_short_and_known() {
        let latency = |from, to, whole| rig(from, to, whole).output(0).latency;
        assert_eq!([latency(48000, 16000, true), latency(16000, 48000, true)], [62, 186]);
        assert_eq!([latency(44100, 16000, true), latency(44100, 16000, false)], [160, 62]);
        assert_eq!([latency(44100, 48000, true), latency(44100, 48000, false)], [160, 67]);
    }

    #[test]
    fn cuts_channels_and_a_reset_change_nothing() {
        for (from, to) in [(48000, 16000), (16000, 48000), (44100, 16000)] {
            let stereo = [("in", Format::audio(2, from))];
            let make = || Rig::new::<Resample>(&[("rate", f64::from(to).into())], &stereo, &["out"]).unwrap();
            let input = vec![vec![noise(1, 9000), noise(2, 9000)]];
            let out = same_in_any_pieces(make, &input);
            let mut one = rig(from, to, true);
            one.run(&[&[&input[0][0]]]);
            one.reset();
            assert_eq!(one.run(&[&[&input[0][1]]])[0][0], out[0][1], "{from} to {to}");
        }
    }

    #[test]
    fn the_same_rate_passes_through() {
        let mut same = rig(48000, 48000, true);
        assert_eq!((same.output(0).latency, same.input(0).frames), (0, 0));
        assert_eq!(same.run(&[&[&[1.0, 2.0, 3.0]]])[0][0], [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_ratio_of_huge_numbers_is_refused() {
        let refused = Rig::new::<Resample>(&[("rate", 44101.0.into())], &[("in", Format::audio(1, 44100))], &["out"]);
        let said = refused.err().unwrap().0;
        assert!(said.contains("44101/44100") && said.contains("`rate`"), "{said}");
    }
}
