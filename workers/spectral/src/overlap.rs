//! Frames added up into a stream of samples.
use crate::sliding::Sliding;
use aw_sdk::*;
use pulp::Arch;

/// `rate` of a worker that adds frames up: their pace alone does not tell how many samples they are apart.
pub const RATE: Param = Param::int(c"rate", 0)
    .range(0.0, 768_000.0)
    .unit(c"Hz")
    .doc(c"Rate of the sound that the frames were cut from, and of `out`; 0 is that of the graph");

/// Sums of weighted frames that later frames still add to.
#[derive(Default)]
pub struct Overlap {
    /// The parameter; 0 is the graph's rate.
    rate: u32,
    weights: Vec<f32>,
    /// What is under way.
    pub sums: Sliding,
}

impl Overlap {
    /// Reads `rate`.
    pub fn new(values: &Values) -> Self {
        Self { rate: values.size("rate") as u32, ..Self::default() }
    }

    /// Samples a second at `out`.
    fn rate(&self, setup: &Setup) -> u32 {
        if self.rate == 0 { setup.sample_rate() } else { self.rate }
    }

    /// How far apart in samples the frames that arrive at `in` start. They hold `size` samples each.
    pub fn hop(&self, setup: &Setup, size: usize) -> Result<usize> {
        let (rate, frames) = (u64::from(self.rate(setup)), setup.input("in")?);
        let (num, den) = (u64::from(frames.rate_num.max(1)), u64::from(frames.rate_den));
        if rate * den % num != 0 {
            return Err(format!(
                "`in` brings {:.3} frames a second, one every {:.3} samples: that must be a whole number of samples \
                 at the `rate` {rate}; give `rate` here if they were cut from sound of another than the graph's",
                frames.rate(),
                rate as f64 / frames.rate(),
            )
            .into());
        }
        let hop = rate * den / num;
        if hop == 0 || hop > size as u64 {
            return Err(format!(
                "`in` brings frames of {size} samples every {hop} samples, so they leave gaps: \
                 a `hop` of at most {size} is needed where they are made"
            )
            .into());
        }
        Ok(hop as usize)
    }

    /// Agrees that each frame of `in`, one sample a weight, is worth `hop` samples at `out`.
    pub fn prepare(&mut self, setup: &mut Setup, weights: Vec<f32>, hop: usize) -> Result {
        let frames = setup.input("in")?;
        setup.output("out", Format::audio(frames.channels, self.rate(setup)));
        setup.moves("in", 1);
        setup.moves("out", hop);
        setup.latency("out", weights.len() - hop);
        self.sums = Sliding::new(weights.len(), hop, frames.channels as usize);
        self.weights = weights;
        Ok(())
    }

    /// Adds a frame and writes the hop of samples that no later frame will change. Sums move on by a hop in the same
    /// pass that adds to them.
    pub fn push(&mut self, channel: usize, frame: &[f32], out: &mut [f32]) {
        let (hop, simd) = (out.len(), Arch::new());
        let pending = self.sums.shared(channel);
        let mut weighted = frame.chunks(hop).zip(self.weights.chunks(hop));
        let first = weighted.next().unwrap_or_default();
        simd.dispatch(|| sum(out, pending, first));
        let mut to = pending;
        for part in weighted {
            let (now, next) = to.split_at_mut(part.0.len().min(to.len()));
            simd.dispatch(|| sum(now, next, part));
            to = next;
        }
    }
}

/// `to = sums + frame · weights`, where `sums` may be shorter: nothing has been added up there yet.
#[inline]
fn sum(to: &mut [f32], sums: &[f32], (frame, weights): (&[f32], &[f32])) {
    let (summed, fresh) = to.split_at_mut(sums.len().min(to.len()));
    let (to_summed, to_fresh) = frame.split_at(summed.len());
    let (weigh_summed, weigh_fresh) = weights.split_at(summed.len());
    let summed = summed.iter_mut().zip(sums).zip(to_summed).zip(weigh_summed);
    summed.for_each(|(((y, s), x), w)| *y = s + x * w);
    let fresh = fresh.iter_mut().zip(to_fresh).zip(weigh_fresh);
    fresh.for_each(|((y, x), w)| *y = x * w);
}
