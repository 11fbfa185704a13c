//! Frames added up into a stream of samples.
use crate::sliding;
use aw_sdk::*;

/// The samples under way in each channel: sums of frames that later frames still add to.
#[derive(Default)]
pub struct Overlap {
    weights: Vec<f32>,
    hop: usize,
    planes: Vec<Vec<f32>>,
}

impl Overlap {
    /// How far apart in samples the frames that arrive at `in` start. They hold `size` samples each.
    pub fn hop(setup: &Setup, size: usize) -> Result<usize> {
        let (rate, frames) = (u64::from(setup.sample_rate()), setup.input("in")?);
        let (num, den) = (u64::from(frames.rate_num.max(1)), u64::from(frames.rate_den));
        if rate * den % num != 0 {
            return Err(format!(
                "`in` brings {:.3} frames a second, one every {:.3} samples: that must be a whole number of samples at the graph's `rate` {rate}",
                frames.rate(),
                rate as f64 / frames.rate(),
            )
            .into());
        }
        let hop = rate * den / num;
        if hop == 0 || hop > size as u64 {
            return Err(format!(
                "`in` brings frames of {size} samples every {hop} samples, so they leave gaps: a `hop` of at most {size} is needed where they are made"
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
        self.planes = vec![vec![0.0; weights.len()]; frames.channels as usize];
        (self.weights, self.hop) = (weights, hop);
        Ok(())
    }

    /// Adds a frame and writes the hop of samples that no later frame will change.
    pub fn push(&mut self, channel: usize, frame: &[f32], out: &mut [f32]) {
        let plane = &mut self.planes[channel];
        for ((sum, x), w) in plane.iter_mut().zip(frame).zip(&self.weights) {
            *sum += x * w;
        }
        out.copy_from_slice(&plane[..self.hop]);
        plane.copy_within(self.hop.., 0);
        let old = plane.len() - self.hop;
        plane[old..].fill(0.0);
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        for plane in &mut self.planes {
            plane.fill(0.0);
        }
    }

    /// Appends all samples.
    pub fn save(&self, out: &mut Vec<u8>) {
        sliding::save(&self.planes, out);
    }

    /// Continues with the samples of [`Self::save`].
    pub fn load(&mut self, data: &[u8]) -> Result {
        sliding::load(&mut self.planes, data)
    }
}
