//! `delay`: keeps frames for a while: a delay, and with `feedback` an echo.
use crate::glide::Glide;
use aw_sdk::*;

/// Delays frames of any kind, as an effect: its latency is 0, so the host does not make other paths wait for it.
///
/// With line d[n] = x[n] + feedback d[n - D], the output is (1 - mix) x[n] + mix d[n - D].
pub struct Delay {
    length: Length,
    knobs: Knobs,
    /// One line a channel: the last D frames that went in, in a ring.
    lines: Vec<Vec<f32>>,
    /// Where in every line the oldest frame is, in floats.
    at: usize,
    /// Floats a frame.
    width: usize,
}

/// How the graph file says how long.
enum Length {
    Frames(usize),
    Ms(f64),
}

/// Most values that all lines hold together: 1 GiB, three quarters of an hour of stereo at 48 kHz. More is a mistake,
/// such as samples counted where frames are meant, and would end the whole program.
const MOST: usize = 1 << 28;

/// The live parameters.
#[derive(Clone, Copy)]
struct Knobs {
    feedback: Glide,
    mix: Glide,
}

impl Knobs {
    fn rest(&self) -> bool {
        self.feedback.rests() && self.mix.rests()
    }

    /// Sends `x` through one line to `y`, and says where the line then stands. Resting knobs allow long runs.
    fn run(&mut self, line: &mut [f32], mut at: usize, width: usize, x: &[f32], y: &mut [f32]) -> usize {
        let mut done = 0;
        while done < x.len() {
            let run = if self.rest() { (line.len() - at).min(x.len() - done) } else { width };
            let (feedback, mix) = (self.feedback.step(), self.mix.step());
            let dry = 1.0 - mix;
            let kept = &mut line[at..at + run];
            for ((y, x), kept) in y[done..done + run].iter_mut().zip(&x[done..done + run]).zip(kept) {
                let delayed = *kept;
                *kept = x + feedback * delayed;
                *y = dry * x + mix * delayed;
            }
            done += run;
            at = (at + run) % line.len();
        }
        at
    }
}

/// Repeats of an echo until it has faded by 100 dB.
fn repeats(feedback: f64) -> f64 {
    if feedback > 0.0 { (1e-5f64.ln() / feedback.ln()).ceil() } else { 0.0 }
}

impl Worker for Delay {
    const SPEC: Spec = Spec {
        id: c"delay",
        summary: c"Delays frames, or repeats them as an echo; an effect, not aligned away",
        ports: &[
            Port::input(c"in", Kind::ANY).doc(c"Frames of any kind"),
            Port::output(c"out", Kind::ANY).doc(c"The same kind of frames, later"),
        ],
        params: &[
            Param::int(c"frames", 0)
                .range(0.0, 100_000_000.0)
                .unit(c"frames")
                .doc(c"How long, in frames of `in` (audio: samples); give this or `ms`"),
            Param::float(c"ms", 0.0)
                .range(0.0, 600_000.0)
                .unit(c"ms")
                .doc(c"How long, rounded to whole frames of `in`; give this or `frames`"),
            Param::float(c"feedback", 0.0)
                .range(0.0, 0.99)
                .live()
                .doc(c"Part of the delayed sound that goes in again: how slowly an echo fades; 0 repeats once"),
            Param::float(c"mix", 1.0)
                .range(0.0, 1.0)
                .live()
                .doc(c"Part of the delayed sound in `out`; the rest is `in` as it comes: 1 is only the delayed sound"),
        ],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        let length = match (values.size("frames"), values.float("ms")) {
            (0, 0.0) => return Err("nothing says how long: give `ms` or `frames`".into()),
            (frames, 0.0) => Length::Frames(frames),
            (0, ms) => Length::Ms(ms),
            _ => return Err("both `ms` and `frames` say how long: give one".into()),
        };
        let knobs = Knobs { feedback: Glide::at(values.float("feedback")), mix: Glide::at(values.float("mix")) };
        Ok(Self { length, knobs, lines: vec![], at: 0, width: 1 })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?;
        let frames = match self.length {
            Length::Frames(frames) => frames,
            Length::Ms(ms) => (ms * format.rate() / 1000.0).round() as usize,
        };
        if frames == 0 {
            return Err(
                format!("`ms` is less than half a frame: frames come every {} ms", 1000.0 / format.rate()).into()
            );
        }
        let each = format.width() * format.channels as usize;
        if frames.saturating_mul(each) > MOST {
            return Err(format!(
                "{frames} frames of {each} values are more than a delay can hold: give `frames` or `ms` for at most {} \
                 frames",
                MOST / each
            )
            .into());
        }
        self.knobs.feedback.pace(format.rate());
        self.knobs.mix.pace(format.rate());
        (self.at, self.width) = (0, format.width());
        self.lines = vec![vec![0.0; frames * self.width]; format.channels as usize];
        setup.output("out", format);
        let tail = frames as f64 * (1.0 + repeats(f64::from(self.knobs.feedback.value())));
        setup.tail("out", tail.min(f64::from(ENDLESS - 1)) as u32);
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        let (knobs, at) = (self.knobs, self.at);
        for (channel, line) in self.lines.iter_mut().enumerate() {
            self.knobs = knobs;
            let (x, y) = (block.inputs.plane(0, channel), block.outputs.plane(0, channel));
            self.at = self.knobs.run(line, at, self.width, x, y);
        }
    }

    fn set_param(&mut self, name: &str, value: f64) {
        match name {
            "feedback" => self.knobs.feedback.go(value),
            _ => self.knobs.mix.go(value),
        }
    }

    fn reset(&mut self) {
        self.knobs.feedback.arrive();
        self.knobs.mix.arrive();
        self.lines.iter_mut().for_each(|line| line.fill(0.0));
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces, sharpest, sine};

    fn rig(params: &[(&str, Given)], format: Format) -> Result<Rig> {
        Rig::new::<Delay>(params, &[("in", format)], &["out"])
    }

    #[test]
    fn a_voice_comes_100_ms_later_bit_for_bit() {
        let make = || rig(&[("ms", 100.0.into())], Format::audio(2, 16000)).unwrap();
        let answer = make().output(0);
        assert_eq!((answer.latency, answer.tail), (0, 1600), "an effect: not aligned away, but it sounds on");
        let voice = vec![vec![noise(1, 5000), noise(2, 5000)]];
        let out = same_in_any_pieces(make, &voice);
        for (out, voice) in out[0].iter().zip(&voice[0]) {
            assert!(out[..1600].iter().all(|x| *x == 0.0));
            assert_eq!(out[1600..], voice[..3400]);
        }
    }

    #[test]
    fn an_echo_repeats_and_fades() {
        let params = [("frames", 3.0.into()), ("feedback", 0.5.into()), ("mix", 0.25.into())];
        let mut rig = rig(&params, Format::audio(1, 16000)).unwrap();
        assert_eq!(rig.output(0).tail, 3 * (1 + 17), "0.5^17 is the first below -100 dB");
        let mut click = [0.0; 10];
        click[0] = 1.0;
        assert_eq!(rig.run(&[&[&click]])[0][0], [0.75, 0.0, 0.0, 0.25, 0.0, 0.0, 0.125, 0.0, 0.0, 0.0625]);
        rig.reset();
        assert_eq!(rig.run(&[&[&[0.0; 10]]])[0][0], [0.0; 10], "reset forgets the echo");
    }

    #[test]
    fn turning_the_knobs_does_not_click_and_does_not_depend_on_the_cut() {
        let make = || {
            let mut rig = rig(&[("frames", 37.0.into())], Format::audio(2, 48000)).unwrap();
            rig.run(&[&[&sine(1000.0, 48000.0, 480), &sine(1000.0, 48000.0, 480)]]);
            rig.set::<Delay>("mix", 0.3);
            rig.set::<Delay>("feedback", 0.5);
            rig
        };
        let tone = sine(1000.0, 48000.0, 4800);
        let out = same_in_any_pieces(make, &vec![vec![tone.clone(), tone.clone()]]);
        assert!(out[0][0] == out[0][1], "both channels move together");
        assert!(sharpest(&out[0][0]) < 1.5 * sharpest(&tone), "{}", sharpest(&out[0][0]) / sharpest(&tone));
    }

    #[test]
    fn frames_of_a_spectrum_are_delayed_whole() {
        let spectrum = Format { rate_num: 125, ..Format::audio(1, 125).carrying(Kind::SPECTRUM, 2) };
        let mut rig = rig(&[("ms", 8.0.into())], spectrum).unwrap();
        assert_eq!(rig.output(0).format, spectrum);
        let frames = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        assert_eq!(rig.run(&[&[&frames]])[0][0], [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn the_length_is_given_once() {
        let said = |params: &[(&str, Given)]| rig(params, Format::audio(1, 16000)).err().unwrap().0;
        assert!(said(&[]).contains("give `ms` or `frames`"));
        assert!(said(&[("ms", 1.0.into()), ("frames", 16.0.into())]).contains("give one"));
        assert!(said(&[("ms", 0.01.into())]).contains("every 0.0625 ms"));
    }

    #[test]
    fn more_than_a_machine_holds_is_refused_not_tried() {
        let spectrum = Format::audio(2, 16000).carrying(Kind::SPECTRUM, 524_289);
        let said = rig(&[("frames", 100_000_000.0.into())], spectrum).err().unwrap().0;
        assert!(said.contains("at most 127 frames"), "{said}");
        assert!(rig(&[("frames", 127.0.into())], spectrum).is_ok());
        assert!(rig(&[("frames", 100_000_000.0.into())], Format::audio(1, 16000)).is_ok());
    }
}
