//! `gate`: silence while a level is low.
use crate::glide::{SILENCE_DB, factor};
use aw_sdk::*;

/// Lets audio through while a level, loudness from a `meter` or the speech probability of a model, is at or above a
/// threshold. It opens and closes all channels together, along an S-curve, in exactly the times given.
pub struct Gate {
    threshold: f32,
    attack_ms: f64,
    hold_ms: f64,
    release_ms: f64,
    floor: f32,
    /// Part of the way from closed to open that one sample goes.
    rise: f32,
    fall: f32,
    /// Samples that it stays open after the level fell.
    hold: usize,
    /// Samples a level stands for.
    hop: usize,
    /// Samples left of the hold.
    held: usize,
    /// 0 is closed, 1 is open.
    open: f32,
}

impl Gate {
    /// The gain of this sample, then one step towards open or closed. The curve 3p^2 - 2p^3 has no corner at its ends.
    fn step(&mut self, loud: bool) -> f32 {
        let p = self.open;
        if loud {
            self.held = self.hold;
            self.open = (p + self.rise).min(1.0);
        } else if self.held > 0 {
            self.held -= 1;
            self.open = (p + self.rise).min(1.0);
        } else {
            self.open = (p - self.fall).max(0.0);
        }
        self.floor + (1.0 - self.floor) * p * p * (3.0 - 2.0 * p)
    }

    /// The gain of all `hop` samples of a level, if it does not move.
    fn steady(&mut self, loud: bool) -> Option<f32> {
        if loud && self.open == 1.0 {
            self.held = self.hold;
            return Some(1.0);
        }
        (!loud && self.held == 0 && self.open == 0.0).then_some(self.floor)
    }
}

/// Whether the gate can serve this level, and how many samples one stands for.
fn samples_a_level(audio: Format, level: Format) -> Result<usize> {
    if level.width() != 1 {
        let width = level.width();
        return Err(format!("`level` has {width} values a frame, but the gate looks at 1: connect one value").into());
    }
    let samples = u64::from(audio.rate_num) * u64::from(level.rate_den);
    let levels = u64::from(level.rate_num) * u64::from(audio.rate_den);
    if samples % levels != 0 {
        let (pace, rate) = (level.rate(), audio.rate());
        return Err(format!(
            "`level` comes {pace} times a second, not once every whole number of samples of `in` at {rate} Hz: \
             take the level from audio of that rate"
        )
        .into());
    }
    Ok((samples / levels) as usize)
}

impl Worker for Gate {
    const SPEC: Spec = Spec {
        id: c"gate",
        summary: c"Passes audio while a level is above a threshold",
        ports: &[
            Port::input(c"in", Kind::AUDIO).doc(c"Audio, any number of channels"),
            Port::input(c"level", Kind::FEATURES)
                .doc(c"One value a frame, each for a whole number of samples; of many channels the loudest counts"),
            Port::output(c"out", Kind::AUDIO).doc(c"The same channels, or silence"),
        ],
        params: &[
            Param::float(c"threshold", 0.5).live().doc(c"Open at this level and above, in the unit of `level`"),
            Param::float(c"attack_ms", 5.0).range(0.0, 10_000.0).unit(c"ms").same_work().doc(c"Time to open"),
            Param::float(c"hold_ms", 0.0)
                .range(0.0, 60_000.0)
                .unit(c"ms")
                .same_work()
                .doc(c"Time that it stays open after the level fell"),
            Param::float(c"release_ms", 80.0).range(0.0, 60_000.0).unit(c"ms").same_work().doc(c"Time to close"),
            Param::float(c"floor_db", SILENCE_DB)
                .range(SILENCE_DB, 0.0)
                .unit(c"dB")
                .same_work()
                .doc(c"Gain while closed; -120 is silence"),
        ],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        Ok(Self {
            threshold: values.float("threshold") as f32,
            attack_ms: values.float("attack_ms"),
            hold_ms: values.float("hold_ms"),
            release_ms: values.float("release_ms"),
            floor: factor(values.float("floor_db")) as f32,
            rise: 1.0,
            fall: 1.0,
            hold: 0,
            hop: 1,
            held: 0,
            open: 0.0,
        })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        self.hop = samples_a_level(audio, setup.input("level")?)?;
        let samples = |ms: f64| ms * audio.rate() / 1000.0;
        self.rise = (1.0 / samples(self.attack_ms).max(1.0)) as f32;
        self.fall = (1.0 / samples(self.release_ms).max(1.0)) as f32;
        self.hold = samples(self.hold_ms).round() as usize;
        if self.hop > 1 {
            setup.moves("in", self.hop);
            setup.moves("level", 1);
            setup.moves("out", self.hop);
        }
        setup.output("out", audio);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let channels = block.inputs.channels(0);
        for frame in 0..block.inputs.frames(1) {
            let span = frame * self.hop..(frame + 1) * self.hop;
            let level = (0..block.inputs.channels(1)).map(|channel| block.inputs.plane(1, channel)[frame]);
            let loud = level.fold(f32::NEG_INFINITY, f32::max) >= self.threshold;
            let (start, steady) = ((self.open, self.held), self.steady(loud));
            for channel in 0..channels {
                let x = &block.inputs.plane(0, channel)[span.clone()];
                let y = block.outputs.plane(0, channel)[span.clone()].iter_mut().zip(x);
                match steady {
                    Some(gain) => y.for_each(|(y, x)| *y = gain * x),
                    None => {
                        (self.open, self.held) = start;
                        y.for_each(|(y, x)| *y = self.step(loud) * x);
                    }
                }
            }
        }
    }

    fn set_param(&mut self, _threshold: &str, value: f64) {
        self.threshold = value as f32;
    }

    fn reset(&mut self) {
        (self.open, self.held) = (0.0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces};

    const SPEECH: Format = Format::audio(1, 100).carrying(Kind::FEATURES, 1);

    fn rig(params: &[(&str, Given)], channels: u32, level: Format) -> Result<Rig> {
        Rig::new::<Gate>(params, &[("in", Format::audio(channels, 16000)), ("level", level)], &["out"])
    }

    #[test]
    fn it_opens_with_speech_stays_for_the_hold_and_closes_smoothly() {
        let params = [("attack_ms", 10.0.into()), ("hold_ms", 20.0.into()), ("release_ms", 40.0.into())];
        let mut rig = rig(&params, 2, SPEECH).unwrap();
        assert_eq!((rig.input(0).frames, rig.input(1).frames, rig.output(0).frames), (160, 1, 160));
        let level = [0.1, 0.9, 0.9, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2];
        let out = rig.run(&[&[&[1.0; 1600], &[-0.5; 1600]], &[&level]]).remove(0);
        let gain = &out[0];
        assert!(gain[..160].iter().all(|x| *x == 0.0), "closed before speech");
        assert!((gain[160 + 80] - 0.5).abs() < 1e-3, "half open in the middle of the attack");
        assert!((gain[160 + 40] - 0.15625).abs() < 1e-3, "along an S: 3p^2 - 2p^3 at p = 1/4");
        assert!(gain[320..801].iter().all(|x| *x == 1.0), "open while speech and hold last");
        assert!((gain[800 + 320] - 0.5).abs() < 1e-3, "half closed in the middle of the release");
        assert!(gain[1442..].iter().all(|x| *x == 0.0), "then closed");
        let steepest = gain.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 1.6 / 160.0, "no click: {steepest}");
        assert!(out[0].iter().zip(&out[1]).all(|(a, b)| a * -0.5 == *b), "all channels move together");
    }

    #[test]
    fn every_word_starts_the_hold_anew_whichever_microphone_hears_it() {
        let params = [("attack_ms", 0.0.into()), ("hold_ms", 20.0.into()), ("release_ms", 0.0.into())];
        let mut rig = rig(&params, 1, Format { channels: 2, ..SPEECH }).unwrap();
        let (left, right) = ([0.9, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.9, 0.0, 0.0, 0.0]);
        let out = rig.run(&[&[&[1.0; 960]], &[&left, &right]]).remove(0).remove(0);
        assert!(out[1..801].iter().all(|x| *x == 1.0), "open to 20 ms after the second word");
        assert!(out[802..].iter().all(|x| *x == 0.0));
    }

    #[test]
    fn the_floor_stays_and_the_threshold_is_live() {
        let params = [("floor_db", (-20.0).into()), ("attack_ms", 0.0.into())];
        let mut rig = rig(&params, 1, SPEECH).unwrap();
        assert_eq!(rig.run(&[&[&[1.0; 160]], &[&[0.3]]])[0][0], [0.1; 160]);
        rig.set::<Gate>("threshold", 0.25);
        assert_eq!(rig.run(&[&[&[1.0; 160]], &[&[0.3]]])[0][0][1..], [1.0; 159]);
        rig.reset();
        assert_eq!(rig.run(&[&[&[1.0; 160]], &[&[0.0]]])[0][0], [0.1; 160]);
    }

    #[test]
    fn cutting_the_stream_changes_nothing() {
        let stereo_level = Format { channels: 2, ..SPEECH };
        let input = vec![vec![noise(1, 4800)], vec![noise(2, 30), noise(3, 30)]];
        same_in_any_pieces(|| rig(&[], 1, stereo_level).unwrap(), &input);
        let a_level_a_sample = Format::audio(1, 16000).carrying(Kind::FEATURES, 1);
        let input = vec![vec![noise(1, 4800)], vec![noise(2, 4800)]];
        same_in_any_pieces(|| rig(&[], 1, a_level_a_sample).unwrap(), &input);
    }

    #[test]
    fn a_level_that_does_not_fit_is_refused() {
        let said = rig(&[], 1, Format { dims: [40, 1, 1, 1], ..SPEECH }).err().unwrap().0;
        assert!(said.contains("`level` has 40 values"), "{said}");
        let said = rig(&[], 1, Format { rate_num: 99, ..SPEECH }).err().unwrap().0;
        assert!(said.contains("99 times a second") && said.contains("16000 Hz"), "{said}");
    }
}
