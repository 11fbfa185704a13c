//! Frames added up into a stream of samples.
use crate::sliding::Sliding;
use aw_sdk::*;

/// Sums of weighted frames that later frames still add to.
#[derive(Default)]
pub struct Overlap {
    weights: Vec<f32>,
    /// What is under way.
    pub sums: Sliding,
}

impl Overlap {
    /// How far apart in samples the frames that arrive at `in` start. They hold `size` samples each.
    pub fn hop(setup: &Setup, size: usize) -> Result<usize> {
        let (rate, frames) = (u64::from(setup.sample_rate()), setup.input("in")?);
        let (num, den) = (u64::from(frames.rate_num.max(1)), u64::from(frames.rate_den));
        if rate * den % num != 0 {
            return Err(format!(
                "`in` brings {:.3} frames a second, one every {:.3} samples: that must be a whole number of samples \
                 at the graph's `rate` {rate}",
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
        setup.output("out", Format::audio(frames.channels, setup.sample_rate()));
        setup.moves("in", 1);
        setup.moves("out", hop);
        setup.latency("out", weights.len() - hop);
        self.sums = Sliding::new(weights.len(), hop, frames.channels as usize);
        self.weights = weights;
        Ok(())
    }

    /// Adds a frame and writes the hop of samples that no later frame will change.
    pub fn push(&mut self, channel: usize, frame: &[f32], out: &mut [f32]) {
        let hop = self.sums.hop();
        let sums = self.sums.advance(channel);
        let (old, new) = sums.split_at_mut(sums.len() - hop);
        let (to_old, to_new) = frame.split_at(old.len());
        let (weigh_old, weigh_new) = self.weights.split_at(old.len());
        for ((sum, x), w) in old.iter_mut().zip(to_old).zip(weigh_old) {
            *sum += x * w;
        }
        for ((sum, x), w) in new.iter_mut().zip(to_new).zip(weigh_new) {
            *sum = x * w;
        }
        out.copy_from_slice(&sums[..hop]);
    }
}
